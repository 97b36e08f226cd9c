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
    case "SELECT":
    case "ENUM":
      return ok(typeof value === "string" ? value : JSON.stringify(value));
    case "INT":
      return parseInteger(value) ?? expected(type, value);
    case "FLOAT":
      return parseDecimal(value) ?? expected(type, value);
    case "BOOLEAN":
    case "BOOL":
      return typeof value === "object" ? expected(type, value) : ok(String(value).toLowerCase() === "true");
    case "JSON":
      return typeof value === "string" ? (parseJson(value) ?? expected(type, value)) : ok(value);
    case "YAML":
      return typeof value === "string" ? (parseYaml(value) ?? expected(type, value)) : ok(value);
    case "MULTISELECT":
    case "ARRAY":
      return parseList(input, value);
    case "SECRET":
      return refuse("Unable to use a `SECRET` input/output as encryption is not configured");
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
      return value.startsWith("kestra://") ? ok(value) : undefined;
    case "URI":
      return /^[a-z][a-z0-9+.-]{0,30}:\/\/[^\s]+$/i.test(value) ? ok(value) : undefined;
    case "EMAIL":
      return value === "" || /^[^\s@]{1,200}@[^\s@.]{1,200}(\.[^\s@.]{1,100}){1,10}$/.test(value)
        ? ok(value)
        : refuse("The input must be a valid email");
  }
}

function parseInteger(value: Json): Parsed | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  if (!/^\s*[+-]?\d+\s*$/.test(String(value))) return undefined;
  return Number.isSafeInteger(Number(value)) ? ok(Number(value)) : undefined;
}

function parseDecimal(value: Json): Parsed | undefined {
  if (typeof value === "number") return ok(value);
  if (typeof value !== "string" || value.trim() === "") return undefined;
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
  const [document] = readYaml(text);
  return document === undefined || document.problems.length > 0 ? undefined : ok(document.value);
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
    case "STRING": {
      if (input.validator === undefined) return undefined;
      const pattern = compilePattern(input.validator);
      if ("message" in pattern) return refuse(pattern.message);
      const matches = pattern.matches(String(value));
      if (matches === undefined) return refuse(`the pattern \`${input.validator}\` takes too long on this text`);
      return matches ? undefined : refuse(`it must match the pattern \`${input.validator}\``);
    }
    case "INT":
    case "FLOAT":
      return within(input, Number(value), Number, "it must be more than", "it must be less than");
    case "DURATION":
      return within(input, parseDuration(String(value)), duration, "It must be more than", "It must be less than");
    case "DATETIME":
      return within(period(input), parseInstant(String(value)), instant, "it must be after", "it must be before");
    case "DATE":
      return within(period(input), parseDate(String(value)), date, "it must be after", "it must be before");
    case "TIME":
      return within(period(input), parseTime(String(value)), time, "it must be after", "it must be before");
    case "SELECT":
    case "ENUM":
    case "MULTISELECT":
      return amongChoices(input, value, choices);
    default:
      return undefined;
  }
}

type Bounds = { min?: number | string; max?: number | string };
const duration = (bound: string) => parseDuration(bound);
const instant = (bound: string) => parseInstant(bound);
const date = (bound: string) => parseDate(bound);
const time = (bound: string) => parseTime(bound);

const period = ({ after, before }: Rules): Bounds => ({ min: after, max: before });

/** Bounds are inclusive; one that cannot be read is not looked at. */
function within(
  { min, max }: Bounds,
  value: number | undefined,
  read: (bound: string) => number | undefined,
  more: string,
  less: string,
): Parsed | undefined {
  const from = min === undefined ? undefined : read(String(min));
  const to = max === undefined ? undefined : read(String(max));
  if (value === undefined) return undefined;
  if (from !== undefined && value < from) return refuse(`${more} \`${min}\``);
  return to !== undefined && value > to ? refuse(`${less} \`${max}\``) : undefined;
}

function amongChoices(input: Rules, value: Json, choices: readonly string[] | undefined): Parsed | undefined {
  if (choices === undefined || input.allowCustomValue || input.required === false) return undefined;
  const chosen = Array.isArray(value) ? value.map((item) => show(item)) : [String(value)];
  const known = chosen.every((item) => choices.includes(item));
  return known ? undefined : refuse(`it must match the values \`[${choices.join(", ")}]\``);
}
