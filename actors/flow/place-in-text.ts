import { Scalar } from "yaml";

// Where a character of a scalar's value stands in the source, whatever the scalar's style.
//
// Folding, chomping, indentation and line breaks change white space alone. So the n-th visible character of the value is the n-th
// one that is written; only quotes and escapes need to be known.

const ESCAPES_IN_HEX: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
/** Escapes whose character the value counts as white space, a line break that is escaped away among them. */
const BLANK_ESCAPES = new Set("nrt \t\n\r");

/** The places of one scalar's characters. Read once, so that many problems in one long text cost little. */
export class ScalarPlaces {
  readonly #value: string;
  readonly #bodyFrom: number;
  /** Where each visible UTF-16 unit of the value is written: from at 2n, to at 2n + 1. */
  readonly #visible: readonly number[];

  /** `written` is the whole scalar, with its quotes or the header of its block. */
  constructor(written: string, type: Scalar.Type | undefined, value: string) {
    this.#value = value;
    this.#bodyFrom = bodyStart(written, type);
    this.#visible = visiblePlaces(written, type);
  }

  /** The offset in the written text of line and column (both 1-based) of the value. */
  offset(line: number, column: number): number {
    const offset = offsetOf(this.#value, line, column);
    let before = 0;
    for (let i = 0; i < offset; i++) if (!isBlank(this.#value.charCodeAt(i))) before++;
    const isVisible = offset < this.#value.length && !isBlank(this.#value.charCodeAt(offset));
    // White space, and the end, are behind the character before them.
    return (isVisible ? this.#visible[2 * before] : this.#visible[2 * before - 1]) ?? this.#bodyFrom;
  }
}

function isBlank(unit: number): boolean {
  return unit === 32 || unit === 9 || unit === 10 || unit === 13;
}

function bodyStart(written: string, type: Scalar.Type | undefined): number {
  if (type === Scalar.QUOTE_DOUBLE || type === Scalar.QUOTE_SINGLE) return 1;
  if (type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED) return written.indexOf("\n") + 1;
  return 0;
}

function visiblePlaces(written: string, type: Scalar.Type | undefined): readonly number[] {
  const places: number[] = [];
  const isDouble = type === Scalar.QUOTE_DOUBLE;
  const isSingle = type === Scalar.QUOTE_SINGLE;
  const end = isDouble || isSingle ? written.length - 1 : written.length;
  for (let i = bodyStart(written, type); i < end; ) {
    const from = i;
    if (isDouble && written[i] === "\\") {
      const letter = written[i + 1] ?? "";
      const digits = ESCAPES_IN_HEX[letter] ?? 0;
      i += 2 + digits;
      const code = digits === 0 ? undefined : Number.parseInt(written.slice(from + 2, i), 16);
      const isSeen = code === undefined ? !BLANK_ESCAPES.has(letter) : !isBlank(code);
      if (isSeen) places.push(from, i);
      if (code !== undefined && code > 0xffff) places.push(from, i);
      continue;
    }
    i += isSingle && written[i] === "'" ? 2 : 1;
    if (!isBlank(written.charCodeAt(from))) places.push(from, i);
  }
  return places;
}

/** The offset of line and column in `text`; beyond a line's end, its end. */
function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf("\n", start);
    if (next < 0) break;
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + column - 1, end < 0 ? text.length : end);
}
