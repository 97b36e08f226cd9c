import * as z from "zod";
import { ionText, parseYaml, type Value } from "#expr/index.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { type Counter, charsetInput, fromInput } from "./serdes-values.ts";
import { checkStopped, storedUri } from "./stored-file.ts";
import { decodeChunks, encodeTexts, wholeLines } from "./text-chunks.ts";

/** Longest document, in characters: one is held as a whole. */
const MAX_DOCUMENT_CHARACTERS = 4_000_000;

const input = z.object({ from: fromInput, charset: charsetInput });
type Props = z.output<typeof input>;

export const serdesYamlYamlToIon: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.yaml.YamlToIon",
  aliases: [],
  title: "Read a YAML file",
  description:
    "Turns a YAML file into a file of Ion records: each document is one, and of a document that is a list each element. A document has at most 4,000,000 characters; there may be any number of them, divided by `---`.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The file of Ion records") }),
  examples: [
    {
      title: "Settings as records",
      yaml: `id: read_yaml
namespace: company.team
inputs:
  - id: settings
    type: FILE
tasks:
  - id: records
    type: io.kestra.plugin.serdes.yaml.YamlToIon
    from: "{{ inputs.settings }}"
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const counter: Counter = { count: 0 };
    const uri = await ctx.files.store("records.ion", encodeTexts(records({ ...props, from }, counter, ctx)));
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uri } };
  },
};

async function* records(props: Props, counter: Counter, ctx: EdgeContext): AsyncGenerator<string> {
  for await (const { text, line } of documents(props, ctx)) {
    if (text.trim() === "") continue;
    const value = parsed(text, line);
    const values = Array.isArray(value) ? (value as Value[]) : [value];
    counter.count += values.length;
    yield values.map((record) => `${ionText(record)}\n`).join("");
  }
}

/** The documents of the file, each with the line it begins in, from 1. */
async function* documents({ from, charset }: Props, ctx: EdgeContext): AsyncGenerator<{ text: string; line: number }> {
  let begun: string[] = [];
  let characters = 0;
  let first = 1;
  let number = 0;
  for await (const piece of wholeLines(decodeChunks(ctx.files.open(from), charset), MAX_DOCUMENT_CHARACTERS)) {
    checkStopped(ctx);
    for (const line of piece.split(/(?<=\n)/)) {
      number += 1;
      if (/^---(\s|$)/.test(line) || /^\.\.\.\s*$/.test(line)) {
        yield { text: begun.join(""), line: first };
        begun = [];
        characters = 0;
        first = number;
        // What stands behind the mark belongs to the document.
        if (line.startsWith("---")) begun.push(line.slice(3));
        continue;
      }
      begun.push(line);
      characters += line.length;
      if (characters > MAX_DOCUMENT_CHARACTERS)
        throw new TaskFailure(
          `The document in line ${first} has more than ${MAX_DOCUMENT_CHARACTERS} characters: use a task that runs on an agent.`,
        );
    }
  }
  yield { text: begun.join(""), line: first };
}

function parsed(text: string, line: number): Value {
  try {
    return parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TaskFailure(`The file is no YAML: in the document that begins in line ${line}, ${reason}`);
  }
}
