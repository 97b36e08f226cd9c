import { formatPath, isJsonObject, type PropertyPath } from "#schema/conform.ts";
import { type FlowOutput, INPUT_TYPES, type Input, type InputType } from "#schema/flow.ts";
import { INPUT_PROPERTIES, OutputSource } from "#schema/flow-source.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { nearest } from "#schema/nearest.ts";
import { hasExpression } from "#schema/property.ts";
import { boundsOf, compilePattern, isSecret, parseValue } from "./input-values.ts";
import type { Reporter } from "./reporter.ts";

/** Other spellings of a type. */
const TYPE_ALIASES: ReadonlyMap<string, InputType> = new Map([["URL", "URI"]]);

const isInputType = (type: string): type is InputType => (INPUT_TYPES as readonly string[]).includes(type);

/** The inputs in the list `value` at `path`; those that are wrong are reported and left out. */
export function parseInputs(value: Json | undefined, path: PropertyPath, reporter: Reporter): Input[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reporter.error("INVALID_VALUE", path, `\`${formatPath(path.slice(-1))}\` must be a list of inputs`);
    return [];
  }
  const inputs: Input[] = [];
  const places = new Map<Input, PropertyPath>();
  for (const [index, item] of value.entries()) {
    const input = parseInput(item, [...path, index], reporter);
    if (input === undefined) continue;
    inputs.push(input);
    places.set(input, [...path, index]);
  }
  checkIds(inputs, places, "input", reporter);
  checkDependencies(inputs, places, reporter);
  return inputs;
}

function parseInput(item: Json, path: PropertyPath, reporter: Reporter): Input | undefined {
  if (!isJsonObject(item)) {
    reporter.error("INVALID_VALUE", path, "An input must be a map with `id` and `type`");
    return undefined;
  }
  const type = inputType(item, path, reporter);
  if (type === undefined) return undefined;
  const { name, ...rest } = item;
  const raw: JsonObject = name === undefined ? { ...rest, type } : { id: name, ...rest, type };
  if (name !== undefined) reporter.warning("DEPRECATED", [...path, "name"], "`name` is deprecated: use `id`");
  const { type: _, ...properties } = raw;
  reporter.conform(INPUT_PROPERTIES[type], properties, path);
  if (typeof raw.id !== "string" && typeof raw.id !== "number") return undefined;
  const input = buildInput(raw, String(raw.id), type);
  checkInput(input, raw, path, reporter);
  return input;
}

function inputType(item: JsonObject, path: PropertyPath, reporter: Reporter): InputType | undefined {
  const { type } = item;
  const at = [...path, "type"];
  if (typeof type !== "string") {
    reporter.error("MISSING_PROPERTY", at, "`type` is missing: an input needs one, such as STRING", "key");
    return undefined;
  }
  if (isInputType(type)) {
    if (type === "ENUM") reporter.warning("DEPRECATED", at, "The type ENUM is deprecated: use SELECT");
    return type;
  }
  const alias = TYPE_ALIASES.get(type);
  if (alias !== undefined) {
    reporter.add({
      code: "DEPRECATED",
      path: at,
      message: `${type} is replaced by ${alias}`,
      on: "value",
      severity: "info",
    });
    return alias;
  }
  const near = nearest(type, INPUT_TYPES);
  const hint = near === undefined ? `: use one of ${INPUT_TYPES.join(", ")}` : `. Did you mean \`${near}\`?`;
  reporter.error("UNKNOWN_TYPE", at, `Unknown input type \`${type}\`${hint}`);
  return undefined;
}

const text = (value: Json | undefined) => (value === undefined || value === null ? undefined : String(value));
const texts = (value: Json | undefined) => (Array.isArray(value) ? value.map((item) => String(item)) : undefined);
const bound = (value: Json | undefined) => (typeof value === "number" || typeof value === "string" ? value : undefined);
const flag = (value: Json | undefined) => (typeof value === "boolean" ? value : undefined);

function buildInput(raw: JsonObject, id: string, type: InputType): Input {
  const { dependsOn } = raw;
  const itemType = text(raw.itemType);
  const fields: { [K in keyof Input]: Input[K] | undefined } = {
    id,
    type,
    required: flag(raw.required) ?? true,
    description: text(raw.description),
    displayName: text(raw.displayName),
    defaults: raw.defaults ?? undefined,
    prefill: raw.prefill ?? undefined,
    dependsOn: isJsonObject(dependsOn)
      ? {
          inputs: texts(dependsOn.inputs) ?? [],
          ...(dependsOn.condition ? { condition: text(dependsOn.condition) } : {}),
        }
      : undefined,
    validator: text(raw.validator),
    min: bound(raw.min),
    max: bound(raw.max),
    after: text(raw.after),
    before: text(raw.before),
    values: texts(raw.values) ?? texts(raw.options),
    expression: text(raw.expression),
    allowCustomValue: flag(raw.allowCustomValue),
    isRadio: flag(raw.isRadio),
    autoSelectFirst: flag(raw.autoSelectFirst),
    itemType: itemType !== undefined && isInputType(itemType) ? itemType : undefined,
    extension: text(raw.extension),
    allowedFileExtensions: texts(raw.allowedFileExtensions) ?? texts(raw.accept),
  };
  return dropUndefined<Input>({ ...fields, id, type, required: fields.required ?? true });
}

/** `value` without the fields that are undefined. */
function dropUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T; // only absent fields go
}

function checkInput(input: Input, raw: JsonObject, path: PropertyPath, reporter: Reporter): void {
  const { type, values, expression } = input;
  const refuse = (property: string, message: string) => reporter.error("INVALID_VALUE", [...path, property], message);
  if (type === "ARRAY" && input.itemType === "ARRAY") refuse("itemType", "`itemType` cannot be `ARRAY`");
  if (type === "SELECT" || type === "MULTISELECT") {
    if (raw.values !== undefined && raw.options !== undefined)
      refuse("options", "you can't define both `values` and `options`: remove `options`");
    if (values !== undefined && expression !== undefined) {
      refuse("expression", "`values` and `expression` cannot both be defined: remove one");
    }
    if (values === undefined && expression === undefined) {
      reporter.error("MISSING_PROPERTY", [...path, "values"], "`values` is missing: what may be chosen", "key");
    }
  }
  const pattern = input.validator === undefined ? undefined : compilePattern(input.validator);
  if (pattern !== undefined && "message" in pattern) refuse("validator", pattern.message);
  checkBounds(input, path, reporter);
  for (const property of ["defaults", "prefill"] as const) checkOwnValue(input, property, path, reporter);
}

/** Refuses a bound that is no value of the type; warns of bounds between which there is nothing. */
function checkBounds(input: Input, path: PropertyPath, reporter: Reporter): void {
  const bounds = boundsOf(input);
  for (const { name, at } of bounds) {
    if (at !== undefined && !Number.isNaN(at)) continue;
    const message = `\`${name}\` must be a ${input.type}, but is \`${input[name]}\``;
    reporter.error("INVALID_VALUE", [...path, name], message);
  }
  const lowest = bounds.find(({ name }) => name === "min" || name === "after");
  const highest = bounds.find(({ name }) => name === "max" || name === "before");
  if (lowest?.at === undefined || highest?.at === undefined || lowest.at <= highest.at) return;
  const message = `No value is allowed: \`${lowest.name}\` is above \`${highest.name}\``;
  reporter.warning("INVALID_VALUE", [...path, lowest.name], message);
}

/** Refuses a default or first value that the input itself would refuse; one that an expression gives is judged at the start. */
function checkOwnValue(input: Input, property: "defaults" | "prefill", path: PropertyPath, reporter: Reporter): void {
  const value = input[property];
  if (value === undefined) return;
  const refuse = (message: string) => reporter.error("INVALID_VALUE", [...path, property], message);
  if (input.type === "FILE") return refuse(`no \`${property}\` can be set for inputs of type 'FILE'`);
  if (input.expression !== undefined || holdsExpression(value)) return;
  const parsed = parseValue(input, value, input.values);
  if (parsed.ok) return;
  const what = property === "defaults" ? "The default" : "The first value";
  refuse(`${what} is refused: ${isSecret(input) ? "it must match the pattern" : parsed.message}`);
}

function holdsExpression(value: Json): boolean {
  if (typeof value === "string") return hasExpression(value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsExpression);
}

/** Refuses ids that occur twice, and ids that are the beginning of another (`a` and `a.b`). */
function checkIds(
  items: readonly { id: string }[],
  places: ReadonlyMap<{ id: string }, PropertyPath>,
  what: "input" | "output",
  reporter: Reporter,
): void {
  const seen = new Set<string>();
  for (const item of items) {
    const at = [...(places.get(item) ?? []), "id"];
    if (seen.has(item.id)) {
      const name = what === "input" ? "Input" : "Output";
      reporter.error("DUPLICATE_ID", at, `Duplicate ${name.toLowerCase()} with name [${item.id}]`);
    }
    const parts = item.id.split(".");
    const outer = parts.map((_, index) => parts.slice(0, index).join(".")).find((id) => id !== "" && seen.has(id));
    if (outer !== undefined)
      reporter.error("INVALID_VALUE", at, `\`${item.id}\` cannot stand inside the value \`${outer}\``);
    seen.add(item.id);
  }
}

function checkDependencies(
  inputs: readonly Input[],
  places: ReadonlyMap<Input, PropertyPath>,
  reporter: Reporter,
): void {
  const byId = new Map(inputs.map((input) => [input.id, input]));
  for (const input of inputs) {
    const at = [...(places.get(input) ?? []), "dependsOn"];
    for (const [index, id] of (input.dependsOn?.inputs ?? []).entries()) {
      if (byId.has(id)) continue;
      const near = nearest(id, byId.keys());
      const hint = near === undefined ? "" : ` Did you mean \`${near}\`?`;
      const message = `Input with id '${input.id}' depends on a non-existent input '${id}'.${hint}`;
      reporter.error("UNKNOWN_REFERENCE", [...at, "inputs", index], message);
    }
    const cycle = cycleFrom(input, byId);
    if (cycle !== undefined) {
      const message = `Cycle dependency detected for input with id '${input.id}': [${cycle.join(", ")}]`;
      reporter.error("CYCLE", at, message);
    }
  }
}

/** The ids on the way from `start` back to itself, or undefined. */
function cycleFrom(start: Input, byId: ReadonlyMap<string, Input>): string[] | undefined {
  const visited = new Set<string>();
  const visit = (input: Input, way: readonly string[]): string[] | undefined => {
    for (const id of input.dependsOn?.inputs ?? []) {
      if (id === start.id) return [...way];
      const next = byId.get(id);
      if (next === undefined || visited.has(id)) continue;
      visited.add(id);
      const found = visit(next, [...way, id]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = visit(start, [start.id]);
  // An input that names itself is ignored, not refused: its value is simply not there yet.
  return found !== undefined && found.length > 1 ? found : undefined;
}

/** The flow's outputs in the list `value` at `path`. */
export function parseOutputs(value: Json | undefined, path: PropertyPath, reporter: Reporter): FlowOutput[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reporter.error("INVALID_VALUE", path, "`outputs` must be a list");
    return [];
  }
  const outputs: FlowOutput[] = [];
  const places = new Map<FlowOutput, PropertyPath>();
  for (const [index, item] of value.entries()) {
    const at = [...path, index];
    reporter.conform(OutputSource, item, at);
    if (!isJsonObject(item)) continue;
    const type = item.type ?? undefined;
    if (type !== undefined && (typeof type !== "string" || !isInputType(type))) continue;
    const output = dropUndefined<FlowOutput>({
      id: String(item.id),
      type,
      value: item.value ?? null,
      description: text(item.description),
      displayName: text(item.displayName),
      required: flag(item.required),
    });
    outputs.push(output);
    places.set(output, at);
  }
  checkIds(outputs, places, "output", reporter);
  return outputs;
}
