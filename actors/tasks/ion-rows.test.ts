import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ionText } from "#expr/index.ts";
import { encodeUtf8 } from "#schema/bytes.ts";
import { ionRows } from "./ion-rows.ts";
import { MemoryContext } from "./memory-context.ts";

async function read(text: string, chunkBytes = 7) {
  const ctx = new MemoryContext();
  ctx.chunkBytes = chunkBytes;
  ctx.stored.set("kestra:///a.ion", encodeUtf8(text));
  const rows: { value: unknown; text: string }[] = [];
  for await (const group of ionRows(ctx.files, { uri: "kestra:///a.ion" })) rows.push(...group);
  return rows;
}

describe("a file of Ion records", () => {
  test("[I1] may have records of several lines, comments, and a mark of the version", async () => {
    const text = `$ion_1_0\n// a comment\n{a: [1,\n  2]}  'b'::{b: "x\\ny"}\n/* and\nanother */ {c:2024-01-01}`;
    const rows = await read(text);
    expect(rows.map(({ value }) => value)).toEqual([{ a: [1, 2] }, { b: "x\ny" }, { c: "2024-01-01" }]);
    expect(rows.map(({ text: written }) => written)).toEqual(["{a: [1,\n  2]}", `'b'::{b: "x\\ny"}`, "{c:2024-01-01}"]);
  });

  test("[I1] gives back what was written, whatever the chunks", async () => {
    const scalar = fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean(), fc.constant(null));
    const record = fc.dictionary(fc.string({ unit: "grapheme" }), fc.oneof(scalar, fc.array(scalar)), { maxKeys: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(record), fc.integer({ min: 1, max: 50 }), async (records, chunkBytes) => {
        const text = records.map((value) => `${ionText(value)}\n`).join("");
        const rows = await read(text, chunkBytes);
        expect(rows.map(({ value }) => ({ ...(value as object) }))).toEqual(records.map((one) => ({ ...one })));
        expect(rows.map((row) => `${row.text}\n`).join("")).toBe(text);
      }),
    );
  });

  test("[I2] names the line of what is wrong, far into the file too", async () => {
    const good = Array.from({ length: 5_000 }, (_, index) => `{n:${index}}\n`).join("");
    await expect(read(`${good}{n:1 m:2}\n${good}`, 1000)).rejects.toThrow("in line 5001, ");
  });
});
