import { ExprError, placeOf } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { ARITHMETIC_NAMES } from "./operators.ts";
import { className, isList, isMap, mapKeys, type Value } from "./value.ts";

const MAX_SHOWN = 500;

/** A root variable that is not there. `why` is given when it is there but null. */
export function rootMissing(name: string, names: Iterable<string>, source: string, at: number, why = ""): ExprError {
  const cure = why === "" ? nearest(name, names) : ` \`${name}\` has no entries: ${why}.`;
  return missing(name, source, at, cure || " Give a fallback with `??` if it may be missing.");
}

/** An attribute that its target does not have. */
export function attributeMissing(name: string, target: Value, source: string, at: number): ExprError {
  return missing(name, source, at, cureFor(name, target));
}

/** The message of a missing name that is a side of `operator`. A missing name in a subtraction is most often a `-` in an id. */
export function operandMissing(operator: string, message: string): string {
  const name = ARITHMETIC_NAMES.get(operator);
  if (name === undefined) return message;
  const cure = operator === "-" ? " If `-` is part of the name, write it in brackets: `outputs['my-task'].value`." : "";
  return `Could not perform ${name}: ${message}${cure}`;
}

function cureFor(name: string, target: Value): string {
  if (target === null) return " What stands before it is null.";
  if (isList(target)) return ` The list has ${target.length} elements, counted from 0.`;
  if (typeof target === "string") {
    if (name === "length") return " Use `| length`.";
    return ` What stands before it is text${/^\s*[{[]/.test(target) ? ": if it is JSON, read it with `fromJson(…)` first" : ""}.`;
  }
  if (!isMap(target)) return ` What stands before it has no attributes: it is ${className(target)}.`;
  const keys = mapKeys(target);
  const near = nearest(name, keys);
  if (near !== "") return near;
  if (keys.length === 0) return " The map is empty.";
  const shown = keys.slice(0, 8).map((key) => `\`${key.slice(0, 60)}\``);
  return ` There is: ${shown.join(", ")}${keys.length > 8 ? ", …" : ""}.`;
}

function missing(name: string, source: string, at: number, cure: string): ExprError {
  const shown = source.length > MAX_SHOWN ? `${source.slice(0, MAX_SHOWN)}…` : source;
  const { line } = placeOf(source, at);
  const message = `Unable to find \`${name}\` used in the expression \`${shown}\` at line ${line}.${cure}`;
  return new ExprError("EXPR_UNDEFINED", message, at, true);
}
