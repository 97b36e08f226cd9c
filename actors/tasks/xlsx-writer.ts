import type { Zip, ZipDeflate } from "fflate";
import { isNumber, numberText, toFloat, type Value } from "#expr/index.ts";
import { encodeUtf8 } from "#schema/bytes.ts";
import { TaskFailure } from "./define.ts";
import { isTimestamp, jsonOf } from "./serdes-values.ts";
import { columnName } from "./xlsx-reader.ts";

// An Excel workbook (.xlsx), written row by row: nothing but the row at hand is held.

const MAX_ROWS = 1_048_576;
const MAX_COLUMNS = 16_384;
const MAX_TEXT_CHARACTERS = 32_767;
const MAX_TITLE_CHARACTERS = 31;
/** A number with more digits would lose some in a cell. */
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

export type XlsxSheet = { title: string; rows: AsyncIterable<readonly (readonly Value[])[]>; hasHeader: boolean };
export type XlsxFormats = { date: string; dateTime: string; hasStyles: boolean };
export type ZipParts = { Zip: typeof Zip; ZipDeflate: typeof ZipDeflate };

/** Cell styles by their number in the workbook. */
const STYLES = { plain: 0, header: 1, date: 2, dateTime: 3 } as const;

/** The workbook in chunks. `at`: the time that its parts say. */
export async function* writeWorkbook(
  sheets: readonly XlsxSheet[],
  formats: XlsxFormats,
  { zip: { Zip, ZipDeflate }, at }: { zip: ZipParts; at: number },
): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error !== null) throw error;
    chunks.push(chunk);
  });
  const taken = (): Uint8Array[] => {
    const made = chunks;
    chunks = [];
    return made;
  };
  const begin = (name: string) => {
    const part = new ZipDeflate(name, { level: 6 });
    part.mtime = at;
    zip.add(part);
    return part;
  };
  for (const [index, sheet] of sheets.entries()) {
    const part = begin(`xl/worksheets/sheet${index + 1}.xml`);
    for await (const text of sheetText(sheet, formats)) {
      part.push(encodeUtf8(text));
      yield* taken();
    }
    part.push(new Uint8Array(), true);
  }
  for (const [name, text] of Object.entries(fixedParts(sheets, formats))) begin(name).push(encodeUtf8(text), true);
  zip.end();
  yield* taken();
}

/** Throws a TaskFailure for a title that Excel does not take. */
export function checkTitle(title: string): string {
  if (title.trim() !== "" && title.length <= MAX_TITLE_CHARACTERS && !/[[\]*?/\\:]|^'|'$/.test(title)) return title;
  throw new TaskFailure(
    `'${title.slice(0, 100)}' is no title of a sheet: at most ${MAX_TITLE_CHARACTERS} characters, none of [ ] * ? / \\ :`,
  );
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';

async function* sheetText(sheet: XlsxSheet, { hasStyles }: XlsxFormats): AsyncGenerator<string> {
  yield `${XML}<worksheet ${MAIN}><sheetData>`;
  let number = 0;
  for await (const rows of sheet.rows) {
    let text = "";
    for (const row of rows) {
      number += 1;
      if (number > MAX_ROWS) throw new TaskFailure(`A sheet has at most ${MAX_ROWS} rows: split the file first.`);
      if (row.length > MAX_COLUMNS) throw new TaskFailure(`A sheet has at most ${MAX_COLUMNS} columns.`);
      const isHeader = sheet.hasHeader && number === 1 && hasStyles;
      text += rowText(row, number, isHeader);
    }
    yield text;
  }
  yield "</sheetData></worksheet>";
}

function rowText(row: readonly Value[], number: number, isHeader: boolean): string {
  const cells = row.map((value, column) => cellText(value, `${columnName(column)}${number}`, isHeader));
  return `<row r="${number}">${cells.join("")}</row>`;
}

function cellText(value: Value, reference: string, isHeader: boolean): string {
  if (value === null) return "";
  if (typeof value === "boolean") return `<c r="${reference}" t="b"><v>${Number(value)}</v></c>`;
  if (isTimestamp(value) && (value.isDate || value.hasTime)) {
    const serial = Date.parse(value.text) / 86_400_000 + 25_569;
    const style = value.isDate ? STYLES.date : STYLES.dateTime;
    if (serial >= 0) return `<c r="${reference}" s="${style}"><v>${serial}</v></c>`;
  }
  if (isNumber(value) && Math.abs(toFloat(value)) <= MAX_SAFE)
    return `<c r="${reference}"><v>${toFloat(value)}</v></c>`;
  const text = isTimestamp(value)
    ? value.text
    : typeof value === "string"
      ? value
      : isNumber(value)
        ? numberText(value)
        : jsonOf(value);
  if (text.length > MAX_TEXT_CHARACTERS)
    throw new TaskFailure(
      `Cell ${reference} would have ${text.length} characters; Excel takes ${MAX_TEXT_CHARACTERS}.`,
    );
  const style = isHeader ? ` s="${STYLES.header}"` : "";
  return `<c r="${reference}"${style} t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Control characters, which XML cannot hold, as Excel itself writes them: `_x0001_`. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#13;")
    .replace(CONTROL, (mark) => `_x${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`);
}

/** One of Java's date patterns as a number format of Excel. */
export function excelFormat(pattern: string): string {
  return pattern
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/'([^']*)'/g, (_, literal: string) => [...literal].map((mark) => `\\${mark}`).join(""))
    .replaceAll(/\.S+/g, ".000")
    .replaceAll("M", "m")
    .replaceAll("u", "y")
    .replaceAll("H", "h")
    .replaceAll(/[XxZzV]+/g, "");
}

function fixedParts(sheets: readonly XlsxSheet[], formats: XlsxFormats): Record<string, string> {
  const numbers = sheets.map((_, index) => index + 1);
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const packages = "http://schemas.openxmlformats.org/package/2006";
  const type = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const sheetTypes = numbers.map(
    (n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${type}.worksheet+xml"/>`,
  );
  const names = sheets.map(
    ({ title }, index) => `<sheet name="${escaped(title)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`,
  );
  const links = numbers.map(
    (n) => `<Relationship Id="rId${n}" Type="${office}/worksheet" Target="worksheets/sheet${n}.xml"/>`,
  );
  const styles = `<Relationship Id="rId${numbers.length + 1}" Type="${office}/styles" Target="styles.xml"/>`;
  return {
    "[Content_Types].xml": `${XML}<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${type}.styles+xml"/>${sheetTypes.join("")}</Types>`,
    "_rels/.rels": `${XML}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `${XML}<workbook ${MAIN} xmlns:r="${office}"><sheets>${names.join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `${XML}<Relationships xmlns="${packages}/relationships">${links.join("")}${styles}</Relationships>`,
    "xl/styles.xml": stylesPart(formats),
  };
}

function stylesPart({ date, dateTime }: XlsxFormats): string {
  const format = (id: number, code: string) => `<numFmt numFmtId="${id}" formatCode="${escaped(code)}"/>`;
  const xf = (font: number, id: number) =>
    `<xf numFmtId="${id}" fontId="${font}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>`;
  return `${XML}<styleSheet ${MAIN}><numFmts count="2">${format(164, date)}${format(165, dateTime)}</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">${xf(0, 0)}${xf(1, 0)}${xf(0, 164)}${xf(0, 165)}</cellXfs></styleSheet>`;
}
