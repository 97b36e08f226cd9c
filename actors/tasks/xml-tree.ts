import type { SaxesParser } from "saxes";
import { TaskFailure } from "./define.ts";

// XML as maps. An element with text alone is its text, an empty one an empty text, any other a map of its attributes and elements, with
// its text as `content`. Elements of one name are a list where there are several.

export type XmlValue = string | XmlMap | XmlValue[];
export type XmlMap = { [name: string]: XmlValue };

type Open = { name: string; map: XmlMap; text: string };

/** Most that one record may hold, in characters. */
const MAX_RECORD_CHARACTERS = 16 * 1024 * 1024;
const MAX_DEPTH = 256;

export type XmlReading = {
  /** Names of elements from the root on; each element there is a record. Empty: the whole document is one. */
  path: readonly string[];
  /** Elements that are a list even where there is one. */
  lists: ReadonlySet<string>;
  /** Texts keep the space around them, and names lose their prefix. */
  isVerbatim?: boolean;
};

/** Records of an XML document from text in pieces. */
export class XmlRecords {
  readonly #parser: SaxesParser;
  readonly #reading: XmlReading;
  readonly #path: string[] = [];
  #open: Open[] = [];
  #found: XmlValue[] = [];
  #characters = 0;

  constructor(Parser: new () => SaxesParser, reading: XmlReading) {
    this.#reading = reading;
    this.#parser = new Parser();
    this.#parser.on("error", (error) => {
      const reason = error.message.replace(/^\d+:\d+: /, "");
      throw new TaskFailure(`The file is no XML: in line ${this.#parser.line}, ${reason}`);
    });
    const nameOf = (name: string) => (reading.isVerbatim ? name.slice(name.indexOf(":") + 1) : name);
    this.#parser.on("opentag", ({ name, attributes }) =>
      this.#begin(nameOf(name), attributes as Record<string, string>),
    );
    this.#parser.on("closetag", ({ name }) => this.#end(nameOf(name)));
    const addText = (text: string) => this.#text(text);
    this.#parser.on("text", addText);
    this.#parser.on("cdata", addText);
  }

  add(text: string): XmlValue[] {
    this.#parser.write(text);
    return this.#taken();
  }

  end(): XmlValue[] {
    this.#parser.close();
    return this.#taken();
  }

  #taken(): XmlValue[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  #begin(name: string, attributes: Record<string, string>): void {
    this.#path.push(name);
    if (this.#path.length > MAX_DEPTH)
      throw new TaskFailure(`Elements stand in one another more than ${MAX_DEPTH} deep.`);
    if (this.#open.length === 0 && !this.#isRecord()) return;
    const map: XmlMap = Object.create(null);
    for (const [key, value] of Object.entries(attributes)) this.#put(map, key, value);
    this.#open.push({ name, map, text: "" });
  }

  #isRecord(): boolean {
    const { path } = this.#reading;
    if (path.length === 0) return this.#path.length === 1;
    return path.length === this.#path.length && path.every((name, index) => name === "*" || name === this.#path[index]);
  }

  #text(text: string): void {
    const element = this.#open.at(-1);
    if (element === undefined) return;
    element.text += text;
    this.#characters += text.length;
    if (this.#characters > MAX_RECORD_CHARACTERS)
      throw new TaskFailure(
        `A record has more than ${MAX_RECORD_CHARACTERS} characters: name the elements that are records in \`query\`, such as /items/item.`,
      );
  }

  #end(name: string): void {
    this.#path.pop();
    const element = this.#open.pop();
    if (element === undefined) return;
    const value = contentOf(element, this.#reading.isVerbatim ?? false);
    const parent = this.#open.at(-1);
    if (parent !== undefined) return this.#put(parent.map, name, value);
    // The document as a whole keeps the name of its root.
    if (this.#reading.path.length > 0) this.#found.push(value);
    else {
      const root: XmlMap = Object.create(null);
      root[name] = value;
      this.#found.push(root);
    }
    this.#characters = 0;
  }

  #put(map: XmlMap, name: string, value: XmlValue): void {
    const there = map[name];
    if (there === undefined) map[name] = this.#reading.lists.has(name) ? [value] : value;
    else if (Array.isArray(there)) there.push(value);
    else map[name] = [there, value];
  }
}

function contentOf({ map, text }: Open, isVerbatim: boolean): XmlValue {
  const content = isVerbatim ? text : text.trim();
  if (Object.keys(map).length === 0) return content;
  if (content !== "") map.content = content;
  return map;
}
