import type { Input } from "#schema/flow.ts";
import { type Field, type FieldValue, type FieldValues, isEmpty } from "./input-form.ts";
import { parseInstant, parseIsoDurationMs } from "./time.ts";

// What is wrong with the values of a form.
//
// N2. The checks here are a courtesy, at once and without a request: the server checks again, and its answer wins.

/** What is wrong with `value`, or undefined. */
export function checkField(field: Field, value: FieldValue): string | undefined {
  if (isEmpty(value)) {
    // Whether an input that depends on others is asked for at all, only the server knows.
    const { defaults, dependsOn, autoSelectFirst } = field.input;
    const isLeftOpen = defaults !== undefined || dependsOn !== undefined || autoSelectFirst === true;
    return field.required && !isLeftOpen ? "This input is required." : undefined;
  }
  if (typeof value === "string") return checkText(field, value);
  return undefined;
}

function checkText(field: Field, text: string): string | undefined {
  const { input } = field;
  switch (field.type) {
    case "INT":
      return /^[+-]?\d+$/.test(text.trim()) ? checkRange(Number(text), input) : "Enter a whole number.";
    case "FLOAT":
      return Number.isFinite(Number(text)) ? checkRange(Number(text), input) : "Enter a number.";
    case "JSON":
      return checkJson(text);
    case "ARRAY":
      if (field.control === "list") return undefined;
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
      return field.options.length === 0 || field.open || !field.required || field.options.includes(text)
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
  // Without seconds, a time is at the whole minute.
  const full = (value: string) => (type === "TIME" && value.length === 5 ? `${value}:00` : value);
  const order = (value: string) => (type === "DATETIME" ? (parseInstant(value) ?? Number.NaN) : full(value));
  if (type === "DATETIME" && parseInstant(text) === undefined) return "Enter a date and time.";
  if (after !== undefined && order(text) < order(after)) return `Choose ${after} or later.`;
  if (before !== undefined && order(text) > order(before)) return `Choose ${before} or earlier.`;
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

/** What the server has against a value, without the name and the value, which stand beside it already. */
export function reasonOf(message: string): string {
  const [, reason = message] = /^Invalid input for `[^`]*`, ([\s\S]*), but received `[\s\S]*`$/.exec(message) ?? [];
  const plain = reason.replaceAll("`", "");
  return plain.charAt(0).toUpperCase() + plain.slice(1) + (/[.!?]$/.test(plain) ? "" : ".");
}
