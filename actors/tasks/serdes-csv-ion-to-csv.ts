import * as z from "zod";
import { isNumber, numberText, type Value } from "#expr/index.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { ionRows } from "./ion-rows.ts";
import { dynamic } from "./property.ts";
import {
  asTimestamp,
  type Counter,
  charsetInput,
  dateInputs,
  dateWriter,
  fieldsOf,
  fromInput,
  isTimestamp,
  jsonOf,
  oneCharacter,
  type Timestamp,
} from "./serdes-values.ts";
import { storedUri } from "./stored-file.ts";
import { encodeTexts } from "./text-chunks.ts";

const input = z.object({
  from: fromInput,
  header: dynamic(z.boolean()).default(true).describe("Write the names of the columns first"),
  fieldSeparator: dynamic(z.string()).default(",").describe("What stands between two cells: one character"),
  textDelimiter: dynamic(z.string())
    .default('"')
    .describe("What stands round a cell with special characters: one character"),
  lineDelimiter: dynamic(z.string()).default("\n").describe("What ends a row"),
  alwaysDelimitText: dynamic(z.boolean()).default(false).describe("Put every text into `textDelimiter`"),
  charset: charsetInput,
  ...dateInputs,
});
type Props = z.output<typeof input>;

export const serdesCsvIonToCsv: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.csv.IonToCsv",
  aliases: ["io.kestra.plugin.serdes.csv.CsvWriter"],
  title: "Write a CSV file",
  description:
    "Turns a file of Ion records, or of JSON lines, into a CSV file. The columns are those of the first record; what later records have beside them is left out, with a warning. Lists and maps are written as JSON.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The CSV file") }),
  examples: [
    {
      title: "Records as a table",
      yaml: `id: write_csv
namespace: company.team
tasks:
  - id: orders
    type: io.kestra.plugin.core.storage.Write
    extension: .ion
    content: |
      {order: 1, at: 2024-05-01T10:00:00Z, total: 5.50}
      {order: 2, at: 2024-05-02T10:00:00Z, total: 7}
  - id: csv
    type: io.kestra.plugin.serdes.csv.IonToCsv
    from: "{{ outputs.orders.uri }}"
    fieldSeparator: ";"
    dateTimeFormat: yyyy-MM-dd HH:mm
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.csv.uri) }}"
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const counter: Counter = { count: 0 };
    const lines = new CsvLines(props, ctx);
    const uri = await ctx.files.store("records.csv", encodeTexts(linesOf(from, lines, counter, ctx), props.charset));
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uri } };
  },
};

async function* linesOf(uri: string, lines: CsvLines, counter: Counter, ctx: EdgeContext): AsyncGenerator<string> {
  for await (const rows of ionRows(ctx.files, { uri, timestamp: asTimestamp }, ctx.signal)) {
    let text = "";
    for (const { value } of rows) {
      counter.count += 1;
      text += lines.lineOf(value, counter.count);
    }
    yield text;
  }
}

/** Records as lines, one after another. */
class CsvLines {
  readonly #props: Props;
  readonly #ctx: EdgeContext;
  readonly #separator: string;
  readonly #quote: string;
  readonly #special: RegExp;
  readonly #dateText: (timestamp: Timestamp) => string;
  #names: readonly string[] | undefined;
  #known: ReadonlySet<string> = new Set();
  #hasWarned = false;

  constructor(props: Props, ctx: EdgeContext) {
    this.#props = props;
    this.#ctx = ctx;
    this.#separator = oneCharacter(props.fieldSeparator, "fieldSeparator");
    this.#quote = oneCharacter(props.textDelimiter, "textDelimiter");
    if (this.#separator === this.#quote)
      throw new TaskFailure("`fieldSeparator` and `textDelimiter` must be two different characters.");
    const marks = [...this.#separator, ...this.#quote, ...props.lineDelimiter, "\n", "\r"];
    this.#special = new RegExp(
      `[${marks.map((mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`).join("")}]`,
      "u",
    );
    this.#dateText = dateWriter(props);
  }

  /** The line of a record, with that of the columns' names before the first. */
  lineOf(record: Value, number: number): string {
    if (Array.isArray(record)) return this.#line(record);
    const fields = fieldsOf(record);
    if (fields === undefined)
      throw new TaskFailure(`Record ${number} is neither a map nor a list, so it has no cells.`);
    if (this.#names === undefined) {
      this.#names = Object.keys(fields);
      this.#known = new Set(this.#names);
      const own = this.#line(this.#names.map((name) => fields[name] ?? null));
      return this.#props.header ? this.#line(this.#names) + own : own;
    }
    const other = this.#hasWarned ? undefined : Object.keys(fields).find((name) => !this.#known.has(name));
    if (other !== undefined) {
      this.#hasWarned = true;
      this.#ctx.log("WARN", `Record ${number} has '${other}', which the first has not: it is left out.`);
    }
    return this.#line(this.#names.map((name) => (Object.hasOwn(fields, name) ? (fields[name] ?? null) : null)));
  }

  #line(cells: readonly Value[]): string {
    return cells.map((cell) => this.#cell(cell)).join(this.#separator) + this.#props.lineDelimiter;
  }

  #cell(value: Value): string {
    if (value === null) return "";
    if (isNumber(value)) return numberText(value);
    if (typeof value === "boolean") return String(value);
    const text =
      typeof value === "string" ? value : isTimestamp(value) ? this.#dateText(value) : jsonOf(value, this.#dateText);
    const isText = typeof value === "string";
    if (!this.#special.test(text) && !(isText && this.#props.alwaysDelimitText)) return text;
    return this.#quote + text.replaceAll(this.#quote, this.#quote + this.#quote) + this.#quote;
  }
}
