import type { Env } from "./env.ts";

const PREFIX = "SECRET_";
const secretsByEnv = new WeakMap<Env, ReadonlyMap<string, string>>();

/** The secret called `name`, or undefined. A deployment binds each as `SECRET_<NAME>`; the local server lists them in SECRETS. */
export function secretOf(env: Env, name: string): string | undefined {
  let secrets = secretsByEnv.get(env);
  if (!secrets) {
    secrets = secretsOf(env);
    secretsByEnv.set(env, secrets);
  }
  return secrets.get(`${PREFIX}${name.toUpperCase()}`);
}

function secretsOf(env: Env): ReadonlyMap<string, string> {
  const listed: unknown = JSON.parse(env.SECRETS || "{}");
  const secrets = new Map<string, string>();
  for (const source of [listed, env]) {
    if (typeof source !== "object" || source === null) continue;
    for (const [key, value] of Object.entries(source)) {
      const upper = key.toUpperCase();
      if (typeof value === "string" && upper.startsWith(PREFIX)) secrets.set(upper, value);
    }
  }
  return secrets;
}
