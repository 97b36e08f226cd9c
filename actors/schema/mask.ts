import { base64, encodeUtf8 } from "./bytes.ts";
import type { Json } from "./json.ts";

// Secrets out of what others may read: log lines, errors, answers of the API.
//
// K1. No form of a known secret is left: as it is, in JSON (once and twice), in a URL, in base64 at any offset, in hex.
// K2. Where forms overlap, all of it goes: nothing is left of the longer one when the shorter is found first.
// K3. A line of a secret of several lines is hidden by itself, since logs are read line by line.
// K4. What is shorter than SHORTEST is left: it would blank out ordinary text.

/** What is shown instead of a secret. */
export const MASK = "******";
/** Shortest secret that is hidden, in UTF-16 units. */
export const SHORTEST = 3;
/** Shortest line of a longer secret, and shortest encoded form. */
const SHORTEST_LINE = 6;
/** Shortest middle of a base64 text of which the secret is only a part. */
const SHORTEST_MIDDLE = 8;
/** Where programs break base64 into lines. */
const BASE64_WIDTHS = [76, 64] as const;

type Span = [from: number, to: number];

/** The secrets that somebody has been given, and texts without them. */
export class Masker {
  /** Each with its forms. */
  readonly #secrets = new Map<string, readonly string[]>();
  #longestFirst: readonly string[] = [];

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** False when it is known already, or too short to hide. */
  add(secret: string): boolean {
    const trimmed = secret.trim();
    if (trimmed.length < SHORTEST || this.#secrets.has(trimmed)) return false;
    this.#secrets.set(trimmed, formsOf(trimmed));
    this.#longestFirst = [...new Set([...this.#secrets.values()].flat())].sort((a, b) => b.length - a.length);
    return true;
  }

  get secrets(): readonly string[] {
    return [...this.#secrets.keys()];
  }

  /** Those of the secrets that `text` holds in some form. */
  within(text: string): string[] {
    const found = [...this.#secrets].filter(([, forms]) => forms.some((form) => text.includes(form)));
    return found.map(([secret]) => secret);
  }

  mask(text: string): string {
    return this.#isEmptyFor(text) ? text : hidden(text, this.#spans(text));
  }

  /** As `mask`, of a text that was cut: its end may be the beginning of a secret. */
  maskCut(text: string): string {
    if (this.#isEmptyFor(text)) return text;
    const spans = this.#spans(text);
    for (const form of this.#longestFirst)
      for (let length = Math.min(form.length - 1, text.length); length >= SHORTEST; length--)
        if (text.endsWith(form.slice(0, length))) {
          spans.push([text.length - length, text.length]);
          break;
        }
    return hidden(text, spans);
  }

  /** `value` with every text in it masked, keys included; the same object when it holds no secret. */
  maskDeep<T extends Json>(value: T): T {
    return (this.#secrets.size === 0 ? value : this.#deep(value)) as T;
  }

  #deep(value: Json): Json {
    if (typeof value === "string") return this.mask(value);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#deep(item));
      return items.every((item, index) => item === value[index]) ? value : items;
    }
    if (typeof value === "object" && value !== null) {
      const entries = Object.entries(value);
      const masked = entries.map(([key, item]): [string, Json] => [this.mask(key), this.#deep(item ?? null)]);
      const isSame = masked.every(([key, item], at) => key === entries[at]?.[0] && item === (entries[at]?.[1] ?? null));
      return isSame ? value : Object.fromEntries(masked);
    }
    const text = String(value);
    const masked = this.mask(text);
    return masked === text ? value : masked;
  }

  #isEmptyFor(text: string): boolean {
    return this.#secrets.size === 0 || text.length < SHORTEST;
  }

  #spans(text: string): Span[] {
    const spans: Span[] = [];
    for (const form of this.#longestFirst)
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) spans.push([at, at + form.length]);
    return spans;
  }
}

/** [K2] The text with each span, or run of overlapping ones, as one mask. */
function hidden(text: string, spans: Span[]): string {
  if (spans.length === 0) return text;
  spans.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  let masked = "";
  let shown = 0;
  let [from, to] = spans[0] ?? [0, 0];
  for (const [start, end] of spans) {
    if (start < to) {
      to = Math.max(to, end);
      continue;
    }
    masked += text.slice(shown, from) + MASK;
    shown = to;
    from = start;
    to = end;
  }
  return masked + text.slice(shown, from) + MASK + text.slice(to);
}

function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  const plain = [secret, ...(lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE) : [])];
  const quoted = plain.map(inJson);
  const encoded = [...inUrl(secret), ...inBase64(secret), ...inHex(secret)];
  return [...new Set([...plain, ...quoted, ...quoted.map(inJson), ...encoded])];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function inUrl(text: string): string[] {
  // What `encodeURIComponent` leaves, others encode too.
  const loose = percentEncoded(text, /[A-Za-z0-9\-_.~!*'()]/);
  const strict = percentEncoded(text, /[A-Za-z0-9\-_.~]/);
  const form = percentEncoded(text, /[A-Za-z0-9\-_.* ]/).replaceAll(" ", "+");
  const upper = [loose, strict, form];
  return [...upper, ...upper.map((each) => each.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

function percentEncoded(text: string, plain: RegExp): string {
  let encoded = "";
  for (const byte of encodeUtf8(text)) {
    const letter = String.fromCharCode(byte);
    encoded += byte < 128 && plain.test(letter) ? letter : `%${hexOf(byte).toUpperCase()}`;
  }
  return encoded;
}

function inBase64(text: string): string[] {
  const whole = base64(text);
  const standard = [
    ...[whole, whole.replace(/=+$/, "")].filter((form) => form.length >= SHORTEST_LINE),
    ...BASE64_WIDTHS.flatMap((width) => (whole.length > width ? pieces(whole, width) : [])),
    ...[0, 1, 2].map((offset) => base64Middle(text, offset)).filter((form) => form.length >= SHORTEST_MIDDLE),
  ];
  return [...standard, ...standard.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}

function pieces(text: string, width: number): string[] {
  const cut: string[] = [];
  for (let at = 0; at < text.length; at += width) cut.push(text.slice(at, at + width));
  return cut.filter((piece) => piece.length >= SHORTEST_MIDDLE);
}

/** The letters that base64 of any text has when the secret stands in it behind `offset` bytes of a group of three. */
function base64Middle(text: string, offset: number): string {
  const letters = base64("\0".repeat(offset) + text).replace(/=+$/, "");
  const isOpen = (offset + encodeUtf8(text).length) % 3 !== 0;
  return letters.slice(offset === 0 ? 0 : offset + 1, isOpen ? -1 : undefined);
}

function inHex(text: string): string[] {
  const hex = Array.from(encodeUtf8(text), hexOf).join("");
  return hex.length < SHORTEST_LINE ? [] : [hex, hex.toUpperCase()];
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
