import type { Env } from "./env.ts";

const secretsByEnv = new WeakMap<Env, ReadonlyMap<string, string>>();

/** The secret called `name` (bound as `SECRET_<NAME>`), or undefined. */
export function secretOf(env: Env, name: string): string | undefined {
  let secrets = secretsByEnv.get(env);
  if (!secrets) {
    secrets = parseSecrets(env.SECRETS);
    secretsByEnv.set(env, secrets);
  }
  return secrets.get(`SECRET_${name.toUpperCase()}`);
}

function parseSecrets(text: string | undefined): ReadonlyMap<string, string> {
  const parsed: unknown = JSON.parse(text || "{}");
  if (typeof parsed !== "object" || parsed === null) return new Map();
  return new Map(
    Object.entries(parsed).flatMap(([name, value]) => (typeof value === "string" ? [[name.toUpperCase(), value]] : [])),
  );
}
