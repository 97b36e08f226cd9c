import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "#schema/bytes.ts";
import { decodeChunks, encoderOf, encodeTexts, wholeLines, wholeText } from "./text-chunks.ts";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
async function* of<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

describe("text in pieces", () => {
  test("keeps characters whole that are in two chunks, and leaves the mark of the byte order out", async () => {
    const bytes = encodeUtf8("\uFEFFäö𝒳");
    const chunks = [...bytes].map((byte) => new Uint8Array([byte]));
    expect((await all(decodeChunks(of(...chunks)))).join("")).toBe("äö𝒳");
  });

  test("knows other charsets, and says when there is none of a name", async () => {
    expect(await all(decodeChunks(of(new Uint8Array([0xe4, 0x80])), "windows-1252"))).toEqual(["ä€"]);
    await expect(all(decodeChunks(of(), "latin-99"))).rejects.toThrow("There is no charset 'latin-99'");
  });

  test("comes in whole lines", async () => {
    expect(await all(wholeLines(of("a\nb", "c\nd\ne", "f"), 100))).toEqual(["a\n", "bc\nd\n", "ef"]);
    await expect(all(wholeLines(of("a".repeat(60), "a".repeat(60)), 100))).rejects.toThrow(
      "longer than 100 characters",
    );
  });

  test("is as many bytes as its charset has it", async () => {
    expect([...encoderOf("ISO-8859-1")("ä")]).toEqual([0xe4]);
    expect([...encoderOf("utf-16be")("a")]).toEqual([0, 97]);
    expect(() => encoderOf("US-ASCII")("😀")).toThrow("The character '😀' is not in US-ASCII");
    expect(await all(encodeTexts(["a", "b"]))).toEqual([encodeUtf8("ab")]);
  });

  test("as a whole has a limit", async () => {
    const limits = { charset: "UTF-8", maxBytes: 3, what: "a test" };
    expect(await wholeText(of(encodeUtf8("ab"), encodeUtf8("c")), limits)).toBe("abc");
    await expect(wholeText(of(encodeUtf8("ab"), encodeUtf8("cd")), limits)).rejects.toThrow("longer than 3 bytes");
  });
});
