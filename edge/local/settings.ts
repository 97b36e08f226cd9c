// What the person who starts the local server may choose, by environment and by switch. Pure: nothing is read here
// but the arguments, and every mistake is returned as a sentence that says what to do.

/** Everything the launcher needs to know from outside. Folders are absolute. */
export interface Settings {
  /** TCP port on 127.0.0.1. 0 means: take a free one. */
  readonly port: number;
  readonly dataDir: string;
  /** Start the runner agent beside the server. */
  readonly agent: boolean;
  /** How many cells hold executions: a number as text, or "each" (an execution has its own). */
  readonly cells: string;
  /** How deep executions may start one another; undefined for the usual 25. */
  readonly maxDepth?: number | undefined;
  /** Private networks that tasks may reach: CIDR blocks, or "private" for all of them. */
  readonly allowPrivate: readonly string[];
  /** "user:password", or undefined when basic authentication is off. */
  readonly authBasic: string | undefined;
  /** Bearer tokens, comma separated, or undefined. */
  readonly authTokens: string | undefined;
  /** All variables of the launcher that start with `SECRET_`, under their full names. */
  readonly secrets: Readonly<Record<string, string>>;
  /** JSON list of plugin defaults for all flows. */
  readonly pluginDefaults?: string | undefined;
  /** Make a new encryption key before the start; the older ones stay to open what they sealed. */
  readonly newKey?: boolean;
}

export type ParsedSettings =
  | { readonly kind: "settings"; readonly settings: Settings }
  | { readonly kind: "help" }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

export interface SettingsSource {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Turns a folder as the user wrote it into an absolute one. */
  readonly resolvePath: (path: string) => string;
}

export const USAGE = `Usage: npm start -- [options]

  --port N      port on 127.0.0.1 (default 8080, or PORT)
  --no-agent    do not start the runner agent (scripts and containers will wait for one)
  --new-key     make a new encryption key; then POST /api/v1/secrets/rotate seals all secrets with it
  --help        this text

Environment:
  PORT                      port on 127.0.0.1
  WINDHOVER_DATA            data folder (default ./data)
  CELLS                     number of cells that hold executions (default 16), or "each"
  WINDHOVER_MAX_DEPTH       how deep executions may start one another, by subflows and triggers (default 25)
  WINDHOVER_ALLOW_PRIVATE   private networks that tasks may reach: CIDR blocks separated by commas, or "private"
  WINDHOVER_AUTH_BASIC      user:password; turns basic authentication on
  WINDHOVER_AUTH_TOKENS     bearer tokens separated by commas
  WINDHOVER_PLUGIN_DEFAULTS plugin defaults of all flows: a JSON list of {"type": ..., "values": {...}}
  SECRET_NAME               a secret in base64, read in flows as {{ secret('NAME') }}
`;

const MAX_CELLS = 1024;
const MAX_DEPTH = 1000;
const CIDR = /^[0-9a-fA-F.:]+\/\d{1,3}$/;
const NETWORK_NAMES = new Set(["private", "local"]);

/** Reads switches and environment. A switch wins over the environment. Never throws. */
export function parseSettings({ argv, env, resolvePath }: SettingsSource): ParsedSettings {
  const problems: string[] = [];
  let portText = env.PORT || "8080";
  let agent = true;
  let newKey = false;
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--help" || word === "-h") return { kind: "help" };
    if (word === "--no-agent") agent = false;
    else if (word === "--new-key") newKey = true;
    else if (word === "--port") portText = argv[++index] ?? "";
    else if (word.startsWith("--port=")) portText = word.slice("--port=".length);
    else problems.push(`Unknown option "${word}". Known are --port N, --no-agent, --new-key and --help.`);
  }
  const settings: Settings = {
    port: parsePort(portText, problems),
    dataDir: resolvePath(env.WINDHOVER_DATA || "data"),
    agent,
    cells: parseCells(env.CELLS || "16", problems),
    maxDepth: parseDepth(env.WINDHOVER_MAX_DEPTH, problems),
    allowPrivate: parseNetworks(env.WINDHOVER_ALLOW_PRIVATE ?? "", problems),
    authBasic: parseBasic(env.WINDHOVER_AUTH_BASIC, problems),
    authTokens: env.WINDHOVER_AUTH_TOKENS || undefined,
    secrets: pickSecrets(env),
    ...parseDefaults(env.WINDHOVER_PLUGIN_DEFAULTS, problems),
    ...(newKey ? { newKey } : {}),
  };
  return problems.length > 0 ? { kind: "problems", problems } : { kind: "settings", settings };
}

function parsePort(text: string, problems: string[]): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  problems.push(`The port "${text}" is not a number from 0 to 65535.`);
  return 0;
}

function parseCells(text: string, problems: string[]): string {
  if (text === "each") return text;
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_CELLS)
    problems.push(`CELLS is "${text}"; use a number from 1 to ${MAX_CELLS}, or "each".`);
  return String(count);
}

function parseDepth(text: string | undefined, problems: string[]): number | undefined {
  if (!text) return undefined;
  const depth = /^\d+$/.test(text) ? Number(text) : 0;
  if (depth < 1 || depth > MAX_DEPTH)
    problems.push(`WINDHOVER_MAX_DEPTH is "${text}"; use a number from 1 to ${MAX_DEPTH}.`);
  return depth;
}

function parseNetworks(text: string, problems: string[]): string[] {
  const entries = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  for (const entry of entries) {
    if (NETWORK_NAMES.has(entry) || CIDR.test(entry)) continue;
    problems.push(`WINDHOVER_ALLOW_PRIVATE has "${entry}"; use blocks such as 10.0.0.0/8, or the word private.`);
  }
  return entries;
}

function parseBasic(text: string | undefined, problems: string[]): string | undefined {
  if (!text) return undefined;
  if (!/^[^:]+:.+$/.test(text)) problems.push("WINDHOVER_AUTH_BASIC must look like user:password.");
  return text;
}

function parseDefaults(text: string | undefined, problems: string[]): Pick<Settings, "pluginDefaults"> {
  if (!text) return {};
  if (!isDefaultsList(text))
    problems.push(
      'WINDHOVER_PLUGIN_DEFAULTS must be a JSON list such as [{"type": "io.kestra...", "values": {"a": 1}}].',
    );
  return { pluginDefaults: text };
}

function isDefaultsList(text: string): boolean {
  try {
    const list: unknown = JSON.parse(text);
    return (
      Array.isArray(list) && list.every((item) => typeof item?.type === "string" && typeof item.values === "object")
    );
  } catch {
    return false;
  }
}

function pickSecrets(env: SettingsSource["env"]): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith("SECRET_") && value !== undefined) secrets[name] = value;
  }
  return secrets;
}
