import type { Json } from "#schema/json.ts";
import { failure } from "../errors.ts";
import type { Jq } from "./ast.ts";
import { Interpreter, type Limits } from "./interpreter.ts";
import { NATIVES } from "./natives.ts";
import { parseJq } from "./parser.ts";
import { preludeDefs } from "./prelude.ts";
import { type Env, JqError } from "./types.ts";

const MAX_PROGRAMS = 200;
const programs = new Map<string, Jq>();
const ROOT: Env = { up: null, name: "", bound: { kind: "value", value: null } };

function programOf(source: string): Jq {
  const known = programs.get(source);
  if (known !== undefined) return known;
  const program = parseJq(source);
  if (programs.size >= MAX_PROGRAMS) programs.clear();
  programs.set(source, program);
  return program;
}

/** Names of the built-in functions. */
export function jqBuiltins(): string[] {
  const names = [...NATIVES.keys(), ...preludeDefs().keys()].map((name) => name.slice(0, name.indexOf("/")));
  return [...new Set(names)].filter((name) => !name.startsWith("_")).sort();
}

/** All results of a jq expression for a value, as jq 1.6 gives them. */
export function jq(source: string, input: Json, limits: Limits): Json[] {
  const interpreter = new Interpreter(limits, { natives: NATIVES, defs: preludeDefs() });
  const results: Json[] = [];
  try {
    for (const cell of interpreter.run({ body: programOf(source), env: ROOT }, { value: input, path: "untracked" })) {
      limits.step(1);
      results.push(cell.value);
    }
  } catch (error) {
    if (error instanceof JqError) throw failure(`jq: ${error.message}`);
    throw error;
  }
  return results;
}
