import * as z from "zod";
import { ionText } from "#expr/index.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";
import { type Counter, charsetInput, fromInput } from "./serdes-values.ts";
import { checkStopped, storedUri } from "./stored-file.ts";
import { decodeChunks, encodeTexts } from "./text-chunks.ts";
import { XmlRecords, type XmlValue } from "./xml-tree.ts";

const ParserConfiguration = z.strictObject({
  forceList: z.array(z.string()).describe("Names of elements that are a list even where there is one").optional(),
});

const input = z.object({
  from: fromInput,
  charset: charsetInput,
  query: dynamic(z.string())
    .describe("Which elements are records, by their names from the root on, such as `/items/item`; `*` is any name")
    .optional(),
  parserConfiguration: dynamic(ParserConfiguration).describe("How elements are read").optional(),
});
type Props = z.output<typeof input>;

export const serdesXmlXmlToIon: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.xml.XmlToIon",
  aliases: ["io.kestra.plugin.serdes.xml.XmlReader"],
  title: "Read an XML file",
  description:
    "Turns an XML file into a file of Ion records. With `query` each element there is a record, and the file may have any size; without, the document is one record. Attributes and elements become entries, texts stay texts, text beside them is the entry `content`, and elements of one name are a list.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The file of Ion records") }),
  examples: [
    {
      title: "The entries of a feed",
      yaml: `id: read_xml
namespace: company.team
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Download
    uri: https://example.com/feed.xml
  - id: entries
    type: io.kestra.plugin.serdes.xml.XmlToIon
    from: "{{ outputs.fetch.uri }}"
    query: /rss/channel/item
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const counter: Counter = { count: 0 };
    const uri = await ctx.files.store("records.ion", encodeTexts(records({ ...props, from }, counter, ctx)));
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    if (counter.count === 0) ctx.log("WARN", `\`query\` ${props.query} names no element of the file.`);
    return { outputs: { uri } };
  },
};

async function* records(props: Props, counter: Counter, ctx: EdgeContext): AsyncGenerator<string> {
  const { SaxesParser } = await import("saxes");
  const lists = new Set(props.parserConfiguration?.forceList ?? []);
  const reader = new XmlRecords(SaxesParser, { path: pathOf(props.query), lists });
  const textOf = (values: readonly XmlValue[]) => {
    counter.count += values.length;
    return values.map((value) => `${ionText(value)}\n`).join("");
  };
  for await (const text of decodeChunks(ctx.files.open(props.from), props.charset)) {
    checkStopped(ctx);
    yield textOf(reader.add(text));
  }
  yield textOf(reader.end());
}

function pathOf(query = ""): readonly string[] {
  const names = query.trim().replace(/^\//, "").replace(/\/$/, "").split("/");
  if (names.length === 1 && names[0] === "") return [];
  const wrong = names.find((name) => name === "" || /[\s[\]@()=]/.test(name));
  if (wrong === undefined) return names;
  throw new TaskFailure(
    `\`query\` must be names of elements from the root on, such as /items/item, but is '${query.slice(0, 100)}'. Filter records by FilterItems.`,
  );
}
