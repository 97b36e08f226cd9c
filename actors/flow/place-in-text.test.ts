import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { isJsonObject } from "#schema/conform.ts";
import { readYaml } from "./read-yaml.ts";

/** Where `mark` in the text at `key` is found, and where it really stands. */
function places(source: string, mark = "HERE"): { found: unknown; real: unknown } {
  const [document] = readYaml(source);
  const written = document?.value ?? null;
  const value = isJsonObject(written) ? String(written.key) : "";
  const before = value.slice(0, value.indexOf(mark));
  const line = before.split("\n").length;
  const column = before.length - before.lastIndexOf("\n");
  const at = source.indexOf(mark);
  const lines = source.slice(0, at).split("\n");
  return {
    found: document?.placeInText(["key"], line, column),
    real: { line: lines.length, column: (lines.at(-1) ?? "").length + 1 },
  };
}

test.each([
  ["a plain text", "key: a b HERE c\n"],
  ["a plain text over several lines", "key: a b\n  c d\n\n  e HERE\nother: 1\n"],
  ["single quotes, with quotes in them", "key: 'it''s a ''quoted'' HERE'\n"],
  ["double quotes, with escapes", 'key: "a\\tb \\"q\\" \\u00e9\\x41 \\U0001F600 \\\\ HERE"\n'],
  ["double quotes, with a line break in and one escaped away", 'key: "a\\nb\n  c \\\n  d\\n HERE"\n'],
  ["a literal block", "key: |\n  a\n    b\n\n  HERE\n"],
  ["a literal block with a comment, an indicator and blank lines first", "key: |2- # why\n\n\n    a\n   b HERE\n"],
  ["a folded block", "key: >-\n  a\n  b\n\n    kept\n    kept too\n\n  c HERE d\n"],
  ["lines that end as on Windows", "key: |\r\n  a\r\n  b HERE\r\n"],
  ["a list in flow style", "{ other: [1], key: 'x HERE' }\n"],
])("a place in %s is exact", (_, source) => {
  const { found, real } = places(source);
  expect(found).toEqual(real);
});

test("a place at the end of the text is behind its last character", () => {
  const [document] = readYaml('key: "ab"\nblock: |\n  ab\n');
  expect(document?.placeInText(["key"], 1, 3)).toEqual({ line: 1, column: 9 });
  expect(document?.placeInText(["block"], 1, 3)).toEqual({ line: 3, column: 5 });
});

test("a place in an alias is the alias", () => {
  const [document] = readYaml("a: &x '{{ b }}'\nkey: *x\n");
  expect(document?.placeInText(["key"], 1, 4)).toEqual({ line: 2, column: 6 });
});

test("whatever the text and the style, the place is exact", () => {
  const character = fc.constantFrom(..."ab'\"\\ \n\t:#-|>{}é😀\u00a0\u2028");
  const text = fc.array(character, { maxLength: 40 }).map((parts) => parts.join(""));
  const style = fc.constantFrom("PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL", "BLOCK_FOLDED");
  fc.assert(
    fc.property(text, text, style, (before, after, defaultStringType) => {
      const value = `${before}§${after}`;
      const source = stringify({ key: value }, { defaultStringType, lineWidth: 20 } as object);
      const { found, real } = places(source, "§");
      expect(found, source).toEqual(real);
    }),
  );
});
