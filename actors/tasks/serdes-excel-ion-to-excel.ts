import * as z from "zod";
import type { Value } from "#expr/index.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { Json } from "#schema/json.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { ionRows } from "./ion-rows.ts";
import { anything, dynamic } from "./property.ts";
import { asTimestamp, type Counter, charsetInput, dateInputs, fieldsOf } from "./serdes-values.ts";
import { storedUri } from "./stored-file.ts";
import { checkTitle, excelFormat, writeWorkbook, type XlsxSheet } from "./xlsx-writer.ts";

const input = z.object({
  from: dynamic(anything()).describe("URI of the file of Ion records; or a map of titles of sheets to URIs"),
  charset: charsetInput.describe("Ignored: a workbook is always UTF-8"),
  sheetsTitle: dynamic(z.string()).default("Sheet").describe("Title of the sheet, when there is one"),
  header: dynamic(z.boolean()).default(true).describe("Write the names of the columns first"),
  styles: dynamic(z.boolean()).default(true).describe("Write the names of the columns in bold"),
  ...dateInputs,
});
type Props = z.output<typeof input>;

export const serdesExcelIonToExcel: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.excel.IonToExcel",
  aliases: [],
  title: "Write an Excel workbook",
  description:
    "Turns files of Ion records into a workbook (.xlsx) with a sheet for each. The columns are those of a file's first record. Dates are dates in Excel, in UTC; lists and maps are written as JSON.",
  where: "edge",
  input,
  output: z.object({
    uri: z.string().describe("The workbook"),
    size: z.int().describe("Records of all sheets"),
  }),
  examples: [
    {
      title: "A workbook with two sheets",
      yaml: `id: write_excel
namespace: company.team
inputs:
  - id: orders
    type: FILE
  - id: customers
    type: FILE
tasks:
  - id: orders
    type: io.kestra.plugin.serdes.csv.CsvToIon
    from: "{{ inputs.orders }}"
  - id: customers
    type: io.kestra.plugin.serdes.csv.CsvToIon
    from: "{{ inputs.customers }}"
  - id: book
    type: io.kestra.plugin.serdes.excel.IonToExcel
    from:
      Orders: "{{ outputs.orders.uri }}"
      Customers: "{{ outputs.customers.uri }}"
`,
    },
  ],
  async run(props, ctx) {
    const { Zip, ZipDeflate } = await import("fflate");
    const counter: Counter = { count: 0 };
    const sheets = sourcesOf(props).map(([title, uri]): XlsxSheet => {
      const rows = rowsOf(uri, props.header, counter, ctx);
      return { title: checkTitle(title), hasHeader: props.header, rows };
    });
    const formats = {
      date: excelFormat(props.dateFormat),
      dateTime: excelFormat(props.dateTimeFormat),
      hasStyles: props.styles,
    };
    const chunks = writeWorkbook(sheets, formats, { zip: { Zip, ZipDeflate }, at: ctx.now });
    const uri = await ctx.files.store("records.xlsx", chunks);
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uri, size: counter.count } };
  },
};

/** Titles and URIs. */
function sourcesOf({ from, sheetsTitle }: Props): [string, string][] {
  const given: Json = typeof from === "string" && from.trim().startsWith("{") ? jsonOf(from) : from;
  if (typeof given === "string") return [[sheetsTitle, storedUri(given, "from")]];
  if (!isJsonObject(given) || Object.keys(given).length === 0)
    throw new TaskFailure("`from` must be the URI of a file, or a map of titles of sheets to such URIs.");
  return Object.entries(given).map(([title, uri]) => [title, storedUri(String(uri), `from.${title}`)]);
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function* rowsOf(
  uri: string,
  hasHeader: boolean,
  counter: Counter,
  ctx: EdgeContext,
): AsyncGenerator<(readonly Value[])[]> {
  let names: readonly string[] | undefined;
  for await (const group of ionRows(ctx.files, { uri, timestamp: asTimestamp }, ctx.signal)) {
    const rows: (readonly Value[])[] = [];
    for (const { value } of group) {
      counter.count += 1;
      if (Array.isArray(value)) {
        rows.push(value);
        continue;
      }
      const fields = fieldsOf(value);
      if (fields === undefined)
        throw new TaskFailure(`Record ${counter.count} is neither a map nor a list, so it has no cells.`);
      if (names === undefined) {
        names = Object.keys(fields);
        if (hasHeader) rows.push(names);
      }
      rows.push(names.map((name) => (Object.hasOwn(fields, name) ? (fields[name] ?? null) : null)));
    }
    yield rows;
  }
}
