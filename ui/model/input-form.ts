import { INPUT_TYPES, type Input, type InputType } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";

// The form for a list of inputs: which control, which first value, what is sent. What is wrong with it: input-checks.ts.
//
// N1. What a field sends is the text the API wants; an empty optional field is not sent, so the server's default holds.
// N3. What the server says of an input (asked for or not, what may be chosen) is laid over its field; until then nothing is hidden.
// N4. A secret is never shown again: no field begins with one.

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
  /** What may be chosen comes from an expression, and the server has not said it (yet). */
  awaitsOptions: boolean;
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
    awaitsOptions: input.expression !== undefined,
    open: input.allowCustomValue === true,
    placeholder: PLACEHOLDERS[input.type] ?? "",
    input,
  }));
}

/** What the server says of an input, as far as a form needs it. */
export type InputState = { options?: readonly string[]; value?: Json; isDefault?: boolean };

/** [N3] The field with what the server said of it. An empty field shows the value that holds then. */
export function withState(field: Field, { options, value, isDefault }: InputState): Field {
  const holds = isDefault && value !== undefined && typeof value !== "object" ? { placeholder: String(value) } : {};
  return options === undefined ? { ...field, ...holds } : { ...field, ...holds, options, awaitsOptions: false };
}

const PLACEHOLDERS: Partial<Record<InputType, string>> = {
  DURATION: "PT5M",
  URI: "https://example.com",
  EMAIL: "name@example.com",
  JSON: '{"key": "value"}',
  YAML: "key: value",
  ARRAY: '["a", "b"]',
};

const CONTROLS: Record<Exclude<InputType, "SELECT" | "ENUM" | "MULTISELECT" | "ARRAY" | "STRING">, Control> = {
  INT: "number",
  FLOAT: "number",
  BOOLEAN: "switch",
  BOOL: "switch",
  DURATION: "text",
  URI: "text",
  EMAIL: "text",
  JSON: "code",
  YAML: "code",
  DATE: "date",
  TIME: "time",
  DATETIME: "datetime",
  SECRET: "secret",
  FILE: "file",
};

/** Types of elements that are written on a line. */
const LINES: ReadonlySet<InputType> = new Set<InputType>([
  ...(["STRING", "INT", "FLOAT", "BOOLEAN", "BOOL", "DATETIME", "DATE", "TIME"] as const),
  ...(["DURATION", "URI", "EMAIL", "SELECT", "ENUM"] as const),
]);

function controlOf(input: Input): Control {
  const offersNothing = (input.values ?? []).length === 0 && input.expression === undefined;
  switch (input.type) {
    case "SELECT":
    case "ENUM":
      return offersNothing ? "text" : input.isRadio ? "radio" : "select";
    case "MULTISELECT":
      return offersNothing ? "list" : "choices";
    case "ARRAY":
      return LINES.has(input.itemType ?? "STRING") && !holdsBlock(input.defaults) ? "list" : "code";
    case "STRING":
      return holdsBlock(input.prefill ?? input.defaults) ? "multiline" : "text";
    default:
      return CONTROLS[input.type];
  }
}

/** A text of several lines, or a list with one or with what is no line at all. */
function holdsBlock(value: Json | undefined): boolean {
  if (typeof value === "string") return value.trimEnd().includes("\n");
  return Array.isArray(value) && value.some((item) => holdsBlock(item) || (typeof item === "object" && item !== null));
}

/** The value of a dotted input id in the nested map of inputs. */
export function valueAt(inputs: JsonObject, id: string): Json | undefined {
  let value: Json | undefined = inputs;
  for (const name of id.split(".")) {
    if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = value[name];
  }
  return value;
}

/** How stored values become text: an ISO instant as a local date and time, a value as YAML. */
export type Printing = { toLocal?: (iso: string) => string; printYaml?: (value: Json) => string };

/** The values a fresh form shows. `given`: inputs of an execution. */
export function firstValues(
  fields: readonly Field[],
  given: JsonObject = {},
  printing: Printing = {},
): Record<string, FieldValue> {
  return Object.fromEntries(
    fields.map((field) => {
      const { prefill, defaults } = field.input;
      return [field.id, shownValue(field, valueAt(given, field.id) ?? prefill ?? defaults, printing)];
    }),
  );
}

/** A stored value as the field shows it; an expression is no value yet, the server says what comes of it. */
export function shownValue(
  field: Field,
  value: Json | undefined,
  { toLocal = (iso) => iso, printYaml }: Printing = {},
): FieldValue {
  if (field.control === "secret") return "";
  const own = typeof value === "string" && value.includes("{{") && field.control !== "code" ? undefined : value;
  switch (field.control) {
    case "file":
      return typeof own === "string" ? own : undefined;
    case "switch":
      return own === undefined || own === null ? "" : String(own);
    case "choices":
      return Array.isArray(own) ? own.map(String) : [];
    case "list":
      return Array.isArray(own) ? own.map(String).join("\n") : "";
    default:
  }
  if (own === undefined || own === null) return field.input.autoSelectFirst ? (field.options[0] ?? "") : "";
  if (field.type === "YAML" && typeof own === "object" && printYaml) return printYaml(own).trimEnd();
  const text = typeof own === "object" ? JSON.stringify(own, null, 2) : String(own);
  return field.control === "datetime" ? toLocal(text) : text;
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

export function isEmpty(value: FieldValue): boolean {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}
