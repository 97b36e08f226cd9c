import { INPUT_TYPES, type Input, type InputType } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { parseInstant, parseIsoDurationMs } from "./time.ts";

// The form for a list of inputs: which control, which first value, what is wrong, what is sent.
//
// N1. What a field sends is the text the API wants; an empty optional field is not sent, so the server's default holds.
// N2. The checks here are a courtesy: the server checks again, and its answer wins.

export type Control =
  | "text"
  | "multiline"
  | "code"
  | "number"
  | "switch"
  | "select"
  | "radio"
  | "choices"
  | "list"
  | "date"
  | "time"
  | "datetime"
  | "secret"
  | "file";

export type Field = {
  id: string;
  type: InputType;
  label: string;
  description: string;
  required: boolean;
  control: Control;
  options: readonly string[];
  /** Values beyond the options may be typed. */
  open: boolean;
  placeholder: string;
  input: Input;
};

/** A picked file: the view's own object, which the model only hands through. */
export type PickedFile = { readonly name: string; readonly size: number };
export type FieldValue = string | boolean | readonly string[] | PickedFile | undefined;
export type FieldValues = Readonly<Record<string, FieldValue>>;
export type Part = { name: string; text: string } | { name: string; file: PickedFile };

/** Inputs as an API answer or a parsed flow has them; what is no input is left out. */
export function readInputs(json: Json | undefined): readonly Input[] {
  if (!Array.isArray(json)) return [];
  return json.flatMap((item): Input[] => {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return [];
    const id = item.id ?? item.name;
    const type = INPUT_TYPES.find((known) => known === item.type);
    if (typeof id !== "string" || type === undefined) return [];
    return [{ ...item, id, type, required: item.required !== false } as Input];
  });
}

export function makeFields(inputs: readonly Input[]): readonly Field[] {
  return inputs.map((input) => ({
    id: input.id,
    type: input.type,
    label: input.displayName ?? input.id,
    description: input.description ?? "",
    required: input.required,
    control: controlOf(input),
    options: input.values ?? [],
    open: input.allowCustomValue === true,
    placeholder: PLACEHOLDERS[input.type] ?? "",
    input,
  }));
}

const PLACEHOLDERS: Partial<Record<InputType, string>> = {
  DURATION: "PT5M",
  URI: "https://example.com",
  EMAIL: "name@example.com",
  JSON: '{"key": "value"}',
  YAML: "key: value",
  ARRAY: '["a", "b"]',
};

function controlOf(input: Input): Control {
  switch (input.type) {
    case "INT":
    case "FLOAT":
      return "number";
    case "BOOLEAN":
    case "BOOL":
      return "switch";
    case "SELECT":
    case "ENUM":
      if ((input.values ?? []).length === 0) return "text";
      return input.isRadio ? "radio" : "select";
    case "MULTISELECT":
      return (input.values ?? []).length === 0 ? "list" : "choices";
    case "ARRAY":
      return "code";
    case "JSON":
    case "YAML":
      return "code";
    case "DATE":
      return "date";
    case "TIME":
      return "time";
    case "DATETIME":
      return "datetime";
    case "SECRET":
      return "secret";
    case "FILE":
      return "file";
    default:
      return "text";
  }
}

/** The values a fresh form shows. `toLocal` writes an ISO instant as a local date and time. */
export function firstValues(
  fields: readonly Field[],
  given: JsonObject = {},
  toLocal: (iso: string) => string = (iso) => iso,
): Record<string, FieldValue> {
  return Object.fromEntries(
    fields.map((field): [string, FieldValue] => {
      const value = given[field.id] ?? field.input.prefill ?? field.input.defaults;
      if (field.control === "file") return [field.id, typeof value === "string" ? value : undefined];
      if (field.control === "switch") return [field.id, value === undefined ? "" : String(value)];
      if (field.control === "choices") return [field.id, Array.isArray(value) ? value.map(String) : []];
      if (field.control === "list") return [field.id, Array.isArray(value) ? value.map(String).join("\n") : ""];
      if (value === undefined || value === null) {
        return [field.id, field.input.autoSelectFirst ? (field.options[0] ?? "") : ""];
      }
      const text = typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
      return [field.id, field.control === "datetime" ? toLocal(text) : text];
    }),
  );
}

/** What is wrong with `value`, or undefined. */
export function checkField(field: Field, value: FieldValue): string | undefined {
  if (isEmpty(value)) {
    // Whether an input that depends on others is asked for at all, only the server knows.
    const { defaults, dependsOn } = field.input;
    return field.required && defaults === undefined && dependsOn === undefined ? "This input is required." : undefined;
  }
  if (typeof value === "string") return checkText(field, value);
  return undefined;
}

function checkText(field: Field, text: string): string | undefined {
  const { input } = field;
  if (isExpression(text)) return undefined;
  switch (field.type) {
    case "INT":
      return /^[+-]?\d+$/.test(text.trim()) ? checkRange(Number(text), input) : "Enter a whole number.";
    case "FLOAT":
      return Number.isFinite(Number(text)) ? checkRange(Number(text), input) : "Enter a number.";
    case "JSON":
      return checkJson(text);
    case "ARRAY":
      return checkJson(text) ?? (text.trim().startsWith("[") ? undefined : "Enter a JSON list, such as [1, 2].");
    case "DURATION":
      return parseIsoDurationMs(text) === undefined
        ? "Enter an ISO-8601 duration, such as PT5M for five minutes."
        : undefined;
    case "DATE":
    case "TIME":
    case "DATETIME":
      return checkDates(text, input);
    case "EMAIL":
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? undefined : "Enter an email address.";
    case "URI":
      return /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text)
        ? undefined
        : "Enter an address with its scheme, such as https://example.com.";
    case "SELECT":
    case "ENUM":
      return field.options.length === 0 || field.open || field.options.includes(text)
        ? undefined
        : "Choose one of the offered values.";
    default:
      return checkPattern(text, input.validator);
  }
}

function checkRange(value: number, { min, max }: Input): string | undefined {
  if (min !== undefined && value < Number(min)) return `Enter ${min} or more.`;
  if (max !== undefined && value > Number(max)) return `Enter ${max} or less.`;
  return undefined;
}

function checkDates(text: string, { type, after, before }: Input): string | undefined {
  const order = (value: string): number | string => (type === "DATETIME" ? (parseInstant(value) ?? Number.NaN) : value);
  if (type === "DATETIME" && parseInstant(text) === undefined) return "Enter a date and time.";
  if (after !== undefined && order(text) <= order(after)) return `Choose a moment after ${after}.`;
  if (before !== undefined && order(text) >= order(before)) return `Choose a moment before ${before}.`;
  return undefined;
}

function checkPattern(text: string, validator: string | undefined): string | undefined {
  if (validator === undefined) return undefined;
  try {
    return new RegExp(`^(?:${validator})$`, "u").test(text) ? undefined : `This must match ${validator}`;
  } catch {
    // A pattern of another dialect: the server decides.
    return undefined;
  }
}

function checkJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (cause) {
    return `Not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

/** All mistakes by field id; empty when the form may be sent. Fields in `hidden` count for nothing. */
export function checkForm(
  fields: readonly Field[],
  values: FieldValues,
  hidden: ReadonlySet<string> = new Set(),
): Readonly<Record<string, string>> {
  const mistakes: Record<string, string> = {};
  for (const field of fields) {
    const mistake = hidden.has(field.id) ? undefined : checkField(field, values[field.id]);
    if (mistake !== undefined) mistakes[field.id] = mistake;
  }
  return mistakes;
}

/** What is sent. `toInstant` reads a local date and time as an ISO instant. */
export function toParts(
  fields: readonly Field[],
  values: FieldValues,
  toInstant: (local: string) => string = (local) => local,
): readonly Part[] {
  return fields.flatMap((field): Part[] => {
    const value = values[field.id];
    if (isEmpty(value) || value === undefined) return [];
    if (typeof value === "string") return [{ name: field.id, text: sentText(field, value, toInstant) }];
    if (typeof value === "boolean") return [{ name: field.id, text: String(value) }];
    if ("size" in value) return [{ name: field.id, file: value }];
    return [{ name: field.id, text: JSON.stringify(value) }];
  });
}

function sentText(field: Field, text: string, toInstant: (local: string) => string): string {
  if (field.control === "datetime") return toInstant(text);
  if (field.control === "time" && /^\d\d:\d\d$/.test(text)) return `${text}:00`;
  if (field.control === "list") {
    const values = text.split("\n").map((line) => line.trim());
    return JSON.stringify(values.filter((line) => line !== ""));
  }
  return text;
}

function isEmpty(value: FieldValue): boolean {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

function isExpression(text: string): boolean {
  return text.includes("{{");
}
