import { assertNever } from "#schema/assert-never.ts";
import type { Env } from "../../env.ts";
import { HttpError } from "../../http-error.ts";
import type { Guard } from "../../route.ts";
import { equalSecret, isOneOfSecrets } from "./equal-secret.ts";

// Who may pass which guard.
//
// A1. With AUTH_BASIC or AUTH_TOKENS set, `user` wants one of them.
// A2. Without, a local server believes its Host: only names in ALLOWED_HOSTS, for every guard (a web page elsewhere must not reach it by a name of its own).
// A3. Without, a deployed server refuses every guard but `public`.
// A4. A request that carries an Origin comes from a page: it must be our own page, for every guard but `webhook`.
// A5. `agent` and `internal` have a secret each, and are closed while it is not set. No secret opens another guard.

type Settings = { basic: string | undefined; tokens: readonly string[]; hosts: ReadonlySet<string> };

const settingsByEnv = new WeakMap<Env, Settings>();

function settingsOf(env: Env): Settings {
  let settings = settingsByEnv.get(env);
  if (!settings) {
    settings = {
      basic: env.AUTH_BASIC || undefined,
      tokens: splitList(env.AUTH_TOKENS),
      hosts: new Set(splitList(env.ALLOWED_HOSTS).map((host) => host.toLowerCase())),
    };
    settingsByEnv.set(env, settings);
  }
  return settings;
}

function splitList(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** Whether people have to say who they are. */
export function isAuthConfigured(env: Env): boolean {
  const { basic, tokens } = settingsOf(env);
  return basic !== undefined || tokens.length > 0;
}

/** Throws an HttpError unless the request may pass `guard`. */
export function checkGuard(guard: Guard, request: Request, env: Env): void {
  const settings = settingsOf(env);
  const configured = isAuthConfigured(env);
  if (!configured) checkUnconfigured(guard, request, env, settings);
  if (guard !== "webhook") checkOrigin(request);
  switch (guard) {
    case "public":
    case "webhook":
      return;
    case "user":
      if (configured) checkUser(request, settings);
      return;
    case "agent":
      checkAgent(request, env);
      return;
    case "internal":
      checkInternal(request, env);
      return;
    default:
      assertNever(guard);
  }
}

function checkUnconfigured(guard: Guard, request: Request, env: Env, settings: Settings): void {
  if (env.RUNTIME === "local") {
    const host = hostOf(request);
    if (settings.hosts.has(host)) return;
    throw new HttpError(
      403,
      `Forbidden: this server does not answer to the name '${host.slice(0, 100)}'. Use one of ${[...settings.hosts].join(", ")}, or add the name to ALLOWED_HOSTS`,
    );
  }
  if (guard === "public") return;
  throw new HttpError(
    401,
    "Unauthorized: nobody may use this server until it knows its administrator. Set AUTH_BASIC (user:password) or AUTH_TOKENS, e.g. with `npx wrangler secret put AUTH_BASIC`",
    { headers: { "www-authenticate": 'Basic realm="Windhover"' } },
  );
}

function checkOrigin(request: Request): void {
  const origin = request.headers.get("origin");
  if (origin === null) return;
  const host = hostOf(request);
  if (origin === `http://${host}` || origin === `https://${host}`) return;
  throw new HttpError(403, "Forbidden: the request comes from a web page of another site");
}

function hostOf(request: Request): string {
  return (request.headers.get("host") ?? new URL(request.url).host).toLowerCase();
}

function checkUser(request: Request, { basic, tokens }: Settings): void {
  const header = request.headers.get("authorization") ?? "";
  const given = credentials(header);
  if (given?.scheme === "basic" && basic !== undefined && equalSecret(given.secret, basic)) return;
  if (given?.scheme === "bearer" && isOneOfSecrets(given.secret, tokens)) return;
  const reason = header === "" ? "credentials are missing" : "the credentials are wrong";
  throw new HttpError(401, `Unauthorized: ${reason}. Send Basic credentials or a bearer token`, {
    headers: { "www-authenticate": 'Basic realm="Windhover"' },
  });
}

function credentials(header: string): { scheme: "basic" | "bearer"; secret: string } | undefined {
  const match = /^(basic|bearer) +(\S+) *$/i.exec(header);
  if (!match?.[1] || match[2] === undefined) return undefined;
  if (match[1].toLowerCase() === "bearer") return { scheme: "bearer", secret: match[2] };
  try {
    const bytes = Uint8Array.from(atob(match[2]), (character) => character.charCodeAt(0));
    return { scheme: "basic", secret: new TextDecoder().decode(bytes) };
  } catch {
    return undefined;
  }
}

function checkAgent(request: Request, env: Env): void {
  const given = credentials(request.headers.get("authorization") ?? "");
  if (env.AGENT_TOKEN && given?.scheme === "bearer" && equalSecret(given.secret, env.AGENT_TOKEN)) return;
  throw new HttpError(
    401,
    "Unauthorized: the agent token is missing or wrong. Start the agent with the value of the server's AGENT_TOKEN",
    { headers: { "www-authenticate": 'Bearer realm="Windhover agents"' } },
  );
}

function checkInternal(request: Request, env: Env): void {
  const given = request.headers.get("x-windhover-internal");
  if (env.INTERNAL_SECRET && given !== null && equalSecret(given, env.INTERNAL_SECRET)) return;
  throw new HttpError(403, "Forbidden: this path is for the launcher of the server");
}
