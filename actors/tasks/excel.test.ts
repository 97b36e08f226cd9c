import { strToU8, zipSync } from "fflate";
import { beforeEach, describe, expect, test } from "vitest";
import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import type { JsonObject } from "#schema/json.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";
import { excelFormat } from "./xlsx-writer.ts";

let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
});
const FILE = "kestra:///file";
const run = async (name: string, properties: JsonObject) =>
  (await runTask(registry.task(`io.kestra.plugin.serdes.excel.${name}`)!, properties, ctx)).outputs ?? {};
const textOf = (uri: unknown) => decodeText(ctx.stored.get(String(uri))!);

/** A workbook as another program might write it: prefixes, shared and rich strings, gaps, formulas, the calendar of 1904. */
function foreign(sheet: string, more: Record<string, string> = {}): Uint8Array {
  const parts: Record<string, string> = {
    "xl/workbook.xml": `<x:workbook xmlns:x="m" xmlns:r="r"><x:sheets><x:sheet name="First" sheetId="1" r:id="a"/><x:sheet name="Second" sheetId="2" r:id="b"/></x:sheets></x:workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="b" Target="/xl/worksheets/two.xml"/><Relationship Id="a" Target="worksheets/one.xml"/></Relationships>`,
    "xl/sharedStrings.xml": `<sst><si><t>id</t></si><si><t xml:space="preserve"> at </t></si><si><r><t>ri</t></r><r><t>ch</t></r></si></sst>`,
    "xl/styles.xml": `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy\\-mm&quot;d&quot;"/><numFmt numFmtId="171" formatCode="0.0&quot;days&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="21"/></cellXfs></styleSheet>`,
    "xl/worksheets/one.xml": `<worksheet><sheetData>${sheet}</sheetData></worksheet>`,
    "xl/worksheets/two.xml": `<worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>a</t></is></c></row><row r="2"><c><v>1</v></c></row></sheetData></worksheet>`,
    ...more,
  };
  return zipSync(Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, strToU8(text)])));
}
const HEAD = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>`;
const read = async (sheet: string, properties: JsonObject = {}, more: Record<string, string> = {}) => {
  ctx.stored.set(FILE, foreign(sheet, more));
  const { uris, size } = await run("ExcelToIon", { from: FILE, sheetsTitle: ["First"], ...properties });
  return { text: textOf((uris as JsonObject).First), size };
};

describe("a workbook that is read", () => {
  const ROWS = `${HEAD}<row r="2"><c r="A2"><v>1.5</v></c><c r="B2" t="b"><v>1</v></c><c r="C2" s="1"><v>45292</v></c></row><row r="3"/><row r="4"><c r="A4" t="s"><v>2</v></c><c r="C4" s="2"><v>45292.5</v></c></row><row r="5"><c r="A5" s="3"><v>3</v></c><c r="C5" s="4"><v>0.75</v><f>A1+1</f></c></row>`;

  test("gives a record for each row, with the types of its cells", async () => {
    expect(await read(ROWS)).toEqual({
      text: [
        "{id:1.5e0,B:true,' at ':2024-01-01}",
        "{id:null,' at ':null}",
        "{id:\"rich\",' at ':2024-01-01T12:00:00.000Z}",
        "{id:3,' at ':\"18:00:00\"}",
        "",
      ].join("\n"),
      size: 4,
    });
  });

  test.each<[JsonObject, string]>([
    [{ skipEmptyRows: true }, "{id:\"rich\",' at ':2024-01-01T12:00:00.000Z}"],
    [{ header: false, skipRows: 1 }, "[]"],
    [{ valueRender: "FORMATTED_VALUE", skipEmptyRows: true }, '{id:"rich",\' at \':"2024-01-01T12:00:00.000Z"}'],
    [{ dateTimeRender: "SERIAL_NUMBER", skipEmptyRows: true }, "{id:\"rich\",' at ':45292.5e0}"],
    [{ dateTimeRender: "FORMATTED_STRING", skipEmptyRows: true }, '{id:"rich",\' at \':"2024-01-01T12:00:00.000Z"}'],
  ])("%o", async (properties, second) => {
    expect((await read(ROWS, properties)).text.split("\n")[1]).toBe(second);
  });

  test("shows formulas where they are asked for, and knows the calendar of 1904", async () => {
    expect((await read(ROWS, { valueRender: "FORMULA" })).text).toContain("' at ':\"=A1+1\"");
    const book = `<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="First" r:id="a"/></sheets></workbook>`;
    const { text } = await read(
      `${HEAD}<row><c s="1"><v>0</v></c></row><row><c s="1"><v>1</v></c></row>`,
      {},
      { "xl/workbook.xml": book },
    );
    expect(text).toContain("{id:1904-01-02,");
  });

  test("gives every sheet by its title", async () => {
    ctx.stored.set(FILE, foreign(HEAD));
    const { uris, size } = await run("ExcelToIon", { from: FILE });
    expect([Object.keys(uris as JsonObject), size, textOf((uris as JsonObject).Second)]).toEqual([
      ["First", "Second"],
      1,
      "{a:1}\n",
    ]);
  });

  test("is refused when it is none, or a sheet is not there", async () => {
    ctx.stored.set(FILE, encodeUtf8("a,b\n"));
    await expect(run("ExcelToIon", { from: FILE })).rejects.toThrow("no Excel workbook (.xlsx)");
    ctx.stored.set(FILE, zipSync({ "a.txt": strToU8("a") }));
    await expect(run("ExcelToIon", { from: FILE })).rejects.toThrow("no Excel workbook (.xlsx)");
    ctx.stored.set(FILE, new Uint8Array([0xd0, 0xcf, 0x11, 0xe0]));
    await expect(run("ExcelToIon", { from: FILE })).rejects.toThrow("of the old form (.xls)");
    await expect(read(HEAD, { sheetsTitle: ["Third"] })).rejects.toThrow("no sheet 'Third'; it has 'First', 'Second'");
    await expect(read("<row")).rejects.toThrow("no XML");
  });
});

describe("a workbook that is written", () => {
  const given = (text: string, uri = FILE) => {
    ctx.stored.set(uri, encodeUtf8(text));
    return uri;
  };

  test("is read again as it was", async () => {
    const text = `{s:" <a> & 'b'\\n",n:1.5e0,i:-3,t:true,d:2024-02-29,at:2024-02-29T13:14:15.000Z,no:null,l:"x"}\n{s:"",n:0,i:9007199254740993,t:false,d:null,at:null,no:null,l:"[1,2]"}\n`;
    const { uri, size } = await run("IonToExcel", { from: given(text.replace('"[1,2]"', "[1,2]")) });
    expect(size).toBe(2);
    const { uris } = await run("ExcelToIon", { from: String(uri) });
    expect(textOf((uris as JsonObject).Sheet)).toBe(text.replace("9007199254740993", '"9007199254740993"'));
  });

  test("has a sheet for each file, and may have no names", async () => {
    const from = { One: given("{a:1}", "kestra:///1"), "Two & more": given('["x"]\n["y"]', "kestra:///2") };
    const { uri } = await run("IonToExcel", { from, header: false });
    const { uris } = await run("ExcelToIon", { from: String(uri), header: false });
    expect(Object.entries(uris as JsonObject).map(([title, one]) => [title, textOf(one)])).toEqual([
      ["One", "[1]\n"],
      ["Two & more", '["x"]\n["y"]\n'],
    ]);
  });

  test("has date formats of Excel", () => {
    expect(excelFormat("yyyy-MM-dd'T'HH:mm:ss.SSS[XXX]")).toBe("yyyy-mm-dd\\Thh:mm:ss.000");
    expect(excelFormat("dd/MM/uuuu")).toBe("dd/mm/yyyy");
  });

  test.each<[string, JsonObject, string]>([
    ["{a:1}", { sheetsTitle: "a/b" }, "'a/b' is no title of a sheet"],
    ["{a:1}", { sheetsTitle: "x".repeat(32) }, "is no title of a sheet"],
    ["{a:1}", { from: { A: "b" } }, "`from.A` must be the URI"],
    ["{a:1}", { from: [] }, "`from` must be the URI of a file, or a map"],
    ["7", {}, "Record 1 is neither a map nor a list"],
    [`{a:"${"x".repeat(40_000)}"}`, {}, "Cell A2 would have 40000 characters"],
  ])("refuses %s with %o", async (text, properties, message) => {
    await expect(run("IonToExcel", { from: given(text), ...properties })).rejects.toThrow(message);
  });
});
