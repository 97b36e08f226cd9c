import type { Json } from "#schema/json.ts";
import type { Meter } from "../entry.ts";
import type { Jq } from "./ast.ts";

/** What jq works on: a value, and its path where a path expression is evaluated. */
export type Cell = { readonly value: Json; readonly path: Path };
/** `untracked` outside path expressions; `none` for a value that is no part of the input. */
export type Path = PathStep | "root" | "untracked" | "none";
export type PathStep = { readonly up: PathStep | "root"; readonly key: Json };

/** An argument or definition with the names it can see. */
export type Closure = { readonly body: Jq; readonly env: Env };
export type Env = {
  readonly up: Env | null;
  readonly name: string;
  readonly bound:
    | { kind: "value"; value: Json }
    | { kind: "closure"; closure: Closure }
    | { kind: "function"; params: readonly string[]; body: Jq }
    | { kind: "label"; id: object };
};

/** What built-in functions may use. */
export interface JqHost extends Meter {
  readonly nowMs: number;
  run(closure: Closure, cell: Cell): Generator<Cell>;
}
export type Native = (host: JqHost, cell: Cell, args: readonly Closure[]) => Iterable<Cell>;

/** A function of values: its input and one value for each argument. */
export type ValueFunction = (input: Json, args: readonly Json[], host: JqHost) => Json;

/** An error of jq itself: `try` catches it, with the value it carries. */
export class JqError extends Error {
  readonly value: Json;
  constructor(value: Json) {
    super(typeof value === "string" ? value : `${JSON.stringify(value)} (not a string)`);
    this.value = value;
  }
}

/** A value that the input does not contain, on the same footing as `cell`. */
export function derived(value: Json, cell: Cell): Cell {
  return { value, path: cell.path === "untracked" ? "untracked" : "none" };
}

export function untracked(cell: Cell): Cell {
  return cell.path === "untracked" ? cell : { value: cell.value, path: "untracked" };
}
