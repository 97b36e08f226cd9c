import { TaskFailure } from "./define.ts";
import { MAX_RECORD_CHARACTERS } from "./serdes-values.ts";

// CSV from text in pieces. Our own, because rows must come as they are read, and a mistake must name its line.
//
// V1. A row comes once, in its order, whatever the pieces are. A field in quotes may hold separators, quotes (doubled) and line breaks.
// V2. A quote that is not closed, and text behind a closed one, are failures that name the line, counted from 1.

export type CsvRow = { fields: string[]; line: number };

const NEWLINE = "\n";

export class CsvParser {
  readonly #separator: string;
  readonly #quote: string;
  #text = "";
  /** A row that is not whole is read again only when as much has come: otherwise a long one would be read again at each piece. */
  #tryAgainAt = 0;
  #at = 0;
  #line = 1;
  /** Where the next separator and the next line break behind `#at` are; kept because they are asked for again and again. */
  #nextSeparator = -1;
  #nextNewline = -1;

  constructor({ separator, quote }: { separator: string; quote: string }) {
    this.#separator = separator;
    this.#quote = quote;
  }

  add(text: string): CsvRow[] {
    this.#text += text;
    return this.#text.length < this.#tryAgainAt ? [] : this.#rows(false);
  }

  end(): CsvRow[] {
    return this.#rows(true);
  }

  #rows(isLast: boolean): CsvRow[] {
    const rows: CsvRow[] = [];
    this.#at = 0;
    this.#nextSeparator = -1;
    this.#nextNewline = -1;
    while (this.#at < this.#text.length) {
      const [at, line] = [this.#at, this.#line];
      const fields = this.#row(isLast);
      if (fields === undefined) {
        this.#at = at;
        this.#line = line;
        break;
      }
      rows.push({ fields, line });
    }
    this.#text = this.#text.slice(this.#at);
    this.#tryAgainAt = 2 * this.#text.length;
    if (this.#text.length > MAX_RECORD_CHARACTERS)
      throw this.#failure(`the row has more than ${MAX_RECORD_CHARACTERS} characters, or a quote is not closed`);
    return rows;
  }

  /** The next row; undefined when its end has not come yet. */
  #row(isLast: boolean): string[] | undefined {
    const fields: string[] = [];
    for (;;) {
      const isQuoted = this.#text[this.#at] === this.#quote;
      const field = isQuoted ? this.#quoted(isLast) : this.#plain(isLast);
      if (field === undefined) return undefined;
      fields.push(field);
      const mark = this.#text[this.#at];
      this.#at += 1;
      if (mark === this.#separator) continue;
      if (mark === NEWLINE) this.#line += 1;
      return fields;
    }
  }

  /** Up to the separator or the end of the line. */
  #plain(isLast: boolean): string | undefined {
    const { length } = this.#text;
    const from = this.#at;
    if (this.#nextNewline < from) this.#nextNewline = indexOr(this.#text, NEWLINE, from, length);
    if (this.#nextSeparator < from) this.#nextSeparator = indexOr(this.#text, this.#separator, from, length);
    if (this.#nextNewline === length && !isLast) return undefined;
    const end = Math.min(this.#nextNewline, this.#nextSeparator);
    this.#at = end;
    const isReturn = end === this.#nextNewline && end > from && this.#text[end - 1] === "\r";
    return this.#text.slice(from, isReturn ? end - 1 : end);
  }

  #quoted(isLast: boolean): string | undefined {
    const quote = this.#quote;
    let field = "";
    for (let from = this.#at + 1; ; ) {
      const end = this.#text.indexOf(quote, from);
      // Of a quote at the very end nobody knows yet whether it is a doubled one.
      const isOpen = end < 0 || (end === this.#text.length - 1 && !isLast);
      if (isOpen && !isLast) return undefined;
      if (end < 0) throw this.#failure("a quote is opened and never closed");
      field += this.#text.slice(from, end);
      if (this.#text[end + 1] !== quote) {
        this.#at = end + 1;
        break;
      }
      field += quote;
      from = end + 2;
    }
    if (
      this.#text.startsWith("\r\n", this.#at) ||
      (this.#text[this.#at] === "\r" && this.#at === this.#text.length - 1)
    )
      this.#at += 1;
    const mark = this.#text[this.#at];
    if (mark === undefined && !isLast) return undefined;
    if (mark !== undefined && mark !== this.#separator && mark !== NEWLINE)
      throw this.#failure(`there is ${JSON.stringify(mark)} behind a closing quote: a quote within a field is doubled`);
    this.#line += linesIn(field);
    return field;
  }

  #failure(what: string): TaskFailure {
    return new TaskFailure(`The file is no CSV: in line ${this.#line}, ${what}.`);
  }
}

function indexOr(text: string, wanted: string, from: number, otherwise: number): number {
  const at = text.indexOf(wanted, from);
  return at < 0 ? otherwise : at;
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}
