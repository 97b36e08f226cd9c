import { Args, type Entry } from "./entry.ts";
import { argumentError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import type { Value } from "./value.ts";

const NO_ARGS: ReadonlyMap<string, Value> = new Map();

/** Positional and named arguments as the entry declares them. */
export function bindArgs(
  entry: Entry,
  owner: string,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Args {
  const specs = entry.args ?? [];
  if (entry.variadic) return new Args(owner, NO_ARGS, positional);
  if (positional.length === 0 && named.size === 0 && !specs.some((spec) => spec.required || "default" in spec)) {
    return new Args(owner, NO_ARGS);
  }
  const problem = argsProblem(entry, owner, positional.length, [...named.keys()]);
  if (problem !== null) throw argumentError(problem);
  const values = new Map<string, Value>();
  specs.forEach((spec, index) => {
    const value = named.get(spec.name) ?? positional[index] ?? spec.default;
    if (value !== undefined) values.set(spec.name, value);
  });
  return new Args(owner, values);
}

/** What is wrong with the shape of a call, known without evaluating it. */
export function argsProblem(entry: Entry, owner: string, positional: number, named: readonly string[]): string | null {
  if (entry.variadic) return named.length > 0 ? `The ${owner} takes no named arguments.` : null;
  const names = (entry.args ?? []).map((spec) => spec.name);
  const takes = names.length === 0 ? "no arguments" : `only ${names.map((name) => `'${name}'`).join(", ")}`;
  if (positional > names.length) return `The ${owner} takes ${takes}: ${positional} were given.`;
  for (const name of named) {
    if (!names.includes(name))
      return `The ${owner} has no argument '${name}': it takes ${takes}.${nearest(name, names)}`;
  }
  for (const [index, spec] of (entry.args ?? []).entries()) {
    if (spec.required && index >= positional && !named.includes(spec.name)) {
      return `The ${owner} expects an argument '${spec.name}': ${spec.description}.`;
    }
  }
  return null;
}
