import type { ExecutionJson } from "#schema/execution.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { storedIn } from "#schema/stored.ts";

// The outputs of an execution as a tree that is opened bit by bit.
//
// O1. `expression` in a later task gives exactly the value of the node.
// O2. Children are made when asked for: a large output costs nothing until it is opened.
// O3. A value that the log keeps in a file is a leaf of its own kind until the file is there.

export type OutputNode = {
  /** Unique in the tree. */
  key: string;
  name: string;
  /** Without braces: `outputs.fetch.body`. */
  expression: string;
  value: Json;
  kind: "object" | "array" | "file" | "stored" | "text" | "number" | "boolean" | "null";
  /** How many children it has. */
  size: number;
};

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `outputs.a.b`, or with brackets where a name needs them. */
export function childExpression(parent: string, name: string | number): string {
  if (typeof name === "number") return `${parent}[${name}]`;
  return IDENTIFIER.test(name) ? `${parent}.${name}` : `${parent}[${JSON.stringify(name)}]`;
}

export function outputNode(parent: string, name: string | number, value: Json): OutputNode {
  const expression = parent === "" ? String(name) : childExpression(parent, name);
  return { key: expression, name: String(name), expression, value, kind: kindOf(value), size: sizeOf(value) };
}

/** The node with each value that has been fetched in its place; `fetched` by the address of its file. */
export function withFetched(node: OutputNode, fetched: ReadonlyMap<string, Json>): OutputNode {
  const stored = storedIn(node.value);
  const value = stored === undefined ? undefined : fetched.get(stored.uri);
  return value === undefined ? node : { ...node, value, kind: kindOf(value), size: sizeOf(value) };
}

/** Children `from` to `to` (half open) of a node, in their own order. */
export function childNodes(node: OutputNode, from = 0, to = node.size): readonly OutputNode[] {
  const { value, expression } = node;
  if (Array.isArray(value)) return value.slice(from, to).map((item, i) => outputNode(expression, from + i, item));
  if (value === null || typeof value !== "object") return [];
  return Object.keys(value)
    .slice(from, to)
    .map((name) => outputNode(expression, name, value[name] ?? null));
}

/** `outputs` as expressions see it: by task, and by value under a task that ran in a loop. */
export function outputsByTask(execution: ExecutionJson): JsonObject {
  const runs = execution.taskRunList ?? [];
  const byId = new Map(runs.map((run) => [run.id, run]));
  const outputs: JsonObject = {};
  for (const run of runs) {
    if (run.outputs === null || Object.keys(run.outputs).length === 0) continue;
    const values: string[] = [];
    for (let at: typeof run | undefined = run; at; at = at.parentTaskRunId ? byId.get(at.parentTaskRunId) : undefined) {
      if (at.value !== undefined) values.unshift(at.value);
    }
    place(outputs, [run.taskId, ...values], run.outputs);
  }
  return outputs;
}

function place(root: JsonObject, path: readonly string[], value: JsonObject): void {
  let at = root;
  path.forEach((name, index) => {
    const existing = Object.hasOwn(at, name) ? at[name] : undefined;
    const last = index === path.length - 1;
    if (existing !== null && typeof existing === "object" && !Array.isArray(existing)) {
      if (last) Object.assign(existing, value);
      at = existing;
    } else {
      const made: JsonObject = last ? { ...value } : {};
      Object.defineProperty(at, name, { value: made, enumerable: true, writable: true, configurable: true });
      at = made;
    }
  });
}

/** True for the address of a file in the internal storage. */
export function isFileUri(value: Json): value is string {
  return typeof value === "string" && /^kestra:\/\/\/?\S+$/.test(value);
}

/** The last segment of a file's address. */
export function fileName(uri: string): string {
  return uri.slice(uri.lastIndexOf("/") + 1) || uri;
}

function kindOf(value: Json): OutputNode["kind"] {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "object") return storedIn(value) === undefined ? "object" : "stored";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  return isFileUri(value) ? "file" : "text";
}

function sizeOf(value: Json): number {
  if (Array.isArray(value)) return value.length;
  if (storedIn(value) !== undefined) return 0;
  return value !== null && typeof value === "object" ? Object.keys(value).length : 0;
}
