// The configuration of the plain runtime, as Cap'n Proto text. Pure: the same arguments give the same text.
//
// C1. Every word that comes from outside (paths, values) is quoted; none can end a string early.
// C2. No secret stands in the text: secret bindings are read by the runtime from its own environment.
// C3. The server listens on 127.0.0.1 only.

/** A module of the Worker. The first of a list is its entry. */
export interface WorkerModule {
  /** Name by which other modules import it, such as "index.js". */
  readonly name: string;
  readonly kind: "esModule" | "wasm" | "text" | "data";
  /** Path relative to the configuration file: the format knows no absolute ones. */
  readonly path: string;
}

export interface LocalConfig {
  readonly port: number;
  /** Absolute folders: Durable Object storage, the files port, the built UI. They must exist. */
  readonly objectsDir: string;
  readonly filesDir: string;
  readonly uiDir: string;
  readonly modules: readonly WorkerModule[];
  /** Networks beside "public" that tasks may reach: CIDR blocks, "private" or "local". */
  readonly allowPrivate: readonly string[];
  /** Text bindings that are no secret. */
  readonly vars: Readonly<Record<string, string>>;
  /** Names of text bindings whose values the runtime takes from environment variables of the same name. */
  readonly secretVars: readonly string[];
}

/** Binding name, class and storage key of each Durable Object. The key names the folder on disk: never change one. */
export const DURABLE_OBJECTS = [
  { binding: "CELL", className: "CellActor", uniqueKey: "cell" },
  { binding: "FLOW", className: "FlowActor", uniqueKey: "flow" },
  { binding: "NAMESPACE", className: "NamespaceActor", uniqueKey: "namespace" },
  { binding: "DISPATCH", className: "DispatchActor", uniqueKey: "dispatch" },
  { binding: "INDEX", className: "IndexActor", uniqueKey: "index" },
] as const;

/** Same value in `wrangler.toml`, so that both runtimes behave alike. */
export const COMPATIBILITY_DATE = "2026-06-01";
export const COMPATIBILITY_FLAGS = ["nodejs_compat"] as const;

/** The configuration file for `workerd serve`. */
export function createLocalConfig(config: LocalConfig): string {
  const allow = ["public", ...config.allowPrivate];
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "do", disk = (path = ${quote(config.objectsDir)}, writable = true)),
    (name = "files", disk = (path = ${quote(config.filesDir)}, writable = true)),
    (name = "ui", disk = (path = ${quote(config.uiDir)})),
    (name = "internet", network = (allow = [${list(allow)}], tlsOptions = (trustBrowserCas = true))),
  ],
  # Young objects die young here; a small nursery keeps memory from being taken and not given back. The runtime stands still for 20 to
  # 100 ms whenever it looks through the old ones, which are few: it may let them grow to three times as much in between.
  v8Flags = ["--max-semi-space-size=8", "--heap-growing-percent=200"],
  sockets = [(name = "http", address = ${quote(`127.0.0.1:${config.port}`)}, http = (), service = "main")],
);

const main :Workerd.Worker = (
  compatibilityDate = ${quote(COMPATIBILITY_DATE)},
  compatibilityFlags = [${list(COMPATIBILITY_FLAGS)}],
  modules = [
${config.modules.map(printModule).join("")}  ],
  durableObjectNamespaces = [
${DURABLE_OBJECTS.map(printNamespace).join("")}  ],
  durableObjectStorage = (localDisk = "do"),
  globalOutbound = "internet",
  bindings = [
${[...printBindings(config)].map((line) => `    (${line}),\n`).join("")}  ],
);
`;
}

function printModule({ name, kind, path }: WorkerModule): string {
  return `    (name = ${quote(name)}, ${kind} = embed ${quote(path)}),\n`;
}

function printNamespace({ className, uniqueKey }: (typeof DURABLE_OBJECTS)[number]): string {
  return `    (className = ${quote(className)}, uniqueKey = ${quote(uniqueKey)}, enableSql = true),\n`;
}

function* printBindings(config: LocalConfig): Generator<string> {
  for (const { binding, className } of DURABLE_OBJECTS) {
    yield `name = ${quote(binding)}, durableObjectNamespace = ${quote(className)}`;
  }
  yield `name = "WORK", service = (name = "main", entrypoint = "WorkEntrypoint")`;
  yield `name = "FILES_DISK", service = "files"`;
  yield `name = "ASSETS_DISK", service = "ui"`;
  for (const [name, value] of Object.entries(config.vars)) yield `name = ${quote(name)}, text = ${quote(value)}`;
  for (const name of config.secretVars) yield `name = ${quote(name)}, fromEnvironment = ${quote(name)}`;
}

function list(values: readonly string[]): string {
  return values.map(quote).join(", ");
}

/** A Cap'n Proto text literal. Bytes outside printable ASCII are written as UTF-8 escapes. */
export function quote(value: string): string {
  let text = "";
  for (const byte of new TextEncoder().encode(value)) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte < 0x20 || byte > 0x7e) text += `\\x${byte.toString(16).padStart(2, "0")}`;
    else text += String.fromCharCode(byte);
  }
  return `"${text}"`;
}
