import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_LOG_MESSAGE } from "#schema/log.ts";
import { Masker } from "#schema/mask.ts";
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

test("[K1] a secret is found in its line wherever the bytes of it were cut", () => {
  const secret = "s3cret-Pässword";
  const masker = new Masker([secret]);
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 30 }), (sizes) => {
      const bytes = new TextEncoder().encode(`before ${secret} after\n${btoa("s3cret")} ${encodeURIComponent(secret)}`);
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      chunks.push(bytes.subarray(at));
      const lines = split(chunks).map((line) => masker.mask(line));
      expect(lines).toEqual(["before ****** after", `${btoa("s3cret")} ******`]);
    }),
  );
});

test("[K1] a line that is cut within a secret ends before it", () => {
  const secret = "s3cret-Pa55word";
  const splitter = new LineSplitter(new Masker([secret]));
  const line = `${"x".repeat(MAX_LOG_MESSAGE - 8)}${secret} and more`;
  const [cut = ""] = splitter.push(new TextEncoder().encode(`${line}\n`));
  expect(cut.startsWith(`${"x".repeat(MAX_LOG_MESSAGE - 8)}******… (`)).toBe(true);
  expect(cut).not.toContain("s3cret");
});
