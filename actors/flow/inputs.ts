import {
  type EvalContext,
  type Lookup,
  lookupKey,
  type Outcome,
  renderDeep,
  renderTyped,
  type Scope,
  sealLookup,
  unsealLookup,
} from "#expr/index.ts";
import type { Flow, Input } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { MASK } from "#schema/mask.ts";
import type { Problem, ProblemCode } from "#schema/problem.ts";
import { mapTexts, sealedIn } from "#schema/sealed.ts";
import { isSecret, parseValue, show } from "./input-values.ts";
import { nest } from "./nest.ts";

// The inputs of an execution: what was given, by the rules of the flow.
//
// N1. An input is resolved after those it depends on; its condition sees only them.
// N2. An input whose condition does not hold, or that depends on such a one, is left out of the result.
// N3. Every wrong input is a problem with its id as path; nothing throws. What is not declared is ignored.
// N4. While expressions wait for look-ups, `needs` lists them all and the result is not complete: fetch, then call again.
// N5. Only what counts is looked at: no expression of an input that is left out, none of one that depends on an input which waits for
//     a look-up. Of what depends on a wrong input, the condition is judged with null in its place, nobody asks what may be chosen,
//     and what fails in its expressions is not reported.
// N6. A secret is sealed in the result, and masked in states and problems: its text is in neither.

/** What a form shows of one input. */
export type InputState = {
  input: Input;
  /** False: it is not asked for. */
  enabled: boolean;
  /** As it is stored, or as it was given when it is wrong; left out where there is none. */
  value?: Json;
  /** Nothing was given: the value is the flow's own. */
  isDefault?: boolean;
  /** What may be chosen, where that is a list. */
  options?: readonly string[];
  /** The first value of the field, rendered. */
  prefill?: Json;
};

export type ResolvedInputs = {
  inputs: JsonObject;
  problems: Problem[];
  needs: readonly Lookup[];
  /** Of every declared input, in their order. */
  states: InputState[];
};

export type Resolving = {
  /** For a form: options and first values are found out for inputs without a value too. */
  isForm?: boolean;
};

/** The typed inputs of an execution of `flow`, dotted ids as nested maps. FILE values are `kestra://` URIs, stored before. */
export function resolveInputs(
  flow: Pick<Flow, "inputs">,
  provided: Readonly<Record<string, unknown>>,
  ctx: EvalContext,
  { isForm = false }: Resolving = {},
): ResolvedInputs {
  const resolver = new Resolver(flow.inputs, provided, ctx, isForm);
  for (const input of flow.inputs) resolver.resolve(input, new Set());
  const { problems, needs } = resolver;
  return { inputs: nest(resolver.enabled(flow.inputs)), problems, needs, states: resolver.states(flow.inputs) };
}

type Resolved = {
  enabled: boolean;
  /** What other inputs see of it; null as well where it is wrong. */
  value: Json;
  /** What is kept of it. */
  stored: Json;
  /** `waiting`: for a look-up. */
  standing: "right" | "wrong" | "waiting";
  shown: Omit<InputState, "input" | "enabled">;
};

const LEFT_OUT: Resolved = { enabled: false, value: null, stored: null, standing: "right", shown: {} };
const WAITING: Resolved = { ...LEFT_OUT, standing: "waiting" };

/** A step on the way to a value; when it is none yet, the others wait or what is wrong was reported. */
type Step<T> = { value: T } | "wrong" | "waiting";

class Resolver {
  readonly problems: Problem[] = [];
  readonly needs: Lookup[] = [];
  readonly #byId: ReadonlyMap<string, Input>;
  readonly #provided: Readonly<Record<string, unknown>>;
  readonly #ctx: EvalContext;
  readonly #isForm: boolean;
  readonly #done = new Map<string, Resolved>();
  /** Texts of secrets, which an expression of another input may quote. */
  readonly #secrets = new Set<string>();
  /** [N5] Inputs that depend on a wrong one. */
  readonly #doubtful = new Set<Input>();

  constructor(
    inputs: readonly Input[],
    provided: Readonly<Record<string, unknown>>,
    ctx: EvalContext,
    isForm: boolean,
  ) {
    this.#byId = new Map(inputs.map((input) => [input.id, input]));
    this.#provided = provided;
    this.#ctx = ctx;
    this.#isForm = isForm;
  }

  enabled(inputs: readonly Input[]): Map<string, Json> {
    const values = new Map<string, Json>();
    for (const { id } of inputs) {
      const resolved = this.#done.get(id);
      if (resolved?.enabled) values.set(id, resolved.stored);
    }
    return values;
  }

  states(inputs: readonly Input[]): InputState[] {
    return inputs.map((input) => {
      const { enabled, shown } = this.#done.get(input.id) ?? LEFT_OUT;
      // An expression of this input may have quoted a secret of another.
      return { input, enabled, ...mapTexts(shown, (text) => this.#masked(text)) };
    });
  }

  resolve(input: Input, above: ReadonlySet<string>): Resolved {
    const known = this.#done.get(input.id);
    if (known !== undefined) return known;
    const resolved = this.#resolve(input, this.#dependencies(input, above));
    this.#done.set(input.id, resolved);
    return resolved;
  }

  /** What the input depends on; circles, which no saved flow has, are cut. */
  #dependencies(input: Input, above: ReadonlySet<string>): Map<string, Resolved> {
    const found = new Map<string, Resolved>();
    for (const id of input.dependsOn?.inputs ?? []) {
      const other = this.#byId.get(id);
      if (other === undefined || id === input.id || above.has(id)) continue;
      found.set(id, this.resolve(other, new Set([...above, input.id])));
    }
    return found;
  }

  #resolve(input: Input, others: ReadonlyMap<string, Resolved>): Resolved {
    const all = [...others.values()];
    if (all.some(({ standing }) => standing === "waiting")) return WAITING;
    if (all.some(({ enabled }) => !enabled)) return LEFT_OUT;
    if (all.some(({ standing }) => standing === "wrong")) this.#doubtful.add(input);
    const condition = input.dependsOn?.condition;
    if (condition === undefined) return this.#field(input);
    const held = this.#take(renderTyped(condition, this.#seeing(others)), input, condition);
    if (held === "waiting") return WAITING;
    if (held === "wrong") return { ...LEFT_OUT, standing: "wrong" };
    return held.value === true || held.value === "true" ? this.#field(input) : LEFT_OUT;
  }

  /** An input that counts. */
  #field(input: Input): Resolved {
    const options = once(() => this.#options(input));
    const given = this.#given(input, options);
    const shown = this.#shown(input, options);
    if (given === "waiting" || shown === undefined) return WAITING;
    const wrong: Resolved = { enabled: true, value: null, stored: null, standing: "wrong", shown };
    if (given === "wrong") return wrong;
    const { value, isDefault } = given.value;
    if (value === null) {
      if (!input.required) return { ...wrong, standing: "right" };
      // Why there is nothing to choose from was said already.
      if (this.#isForm && options() === "wrong") return wrong;
      this.#problem("MISSING_INPUT", input, "missing required input", null);
      return wrong;
    }
    const choices = input.expression === undefined ? { value: input.values } : options();
    if (choices === "waiting") return WAITING;
    if (choices === "wrong") return { ...wrong, shown: { ...shown, value: visible(input, value) } };
    const parsed = parseValue(input, value, choices.value);
    if (!parsed.ok) {
      this.#problem("INVALID_INPUT", input, parsed.message, value);
      return { ...wrong, shown: { ...shown, value: visible(input, value) } };
    }
    if (isSecret(input)) for (const text of textsIn(parsed.value)) this.#secrets.add(text);
    const stored = isSecret(input) ? this.#sealed(input, parsed.value) : parsed;
    if (stored === "waiting") return WAITING;
    if (stored === "wrong") return wrong;
    const more = { value: visible(input, parsed.value), ...(isDefault ? { isDefault } : {}) };
    return {
      enabled: true,
      value: parsed.value,
      stored: stored.value,
      standing: "right",
      shown: { ...shown, ...more },
    };
  }

  /** What was provided, or else the flow's own value; null when there is neither. */
  #given(input: Input, options: () => Step<readonly string[] | undefined>): Step<{ value: Json; isDefault: boolean }> {
    const provided = Object.hasOwn(this.#provided, input.id) ? asJson(this.#provided[input.id]) : null;
    if (provided !== null) {
      const opened = isSecret(input) ? this.#opened(input, provided) : { value: provided };
      return typeof opened === "string" ? opened : { value: { value: opened.value, isDefault: false } };
    }
    const { defaults } = input;
    if (defaults !== undefined) {
      const rendered = this.#render(input, defaults);
      return typeof rendered === "string" ? rendered : { value: { value: rendered.value, isDefault: true } };
    }
    if (!input.autoSelectFirst) return { value: { value: null, isDefault: false } };
    const choices = options();
    return typeof choices === "string" ? choices : { value: { value: choices.value?.[0] ?? null, isDefault: true } };
  }

  /** What a form shows beside the value; undefined while it waits. Outside of forms nobody looks. */
  #shown(input: Input, options: () => Step<readonly string[] | undefined>): Resolved["shown"] | undefined {
    if (!this.#isForm) return {};
    const choices = options();
    if (choices === "waiting") return undefined;
    const shown: Resolved["shown"] = choices === "wrong" || !choices.value ? {} : { options: choices.value };
    if (input.prefill === undefined || isSecret(input)) return shown;
    const prefill = this.#render(input, input.prefill);
    if (prefill === "waiting") return undefined;
    return prefill === "wrong" || prefill.value === null ? shown : { ...shown, prefill: prefill.value };
  }

  #options(input: Input): Step<readonly string[] | undefined> {
    if (input.expression === undefined) return { value: input.values };
    if (this.#doubtful.has(input)) return "wrong";
    const rendered = this.#take(renderTyped(input.expression, this.#seeing(this.#done)), input, input.expression);
    if (typeof rendered === "string") return rendered;
    const list = typeof rendered.value === "string" ? parseJson(rendered.value) : rendered.value;
    if (Array.isArray(list))
      return { value: list.map((item) => (typeof item === "string" ? item : JSON.stringify(item))) };
    const message = `Invalid expression result. Expected a list of strings, but received ${show(rendered.value)}`;
    this.#problem("INVALID_INPUT", input, message, input.expression);
    return "wrong";
  }

  /** A value of the flow's own; an expression that gives an empty text gives nothing. */
  #render(input: Input, source: Json): Step<Json> {
    const ctx = this.#seeing(this.#done);
    const rendered = this.#take(
      typeof source === "string" ? renderTyped(source, ctx) : renderDeep(source, ctx),
      input,
      source,
    );
    const isEmpty = typeof rendered === "object" && rendered.value === "" && typeof source === "string";
    return isEmpty && source !== "" ? { value: null } : rendered;
  }

  #take<T>(outcome: Outcome<T>, input: Input, source: Json): Step<T> {
    if (outcome.ok === true) return outcome;
    if (outcome.ok === "needs") {
      this.needs.push(...outcome.lookups);
      return "waiting";
    }
    this.#problem("INVALID_INPUT", input, `Cannot render it. Cause: ${outcome.problem.message}`, source, "doubtful");
    return "wrong";
  }

  /** [N6] The value with every text in it sealed. */
  #sealed(input: Input, value: Json): Step<Json> {
    return this.#each(input, Array.isArray(value) ? value : [value], (text) => sealLookup(asText(text)), value);
  }

  /** A value that was sealed before, as it was given then: of an execution that is run again. */
  #opened(input: Input, value: Json): Step<Json> {
    const lookupOf = (item: Json) => {
      const sealed = sealedIn(item);
      return sealed && unsealLookup(sealed.cipher);
    };
    return this.#each(input, Array.isArray(value) ? value : [value], lookupOf, value);
  }

  /** The items with the answers to what `lookupOf` asks for each; a single one stands for itself. */
  #each(input: Input, items: readonly Json[], lookupOf: (item: Json) => Lookup | undefined, whole: Json): Step<Json> {
    const answers: Json[] = [];
    const missing: Lookup[] = [];
    for (const item of items) {
      const lookup = lookupOf(item);
      const answer = lookup === undefined ? undefined : this.#ctx.lookups?.get(lookupKey(lookup));
      if (lookup !== undefined && answer === undefined) missing.push(lookup);
      else if (answer?.ok === false) {
        this.#problem("INVALID_INPUT", input, answer.message, null);
        return "wrong";
      } else answers.push(answer?.value ?? item);
    }
    if (missing.length > 0) {
      this.needs.push(...missing);
      return "waiting";
    }
    return { value: Array.isArray(whole) ? answers : (answers[0] ?? null) };
  }

  #seeing(others: ReadonlyMap<string, Resolved>): EvalContext {
    const inputs = nest(new Map([...others].map(([id, { value }]) => [id, value])));
    const outer = this.#ctx.scope;
    const scope: Scope = {
      get: (name) => (name === "inputs" ? inputs : outer.get(name)),
      keys: () => new Set([...outer.keys(), "inputs"]),
    };
    return { ...this.#ctx, scope };
  }

  #masked(text: string): string {
    let masked = text;
    for (const secret of this.#secrets) if (secret !== "") masked = masked.replaceAll(secret, MASK);
    return masked;
  }

  /** `when` "doubtful": what may come of another input that is wrong, and is then not reported. */
  #problem(code: ProblemCode, input: Input, reason: string, received: Json, when?: "doubtful"): void {
    if (when === "doubtful" && this.#doubtful.has(input)) return;
    const shown = show(visible(input, received));
    const message = `Invalid input for \`${input.id}\`, ${this.#masked(reason)}, but received \`${this.#masked(shown)}\``;
    this.problems.push({ code, message, path: input.id });
  }
}

function textsIn(value: Json): string[] {
  return Array.isArray(value) ? value.map(asText) : [asText(value)];
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** [N6] The value as it may be shown. */
function visible(input: Input, value: Json): Json {
  return isSecret(input) && value !== null ? MASK : value;
}

function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
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
