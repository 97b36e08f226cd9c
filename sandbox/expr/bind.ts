import { type ArgSpec, Args, type Called, type Entry, ownerText } from "./entry.ts";
import { argumentError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import type { Value } from "./value.ts";

/** The values that a call was given. */
export type Given = { readonly positional: readonly Value[]; readonly named: ReadonlyMap<string, Value> | null };

/** Positional and named arguments as the entry declares them. */
export function bindArgs(entry: Entry, called: Called, { positional, named }: Given): Args {
  const specs = entry.args ?? [];
  if (named === null && fits(specs, positional.length)) return new Args(called, entry, positional);
  const problem = argsProblem(entry, called, positional.length, named === null ? [] : [...named.keys()]);
  if (problem !== null) throw argumentError(problem);
  if (named === null) return new Args(called, entry, positional);
  return new Args(
    called,
    entry,
    specs.map((spec, index) => named.get(spec.name) ?? positional[index]),
  );
}

/** Whether so many positional arguments are enough and not too many. */
function fits(specs: readonly ArgSpec[], count: number): boolean {
  if (count > specs.length) return false;
  for (let index = count; index < specs.length; index++) if (specs[index]?.required) return false;
  return true;
}

/** What decides whether arguments fit; macros have it too. */
export type Shape = Pick<Entry, "args" | "variadic">;

/** What is wrong with the shape of a call, known without evaluating it. */
export function argsProblem(
  { args = [], variadic }: Shape,
  called: Called,
  positional: number,
  named: readonly string[],
): string | null {
  const owner = ownerText(called);
  if (variadic) return named.length > 0 ? `The ${owner} takes no named arguments.` : null;
  const names = args.map((spec) => spec.name);
  const takes = names.length === 0 ? "no arguments" : `only ${names.map((name) => `'${name}'`).join(", ")}`;
  if (positional > names.length) {
    return `The ${owner} takes ${takes}: ${positional} ${positional === 1 ? "was" : "were"} given.`;
  }
  for (const [index, name] of named.entries()) {
    const place = names.indexOf(name);
    if (place < 0) return `The ${owner} has no argument '${name}': it takes ${takes}.${nearest(name, names)}`;
    if (place < positional || named.indexOf(name) < index) return `The ${owner} is given its argument '${name}' twice.`;
  }
  for (const [index, spec] of args.entries()) {
    if (spec.required && index >= positional && !named.includes(spec.name)) {
      return `The ${owner} expects an argument '${spec.name}': ${spec.description}.`;
    }
  }
  return null;
}
