import type { SaxesParser } from "saxes";
import type { Value } from "#expr/index.ts";
import { decodeText } from "#schema/bytes.ts";
import { TaskFailure } from "./define.ts";
import { Timestamp } from "./serdes-values.ts";
import { type XmlMap, XmlRecords, type XmlValue } from "./xml-tree.ts";

// The sheets of an Excel workbook (.xlsx), row by row. One part of the workbook is unpacked at a time.

/** Most bytes of a part once it is unpacked. */
const MAX_PART_BYTES = 64_000_000;
const PIECE_BYTES = 262_144;

export type Cell = { value: Value; formula?: string };
/** Cells by their column, from 0. */
export type SheetRow = ReadonlyMap<number, Cell>;
export type Sheet = { title: string; rows(): Generator<SheetRow[]> };

type Unzip = (
  data: Uint8Array,
  options: { filter(file: { name: string; originalSize: number }): boolean },
) => Record<string, Uint8Array>;
export type XlsxParts = { unzip: Unzip; Parser: new () => SaxesParser };

/** The sheets of the workbook, in order. Throws a TaskFailure when it is none. */
export function openWorkbook(file: Uint8Array, parts: XlsxParts): Sheet[] {
  if (file[0] === 0xd0 && file[1] === 0xcf)
    throw new TaskFailure(
      "The file is an Excel workbook of the old form (.xls), or has a password: save it as .xlsx without one.",
    );
  const book = new Workbook(file, parts);
  return book.sheets();
}

class Workbook {
  readonly #file: Uint8Array;
  readonly #parts: XlsxParts;

  constructor(file: Uint8Array, parts: XlsxParts) {
    this.#file = file;
    this.#parts = parts;
  }

  sheets(): Sheet[] {
    const [book] = [...this.#records("xl/workbook.xml", ["workbook"])].flat();
    if (book === undefined) throw new TaskFailure("The file is no Excel workbook (.xlsx).");
    const targets = new Map(
      [...this.#records("xl/_rels/workbook.xml.rels", ["Relationships", "Relationship"])]
        .flat()
        .map((relation) => [textAt(relation, "Id"), textAt(relation, "Target")]),
    );
    const is1904 = /^(1|true)$/.test(textAt(childrenOf(book, "workbookPr")[0], "date1904"));
    const strings = this.#strings();
    const dates = this.#dateStyles();
    return childrenOf(childrenOf(book, "sheets")[0], "sheet").map((sheet) => {
      const target = targets.get(textAt(sheet, "r:id")) ?? "";
      const path = target.startsWith("/") ? target.slice(1) : `xl/${target}`;
      return {
        title: textAt(sheet, "name"),
        rows: () => this.#rows(path, { strings, dates, is1904 }),
      };
    });
  }

  *#rows(path: string, reading: Reading): Generator<SheetRow[]> {
    for (const rows of this.#records(path, ["worksheet", "sheetData", "row"], ["c"])) {
      yield rows.map((row) => {
        const cells = new Map<number, Cell>();
        for (const cell of childrenOf(row, "c")) {
          const column = columnOf(textAt(cell, "r")) ?? cells.size;
          const read = cellOf(cell, reading);
          if (read !== undefined) cells.set(column, read);
        }
        return cells;
      });
    }
  }

  #strings(): string[] {
    return [...this.#records("xl/sharedStrings.xml", ["sst", "si"])].flat().map(richText);
  }

  /** Which cell styles show a date or a time. */
  #dateStyles(): ReadonlySet<number> {
    const [styles] = [...this.#records("xl/styles.xml", ["styleSheet"])].flat();
    const custom = new Map(
      childrenOf(childrenOf(styles, "numFmts")[0], "numFmt").map((format) => [
        Number(textAt(format, "numFmtId")),
        isDateFormat(textAt(format, "formatCode")),
      ]),
    );
    const formats = childrenOf(childrenOf(styles, "cellXfs")[0], "xf").map((xf) => Number(textAt(xf, "numFmtId")));
    return new Set(formats.flatMap((id, style) => ((custom.get(id) ?? DATE_FORMATS.has(id)) ? [style] : [])));
  }

  /** Elements of a part; none when there is no such part. */
  *#records(name: string, path: readonly string[], lists: readonly string[] = []): Generator<XmlValue[]> {
    const part = this.#part(name);
    if (part === undefined) return;
    const reader = new XmlRecords(this.#parts.Parser, { path, lists: new Set(lists), isVerbatim: true });
    for (const piece of pieces(part)) yield reader.add(piece);
    yield reader.end();
  }

  #part(name: string): Uint8Array | undefined {
    try {
      const found = this.#parts.unzip(this.#file, {
        filter: (file) => {
          if (file.name !== name) return false;
          if (file.originalSize <= MAX_PART_BYTES) return true;
          throw new TaskFailure(
            `${name} in the workbook has ${file.originalSize} bytes, ${MAX_PART_BYTES} are allowed here: use a task that runs on an agent.`,
          );
        },
      });
      return found[name];
    } catch (error) {
      if (error instanceof TaskFailure) throw error;
      throw new TaskFailure(
        `The file is no Excel workbook (.xlsx): ${error instanceof Error ? error.message : error}.`,
      );
    }
  }
}

type Reading = { strings: readonly string[]; dates: ReadonlySet<number>; is1904: boolean };

/** Text of a part, cut only where a character ends. */
function* pieces(part: Uint8Array): Generator<string> {
  for (let from = 0; from < part.length; ) {
    let to = Math.min(part.length, from + PIECE_BYTES);
    while (to < part.length && ((part[to] ?? 0) & 0xc0) === 0x80) to -= 1;
    yield decodeText(part.subarray(from, to));
    from = to;
  }
}

function childrenOf(value: XmlValue | undefined, name: string): readonly XmlValue[] {
  const child = isMap(value) ? value[name] : undefined;
  return child === undefined ? [] : Array.isArray(child) ? child : [child];
}

function isMap(value: XmlValue | undefined): value is XmlMap {
  return typeof value === "object" && !Array.isArray(value);
}

/** An attribute, or the text of an element. */
function textAt(value: XmlValue | undefined, name: string): string {
  return textOf(childrenOf(value, name)[0]);
}

function textOf(value: XmlValue | undefined): string {
  if (typeof value === "string") return value;
  return isMap(value) && typeof value.content === "string" ? value.content : "";
}

/** A text whose parts may have fonts of their own. */
function richText(value: XmlValue | undefined): string {
  const plain = childrenOf(value, "t").map(textOf);
  const runs = childrenOf(value, "r").flatMap((run) => childrenOf(run, "t").map(textOf));
  return [...plain, ...runs].join("");
}

function cellOf(cell: XmlValue, { strings, dates, is1904 }: Reading): Cell | undefined {
  const formula = textAt(cell, "f");
  const text = textAt(cell, "v");
  const type = textAt(cell, "t");
  const withFormula = (value: Value) => (formula === "" ? { value } : { value, formula });
  if (type === "inlineStr") return withFormula(richText(childrenOf(cell, "is")[0]));
  if (text === "") return formula === "" ? undefined : withFormula(null);
  if (type === "s") return withFormula(strings[Number(text)] ?? "");
  if (type === "b") return withFormula(text === "1");
  if (type === "d") return withFormula(new Timestamp(text) as unknown as Value);
  if (type === "str" || type === "e" || Number.isNaN(Number(text))) return withFormula(text);
  const number = Number(text);
  return withFormula(dates.has(Number(textAt(cell, "s"))) ? dateOf(number, is1904) : number);
}

/** The column of `AB12`, from 0. */
function columnOf(reference: string): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0];
  if (letters === undefined) return undefined;
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** `A`, `B`, … `AA` of a column from 0. */
export function columnName(column: number): string {
  const rest = Math.floor(column / 26);
  return (rest > 0 ? columnName(rest - 1) : "") + String.fromCharCode(65 + (column % 26));
}

/** Formats that every workbook has by number. */
const DATE_FORMATS: ReadonlySet<number> = new Set([14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47]);

function isDateFormat(code: string): boolean {
  return /[ymdhs]/i.test(code.replaceAll(/"[^"]*"|\\.|\[[^\]]*\]|_.|\*./g, ""));
}

const DAY_MS = 86_400_000;
/** Days from the first day of Excel's calendar to 1970. */
const EPOCH_DAYS = 25_569;
const DAYS_1904 = 1462;

/** A day number as a date, with a time when it has a fraction; below 1 it is a time of day, as text. */
function dateOf(serial: number, is1904: boolean): Value {
  const days = serial + (is1904 ? DAYS_1904 : 0);
  const at = new Date(Math.round((days - EPOCH_DAYS) * DAY_MS));
  if (Number.isNaN(at.getTime())) return serial;
  const iso = at.toISOString();
  if (serial >= 0 && serial < 1) return iso.slice(11, 19);
  const text = iso.endsWith("T00:00:00.000Z") ? iso.slice(0, 10) : iso;
  return new Timestamp(text) as unknown as Value;
}
