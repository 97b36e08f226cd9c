import * as z from "zod";
import type { EdgeContext, EdgeTask } from "./define.ts";
import { ionRows } from "./ion-rows.ts";
import { dynamic } from "./property.ts";
import {
  asTimestamp,
  type Counter,
  charsetInput,
  dateWriter,
  framed,
  fromInput,
  jsonOf,
  timeZoneInput,
} from "./serdes-values.ts";
import { storedUri } from "./stored-file.ts";
import { encodeTexts } from "./text-chunks.ts";

const input = z.object({
  from: fromInput,
  charset: charsetInput,
  newLine: dynamic(z.boolean()).default(true).describe("Write a JSON value on each line; else one list"),
  timeZoneId: timeZoneInput,
});
type Props = z.output<typeof input>;

export const serdesJsonIonToJson: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.json.IonToJson",
  aliases: ["io.kestra.plugin.serdes.json.JsonWriter"],
  title: "Write a JSON file",
  description: "Turns a file of Ion records into JSON lines, or one JSON list. Dates and times become ISO-8601 texts.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The JSON file") }),
  examples: [
    {
      title: "Send records to an API",
      yaml: `id: write_json
namespace: company.team
inputs:
  - id: orders
    type: FILE
tasks:
  - id: records
    type: io.kestra.plugin.serdes.csv.CsvToIon
    from: "{{ inputs.orders }}"
  - id: json
    type: io.kestra.plugin.serdes.json.IonToJson
    from: "{{ outputs.records.uri }}"
    newLine: false
  - id: send
    type: io.kestra.plugin.core.http.Request
    uri: https://example.com/api/orders
    method: POST
    body: "{{ read(outputs.json.uri) }}"
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const counter: Counter = { count: 0 };
    const values = valuesOf({ ...props, from }, counter, ctx);
    const texts = props.newLine ? values : framed("[", values, "]");
    const name = props.newLine ? "records.jsonl" : "records.json";
    const uri = await ctx.files.store(name, encodeTexts(texts, props.charset));
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uri } };
  },
};

async function* valuesOf(props: Props, counter: Counter, ctx: EdgeContext): AsyncGenerator<string> {
  const { newLine, timeZoneId } = props;
  const formats = { dateFormat: "iso_local_date", dateTimeFormat: "iso_offset_date_time", timeZoneId };
  const dateText = timeZoneId === undefined ? undefined : dateWriter(formats);
  for await (const rows of ionRows(ctx.files, { uri: props.from, timestamp: asTimestamp }, ctx.signal)) {
    let text = "";
    for (const { value } of rows) {
      const json = jsonOf(value, dateText);
      text += newLine ? `${json}\n` : counter.count === 0 ? json : `,${json}`;
      counter.count += 1;
    }
    yield text;
  }
}
