import * as z from "zod";
import { ionText } from "#expr/index.ts";
import { CsvParser, type CsvRow } from "./csv-parser.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";
import { type Counter, charsetInput, fromInput, oneCharacter } from "./serdes-values.ts";
import { checkStopped, storedUri } from "./stored-file.ts";
import { decodeChunks, encodeTexts } from "./text-chunks.ts";

const input = z.object({
  from: fromInput,
  header: dynamic(z.boolean())
    .default(true)
    .describe("The first row has the names of the columns; else a record is a list"),
  fieldSeparator: dynamic(z.string()).default(",").describe("What stands between two cells: one character"),
  textDelimiter: dynamic(z.string())
    .default('"')
    .describe("What stands round a cell with special characters: one character"),
  skipEmptyRows: dynamic(z.boolean()).default(false).describe("Leave empty rows out"),
  errorOnDifferentFieldCount: dynamic(z.boolean())
    .default(false)
    .describe("A row with more or fewer cells than the first one is a failure"),
  skipRows: dynamic(z.int().min(0))
    .default(0)
    .describe("Rows at the beginning to leave out, before the names of the columns"),
  charset: charsetInput,
});
type Props = z.output<typeof input>;

export const serdesCsvCsvToIon: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.csv.CsvToIon",
  aliases: ["io.kestra.plugin.serdes.csv.CsvReader"],
  title: "Read a CSV file",
  description:
    "Turns a CSV file of any size into a file of Ion records, one for each row. Cells stay texts. A cell beyond the last column's name is left out; a row that ends early has no entry for the rest.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The file of Ion records") }),
  examples: [
    {
      title: "Orders above an amount",
      yaml: `id: read_csv
namespace: company.team
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Download
    uri: https://huggingface.co/datasets/kestra/datasets/raw/main/csv/orders.csv
  - id: orders
    type: io.kestra.plugin.serdes.csv.CsvToIon
    from: "{{ outputs.fetch.uri }}"
  - id: large
    type: io.kestra.plugin.core.storage.FilterItems
    from: "{{ outputs.orders.uri }}"
    filterCondition: "{{ total | number > 100 }}"
`,
    },
    {
      title: "Semicolons, and no names of columns",
      yaml: `id: read_semicolons
namespace: company.team
inputs:
  - id: file
    type: FILE
tasks:
  - id: rows
    type: io.kestra.plugin.serdes.csv.CsvToIon
    from: "{{ inputs.file }}"
    header: false
    fieldSeparator: ";"
    charset: ISO-8859-1
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const separator = oneCharacter(props.fieldSeparator, "fieldSeparator");
    const quote = oneCharacter(props.textDelimiter, "textDelimiter");
    if (separator === quote)
      throw new TaskFailure("`fieldSeparator` and `textDelimiter` must be two different characters.");
    const counter: Counter = { count: 0 };
    const parser = new CsvParser({ separator, quote });
    const records = encodeTexts(recordsOf(rowsOf(parser, { ...props, from }, ctx), props, counter));
    const uri = await ctx.files.store("records.ion", records);
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uri } };
  },
};

async function* rowsOf(parser: CsvParser, { from, charset }: Props, ctx: EdgeContext): AsyncGenerator<CsvRow[]> {
  for await (const text of decodeChunks(ctx.files.open(from), charset)) {
    checkStopped(ctx);
    yield parser.add(text);
  }
  yield parser.end();
}

async function* recordsOf(groups: AsyncIterable<CsvRow[]>, props: Props, counter: Counter): AsyncGenerator<string> {
  let left = props.skipRows;
  let names: string[] | undefined;
  let width: number | undefined;
  for await (const rows of groups) {
    let text = "";
    for (const { fields, line } of rows) {
      if (left > 0) {
        left -= 1;
        continue;
      }
      if (props.skipEmptyRows && fields.length === 1 && fields[0] === "") continue;
      width ??= fields.length;
      if (props.errorOnDifferentFieldCount && fields.length !== width)
        throw new TaskFailure(
          `The row in line ${line} has ${fields.length} cells, and the first one has ${width}. Is \`fieldSeparator\` right?`,
        );
      if (props.header && names === undefined) {
        names = fields;
        continue;
      }
      text += `${ionText(names === undefined ? fields : named(names, fields))}\n`;
      counter.count += 1;
    }
    yield text;
  }
}

function named(names: readonly string[], fields: readonly string[]): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null);
  const count = Math.min(names.length, fields.length);
  for (let index = 0; index < count; index++) record[names[index] ?? ""] = fields[index] ?? "";
  return record;
}
