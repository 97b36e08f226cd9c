import * as z from "zod";
import { ionText, type Value } from "#expr/index.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { JsonElements } from "./json-elements.ts";
import { dynamic } from "./property.ts";
import { type Counter, charsetInput, fromInput, MAX_RECORD_CHARACTERS } from "./serdes-values.ts";
import { checkStopped, storedUri } from "./stored-file.ts";
import { decodeChunks, encodeTexts, wholeLines } from "./text-chunks.ts";

const input = z.object({
  from: fromInput,
  charset: charsetInput,
  newLine: dynamic(z.boolean())
    .default(true)
    .describe("The file has a JSON value on each line; else it is one document, of a list each element is a record"),
});
type Props = z.output<typeof input>;

export const serdesJsonJsonToIon: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.json.JsonToIon",
  aliases: ["io.kestra.plugin.serdes.json.JsonReader"],
  title: "Read a JSON file",
  description: "Turns JSON lines, or one JSON document of any size, into a file of Ion records.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The file of Ion records") }),
  examples: [
    {
      title: "The list that an API gives",
      yaml: `id: read_json
namespace: company.team
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Download
    uri: https://jsonplaceholder.typicode.com/users
  - id: users
    type: io.kestra.plugin.serdes.json.JsonToIon
    from: "{{ outputs.fetch.uri }}"
    newLine: false
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const counter: Counter = { count: 0 };
    const values = props.newLine ? lines({ ...props, from }, ctx) : elements({ ...props, from }, ctx);
    const uri = await ctx.files.store("records.ion", encodeTexts(records(values, counter)));
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uri } };
  },
};

async function* records(groups: AsyncIterable<Value[]>, counter: Counter): AsyncGenerator<string> {
  for await (const values of groups) {
    let text = "";
    for (const value of values) text += `${ionText(value)}\n`;
    counter.count += values.length;
    yield text;
  }
}

async function* lines({ from, charset }: Props, ctx: EdgeContext): AsyncGenerator<Value[]> {
  let number = 0;
  for await (const text of wholeLines(decodeChunks(ctx.files.open(from), charset), MAX_RECORD_CHARACTERS)) {
    checkStopped(ctx);
    const values: Value[] = [];
    const pieces = text.split("\n");
    // What ends with a line break has no line behind it.
    if (pieces.at(-1) === "") pieces.pop();
    for (const line of pieces) {
      number += 1;
      if (line.trim() !== "") values.push(parsed(line, `line ${number}`));
    }
    yield values;
  }
}

async function* elements({ from, charset }: Props, ctx: EdgeContext): AsyncGenerator<Value[]> {
  const splitter = new JsonElements();
  let number = 0;
  const parse = (text: string) => parsed(text, `element ${++number}`);
  for await (const text of decodeChunks(ctx.files.open(from), charset)) {
    checkStopped(ctx);
    yield splitter.add(text).map(parse);
  }
  yield splitter.end().map(parse);
}

/** Digits that a number in a program would not keep. */
const LONG_INTEGER = /\d{16}/;

function parsed(text: string, where: string): Value {
  try {
    return JSON.parse(text, LONG_INTEGER.test(text) ? (exactly as (key: string, value: Value) => Value) : undefined);
  } catch (error) {
    const hint = where.startsWith("line") ? " One document of several lines is read with `newLine: false`." : "";
    throw new TaskFailure(
      `The file is no JSON: in ${where}, ${error instanceof Error ? error.message : error}.${hint}`,
    );
  }
}

function exactly(_: string, value: Value, { source = "" }: { source?: string } = {}): Value {
  const isCut = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source);
  return isCut ? BigInt(source) : value;
}
