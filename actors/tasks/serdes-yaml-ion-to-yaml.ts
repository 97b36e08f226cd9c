import * as z from "zod";
import { type Value, yamlText } from "#expr/index.ts";
import type { EdgeContext, EdgeTask } from "./define.ts";
import { ionRows } from "./ion-rows.ts";
import { type Counter, charsetInput, fromInput } from "./serdes-values.ts";
import { storedUri } from "./stored-file.ts";
import { encodeTexts } from "./text-chunks.ts";

const input = z.object({ from: fromInput, charset: charsetInput });
type Props = z.output<typeof input>;

export const serdesYamlIonToYaml: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.yaml.IonToYaml",
  aliases: [],
  title: "Write a YAML file",
  description: "Turns a file of Ion records into one YAML list.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The YAML file") }),
  examples: [
    {
      title: "Records as YAML",
      yaml: `id: write_yaml
namespace: company.team
inputs:
  - id: orders
    type: FILE
tasks:
  - id: records
    type: io.kestra.plugin.serdes.csv.CsvToIon
    from: "{{ inputs.orders }}"
  - id: yaml
    type: io.kestra.plugin.serdes.yaml.IonToYaml
    from: "{{ outputs.records.uri }}"
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const counter: Counter = { count: 0 };
    const items = itemsOf(from, counter, ctx);
    const uri = await ctx.files.store("records.yaml", encodeTexts(items, props.charset));
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uri } };
  },
};

async function* itemsOf(uri: string, counter: Counter, ctx: EdgeContext): AsyncGenerator<string> {
  for await (const rows of ionRows(ctx.files, { uri }, ctx.signal)) {
    let text = "";
    // Lists of one element, one below the other, are one list.
    for (const { value } of rows) text += yamlText([value] satisfies Value[]);
    counter.count += rows.length;
    yield text;
  }
  if (counter.count === 0) yield "[]\n";
}
