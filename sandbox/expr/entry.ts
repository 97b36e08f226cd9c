import type { Scope } from "./context.ts";
import { argumentError } from "./errors.ts";
import type { LookupKind } from "./lookups.ts";
import { isInteger, isNumber, toFloat } from "./numbers.ts";
import { className, isMap, type LazyMap, type Value, type ValueMap } from "./value.ts";

/** One argument of a filter, function or test. */
export type ArgSpec = { name: string; description: string; required?: boolean; default?: string | number | boolean };
/** A template and the text it renders to with an empty context; tests run every one. */
export type Example = readonly [template: string, rendered: string];

export type Entry = {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly args?: readonly ArgSpec[];
  /** Takes any number of positional arguments instead of named ones. */
  readonly variadic?: true;
  readonly description: string;
  readonly examples: readonly Example[];
  /** Why it should not be used. */
  readonly deprecated?: string;
  /** Aliases that Kestra has given up: they work, and nothing proposes them. */
  readonly oldNames?: readonly string[];
};

export type Filter = Entry & {
  /** Gets null too; other filters give null for null without being asked. */
  readonly takesNull?: true;
  /** Gets null for a variable or attribute that is not there. */
  readonly takesUndefined?: true;
  readonly run: (input: Value, args: Args, call: Call) => Value;
};
export type Func = Entry & { readonly run: (args: Args, call: Call) => Value };
export type Test = Entry & {
  readonly takesUndefined?: true;
  readonly run: (input: Value, args: Args) => boolean;
};

/** The budgets that a computation is charged to. */
export interface Meter {
  /** Charges work to the budget of steps. */
  step(count: number): void;
  /** Charges moves of the regular-expression matcher. */
  regexStep(count: number): void;
  /** Refuses a text of this length when it is over the budget. */
  size(length: number): void;
}

/** What filters and functions may use besides their arguments. */
export interface Call extends Meter {
  /** Instant of the evaluation in ms since 1970. */
  readonly nowMs: number;
  readonly timeZone: string;
  readonly scope: Scope;
  random(): number;
  lookup(kind: LookupKind, args: { readonly [name: string]: Value | undefined }): Value;
  render(value: Value, recursive: boolean): Value;
  block(name: string): string;
}

/** What is called: the node of the tree does. */
export type Called = { readonly kind: "filter" | "call" | "macro" | "test"; readonly name: string };

const KIND_NAMES = { filter: "filter", call: "function", macro: "macro", test: "test" } as const;

/** As messages name it: `'date' filter`. */
export function ownerText({ kind, name }: Called): string {
  return `'${name}' ${KIND_NAMES[kind]}`;
}

const NO_ARGS: readonly ArgSpec[] = [];

/** The arguments of one call, by name. Bad types are refused with the argument's name in the message. */
export class Args {
  private readonly called: Called;
  private readonly specs: readonly ArgSpec[];
  /** In the order of the specs; of a variadic entry all that was given. */
  readonly given: readonly (Value | undefined)[];

  constructor(called: Called, entry: Entry, given: readonly (Value | undefined)[]) {
    this.called = called;
    this.specs = entry.args ?? NO_ARGS;
    this.given = given;
  }

  /** The argument, or null when it was left out and has no default. */
  value(name: string): Value {
    for (let index = 0; index < this.specs.length; index++) {
      const spec = this.specs[index];
      if (spec?.name === name) return this.given[index] ?? spec.default ?? null;
    }
    return null;
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== "string") throw this.wrong(name, "string", value);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.value(name) === null ? undefined : this.text(name);
  }

  number(name: string): number {
    const value = this.value(name);
    if (!isNumber(value)) throw this.wrong(name, "number", value);
    return toFloat(value);
  }

  /** An integer within JavaScript's safe range. */
  integer(name: string, fallback?: number): number {
    const value = this.value(name);
    if (value === null && fallback !== undefined) return fallback;
    if (!isInteger(value) || !Number.isSafeInteger(Number(value))) throw this.wrong(name, "integer", value);
    return Number(value);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.value(name);
    if (value === null) return fallback;
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    throw this.wrong(name, "boolean", value);
  }

  map(name: string): LazyMap | ValueMap {
    const value = this.value(name);
    if (!isMap(value)) throw this.wrong(name, "map", value);
    return value;
  }

  private wrong(name: string, type: string, value: Value) {
    const given = value === null ? "It is missing or null." : `Actual type was: ${className(value)}`;
    return argumentError(`The ${ownerText(this.called)} expects an argument '${name}' with type ${type}. ${given}`);
  }
}
