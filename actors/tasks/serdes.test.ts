import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { ionText, parseIonPiece } from "#expr/index.ts";
import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
});
const FILE = "kestra:///file";

/** What the conversion makes of a file with this text. */
async function convert(name: string, text: string | Uint8Array, properties: JsonObject = {}): Promise<string> {
  ctx.stored.set(FILE, typeof text === "string" ? encodeUtf8(text) : text);
  const task = registry.task(`io.kestra.plugin.serdes.${name}`)!;
  const { outputs } = await runTask(task, { from: FILE, ...properties }, ctx);
  return decodeText(ctx.stored.get(String(outputs?.uri))!);
}
const records = (ion: string) => parseIonPiece(ion, { isLast: true }).items.map(({ value }) => plain(value as Json));
/** Without what a map of expressions is made of. */
const plain = (value: Json): Json => JSON.parse(JSON.stringify(value));
const ionOf = (values: readonly Json[]) => values.map((value) => `${ionText(value)}\n`).join("");

test.each(registry.tasks.filter(({ type }) => type.includes(".serdes.")).map((task) => [task.type, task] as const))(
  "%s wants a file of the internal storage",
  async (type, task) => {
    const more: JsonObject = type.endsWith("IonToParquet")
      ? { schema: '{"type":"record","name":"r","fields":[]}' }
      : {};
    await expect(runTask(task, { from: "a.csv", ...more }, ctx)).rejects.toThrow("`from` must be the URI");
    await expect(runTask(task, { from: "kestra:///none", ...more }, ctx)).rejects.toThrow("kestra:///none");
  },
);

describe("CSV to Ion", () => {
  const read = async (text: string | Uint8Array, properties: JsonObject = {}) =>
    records(await convert("csv.CsvToIon", text, properties));

  test.each<[string, string, JsonObject, Json[]]>([
    [
      "names of the first row",
      "a,b\n1,x\n2,y",
      {},
      [
        { a: "1", b: "x" },
        { a: "2", b: "y" },
      ],
    ],
    [
      "no names",
      "a,b\n1,x\n",
      { header: false },
      [
        ["a", "b"],
        ["1", "x"],
      ],
    ],
    ["quotes", 'a,b\n"x,""y""\nz",""\n', {}, [{ a: 'x,"y"\nz', b: "" }]],
    [
      "line breaks of Windows",
      'a,b\r\n1,"x"\r\n"2",y\r\n',
      {},
      [
        { a: "1", b: "x" },
        { a: "2", b: "y" },
      ],
    ],
    ["other characters", "a;b\n'x;y';z\n", { fieldSeparator: ";", textDelimiter: "'" }, [{ a: "x;y", b: "z" }]],
    ["a tab", "a\tb\n1\t\n", { fieldSeparator: "\t" }, [{ a: "1", b: "" }]],
    ["rows to leave out", "junk\nmore junk\na\n1\n", { skipRows: 2 }, [{ a: "1" }]],
    ["empty rows", "a,b\n\n1,2\n\n", {}, [{ a: "" }, { a: "1", b: "2" }, { a: "" }]],
    ["empty rows left out", "a,b\n\n1,2\n\n", { skipEmptyRows: true }, [{ a: "1", b: "2" }]],
    ["rows of another length", "a,b\n1\n1,2,3\n", {}, [{ a: "1" }, { a: "1", b: "2" }]],
    ["names alone", "a,b\n", {}, []],
    ["nothing", "", {}, []],
    ["a mark of the byte order", "\uFEFFa\n1\n", {}, [{ a: "1" }]],
    [
      "names that mean something elsewhere",
      "__proto__,constructor\n1,2\n",
      {},
      [JSON.parse('{"__proto__":"1","constructor":"2"}')],
    ],
  ])("%s", async (_, text, properties, expected) => {
    expect(await read(text, properties)).toEqual(expected);
  });

  test("reads another charset", async () => {
    expect(await read(new Uint8Array([97, 10, 0xe4]), { charset: "ISO-8859-1" })).toEqual([{ a: "ä" }]);
  });

  test.each<[string, string, JsonObject, string]>([
    ["a quote that is not closed", 'a\n"1\n2\n', {}, "in line 2, a quote is opened and never closed"],
    ["text behind a quote", 'a\n1\n"x"y\n', {}, 'in line 3, there is "y" behind a closing quote'],
    ["a line behind a cell of several lines", 'a\n"1\n2"\n"x"y\n', {}, "in line 4, "],
    [
      "another number of cells",
      "a,b\n1,2\n1\n",
      { errorOnDifferentFieldCount: true },
      "The row in line 3 has 1 cells, and the first one has 2",
    ],
    ["a separator of two characters", "a", { fieldSeparator: "||" }, "`fieldSeparator` must be one character"],
    ["one character for both", "a", { fieldSeparator: '"' }, "two different characters"],
    ["an unknown charset", "a", { charset: "latin-99" }, "There is no charset 'latin-99'"],
  ])("refuses %s", async (_, text, properties, message) => {
    await expect(read(text, properties)).rejects.toThrow(message);
  });

  test("says how many records there are", async () => {
    await read("a\n1\n2\n");
    expect(ctx.metrics).toEqual([{ name: "records", type: "counter", value: 2 }]);
  });
});

describe("Ion to CSV", () => {
  const ROWS = '{a:1,b:"x,y",c:true}\n{a:2.50,b:null,d:1}\n';
  test.each<[string, string, JsonObject, string]>([
    ["the first record's columns", ROWS, {}, 'a,b,c\n1,"x,y",true\n2.50,,\n'],
    ["no names", ROWS, { header: false }, '1,"x,y",true\n2.50,,\n'],
    ["other characters", ROWS, { fieldSeparator: ";", lineDelimiter: "\r\n" }, "a;b;c\r\n1;x,y;true\r\n2.50;;\r\n"],
    ["quotes round each text", '{a:"x",b:1}', { alwaysDelimitText: true, textDelimiter: "'" }, "'a','b'\n'x',1\n"],
    ["lists and maps as JSON", '{a:[1,{b:"c"}]}', {}, 'a\n"[1,{""b"":""c""}]"\n'],
    ["lists as rows", '["a",1]\n["b\nc",2]\n', {}, 'a,1\n"b\nc",2\n'],
    ["nothing", "", {}, ""],
  ])("%s", async (_, text, properties, expected) => {
    expect(await convert("csv.IonToCsv", text, properties)).toBe(expected);
  });

  test("writes dates by their patterns, in the zone", async () => {
    const text = '{d:2024-02-03,t:2024-02-03T23:30:00Z,s:"2024-02-03"}\n';
    const properties = {
      header: false,
      dateFormat: "dd/MM/yyyy",
      dateTimeFormat: "yyyy-MM-dd HH:mm",
      timeZoneId: "Europe/Paris",
    };
    expect(await convert("csv.IonToCsv", text, properties)).toBe("03/02/2024,2024-02-04 00:30,2024-02-03\n");
    expect(await convert("csv.IonToCsv", text, { header: false })).toBe(
      "2024-02-03,2024-02-03T23:30:00.000Z,2024-02-03\n",
    );
    await expect(convert("csv.IonToCsv", text, { timeZoneId: "Mars" })).rejects.toThrow("cannot be written");
  });

  test("warns once of what has no column", async () => {
    await convert("csv.IonToCsv", "{a:1}\n{b:1}\n{c:1}\n");
    expect(ctx.lines).toEqual([["WARN", "Record 2 has 'b', which the first has not: it is left out."]]);
  });

  test.each<[string, JsonObject, string]>([
    ["12", {}, "Record 1 is neither a map nor a list"],
    ["{a:1}\n{a", {}, "in line 2, "],
    ['{a:"€"}', { charset: "ISO-8859-1" }, "The character '€' is not in ISO-8859-1"],
  ])("refuses %j", async (text, properties, message) => {
    await expect(convert("csv.IonToCsv", text, properties)).rejects.toThrow(message);
  });

  test("what was written is read again, whatever is in it and in whatever chunks", async () => {
    const cell = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom(",", '"', "\n", "\r\n", '""', ";", " "));
    const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
      fc.record({
        names: fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: width, maxLength: width }),
        rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1 }),
        alwaysDelimitText: fc.boolean(),
        chunkBytes: fc.integer({ min: 1, max: 40 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(table, async ({ names, rows, alwaysDelimitText, chunkBytes }) => {
        const given = rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? ""])));
        ctx.chunkBytes = chunkBytes;
        const csv = await convert("csv.IonToCsv", ionOf(given), { alwaysDelimitText });
        expect(records(await convert("csv.CsvToIon", csv))).toEqual(given.map(plain));
      }),
    );
  });
});

describe("JSON", () => {
  test.each<[string, string, JsonObject, Json[]]>([
    ["lines", '{"a":1}\n\n[2]\r\n"x"', {}, [{ a: 1 }, [2], "x"]],
    ["a list", ' [ {"a": [1, 2]}, "],", 3 ]\n', { newLine: false }, [{ a: [1, 2] }, "],", 3]],
    ["an empty list", "[ ]", { newLine: false }, []],
    ["another document", '{\n"a": 1\n}', { newLine: false }, [{ a: 1 }]],
    ["nothing", "", { newLine: false }, []],
    ["texts with marks in them", '["a\\"],[{", "\\\\"]', { newLine: false }, ['a"],[{', "\\"]],
  ])("is read as %s", async (_, text, properties, expected) => {
    for (const chunkBytes of [1, 3, 1000]) {
      ctx.chunkBytes = chunkBytes;
      expect(records(await convert("json.JsonToIon", text, properties))).toEqual(expected);
    }
  });

  test("keeps every digit of an integer, and what is no integer apart", async () => {
    expect(await convert("json.JsonToIon", '{"id":12345678901234567890,"x":1.5,"y":2e3}')).toBe(
      "{id:12345678901234567890,x:1.5e0,y:2000}\n".replace("12345678901234567890", "12345678901234567890"),
    );
  });

  test.each<[string, JsonObject, string]>([
    ['{"a":1}\n{"a":}\n', {}, "in line 2, "],
    ['{\n"a": 1}', {}, "`newLine: false`"],
    ["[1, 2", { newLine: false }, "its list is not closed"],
    ["[1] [2]", { newLine: false }, "more behind its list"],
    ["[1,, 2]", { newLine: false }, "in element 2, "],
    ["{", { newLine: false }, "in element 1, "],
  ])("refuses %j", async (text, properties, message) => {
    await expect(convert("json.JsonToIon", text, properties)).rejects.toThrow(message);
  });

  test("is written as lines or as a list, with nulls, and dates as text", async () => {
    const text = "{a:null,d:2024-01-01T00:00:00Z}\n{n:nan,i:12345678901234567}\n";
    expect(await convert("json.IonToJson", text)).toBe(
      '{"a":null,"d":"2024-01-01T00:00:00Z"}\n{"n":null,"i":12345678901234567}\n',
    );
    expect(await convert("json.IonToJson", "{a:1}\n{a:2}", { newLine: false })).toBe('[{"a":1},{"a":2}]');
    expect(await convert("json.IonToJson", "", { newLine: false })).toBe("[]");
    expect(await convert("json.IonToJson", "{d:2024-01-01T00:00:00Z}", { timeZoneId: "Asia/Tokyo" })).toBe(
      '{"d":"2024-01-01T09:00:00+09:00"}\n',
    );
  });

  test.each([true, false])("that was written is read again (newLine: %s)", async (newLine) => {
    const value = fc.jsonValue({ maxDepth: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(value), fc.integer({ min: 1, max: 40 }), async (values, chunkBytes) => {
        ctx.chunkBytes = chunkBytes;
        const json = values.map((one) => `${JSON.stringify(one)}${newLine ? "\n" : ""}`).join(newLine ? "" : ",");
        const ion = await convert("json.JsonToIon", newLine ? json : `[${json}]`, { newLine });
        const back = await convert("json.IonToJson", ion, { newLine: false });
        expect(JSON.parse(back)).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });
});

describe("YAML", () => {
  test.each<[string, Json[]]>([
    ["- a: 1\n- [x]\n", [{ a: 1 }, ["x"]]],
    ["a: 1\n---\nb: 2\n--- c\n...\n", [{ a: 1 }, { b: 2 }, "c"]],
    ["a: |\n  x\n  y\n", [{ a: "x\ny\n" }]],
    ["", []],
  ])("%j is read as %o", async (text, expected) => {
    expect(records(await convert("yaml.YamlToIon", text))).toEqual(expected);
  });

  test("names the document that is wrong", async () => {
    await expect(convert("yaml.YamlToIon", "a: 1\n---\nb: [\n")).rejects.toThrow("begins in line 2, ");
  });

  test("that was written is read again", async () => {
    const record = fc.dictionary(
      fc.string({ unit: "grapheme", minLength: 1 }),
      fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean(), fc.constant(null)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(record), async (values) => {
        const yaml = await convert("yaml.IonToYaml", ionOf(values.map(plain)));
        expect(records(await convert("yaml.YamlToIon", yaml))).toEqual(values.map(plain));
      }),
    );
  });
});

describe("XML", () => {
  const SHOP = `<?xml version="1.0"?>
<shop name="a"><!-- none --><item id="1">first</item><item id="2"><price>2.50</price><![CDATA[<b>]]></item><empty/></shop>`;
  test.each<[string, JsonObject, Json[]]>([
    [
      "the whole document",
      {},
      [
        {
          shop: {
            name: "a",
            item: [
              { id: "1", content: "first" },
              { id: "2", price: "2.50", content: "<b>" },
            ],
            empty: "",
          },
        },
      ],
    ],
    [
      "the elements of a path",
      { query: "/shop/item" },
      [
        { id: "1", content: "first" },
        { id: "2", price: "2.50", content: "<b>" },
      ],
    ],
    ["any name", { query: "shop/*/price" }, ["2.50"]],
    [
      "a list of one",
      { query: "/shop/item", parserConfiguration: { forceList: ["price"] } },
      [
        { id: "1", content: "first" },
        { id: "2", price: ["2.50"], content: "<b>" },
      ],
    ],
    ["what is not there", { query: "/shop/other" }, []],
  ])("is read as %s", async (_, properties, expected) => {
    for (const chunkBytes of [1, 7, 1000]) {
      ctx.chunkBytes = chunkBytes;
      expect(records(await convert("xml.XmlToIon", SHOP, properties))).toEqual(expected);
    }
  });

  test.each<[string, JsonObject, string]>([
    ["<a>\n<b></a>", {}, "in line 2, "],
    ["<a>", {}, "The file is no XML"],
    ["a", {}, "The file is no XML"],
    ["<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", {}, "The file is no XML"],
    ["<a/>", { query: "//a[@b]" }, "`query` must be names of elements"],
  ])("refuses %j", async (text, properties, message) => {
    await expect(convert("xml.XmlToIon", text, properties)).rejects.toThrow(message);
  });

  test("is written with names that XML allows, and its characters escaped", async () => {
    const text = '{"1 a":"<&>",l:[1,2],m:{d:2024-01-01},n:null}\n';
    expect(await convert("xml.IonToXml", text, { rootName: "all" })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<all>\n<item><_1_a>&lt;&amp;&gt;</_1_a><l>1</l><l>2</l><m><d>2024-01-01</d></m><n/></item>\n</all>\n',
    );
    await expect(convert("xml.IonToXml", '{a:"\\x01"}')).rejects.toThrow("Record 1 has the character U+0001");
    await expect(convert("xml.IonToXml", "{a:1}", { rootName: "1<" })).rejects.toThrow("`rootName` must be a name");
  });
});
