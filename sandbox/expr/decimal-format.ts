import { argumentError } from "./errors.ts";
import { type Numeric, toFloat } from "./numbers.ts";

/** One of Java's DecimalFormat patterns, taken apart. */
type Pattern = {
  prefix: string;
  suffix: string;
  minInteger: number;
  minFraction: number;
  maxFraction: number;
  /** Digits between commas; 0 for none. */
  group: number;
  /** Power of ten the number is multiplied with, for `%` and `‰`. */
  scale: number;
  /** Least digits of the exponent; 0 for plain notation. */
  exponent: number;
};

const BODY = /[#0,.]+(?:E0+)?/;
const MAX_DIGITS = 340;

/** The number in the pattern, rounded half to even, with English signs. */
export function decimalFormat(value: Numeric, format: string): string {
  const [positive = "", negative] = format.split(";");
  const pattern = parsePattern(positive);
  const isNegative = toFloat(value) < 0;
  const digits = absoluteDigits(value, pattern);
  const body = pattern.exponent > 0 ? scientific(digits, pattern) : plain(digits, pattern);
  if (!isNegative || !/[1-9]/.test(body)) return pattern.prefix + body + pattern.suffix;
  if (negative === undefined) return `-${pattern.prefix}${body}${pattern.suffix}`;
  const { prefix, suffix } = parsePattern(negative);
  return prefix + body + suffix;
}

function parsePattern(text: string): Pattern {
  const found = BODY.exec(text);
  if (found === null) throw argumentError(`'${text}' is no number pattern: use # and 0, as in '#,##0.00'.`);
  const prefix = text.slice(0, found.index);
  const suffix = text.slice(found.index + found[0].length);
  const [mantissa = "", exponent = ""] = found[0].split("E");
  const [whole = "", fraction = "", more] = mantissa.split(".");
  if (more !== undefined || fraction.length > MAX_DIGITS || whole.length > MAX_DIGITS) {
    throw argumentError(`Malformed number pattern '${text}'.`);
  }
  const comma = whole.lastIndexOf(",");
  const affixes = prefix + suffix;
  return {
    prefix: unquoted(prefix),
    suffix: unquoted(suffix),
    minInteger: count(whole, "0"),
    minFraction: count(fraction, "0"),
    maxFraction: fraction.length,
    group: comma < 0 ? 0 : whole.length - comma - 1,
    scale: affixes.includes("%") ? 2 : affixes.includes("‰") ? 3 : 0,
    exponent: exponent.length,
  };
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function unquoted(text: string): string {
  return text.replace(/'([^']*)'/g, (_, quoted: string) => quoted || "'").replaceAll("¤", "$");
}

/** Digits without sign and point; the point stands after `point` digits. */
type Digits = { digits: string; point: number };

function absoluteDigits(value: Numeric, { scale }: Pattern): Digits {
  const text = typeof value === "bigint" ? value.toString() : String(toFloat(value));
  const [mantissa = "0", exponent = "0"] = text.replace(/^-/, "").split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  const digits = all.replace(/^0+(?=.)/, "");
  return { digits, point: whole.length - (all.length - digits.length) + Number(exponent) + scale };
}

/** The digits rounded half to even so that `keep` of them stay (keep may be 0 or less). */
function rounded({ digits, point }: Digits, keep: number): Digits {
  if (keep >= digits.length) return { digits, point };
  if (keep < 0) return { digits: "0", point: 1 };
  const head = digits.slice(0, keep);
  const tail = digits.slice(keep);
  const isHalf = /^50*$/.test(tail);
  const lastIsOdd = Number(head.at(-1) ?? "0") % 2 === 1;
  const up = isHalf ? lastIsOdd : tail >= "5";
  if (!up) return { digits: head || "0", point: head === "" ? 1 : point };
  const next = (BigInt(head || "0") + 1n).toString().padStart(keep, "0");
  return { digits: next, point: point + next.length - keep };
}

function plain(value: Digits, pattern: Pattern): string {
  const { digits, point } = rounded(value, value.point + pattern.maxFraction);
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "";
  const fraction = (point < 0 ? "0".repeat(-point) : "") + digits.slice(Math.max(0, point));
  const shownWhole = whole.replace(/^0+/, "").padStart(pattern.minInteger, "0");
  const shownFraction = trimmedFraction(fraction.slice(0, pattern.maxFraction), pattern.minFraction);
  const grouped = pattern.group > 0 ? grouping(shownWhole, pattern.group) : shownWhole;
  if (grouped === "" && shownFraction === "") return "0";
  return shownFraction === "" ? grouped : `${grouped}.${shownFraction}`;
}

function scientific(value: Digits, pattern: Pattern): string {
  const integers = Math.max(1, pattern.minInteger);
  const isZero = /^0+$/.test(value.digits);
  const { digits, point } = rounded(value, integers + pattern.maxFraction);
  const exponent = isZero ? 0 : point - integers;
  const padded = digits.padEnd(integers, "0");
  const fraction = trimmedFraction(padded.slice(integers), pattern.minFraction);
  const sign = exponent < 0 ? "-" : "";
  const power = Math.abs(exponent).toString().padStart(pattern.exponent, "0");
  return `${padded.slice(0, integers)}${fraction === "" ? "" : `.${fraction}`}E${sign}${power}`;
}

function trimmedFraction(fraction: string, least: number): string {
  return fraction.replace(/0+$/, "").padEnd(least, "0");
}

function grouping(whole: string, size: number): string {
  const groups: string[] = [];
  for (let end = whole.length; end > 0; end -= size) groups.unshift(whole.slice(Math.max(0, end - size), end));
  return groups.join(",");
}
