import type { Json, JsonObject } from "#schema/json.ts";
import type { Meter } from "../entry.ts";
import { setOwn } from "../text.ts";
import { assign } from "./assign.ts";
import type { Def, Jq } from "./ast.ts";
import { destructure } from "./destructure.ts";
import { format } from "./formats.ts";
import { deeper, entryOf, indices, sliceOf } from "./paths.ts";
import { type Cell, type Closure, derived, type Env, JqError, type JqHost, type Native, untracked } from "./types.ts";
import { calculate, isObject, isTrue, toText, typeName } from "./values.ts";

/** Left by `break`; carries the label it goes to. */
class Break extends Error {
  readonly label: object;
  constructor(label: object) {
    super("break");
    this.label = label;
  }
}

type Builtins = { readonly natives: ReadonlyMap<string, Native>; readonly defs: ReadonlyMap<string, Def> };
const ROOT: Env = { up: null, name: "", bound: { kind: "value", value: null } };
export type Limits = Meter & { readonly nowMs: number };

/**
 * jq as generators: each result is computed when it is asked for. Every node costs a step for every value it is given.
 */
export class Interpreter implements JqHost {
  readonly nowMs: number;
  private readonly limits: Limits;
  private readonly builtins: Builtins;

  constructor(limits: Limits, builtins: Builtins) {
    this.nowMs = limits.nowMs;
    this.limits = limits;
    this.builtins = builtins;
  }

  step(count: number): void {
    this.limits.step(count);
  }
  regexStep(count: number): void {
    this.limits.regexStep(count);
  }
  size(length: number): void {
    this.limits.size(length);
  }

  run(closure: Closure, cell: Cell): Generator<Cell> {
    return this.eval(closure.body, closure.env, cell);
  }

  /** Results of an argument or condition: values only, no paths. */
  private *values(jq: Jq, env: Env, cell: Cell): Generator<Json> {
    for (const result of this.eval(jq, env, untracked(cell))) yield result.value;
  }

  private *eval(jq: Jq, env: Env, cell: Cell): Generator<Cell> {
    this.step(1);
    switch (jq.kind) {
      case "identity":
        yield cell;
        break;
      case "literal":
        yield derived(jq.value, cell);
        break;
      case "variable":
        yield derived(this.variable(jq.name, env), cell);
        break;
      case "format":
        yield derived(format(jq.name, cell.value, this), cell);
        break;
      case "pipe":
        for (const left of this.eval(jq.left, env, cell)) yield* this.eval(jq.right, env, left);
        break;
      case "comma":
        yield* this.eval(jq.left, env, cell);
        yield* this.eval(jq.right, env, cell);
        break;
      case "index":
      case "slice":
      case "iterate":
        yield* this.access(jq, env, cell);
        break;
      case "list":
        yield derived(jq.of === null ? [] : [...this.values(jq.of, env, cell)], cell);
        break;
      case "object":
        for (const map of this.objects(jq.entries, 0, env, cell)) yield derived(map, cell);
        break;
      case "text":
        for (const text of this.texts(jq, jq.parts.length - 1, env, cell)) yield derived(text, cell);
        break;
      case "negate":
        for (const value of this.values(jq.of, env, cell)) yield derived(negate(value), cell);
        break;
      case "binary":
        yield* this.binary(jq, env, cell);
        break;
      case "assign":
        yield* assign(this, jq, env, cell);
        break;
      default:
        yield* this.control(jq, env, cell);
    }
  }

  private *control(jq: Jq, env: Env, cell: Cell): Generator<Cell> {
    switch (jq.kind) {
      case "recurse":
        yield* this.call("recurse", [], env, cell);
        break;
      case "call":
        yield* this.call(jq.name, jq.args, env, cell);
        break;
      case "define":
        yield* this.eval(jq.body, defined(jq.def.name, jq.def.params, jq.def.body, env), cell);
        break;
      case "try":
        yield* this.attempt(jq, env, cell);
        break;
      case "if":
        yield* this.conditional(jq, 0, env, cell);
        break;
      case "reduce":
        yield* this.reduce(jq, env, cell);
        break;
      case "foreach":
        yield* this.foreach(jq, env, cell);
        break;
      case "bind":
        for (const value of this.values(jq.source, env, cell)) {
          for (const inner of this.bound(jq.patterns, value, env, cell)) yield* this.eval(jq.body, inner, cell);
        }
        break;
      case "label":
        yield* this.labelled(jq, env, cell);
        break;
      case "break":
        throw new Break(this.label(jq.name, env));
    }
  }

  private *access(jq: Extract<Jq, { kind: "index" | "slice" | "iterate" }>, env: Env, cell: Cell): Generator<Cell> {
    for (const target of this.eval(jq.of, env, cell)) {
      if (jq.kind === "iterate") yield* this.iterate(target);
      else if (jq.kind === "index") {
        for (const key of this.values(jq.key, env, cell)) {
          yield { path: deeper(target, key), value: this.entry(target.value, key) };
        }
      } else {
        for (const end of this.optional(jq.to, env, cell)) {
          for (const start of this.optional(jq.from, env, cell)) {
            yield { path: deeper(target, { start, end }), value: sliceOf(target.value, start, end) };
          }
        }
      }
    }
  }

  /** `.[key]`; a list as key asks where it begins within the value. */
  private entry(value: Json, key: Json): Json {
    return Array.isArray(value) && Array.isArray(key) ? indices(value, key, this) : entryOf(value, key);
  }

  private optional(jq: Jq | null, env: Env, cell: Cell): Iterable<Json> {
    return jq === null ? [null] : this.values(jq, env, cell);
  }

  private *iterate(target: Cell): Generator<Cell> {
    const { value } = target;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        this.step(1);
        yield { value: item, path: deeper(target, index) };
      }
    } else if (isObject(value)) {
      for (const key of Object.keys(value)) {
        this.step(1);
        yield { value: value[key] ?? null, path: deeper(target, key) };
      }
    } else throw new JqError(`Cannot iterate over ${typeName(value)}`);
  }

  private *objects(
    entries: readonly { key: Jq; value: Jq }[],
    index: number,
    env: Env,
    cell: Cell,
    base: JsonObject = {},
  ): Generator<JsonObject> {
    const entry = entries[index];
    if (entry === undefined) {
      yield base;
      return;
    }
    for (const key of this.values(entry.key, env, cell)) {
      if (typeof key !== "string") throw new JqError(`Object keys must be strings, not ${typeName(key)}`);
      for (const value of this.values(entry.value, env, cell)) {
        const map = { ...base };
        setOwn(map, key, value);
        yield* this.objects(entries, index + 1, env, cell, map);
      }
    }
  }

  /** The first parts vary fastest, as jq has it. */
  private *texts(jq: Extract<Jq, { kind: "text" }>, index: number, env: Env, cell: Cell): Generator<string> {
    const part = jq.parts[index];
    if (part === undefined) {
      yield "";
      return;
    }
    const rights = typeof part === "string" ? [part] : this.values(part, env, cell);
    for (const right of rights) {
      const text =
        typeof part === "string" ? part : jq.format === null ? plainText(right, this) : format(jq.format, right, this);
      for (const left of this.texts(jq, index - 1, env, cell)) {
        this.size(left.length + text.length);
        yield left + text;
      }
    }
  }

  private *binary(jq: Extract<Jq, { kind: "binary" }>, env: Env, cell: Cell): Generator<Cell> {
    if (jq.op === "//") yield* this.alternative(jq, env, cell);
    else if (jq.op === "and" || jq.op === "or") {
      for (const left of this.values(jq.left, env, cell)) {
        if (isTrue(left) === (jq.op === "or")) yield derived(jq.op === "or", cell);
        else for (const right of this.values(jq.right, env, cell)) yield derived(isTrue(right), cell);
      }
    } else {
      for (const right of this.values(jq.right, env, cell)) {
        for (const left of this.values(jq.left, env, cell)) yield derived(calculate(jq.op, left, right, this), cell);
      }
    }
  }

  /** All true results of the left side, errors left out; the right side when there are none. */
  private *alternative(jq: Extract<Jq, { kind: "binary" }>, env: Env, cell: Cell): Generator<Cell> {
    let isFound = false;
    try {
      for (const left of this.eval(jq.left, env, cell)) {
        if (!isTrue(left.value)) continue;
        isFound = true;
        yield left;
      }
    } catch (error) {
      if (!(error instanceof JqError)) throw error;
    }
    if (!isFound) yield* this.eval(jq.right, env, cell);
  }

  private *attempt(jq: Extract<Jq, { kind: "try" }>, env: Env, cell: Cell): Generator<Cell> {
    const results = this.eval(jq.body, env, cell);
    for (;;) {
      let next: IteratorResult<Cell>;
      try {
        next = results.next();
      } catch (error) {
        if (!(error instanceof JqError)) throw error;
        if (jq.handler !== null) yield* this.eval(jq.handler, env, derived(error.value, cell));
        return;
      }
      if (next.done) return;
      yield next.value;
    }
  }

  private *conditional(jq: Extract<Jq, { kind: "if" }>, index: number, env: Env, cell: Cell): Generator<Cell> {
    const branch = jq.branches[index];
    if (branch === undefined) {
      if (jq.otherwise === null) yield cell;
      else yield* this.eval(jq.otherwise, env, cell);
      return;
    }
    for (const value of this.values(branch.condition, env, cell)) {
      if (isTrue(value)) yield* this.eval(branch.body, env, cell);
      else yield* this.conditional(jq, index + 1, env, cell);
    }
  }

  private *reduce(jq: Extract<Jq, { kind: "reduce" }>, env: Env, cell: Cell): Generator<Cell> {
    for (let state of this.eval(jq.init, env, cell)) {
      for (const value of this.values(jq.source, env, cell)) {
        for (const inner of this.bound([jq.pattern], value, env, cell)) {
          let last = derived(null, cell);
          for (const next of this.eval(jq.update, inner, state)) last = next;
          state = last;
        }
      }
      yield state;
    }
  }

  private *foreach(jq: Extract<Jq, { kind: "foreach" }>, env: Env, cell: Cell): Generator<Cell> {
    for (let state of this.eval(jq.init, env, cell)) {
      for (const value of this.values(jq.source, env, cell)) {
        for (const inner of this.bound([jq.pattern], value, env, cell)) {
          for (const next of this.eval(jq.update, inner, state)) {
            state = next;
            if (jq.extract === null) yield next;
            else yield* this.eval(jq.extract, inner, next);
          }
        }
      }
    }
  }

  private bound(patterns: Extract<Jq, { kind: "bind" }>["patterns"], value: Json, env: Env, cell: Cell): Iterable<Env> {
    return destructure(patterns, value, env, (key, inner) => this.values(key, inner, cell));
  }

  private *labelled(jq: Extract<Jq, { kind: "label" }>, env: Env, cell: Cell): Generator<Cell> {
    const id = {};
    try {
      yield* this.eval(jq.body, { up: env, name: `*${jq.name}`, bound: { kind: "label", id } }, cell);
    } catch (error) {
      if (!(error instanceof Break) || error.label !== id) throw error;
    }
  }

  private label(name: string, env: Env): object {
    for (let at: Env | null = env; at !== null; at = at.up) {
      if (at.name === `*${name}` && at.bound.kind === "label") return at.bound.id;
    }
    throw new JqError(`$*label-${name} is not defined`);
  }

  private variable(name: string, env: Env): Json {
    for (let at: Env | null = env; at !== null; at = at.up) {
      if (at.name === `$${name}` && at.bound.kind === "value") return at.bound.value;
    }
    if (name === "ENV") return {};
    throw new JqError(`$${name} is not defined`);
  }

  private *call(name: string, args: readonly Jq[], env: Env, cell: Cell): Generator<Cell> {
    const key = `${name}/${args.length}`;
    for (let at: Env | null = env; at !== null; at = at.up) {
      if (at.name !== key) continue;
      if (at.bound.kind === "closure") yield* this.run(at.bound.closure, cell);
      if (at.bound.kind === "function") yield* this.apply(at.bound, 0, at, { args, env, cell });
      return;
    }
    const native = this.builtins.natives.get(key);
    const def = this.builtins.defs.get(key);
    if (native !== undefined) {
      yield* native(
        this,
        cell,
        args.map((body) => ({ body, env })),
      );
    } else if (def !== undefined) yield* this.apply(def, 0, ROOT, { args, env, cell });
    else throw new JqError(`${key} is not defined`);
  }

  /** Binds the parameters one after the other; one with `$` once for each of its values. */
  private *apply(
    func: { params: readonly string[]; body: Jq },
    index: number,
    inner: Env,
    given: { args: readonly Jq[]; env: Env; cell: Cell },
  ): Generator<Cell> {
    const param = func.params[index];
    const body = given.args[index];
    if (param === undefined || body === undefined) {
      yield* this.eval(func.body, inner, given.cell);
      return;
    }
    if (!param.startsWith("$")) {
      const closure = { body, env: given.env };
      yield* this.apply(func, index + 1, { up: inner, name: `${param}/0`, bound: { kind: "closure", closure } }, given);
      return;
    }
    for (const value of this.values(body, given.env, given.cell)) {
      const literal: Closure = { body: { kind: "literal", value }, env: given.env };
      const named: Env = { up: inner, name: param, bound: { kind: "value", value } };
      const bound: Env = { up: named, name: `${param.slice(1)}/0`, bound: { kind: "closure", closure: literal } };
      yield* this.apply(func, index + 1, bound, given);
    }
  }
}

/** The environment with one more function; the function sees itself. */
export function defined(name: string, params: readonly string[], body: Jq, env: Env): Env {
  return { up: env, name: `${name}/${params.length}`, bound: { kind: "function", params, body } };
}

function plainText(value: Json, meter: Meter): string {
  return typeof value === "string" ? value : toText(value, meter);
}

function negate(value: Json): Json {
  if (typeof value !== "number") throw new JqError(`${typeName(value)} cannot be negated`);
  return -value + 0;
}
