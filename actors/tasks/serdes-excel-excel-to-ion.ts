import * as z from "zod";
import { ionText, type Value } from "#expr/index.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic, textMap } from "./property.ts";
import { type Counter, charsetInput, fromInput, isTimestamp } from "./serdes-values.ts";
import { checkStopped, storedUri } from "./stored-file.ts";
import { encodeTexts } from "./text-chunks.ts";
import { type Cell, columnName, openWorkbook, type Sheet, type SheetRow } from "./xlsx-reader.ts";

const input = z.object({
  from: fromInput,
  sheetsTitle: dynamic(z.array(z.string())).describe("Titles of the sheets to read; all when left out").optional(),
  charset: charsetInput.describe("Ignored: a workbook says its charset itself"),
  valueRender: dynamic(z.enum(["UNFORMATTED_VALUE", "FORMATTED_VALUE", "FORMULA"]))
    .default("UNFORMATTED_VALUE")
    .describe("Values as they are, as texts, or the formula of cells that have one. Number formats are not applied"),
  dateTimeRender: dynamic(z.enum(["UNFORMATTED_VALUE", "SERIAL_NUMBER", "FORMATTED_STRING"]))
    .default("UNFORMATTED_VALUE")
    .describe("Dates as timestamps, as Excel's day numbers, or as ISO-8601 texts"),
  header: dynamic(z.boolean())
    .default(true)
    .describe("The first row has the names of the columns; else a record is a list"),
  skipEmptyRows: dynamic(z.boolean()).default(false).describe("Leave empty rows out"),
  skipRows: dynamic(z.int().min(0))
    .default(0)
    .describe("Rows of each sheet to leave out, before the names of the columns"),
});
type Props = z.output<typeof input>;

export const serdesExcelExcelToIon: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.excel.ExcelToIon",
  aliases: [],
  title: "Read an Excel workbook",
  description:
    "Turns the sheets of a workbook (.xlsx, at most 20 MB) into files of Ion records, one for each row. A column without a name has that of its letter.",
  where: "edge",
  input,
  output: z.object({
    uris: textMap().describe("The files of Ion records by the title of their sheet"),
    size: z.int().describe("Records of all sheets"),
  }),
  examples: [
    {
      title: "One sheet",
      yaml: `id: read_excel
namespace: company.team
inputs:
  - id: book
    type: FILE
tasks:
  - id: rows
    type: io.kestra.plugin.serdes.excel.ExcelToIon
    from: "{{ inputs.book }}"
    sheetsTitle: [Orders]
  - id: json
    type: io.kestra.plugin.serdes.json.IonToJson
    from: "{{ outputs.rows.uris['Orders'] }}"
`,
    },
  ],
  async run(props, ctx) {
    const file = await ctx.files.get(storedUri(props.from, "from"));
    const [{ unzipSync }, { SaxesParser }] = await Promise.all([import("fflate"), import("saxes")]);
    const sheets = openWorkbook(file, { unzip: unzipSync, Parser: SaxesParser });
    const wanted = chosen(sheets, props.sheetsTitle);
    const counter: Counter = { count: 0 };
    const uris: Record<string, string> = {};
    for (const [index, sheet] of wanted.entries()) {
      const records = encodeTexts(recordsOf(sheet, props, counter, ctx));
      uris[sheet.title] = await ctx.files.store(`sheet-${index + 1}.ion`, records);
    }
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uris, size: counter.count } };
  },
};

function chosen(sheets: readonly Sheet[], titles: readonly string[] | undefined): readonly Sheet[] {
  if (titles === undefined) return sheets;
  return titles.map((title) => {
    const found = sheets.find((sheet) => sheet.title === title);
    if (found !== undefined) return found;
    const there = sheets.map((sheet) => `'${sheet.title}'`).join(", ");
    throw new TaskFailure(`The workbook has no sheet '${title}'; it has ${there}.`);
  });
}

function* recordsOf(sheet: Sheet, props: Props, counter: Counter, ctx: EdgeContext): Generator<string> {
  let left = props.skipRows;
  let names: ReadonlyMap<number, string> | undefined;
  for (const rows of sheet.rows()) {
    checkStopped(ctx);
    let text = "";
    for (const row of rows) {
      if (left > 0) {
        left -= 1;
        continue;
      }
      if (props.skipEmptyRows && row.size === 0) continue;
      if (props.header && names === undefined) {
        names = new Map(
          [...row].map(([column, cell]) => [column, String(shown(cell, { ...props, valueRender: "FORMATTED_VALUE" }))]),
        );
        continue;
      }
      text += `${recordText(names, row, props)}\n`;
      counter.count += 1;
    }
    yield text;
  }
}

/** A timestamp stands in Ion without quotes, so the record is put together here. */
function recordText(names: ReadonlyMap<number, string> | undefined, row: SheetRow, props: Props): string {
  const columns = [...new Set([...(names?.keys() ?? []), ...row.keys()])].sort((a, b) => a - b);
  const textAt = (column: number) => ionOf(shown(row.get(column), props));
  if (names === undefined)
    return `[${Array.from({ length: (columns.at(-1) ?? -1) + 1 }, (_, column) => textAt(column)).join(",")}]`;
  const fields = columns.map((column) => `${fieldName(names.get(column) ?? columnName(column))}:${textAt(column)}`);
  return `{${fields.join(",")}}`;
}

function fieldName(name: string): string {
  // What stands before the value of a map of one entry.
  return ionText({ [name]: null }).slice(1, -":null}".length);
}

function ionOf(value: Value): string {
  return isTimestamp(value) ? value.text : ionText(value);
}

function shown(cell: Cell | undefined, { valueRender, dateTimeRender }: Props): Value {
  if (cell === undefined) return null;
  if (valueRender === "FORMULA" && cell.formula !== undefined) return `=${cell.formula}`;
  const { value } = cell;
  if (isTimestamp(value)) {
    if (valueRender === "FORMATTED_VALUE" || dateTimeRender === "FORMATTED_STRING") return value.text;
    return dateTimeRender === "SERIAL_NUMBER" ? serialOf(value.text) : value;
  }
  return valueRender === "FORMATTED_VALUE" && value !== null ? String(value) : value;
}

/** Excel's day number of a date. */
function serialOf(text: string): number {
  return Date.parse(text) / 86_400_000 + 25_569;
}
