import type { Args, Call, Filter, Meter } from "../entry.ts";
import { argumentError, typeError } from "../errors.ts";
import { replaceAll, splitBy } from "../regex/use.ts";
import { print } from "../text.ts";
import { className, isList, isMap, mapEntries, newMap, type Value } from "../value.ts";

/** Applies a change of text to every text within lists and maps. */
function mapTexts(value: Value, meter: Meter, change: (text: string) => string): Value {
  meter.step(1);
  if (typeof value === "string") return change(value);
  if (isList(value)) return value.map((item) => mapTexts(item, meter, change));
  if (value === null || !isMap(value)) return value;
  const map = newMap();
  for (const [key, item] of mapEntries(value)) map[key] = mapTexts(item, meter, change);
  return map;
}

/** Texts of exactly this length are cut too; up to 3 characters there is no room for the dots. */
function abbreviate(text: string, length: number): string {
  if (text.length < length || length < 0) return text;
  return length <= 3 ? text.slice(0, length) : `${text.slice(0, length - 3)}...`;
}

function capitalize(text: string): string {
  const at = text.search(/\S/);
  return at < 0 ? text : text.slice(0, at) + text.charAt(at).toUpperCase() + text.slice(at + 1);
}

/** Java's trim: control characters and the plain space, no others. */
function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) <= 0x20) from++;
  while (to > from && text.charCodeAt(to - 1) <= 0x20) to--;
  return text.slice(from, to);
}

function title(text: string): string {
  return text.replace(/(^|\s)(\S)/g, (_, space: string, first: string) => space + first.toUpperCase());
}

function slugify(text: string): string {
  return text
    .replace(/[\s_]/g, "-")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\w-]/g, "")
    .replace(/-{2,}/g, "-");
}

const ESCAPES: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["single", ["'", "\\'"]],
  ["double", ['"', '\\"']],
  ["shell", ["'", "'\\''"]],
]);

function escapeChar(value: Value, type: string, meter: Meter): Value {
  const pair = ESCAPES.get(type.toLowerCase());
  if (pair === undefined) {
    throw argumentError(
      "The 'escapeChar' filter expects the value of 'type' to be either 'single', 'double', or 'shell'.",
    );
  }
  return mapTexts(value, meter, (text) => {
    meter.step(text.length >> 6);
    return text.replaceAll(pair[0], () => pair[1]);
  });
}

const INDENT_ARGS = [
  { name: "amount", description: "how many prefixes", required: true },
  { name: "prefix", description: "what each line gets", default: " " },
];

/** Line breaks of either kind stay as they are. */
function indent(text: string, args: Args, call: Call, isFirstLineToo: boolean): string {
  const amount = args.integer("amount");
  const prefix = args.text("prefix");
  if (amount < 0) throw argumentError("The 'amount' of an indentation cannot be negative.");
  const lines = text.split("\n");
  call.size(text.length + lines.length * amount * prefix.length);
  return (
    (isFirstLineToo ? "\n" : "") +
    lines.map((line, i) => (i > 0 || isFirstLineToo ? prefix.repeat(amount) : "") + line).join("\n")
  );
}

function replace(value: Value, args: Args, call: Call): Value {
  const pairs = mapEntries(args.map("replace_pairs"));
  const isRegexp = args.flag("regexp", false);
  return mapTexts(value, call, (text) =>
    pairs.reduce((current, [from, to]) => {
      const by = print(to, call);
      call.step(current.length / 64);
      if (isRegexp) return replaceAll(current, from, by, call);
      if (from === "" || !current.includes(from)) return current;
      const pieces = current.split(from);
      call.size(current.length + (pieces.length + 1) * by.length);
      return pieces.join(by);
    }, text),
  );
}

function split(value: Value, args: Args, call: Call): Value {
  if (typeof value !== "string") {
    throw typeError(`The 'split' filter expects a string. Actual type was: ${className(value)}`);
  }
  return splitBy(value, args.text("delimiter"), args.integer("limit", 0), call);
}

/** String input stays a string; anything else goes by its text. */
function ofText(
  name: string,
  description: string,
  example: readonly [string, string],
  change: (text: string) => string,
): Filter {
  return { name, description, examples: [example], run: (value, _args, call) => change(print(value, call)) };
}

export const STRING_FILTERS: readonly Filter[] = [
  ofText("upper", "in upper case", ["{{ 'a' | upper }}", "A"], (text) => text.toUpperCase()),
  ofText("lower", "in lower case", ["{{ 'A' | lower }}", "a"], (text) => text.toLowerCase()),
  ofText("trim", "without white space at both ends", ["{{ ' x ' | trim }}", "x"], trim),
  ofText(
    "capitalize",
    "the first letter in upper case",
    ["{{ 'hello world' | capitalize }}", "Hello world"],
    capitalize,
  ),
  ofText("title", "the first letter of each word in upper case", ["{{ 'hello world' | title }}", "Hello World"], title),
  ofText(
    "slugify",
    "fit for a URL: lower case, no accents, words joined by -",
    ["{{ 'Ünï x' | slugify }}", "uni-x"],
    slugify,
  ),
  ofText("string", "the value as text", ["{{ 5 | string }}", "5"], (text) => text),
  {
    name: "abbreviate",
    description: "cut to a length, the three dots included",
    args: [{ name: "length", description: "the longest text", required: true }],
    examples: [["{{ 'abcdefgh' | abbreviate(5) }}", "ab..."]],
    run: (value, args, call) => abbreviate(print(value, call), args.integer("length")),
  },
  {
    name: "replace",
    description: "parts replaced by others, also within lists and maps",
    args: [
      { name: "replace_pairs", description: "a map of old to new", required: true },
      { name: "regexp", description: "whether the old parts are regular expressions", default: false },
    ],
    examples: [
      ["{{ 'john doe' | replace({'john': 'jane'}) }}", "jane doe"],
      ["{{ 'a1b2' | replace({'(\\d)': '-$1-'}, regexp=true) }}", "a-1-b-2-"],
    ],
    run: replace,
  },
  {
    name: "split",
    description: "a list of the parts; empty parts at the end are dropped",
    args: [
      { name: "delimiter", description: "a regular expression", required: true },
      { name: "limit", description: "the most parts, the last takes the rest" },
    ],
    examples: [["{{ 'a,b,c' | split(',', 2) }}", '["a","b,c"]']],
    run: split,
  },
  {
    name: "escapeChar",
    description: "quotes escaped, also within lists and maps",
    args: [{ name: "type", description: "single, double or shell", required: true }],
    examples: [["{{ \"it's\" | escapeChar('shell') }}", "it'\\''s"]],
    run: (value, args, call) => escapeChar(value, args.text("type"), call),
  },
  {
    name: "indent",
    description: "every line but the first indented",
    args: INDENT_ARGS,
    examples: [["{{ 'a' | indent(2) }}", "a"]],
    run: (value, args, call) => indent(print(value, call), args, call, false),
  },
  {
    name: "nindent",
    description: "a new line, then every line indented",
    args: INDENT_ARGS,
    examples: [["{{ 'a' | nindent(2) }}", "\n  a"]],
    run: (value, args, call) => {
      const text = print(value, call);
      return text === "" ? "" : indent(text, args, call, true);
    },
  },
  {
    name: "urlencode",
    description: "form encoding",
    examples: [["{{ 'a b' | urlencode }}", "a+b"]],
    run: (value, _args, call) => formEncode(print(value, call)),
  },
  {
    name: "urldecode",
    description: "form decoding",
    examples: [["{{ 'a+b%20c' | urldecode }}", "a b c"]],
    run: (value, _args, call) => formDecode(print(value, call)),
  },
];

const LONE_SURROGATE = /\p{Cs}/gu;

function formEncode(text: string): string {
  return encodeURIComponent(text.replace(LONE_SURROGATE, "\uFFFD"))
    .replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw argumentError("The text is not URL-encoded: `%` must be followed by two hexadecimal digits.");
  }
}
