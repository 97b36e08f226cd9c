// The text bindings of the Worker on this machine. Pure.
import type { Settings } from "./settings.ts";

/** Bindings that may be read by anyone: they stand in the configuration file. */
export function workerVars(settings: Settings, port: number): Record<string, string> {
  return {
    RUNTIME: "local",
    CELLS: settings.cells,
    ALLOWED_HOSTS: [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`].join(","),
    ...(settings.maxDepth === undefined ? {} : { MAX_DEPTH: String(settings.maxDepth) }),
    ...(settings.pluginDefaults === undefined ? {} : { PLUGIN_DEFAULTS: settings.pluginDefaults }),
    ...(settings.allowPrivate.length > 0 ? { ALLOW_PRIVATE: settings.allowPrivate.join(",") } : {}),
  };
}

/**
 * Bindings that are secret: they reach the runtime as environment variables of the same names, and nothing else of the
 * launcher's environment does. What is not configured is not bound.
 */
export function workerEnvironment(
  settings: Settings,
  tokens: { readonly agentToken: string; readonly internal: string; readonly encryptionKeys: string },
): Record<string, string> {
  return {
    INTERNAL_SECRET: tokens.internal,
    AGENT_TOKEN: tokens.agentToken,
    ENCRYPTION_KEYS: tokens.encryptionKeys,
    ...(settings.authBasic ? { AUTH_BASIC: settings.authBasic } : {}),
    ...(settings.authTokens ? { AUTH_TOKENS: settings.authTokens } : {}),
    ...(Object.keys(settings.secrets).length > 0 ? { SECRETS: JSON.stringify(settings.secrets) } : {}),
  };
}

/** Headers with which the launcher may use the API under these settings. */
export function apiHeaders(settings: Settings): Record<string, string> {
  if (settings.authBasic) return { authorization: `Basic ${btoa(settings.authBasic)}` };
  const token = settings.authTokens?.split(",")[0]?.trim();
  return token ? { authorization: `Bearer ${token}` } : {};
}
