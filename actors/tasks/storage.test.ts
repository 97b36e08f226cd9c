import { beforeEach, describe, expect, test } from "vitest";
import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
});

const FILE = "kestra:///company/team/orders.csv";
const given = (text: string, uri = FILE) => {
  ctx.stored.set(uri, encodeUtf8(text));
  return uri;
};
const textOf = (uri: Json | undefined) => decodeText(ctx.stored.get(String(uri)) ?? encodeUtf8("(none)"));

async function run(name: string, properties: JsonObject): Promise<JsonObject> {
  const { outputs = {} } = await runTask(registry.task(`io.kestra.plugin.core.storage.${name}`)!, properties, ctx);
  return outputs;
}

describe.each(["Size", "Delete", "Concat", "Split", "Reverse", "FilterItems", "DeduplicateItems"])("%s", (name) => {
  const property = { Size: "uri", Delete: "uri", Concat: "files" }[name] ?? "from";
  const more: JsonObject =
    {
      Split: { rows: 1 },
      FilterItems: { filterCondition: "{{ true }}" },
      DeduplicateItems: { expr: "{{ a }}" },
    }[name] ?? {};

  test("wants a file of the internal storage, and says which property names none", async () => {
    await expect(run(name, { ...more, [property]: "orders.csv" })).rejects.toThrow(`\`${property}\` must be the URI`);
  });

  test("says so when there is no such file", async () => {
    const wanted: JsonObject = name === "Delete" ? { errorOnMissing: true } : {};
    await expect(run(name, { ...more, ...wanted, [property]: FILE })).rejects.toThrow(FILE);
  });
});

test("Size tells the bytes, not the characters", async () => {
  expect(await run("Size", { uri: given("añb") })).toEqual({ size: 4 });
  expect(ctx.metrics).toEqual([{ name: "size", type: "counter", value: 4 }]);
});

test("Write keeps a text under an ending", async () => {
  expect(await run("Write", { content: "{{ 1 + 1 }}", extension: "json" })).toEqual({
    uri: "kestra:///task/content.json",
  });
  expect(textOf("kestra:///task/content.json")).toBe("2");
  for (const extension of ["../a", "a b", ".."]) {
    await expect(run("Write", { content: "", extension })).rejects.toThrow("`extension` must be an ending");
  }
});

test("Delete tells whether there was a file, and fails when one is wanted", async () => {
  const uri = given("a");
  expect(await run("Delete", { uri })).toEqual({ uri, deleted: true });
  expect(await run("Delete", { uri })).toEqual({ uri, deleted: false });
  await expect(run("Delete", { uri, errorOnMissing: true })).rejects.toThrow("There is no file");
});

test("PurgeCurrentExecutionFiles deletes every file and names it", async () => {
  given("a", "kestra:///a");
  given("b", "kestra:///folder/b");
  expect(await run("PurgeCurrentExecutionFiles", {})).toEqual({ uris: ["kestra:///a", "kestra:///folder/b"] });
  expect(ctx.stored.size).toBe(0);
});

describe("Concat", () => {
  const two = () => [given("a\n", "kestra:///a"), given("b", "kestra:///b")];
  test.each<[JsonObject, string]>([
    [{}, "a\nb"],
    [{ separator: "--" }, "a\n--b"],
    [{ separator: "" }, "a\nb"],
  ])("joins with %o", async (more, expected) => {
    const { uri } = await run("Concat", { files: two(), ...more });
    expect(uri).toBe("kestra:///task/concat.tmp");
    expect(textOf(uri)).toBe(expected);
  });

  test("takes one URI, and a list as JSON text", async () => {
    const files = two();
    expect(textOf((await run("Concat", { files: files[0]! })).uri)).toBe("a\n");
    expect(textOf((await run("Concat", { files: JSON.stringify(files) })).uri)).toBe("a\nb");
    expect((await run("Concat", { files, extension: ".csv" })).uri).toBe("kestra:///task/concat.csv");
  });

  test("refuses what is no list, and an empty one", async () => {
    await expect(run("Concat", { files: '["kestra:///a"' })).rejects.toThrow("no JSON list");
    await expect(run("Concat", { files: [] })).rejects.toThrow("at least one");
  });
});

describe("Split", () => {
  const split = async (how: JsonObject, text = "1\n2\n3\n4\n5\n") => {
    const { uris } = await run("Split", { from: given(text), ...how });
    return (uris as string[]).map(textOf);
  };
  test.each<[string, JsonObject, string[]]>([
    ["by lines", { rows: 2 }, ["1\n2\n", "3\n4\n", "5\n"]],
    ["in turn", { partitions: 2 }, ["1\n3\n5\n", "2\n4\n"]],
    ["by size", { bytes: "4B" }, ["1\n2\n", "3\n4\n", "5\n"]],
    ["by size first of all", { bytes: "4B", rows: 1, partitions: 1 }, ["1\n2\n", "3\n4\n", "5\n"]],
    ["with another end of lines", { rows: 5, separator: "," }, ["1,2,3,4,5,"]],
  ])("%s", async (_, how, expected) => {
    expect(await split(how)).toEqual(expected);
  });

  test("names files by their number, with the ending of the file", async () => {
    expect((await run("Split", { from: given("a\nb"), rows: 1 })).uris).toEqual([
      "kestra:///task/split-0.csv",
      "kestra:///task/split-1.csv",
    ]);
    expect((await run("Split", { from: given(""), rows: 1 })).uris).toEqual([]);
  });

  test("wants to know how", async () => {
    await expect(split({})).rejects.toThrow("set `bytes`, `partitions` or `rows`");
    for (const bytes of ["ten", "0", "-1", "1.5MB"])
      await expect(split({ bytes })).rejects.toThrow("must be a size such as 10MB");
  });
});

describe("Reverse", () => {
  const reversed = async (text: string, more: JsonObject = {}) =>
    textOf((await run("Reverse", { from: given(text), ...more })).uri);

  test.each([
    ["a\nb\nc\n", "c\nb\na\n"],
    ["a\nb\nc", "c\nb\na\n"],
    ["a\n\nc\n", "c\n\na\n"],
    ["\n", "\n"],
    ["", ""],
    ["ä\nö", "ö\nä\n"],
  ])("turns %j into %j", async (text, expected) => {
    expect(await reversed(text)).toBe(expected);
  });

  test("knows separators of several characters, in other charsets too", async () => {
    expect(await reversed("a--b--c-", { separator: "--" })).toBe("c---b--a--");
    ctx.stored.set(FILE, new Uint8Array([97, 0, 10, 0, 98, 0]));
    const { uri } = await run("Reverse", { from: FILE, charset: "UTF-16LE" });
    expect([...ctx.stored.get(String(uri))!]).toEqual([98, 0, 10, 0, 97, 0, 10, 0]);
  });

  test("gives the same for a file of many blocks", async () => {
    const lines = Array.from({ length: 300_000 }, (_, index) => `line ${index}`);
    ctx.chunkBytes = 65_536;
    expect(await reversed(`${lines.join("\n")}\n`)).toBe(`${lines.reverse().join("\n")}\n`);
  });

  test("refuses a separator of nothing, and an unknown charset", async () => {
    await expect(reversed("a", { separator: "" })).rejects.toThrow("`separator` is empty");
    await expect(reversed("a", { charset: "latin-99" })).rejects.toThrow("There is no charset 'latin-99'");
    await expect(reversed("a", { charset: "shift_jis" })).rejects.toThrow("can be read but not written");
  });
});

describe("FilterItems", () => {
  const ROWS = `{a:1,t:2024-01-01T00:00:00Z}\n{a:2,note:'''long\n text'''}\n{a:3.50}\n`;
  const filter = (filterCondition: string, more: JsonObject = {}, text = ROWS) =>
    run("FilterItems", { from: given(text), filterCondition, ...more });

  test("keeps records that match, as they are written", async () => {
    const { uri, ...counts } = await filter("{{ a != 2 }}");
    expect(textOf(uri)).toBe("{a:1,t:2024-01-01T00:00:00Z}\n{a:3.50}\n");
    expect(counts).toEqual({ processedItemsTotal: 3, droppedItemsTotal: 1 });
    expect(textOf((await filter("{{ a != 2 }}", { filterType: "EXCLUDE" })).uri)).toBe(
      "{a:2,note:'''long\n text'''}\n",
    );
  });

  test("reads JSON lines too", async () => {
    const { uri } = await filter("{{ name == 'b' }}", {}, '{"name":"a"}\n{"name":"b"}');
    expect(textOf(uri)).toBe('{"name":"b"}\n');
  });

  test.each([
    ["{{ '0' }}", 3],
    ["{{ 'false' }}", 3],
    ["{{ '' }}", 3],
    ["{{ 'no' }}", 0],
    ["{{ 0.0 }}", 0],
  ])("%s drops %i", async (condition, dropped) => {
    expect((await filter(condition)).droppedItemsTotal).toBe(dropped);
  });

  test("says which record a condition fails for, unless such records are kept or left out", async () => {
    const text = "{a:1}\n{b:1}\n{a:null}\n";
    await expect(filter("{{ a == 1 }}", {}, text)).rejects.toThrow("says nothing of record 2: ");
    await expect(filter("{{ a }}", {}, "{a:null}")).rejects.toThrow("record 1: it gives nothing");
    expect((await filter("{{ a }}", { errorOrNullBehavior: "INCLUDE" }, text)).droppedItemsTotal).toBe(0);
    expect((await filter("{{ a }}", { errorOrNullBehavior: "EXCLUDE" }, text)).droppedItemsTotal).toBe(2);
  });

  test("refuses functions that ask the server, and records without fields", async () => {
    await expect(filter("{{ kv('x') == a }}")).rejects.toThrow("asks the server by `kv()`");
    await expect(filter("{{ a }}", {}, "{a:1}\n12\n")).rejects.toThrow("Record 2 is no map");
  });

  test.each([
    ["{a:1}\n{a:", 2],
    ["{a:1}\n\n{a 2}\n", 3],
    ['{a:"x}\n', 1],
    ["{a:1}\n[1,2", 2],
  ])("names the line of what is no Ion: %j", async (text, line) => {
    await expect(filter("{{ true }}", {}, text)).rejects.toThrow(`in line ${line}, `);
  });

  test("refuses binary Ion by name", async () => {
    ctx.stored.set(FILE, new Uint8Array([0xe0, 1, 0, 0xea, 0x21]));
    await expect(run("FilterItems", { from: FILE, filterCondition: "{{ true }}" })).rejects.toThrow("binary Ion");
  });

  test("stops when the task is stopped", async () => {
    ctx.signal.aborted = true;
    await expect(filter("{{ true }}")).rejects.toThrow("stopped");
  });
});

describe("DeduplicateItems", () => {
  const dedup = (expr: string, text: string) => run("DeduplicateItems", { from: given(text), expr });

  test("keeps the last record of each key, in the order of the file", async () => {
    const { uri, ...counts } = await dedup("{{ k }}", "{k:1,v:1}\n{k:2,v:2}\n{k:1,v:3}\n{k:3}\n{k:2,v:5}\n");
    expect(textOf(uri)).toBe("{k:1,v:3}\n{k:3}\n{k:2,v:5}\n");
    expect(counts).toEqual({ numKeys: 3, processedItemsTotal: 5, droppedItemsTotal: 2 });
  });

  test("fails for a record that has no key", async () => {
    await expect(dedup("{{ k }}", "{k:1}\n{v:1}\n")).rejects.toThrow("`expr` fails for record 2");
  });

  test("makes an empty file of an empty file", async () => {
    expect(await dedup("{{ k }}", "")).toMatchObject({ numKeys: 0, processedItemsTotal: 0 });
  });
});
