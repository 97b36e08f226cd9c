// Who may import whom (data only; `check-imports.ts` enforces it). A folder may import itself and what its row names.
// A row is found by the longest folder, or file, that a path begins with. A folder without a row is an error: add one,
// and say in the commit why.

export interface ImportRule {
  /** A folder, or one file, from the repository's root. */
  readonly at: string;
  /** Folders or files that may be imported. "*" is everything. */
  readonly may: readonly string[];
  /** Folders from which types may be imported (`import type` only). */
  readonly types?: readonly string[];
  /** Packages and their sub-paths. A star at the end stands for the rest of the name. "*" is any. */
  readonly packages?: readonly string[];
  /** Builtins: "node" for `node:*`, "platform" for `cloudflare:*`. */
  readonly builtins?: readonly ("node" | "platform")[];
}

const SCHEMA = "actors/schema";
const EXPR = "sandbox/expr";
const FLOW = "actors/flow";
const ENGINE = "actors/engine";
const TASKS = "actors/tasks";
const VM = "sandbox/vm";
const SHELL = "actors/shell";
const DB = "edge/db";

/** Folders of the Durable Objects: wiring between the platform and the rest. */
export const WIRING = [
  "actors/cell",
  "actors/execution",
  "actors/flowactor",
  "actors/flow-actor",
  "actors/namespace",
  "actors/dispatch",
  "actors/index-actor",
  "actors/index",
  "actors/scheduler",
];

/** What an actor promises to its callers: types of its methods, and the function that makes its name. */
const CONTRACTS = [
  "actors/dispatch/dispatch-rpc.ts",
  "actors/flow-actor/flow-rpc.ts",
  "actors/index/index-rpc.ts",
  "actors/namespace/files-rpc.ts",
  "actors/namespace/namespace-rpc.ts",
];

/** Compiled without ambient types; clock, randomness and network are arguments here. */
export const PURE_SET = [SCHEMA, EXPR, FLOW, ENGINE, TASKS, "ui/model"];

/** What the edge shares with the invocations that run tasks: the jobs under way, and the one way out. */
const FROM_WORK = ["edge/work/running.ts", "edge/work/guarded-http.ts"];

const HONO = ["hono", "hono-openapi", "@hono/standard-validator"];
const SVELTE = ["svelte", "$app/*", "$lib/*"];
const SVELTE_PARTS = ["bits-ui", "@lucide/svelte", "svelte-sonner", "@xyflow/svelte", "@codemirror/*", "@lezer/*"];
const TEXT_PARTS = ["marked", "dompurify", "cronstrue", "ansi_up"];

export const IMPORT_RULES: readonly ImportRule[] = [
  { at: SCHEMA, may: [], packages: ["zod", "@noble/hashes"] },
  { at: EXPR, may: [SCHEMA], packages: ["@js-joda/core", "@noble/hashes", "yaml"] },
  // The registry of tasks is handed in: only its types are known here.
  { at: FLOW, may: [SCHEMA, EXPR], types: [TASKS], packages: ["yaml", "zod"] },
  { at: ENGINE, may: [SCHEMA, EXPR] },
  {
    at: TASKS,
    may: [SCHEMA, EXPR],
    // Those of file formats are loaded when a task first needs them.
    packages: ["zod", "croner", "saxes", "fflate"],
  },
  { at: VM, may: [SCHEMA, EXPR], packages: ["quickjs-emscripten*", "@jitl/*", "sucrase", "@noble/hashes"] },
  // Makes the WebAssembly module; runs by hand, in Node.
  { at: "sandbox/vm/engine/build.mjs", may: [VM], packages: ["@jitl/*"], builtins: ["node"] },
  // The shell renders what a task is given (expr) and must know a task's failure when it sees one (define.ts).
  { at: SHELL, may: [SCHEMA, EXPR, ENGINE, "actors/tasks/define.ts"], types: [TASKS] },
  { at: DB, may: [SCHEMA], packages: ["drizzle-orm"] },
  ...WIRING.map((at) => ({
    at,
    may: [SCHEMA, EXPR, FLOW, ENGINE, TASKS, VM, SHELL, DB, ...CONTRACTS],
    types: [...WIRING, "edge"],
    packages: ["drizzle-orm", "zod"],
    builtins: ["platform"] as const,
  })),
  {
    at: "edge/ports",
    may: [SCHEMA, DB, "edge/env.ts", ...CONTRACTS],
    types: [...WIRING, "edge"],
    packages: ["drizzle-orm", "zod"],
    builtins: ["platform"],
  },
  // Routes and middleware, and the few files beside them that both use.
  {
    at: "edge",
    may: [SCHEMA, EXPR, FLOW, ENGINE, TASKS, DB, "edge/ports", ...FROM_WORK, ...CONTRACTS],
    types: [...WIRING, SHELL],
    packages: [...HONO, "zod", "croner", "fflate", "yaml", "@noble/ciphers/*"],
  },
  // Stateless invocations that run edge and sandbox tasks, and what a cell sees of the world.
  {
    at: "edge/work",
    may: [SCHEMA, TASKS, VM, "edge", "edge/ports", ...CONTRACTS],
    types: [...WIRING, SHELL],
    packages: ["zod"],
    builtins: ["platform"],
  },
  { at: "edge/world.ts", may: ["edge", "edge/ports", SCHEMA, SHELL, ...CONTRACTS], types: WIRING },
  {
    at: "edge/index.ts",
    may: ["edge", ...WIRING, SHELL, ENGINE, TASKS, VM, FLOW, SCHEMA],
    packages: ["hono"],
    builtins: ["platform"],
  },
  // The launcher of the local server: a Node program that the Worker knows nothing of.
  { at: "edge/local", may: ["config"], packages: ["esbuild", "vite"], builtins: ["node"] },
  { at: "runners/agent", may: [SCHEMA, TASKS, VM], packages: ["zod", "pino", "tar-stream"], builtins: ["node"] },
  ...["runners/process", "runners/docker", "runners/kubernetes"].map((at) => ({
    at,
    // The port that a backend implements, with its errors.
    may: [SCHEMA, "runners/agent/backend.ts"],
    types: ["runners/agent"],
    packages: ["zod", "dockerode", "@kubernetes/client-node", "tar-stream"],
    builtins: ["node"] as const,
  })),
  { at: "runners/scripts", may: [SCHEMA, TASKS, "runners/agent"], packages: ["zod"], builtins: ["node"] },
  { at: "runners/tasks", may: [SCHEMA, TASKS], types: ["runners/agent"], packages: ["*"], builtins: ["node"] },
  { at: "runners", may: ["runners", SCHEMA, TASKS], packages: ["pino", "commander"], builtins: ["node"] },
  {
    at: "ui/model",
    may: [SCHEMA, EXPR, FLOW, ENGINE, TASKS],
    packages: ["@dagrejs/dagre", "cronstrue", "yaml", "ansi_up"],
  },
  { at: "ui/state", may: ["ui/model", SCHEMA], packages: [...SVELTE, "svelte-sonner"] },
  { at: "ui/parts", may: [], packages: [...SVELTE, ...SVELTE_PARTS, ...TEXT_PARTS] },
  {
    at: "ui/views",
    may: ["ui/state", "ui/parts"],
    types: ["ui/model", SCHEMA],
    packages: [...SVELTE, ...SVELTE_PARTS, ...TEXT_PARTS],
  },
  { at: "ui/routes", may: ["ui"], types: [SCHEMA], packages: [...SVELTE, ...SVELTE_PARTS, "@sveltejs/kit"] },
  // A stand-in for the server, for work on the UI alone; never part of the build.
  { at: "ui/dev", may: ["*"], packages: ["*"], builtins: ["node"] },
  { at: "ui", may: ["ui"], packages: ["*"], builtins: ["node"] },
  { at: "config", may: ["edge/local", "test/bench", "test/workerd/support"], packages: ["*"], builtins: ["node"] },
  { at: "test", may: ["*"], packages: ["*"], builtins: ["node", "platform"] },
];
