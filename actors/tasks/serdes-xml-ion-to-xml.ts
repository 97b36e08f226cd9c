import * as z from "zod";
import { isNumber, numberText, type Value } from "#expr/index.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { ionRows } from "./ion-rows.ts";
import { dynamic } from "./property.ts";
import {
  asTimestamp,
  type Counter,
  charsetInput,
  dateWriter,
  fieldsOf,
  framed,
  fromInput,
  isTimestamp,
  type Timestamp,
  timeZoneInput,
} from "./serdes-values.ts";
import { storedUri } from "./stored-file.ts";
import { encodeTexts } from "./text-chunks.ts";

const input = z.object({
  from: fromInput,
  charset: charsetInput,
  rootName: dynamic(z.string()).default("items").describe("Name of the root element"),
  timeZoneId: timeZoneInput,
});
type Props = z.output<typeof input>;

export const serdesXmlIonToXml: EdgeTask<Props> = {
  type: "io.kestra.plugin.serdes.xml.IonToXml",
  aliases: ["io.kestra.plugin.serdes.xml.XmlWriter"],
  title: "Write an XML file",
  description:
    "Turns a file of Ion records into an XML file: an element `item` for each record, in one root element. Entries become elements, the elements of a list elements of the list's name.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The XML file") }),
  examples: [
    {
      title: "Records as XML",
      yaml: `id: write_xml
namespace: company.team
tasks:
  - id: orders
    type: io.kestra.plugin.core.storage.Write
    extension: .ion
    content: |
      {order: 1, lines: ["a", "b"]}
  - id: xml
    type: io.kestra.plugin.serdes.xml.IonToXml
    from: "{{ outputs.orders.uri }}"
    rootName: orders
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.xml.uri) }}"
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    if (!NAME.test(props.rootName))
      throw new TaskFailure(`\`rootName\` must be a name that XML allows, but is '${props.rootName.slice(0, 100)}'.`);
    const counter: Counter = { count: 0 };
    const head = `<?xml version="1.0" encoding="${props.charset}"?>\n<${props.rootName}>\n`;
    const texts = framed(head, itemsOf({ ...props, from }, counter, ctx), `</${props.rootName}>\n`);
    const uri = await ctx.files.store("records.xml", encodeTexts(texts, props.charset));
    ctx.metric({ name: "records", type: "counter", value: counter.count });
    return { outputs: { uri } };
  },
};

const NAME = /^[\p{L}_][\p{L}\p{N}._-]*$/u;

async function* itemsOf(props: Props, counter: Counter, ctx: EdgeContext): AsyncGenerator<string> {
  const { timeZoneId } = props;
  const formats = { dateFormat: "iso_local_date", dateTimeFormat: "iso_offset_date_time", timeZoneId };
  const dateText = timeZoneId === undefined ? ({ text }: Timestamp) => text : dateWriter(formats);
  for await (const rows of ionRows(ctx.files, { uri: props.from, timestamp: asTimestamp }, ctx.signal)) {
    let text = "";
    for (const { value } of rows) {
      counter.count += 1;
      text += `${new Element(counter.count, dateText).of("item", value)}\n`;
    }
    yield text;
  }
}

/** A record as text; `number` is its own, for messages. */
class Element {
  readonly #number: number;
  readonly #dateText: (timestamp: Timestamp) => string;

  constructor(number: number, dateText: (timestamp: Timestamp) => string) {
    this.#number = number;
    this.#dateText = dateText;
  }

  of(key: string, value: Value): string {
    if (Array.isArray(value)) return value.map((item: Value) => this.of(key, item)).join("");
    const name = nameOf(key);
    const inner = this.#inner(value);
    return inner === "" ? `<${name}/>` : `<${name}>${inner}</${name}>`;
  }

  #inner(value: Value): string {
    if (value === null) return "";
    if (isNumber(value)) return numberText(value);
    if (typeof value === "boolean") return String(value);
    if (isTimestamp(value)) return this.#dateText(value);
    const fields = fieldsOf(value);
    if (fields === undefined) return this.#escaped(String(value));
    return Object.entries(fields)
      .map(([key, item]) => this.of(key, item))
      .join("");
  }

  #escaped(text: string): string {
    const forbidden = FORBIDDEN.exec(text);
    if (forbidden !== null)
      throw new TaskFailure(
        `Record ${this.#number} has the character U+${forbidden[0].charCodeAt(0).toString(16).padStart(4, "0")}, which XML cannot hold.`,
      );
    return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** A key as the name of an element: what XML does not allow in one becomes `_`. */
function nameOf(key: string): string {
  const name = key.replaceAll(/[^\p{L}\p{N}._-]/gu, "_");
  return NAME.test(name) ? name : `_${name}`;
}
