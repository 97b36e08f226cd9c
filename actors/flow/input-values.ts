import { formatDuration, parseDuration } from "#schema/duration.ts";
import type { Input, InputType } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import { formatInstant, parseDate, parseInstant, parseTime } from "#schema/time.ts";
import { compilePattern } from "./pattern.ts";
import { readYaml } from "./read-yaml.ts";

// One value of an input or output: from what was given to what is stored.

export { compilePattern } from "./pattern.ts";

export type Parsed = { ok: true; value: Json } | { ok: false; message: string };

const ok = (value: Json): Parsed => ({ ok: true, value });
const refuse = (message: string): Parsed => ({ ok: false, message });

/** The longest part of a value that a message shows. */
const SHOWN = 200;

export function show(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

type Rules = Pick<Input, "type"> & Partial<Input>;

/** True when values of the input, or elements of them, are to be encrypted and never shown. */
export function isSecret({ type, itemType }: Pick<Rules, "type" | "itemType">): boolean {
  return type === "SECRET" || itemType === "SECRET";
}

/** `value` by the type and rules of `input`; `choices`: what may be chosen, when the type is a choice. */
export function parseValue(input: Rules, value: Json, choices: readonly string[] | undefined): Parsed {
  const parsed = parseType(input, value);
  return parsed.ok ? (validate(input, parsed.value, choices) ?? parsed) : parsed;
}

function expected(type: InputType, value: Json): Parsed {
  return refuse(`Expected \`${type}\` but received \`${show(value)}\``);
}

function parseType(input: Rules, value: Json): Parsed {
  const { type } = input;
  switch (type) {
    case "STRING":
    case "SECRET":
    case "SELECT":
    case "ENUM":
      return ok(typeof value === "string" ? value : JSON.stringify(value));
    case "INT":
      return parseInteger(value) ?? expected(type, value);
    case "FLOAT":
      return parseDecimal(value) ?? expected(type, value);
    case "BOOLEAN":
    case "BOOL":
      return parseBoolean(value) ?? expected(type, value);
    case "JSON":
      return typeof value === "string" ? (parseJson(value) ?? expected(type, value)) : ok(value);
    case "YAML":
      return typeof value === "string" ? (parseYaml(value) ?? expected(type, value)) : ok(value);
    case "MULTISELECT":
    case "ARRAY":
      return parseList(input, value);
    default:
      return typeof value === "string" ? (parseText(type, value) ?? expected(type, value)) : expected(type, value);
  }
}

type TextType = Exclude<
  InputType,
  | "STRING"
  | "SELECT"
  | "ENUM"
  | "INT"
  | "FLOAT"
  | "BOOLEAN"
  | "BOOL"
  | "JSON"
  | "YAML"
  | "MULTISELECT"
  | "ARRAY"
  | "SECRET"
>;

const FILE_SCHEME = "kestra://";
const FILE_URI = /^kestra:\/\/\/[^\s/?#][^\s?#]*$/;
/** A segment that is empty or leads upwards, and an end that names no file. */
const UPWARDS = /\/(?:\.|%2e){0,2}(?:\/|$)/i;
const ADDRESS = /^[a-z][a-z0-9+.-]{0,30}:\/\/[^\s]+$/i;
const WITHOUT_HOST = /^https?:\/\/[/?#:.]/i;

function parseText(type: TextType, value: string): Parsed | undefined {
  switch (type) {
    case "DATETIME": {
      const at = parseInstant(value);
      return at === undefined ? undefined : ok(formatInstant(at));
    }
    case "DATE":
      return parseDate(value) === undefined ? undefined : ok(value);
    case "TIME":
      return parseTime(value) === undefined ? undefined : ok(value);
    case "DURATION": {
      const ms = parseDuration(value);
      return ms === undefined ? undefined : ok(formatDuration(ms));
    }
    case "FILE":
      return FILE_URI.test(value) && !UPWARDS.test(value.slice(FILE_SCHEME.length)) ? ok(value) : undefined;
    case "URI":
      return ADDRESS.test(value) && !WITHOUT_HOST.test(value) ? ok(value) : undefined;
    case "EMAIL":
      return value === "" || /^[^\s@]{1,200}@[^\s@.]{1,200}(\.[^\s@.]{1,100}){1,10}$/.test(value)
        ? ok(value)
        : refuse("The input must be a valid email");
  }
}

/** `true` and `false` in any case: what is neither is refused, never taken for `false`. */
function parseBoolean(value: Json): Parsed | undefined {
  if (typeof value === "boolean") return ok(value);
  const text = typeof value === "string" ? value.trim().toLowerCase() : "";
  return text === "true" || text === "false" ? ok(text === "true") : undefined;
}

function parseInteger(value: Json): Parsed | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  if (!/^\s*[+-]?\d+\s*$/.test(String(value))) return undefined;
  return Number.isSafeInteger(Number(value)) ? ok(Number(value)) : undefined;
}

const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

function parseDecimal(value: Json): Parsed | undefined {
  if (typeof value === "number") return ok(value);
  if (typeof value !== "string" || !DECIMAL.test(value)) return undefined;
  return Number.isFinite(Number(value)) ? ok(Number(value)) : undefined;
}

function parseJson(text: string): Parsed | undefined {
  try {
    return ok(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function parseYaml(text: string): Parsed | undefined {
  const [document, ...more] = readYaml(text);
  if (document === undefined || document.problems.length > 0) return undefined;
  return more.some(({ value, problems }) => value !== null || problems.length > 0) ? undefined : ok(document.value);
}

function parseList(input: Rules, value: Json): Parsed {
  const list = typeof value === "string" ? parseJson(value) : ok(value);
  if (list?.ok !== true || !Array.isArray(list.value)) return expected(input.type, value);
  const { itemType = "STRING" } = input;
  const items: Json[] = [];
  for (const item of list.value) {
    const parsed = itemType === "ARRAY" ? undefined : parseType({ type: itemType }, item);
    if (parsed?.ok !== true) return refuse(`Unable to parse array element as \`${itemType}\` on \`${show(item)}\``);
    items.push(parsed.value);
  }
  return ok(items);
}

/** What the rules of `input` have against a parsed value. */
function validate(input: Rules, value: Json, choices: readonly string[] | undefined): Parsed | undefined {
  switch (input.type) {
    case "STRING":
    case "SECRET":
      return byPattern(input, String(value));
    case "FILE":
      return byExtension(input, String(value));
    case "INT":
    case "FLOAT":
      return within(input, value, input, "it must be more than", "it must be less than");
    case "DURATION":
      return within(input, value, input, "It must be more than", "It must be less than");
    case "DATETIME":
    case "DATE":
    case "TIME":
      return within(input, value, { min: input.after, max: input.before }, "it must be after", "it must be before");
    case "SELECT":
    case "ENUM":
    case "MULTISELECT":
      return amongChoices(input, value, choices);
    default:
      return undefined;
  }
}

function byPattern({ validator }: Rules, value: string): Parsed | undefined {
  if (validator === undefined) return undefined;
  const pattern = compilePattern(validator);
  if ("message" in pattern) return refuse(pattern.message);
  const matches = pattern.matches(value);
  if (matches === undefined) return refuse(`the pattern \`${validator}\` takes too long on this text`);
  return matches ? undefined : refuse(`it must match the pattern \`${validator}\``);
}

function byExtension({ allowedFileExtensions: allowed = [] }: Rules, uri: string): Parsed | undefined {
  const name = uri.slice(uri.lastIndexOf("/") + 1).toLowerCase();
  const isAllowed = allowed.length === 0 || allowed.some((ending) => name.endsWith(dotted(ending)));
  return isAllowed ? undefined : refuse(`the name of its file must end with one of \`[${allowed.join(", ")}]\``);
}

/** `csv` and `.csv` as `.csv`, in lower case. */
function dotted(ending: string): string {
  const lower = ending.trim().toLowerCase();
  return lower.startsWith(".") ? lower : `.${lower}`;
}

type Bounds = { min?: number | string; max?: number | string };

const READERS: Partial<Record<InputType, (text: string) => number | undefined>> = {
  INT: Number,
  FLOAT: Number,
  DURATION: parseDuration,
  DATETIME: parseInstant,
  DATE: parseDate,
  TIME: parseTime,
};

/** The bounds of an input whose type has some: what they are called, as written, and as numbers that can be compared. */
export function boundsOf(input: Rules): { name: "min" | "max" | "after" | "before"; at: number | undefined }[] {
  const read = READERS[input.type];
  if (read === undefined) return [];
  return (["min", "max", "after", "before"] as const).flatMap((name) => {
    const bound = input[name];
    return bound === undefined ? [] : [{ name, at: read(String(bound)) }];
  });
}

/** Bounds are inclusive; one that cannot be read, which no saved flow has, is not looked at. */
function within(input: Rules, value: Json, { min, max }: Bounds, more: string, less: string): Parsed | undefined {
  const read = READERS[input.type] ?? Number;
  const at = read(String(value));
  const from = min === undefined ? undefined : read(String(min));
  const to = max === undefined ? undefined : read(String(max));
  if (at === undefined) return undefined;
  if (from !== undefined && at < from) return refuse(`${more} \`${min}\``);
  return to !== undefined && at > to ? refuse(`${less} \`${max}\``) : undefined;
}

function amongChoices(input: Rules, value: Json, choices: readonly string[] | undefined): Parsed | undefined {
  if (choices === undefined || input.allowCustomValue || input.required === false) return undefined;
  const chosen = Array.isArray(value) ? value.map((item) => show(item)) : [String(value)];
  const known = chosen.every((item) => choices.includes(item));
  return known ? undefined : refuse(`it must match the values \`[${choices.join(", ")}]\``);
}
