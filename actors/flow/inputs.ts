import { type EvalContext, type Lookup, type Outcome, renderDeep, renderTyped, type Scope } from "#expr/index.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { Flow, Input } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { Problem, ProblemCode } from "#schema/problem.ts";
import { parseValue, show } from "./input-values.ts";

// The inputs of an execution: what was given, by the rules of the flow.
//
// N1. An input is resolved after those it depends on; its condition sees only them.
// N2. An input whose condition does not hold, or that depends on such a one, is left out of the result.
// N3. Every wrong input is a problem with its id as path; nothing throws. What is not declared is ignored.
// N4. While expressions wait for look-ups, `needs` lists them all and the result is not complete: fetch, then call again.

export type ResolvedInputs = { inputs: JsonObject; problems: Problem[]; needs: readonly Lookup[] };

/** The typed inputs of an execution of `flow`, dotted ids as nested maps. FILE values are `kestra://` URIs, stored before. */
export function resolveInputs(
  flow: Pick<Flow, "inputs">,
  provided: Readonly<Record<string, unknown>>,
  ctx: EvalContext,
): ResolvedInputs {
  const resolver = new Resolver(flow.inputs, provided, ctx);
  for (const input of flow.inputs) resolver.resolve(input, new Set());
  return { inputs: nest(resolver.enabled(flow.inputs)), problems: resolver.problems, needs: resolver.needs };
}

type Resolved = { enabled: boolean; value: Json };

class Resolver {
  readonly problems: Problem[] = [];
  readonly needs: Lookup[] = [];
  readonly #byId: ReadonlyMap<string, Input>;
  readonly #provided: Readonly<Record<string, unknown>>;
  readonly #ctx: EvalContext;
  readonly #done = new Map<string, Resolved>();

  constructor(inputs: readonly Input[], provided: Readonly<Record<string, unknown>>, ctx: EvalContext) {
    this.#byId = new Map(inputs.map((input) => [input.id, input]));
    this.#provided = provided;
    this.#ctx = ctx;
  }

  enabled(inputs: readonly Input[]): Map<string, Json> {
    const values = new Map<string, Json>();
    for (const { id } of inputs) {
      const resolved = this.#done.get(id);
      if (resolved?.enabled) values.set(id, resolved.value);
    }
    return values;
  }

  resolve(input: Input, waiting: ReadonlySet<string>): Resolved {
    const known = this.#done.get(input.id);
    if (known !== undefined) return known;
    const resolved = this.#isEnabled(input, waiting)
      ? { enabled: true, value: this.#value(input) }
      : { enabled: false, value: null };
    this.#done.set(input.id, resolved);
    return resolved;
  }

  #isEnabled(input: Input, waiting: ReadonlySet<string>): boolean {
    const { inputs: ids = [], condition } = input.dependsOn ?? {};
    const seen = new Map<string, Json>();
    for (const id of ids) {
      const other = this.#byId.get(id);
      if (other === undefined || id === input.id || waiting.has(id)) continue;
      const { enabled, value } = this.resolve(other, new Set([...waiting, input.id]));
      if (!enabled) return false;
      seen.set(id, value);
    }
    if (condition === undefined) return true;
    const outcome = renderTyped(condition, this.#withInputs(seen));
    const value = this.#take(outcome, input, condition);
    return value === true || value === "true";
  }

  #value(input: Input): Json {
    const given = this.#given(input);
    if (given === undefined) return null; // reported, or waiting for a look-up
    if (given === null) {
      if (input.required) this.#problem("MISSING_INPUT", input, "missing required input", null);
      return null;
    }
    const choices = this.#choices(input);
    const parsed = parseValue(input, given, choices);
    if (parsed.ok) return parsed.value;
    this.#problem("INVALID_INPUT", input, parsed.message, given);
    return null;
  }

  #given(input: Input): Json | undefined {
    const provided = Object.hasOwn(this.#provided, input.id) ? asJson(this.#provided[input.id]) : null;
    if (provided !== null) return provided;
    const { defaults } = input;
    if (defaults === undefined) return input.autoSelectFirst ? (this.#choices(input)?.[0] ?? null) : null;
    const ctx = this.#withInputs(new Map([...this.#done].map(([id, { value }]) => [id, value])));
    const rendered = typeof defaults === "string" ? renderTyped(defaults, ctx) : renderDeep(defaults, ctx);
    const value = this.#take(rendered, input, defaults);
    return value === "" && typeof defaults === "string" && defaults !== "" ? null : value;
  }

  #choices(input: Input): readonly string[] | undefined {
    if (input.expression === undefined) return input.values;
    const ctx = this.#withInputs(new Map([...this.#done].map(([id, { value }]) => [id, value])));
    const rendered = this.#take(renderTyped(input.expression, ctx), input, input.expression);
    if (rendered === undefined) return undefined;
    const list = typeof rendered === "string" ? parseJson(rendered) : rendered;
    if (Array.isArray(list)) return list.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
    const message = `Invalid expression result. Expected a list of strings, but received ${show(rendered)}`;
    this.#problem("INVALID_INPUT", input, message, input.expression);
    return undefined;
  }

  #take(outcome: Outcome<Json>, input: Input, source: Json): Json | undefined {
    if (outcome.ok === true) return outcome.value;
    if (outcome.ok === "needs") this.needs.push(...outcome.lookups);
    else this.#problem("INVALID_INPUT", input, `Cannot render it. Cause: ${outcome.problem.message}`, source);
    return undefined;
  }

  #withInputs(values: ReadonlyMap<string, Json>): EvalContext {
    const inputs = nest(values);
    const outer = this.#ctx.scope;
    const scope: Scope = {
      get: (name) => (name === "inputs" ? inputs : outer.get(name)),
      keys: () => new Set([...outer.keys(), "inputs"]),
    };
    return { ...this.#ctx, scope };
  }

  #problem(code: ProblemCode, input: Input, reason: string, received: Json): void {
    const hidden = input.type === "SECRET" ? "******" : show(received);
    const message = `Invalid input for \`${input.id}\`, ${reason}, but received \`${hidden}\``;
    this.problems.push({ code, message, path: input.id });
  }
}

/** A value as JSON; null for what is none, such as undefined. */
function asJson(value: unknown): Json {
  try {
    return value === undefined ? null : JSON.parse(JSON.stringify(value) ?? "null");
  } catch {
    return null;
  }
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Dotted ids as nested maps: `a.b` under `a`. */
export function nest(values: ReadonlyMap<string, Json>): JsonObject {
  const root: JsonObject = {};
  for (const [id, value] of values) {
    const parts = id.split(".");
    const last = parts.pop() ?? id;
    let map = root;
    for (const part of parts) {
      const inner = Object.hasOwn(map, part) ? map[part] : undefined;
      const next: JsonObject = isJsonObject(inner) ? inner : {};
      set(map, part, next);
      map = next;
    }
    set(map, last, value);
  }
  return root;
}

/** Sets an own property, whatever its name. */
function set(map: JsonObject, name: string, value: Json): void {
  Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
}
