import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_LOG_MESSAGE } from "#schema/log.ts";
import { LineSplitter, MAX_MARKER } from "./line-splitter.ts";

function split(chunks: readonly Uint8Array[]): string[] {
  const splitter = new LineSplitter();
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

test("the same lines come out however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.array(fc.nat(8)), (text, sizes) => {
      const bytes = new TextEncoder().encode(text);
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      chunks.push(bytes.subarray(at));
      const expected = text.split("\n").map((line) => line.replace(/\r$/, ""));
      const last = text.split("\n").at(-1);
      expect(split(chunks)).toEqual(last === "" ? expected.slice(0, -1) : expected);
    }),
  );
});

test("the last line needs no line end, and empty lines are lines", () => {
  expect(split([Buffer.from("a\n\nb\r\nc")])).toEqual(["a", "", "b", "c"]);
});

test("a line of 64 MiB is cut while it comes, and says how much was dropped", () => {
  const chunk = Buffer.alloc(1_048_576, "x");
  const lines = split([...Array.from({ length: 64 }, () => chunk), Buffer.from("\nnext\n")]);
  expect(lines).toEqual([
    `${"x".repeat(MAX_LOG_MESSAGE)}… (${64 * 1_048_576 - MAX_LOG_MESSAGE} more characters dropped)`,
    "next",
  ]);
});

test("a line that may be a marker is kept whole up to its own limit", () => {
  const marker = `::{"outputs":{"a":"${"x".repeat(500_000)}"}}::`;
  expect(split([Buffer.from(marker.slice(0, 7)), Buffer.from(`${marker.slice(7)}\n`)])).toEqual([marker]);
  const [cut] = split([Buffer.from(`::{${"x".repeat(MAX_MARKER)}\n`)]);
  expect(cut?.endsWith("… (3 more characters dropped)")).toBe(true);
});
