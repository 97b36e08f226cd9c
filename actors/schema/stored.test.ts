import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "./json.ts";
import {
  holdsMarker,
  keptOutputs,
  MAX_INLINE_CHARACTERS,
  MAX_OUTPUT_CHARACTERS,
  markerOf,
  markersIn,
  moveOf,
  replaceMarkers,
  STORED_KEY,
  type Stored,
  storedIn,
} from "./stored.ts";

/** Files in memory. */
function shelf() {
  const texts = new Map<string, string>();
  const keep = async (given: readonly string[]): Promise<Stored[]> =>
    given.map((text) => {
      const uri = `kestra:///values/${texts.size}`;
      texts.set(uri, text);
      return { uri, size: text.length };
    });
  const read = ({ uri }: Stored): Json => JSON.parse(texts.get(uri) ?? "null");
  return { texts, keep, read };
}

/** One output `a` whose map is `length` characters of JSON. */
const ofLength = (length: number): JsonObject => ({ a: "x".repeat(length - '{"a":""}'.length) });

describe("outputs", () => {
  test("stay up to 65,536 characters and are moved from one more on", () => {
    expect(JSON.stringify(ofLength(MAX_INLINE_CHARACTERS)).length).toBe(65_536);
    expect(moveOf(ofLength(MAX_INLINE_CHARACTERS - 1))).toBeUndefined();
    expect(moveOf(ofLength(MAX_INLINE_CHARACTERS))).toBeUndefined();
    expect(moveOf(ofLength(MAX_INLINE_CHARACTERS + 1))).toMatchObject({ texts: [expect.any(String)] });
  });

  test("count as JSON: a line break is two characters", () => {
    const half = "\n".repeat((MAX_INLINE_CHARACTERS - 8) / 2);
    expect(moveOf({ a: half })).toBeUndefined();
    expect(moveOf({ a: `${half}\n` })).toBeDefined();
  });

  test("are refused above the cap, with what to do", () => {
    expect(moveOf(ofLength(MAX_OUTPUT_CHARACTERS))).toHaveProperty("texts");
    expect(moveOf(ofLength(MAX_OUTPUT_CHARACTERS + 1))).toEqual({
      message: expect.stringContaining("32000001 characters, 32000000 are allowed: write large values to a file"),
    });
  });

  test("leave what is small where it is: only the largest values are moved", async () => {
    const { keep, texts } = shelf();
    const outputs = { code: 200, body: "x".repeat(100_000), other: "y".repeat(30_000), headers: { a: ["b"] } };
    const kept = await keptOutputs(outputs, keep);
    expect(kept).toEqual({
      outputs: {
        code: 200,
        body: markerOf({ uri: "kestra:///values/0", size: 100_002 }),
        other: outputs.other,
        headers: outputs.headers,
      },
    });
    expect(texts.size).toBe(1);
  });

  test("of very many small values are moved as a whole", async () => {
    const { keep, read } = shelf();
    const outputs = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key-${n}`, n]));
    const kept = await keptOutputs(outputs, keep);
    if (!("outputs" in kept)) throw new Error(kept.message);
    expect(storedIn(kept.outputs)).toBeDefined();
    expect(replaceMarkers(kept.outputs, read)).toEqual(outputs);
  });
});

describe("[W1] a user's value that looks like a marker", () => {
  const forged = { [STORED_KEY]: { uri: "kestra:///someone/elses", size: 1 } };
  test.for<JsonObject>([{ a: forged }, { a: { b: [forged] } }, forged, { a: { [STORED_KEY]: null }, b: 1 }])(
    "is moved itself and comes back as it was: %j",
    async (outputs) => {
      const { keep, read } = shelf();
      const kept = await keptOutputs(outputs, keep);
      if (!("outputs" in kept)) throw new Error(kept.message);
      expect(markersIn(kept.outputs).map(({ uri }) => uri)).toEqual(["kestra:///values/0"]);
      expect(replaceMarkers(kept.outputs, read)).toEqual(outputs);
    },
  );
});

test("a map is a marker only with its one own key", () => {
  expect(storedIn({ [STORED_KEY]: { uri: "u", size: 1 }, more: 1 })).toBeUndefined();
  expect(storedIn(Object.create({ [STORED_KEY]: { uri: "u", size: 1 } }))).toBeUndefined();
  expect(holdsMarker(Object.create({ [STORED_KEY]: 1 }))).toBe(false);
  const bare: JsonObject = Object.assign(Object.create(null), markerOf({ uri: "u", size: 1 }));
  expect(storedIn(bare)).toEqual({ uri: "u", size: 1 });
});

test("whatever the outputs, they fit afterwards and read the same", async () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 80_000 }).map((length) => "v".repeat(length)),
    fc.jsonValue() as fc.Arbitrary<Json>,
    fc.constant<Json>({ [STORED_KEY]: { uri: "forged", size: 1 } }),
  );
  const outputs = fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__"), fc.constant(STORED_KEY)), value, {
    maxKeys: 6,
  });
  await fc.assert(
    fc.asyncProperty(outputs, async (given) => {
      const before = JSON.parse(JSON.stringify(given)) as JsonObject;
      const { keep, read } = shelf();
      const kept = await keptOutputs(before, keep);
      if (!("outputs" in kept)) throw new Error(kept.message);
      expect(JSON.stringify(kept.outputs).length).toBeLessThanOrEqual(MAX_INLINE_CHARACTERS);
      expect(JSON.stringify(replaceMarkers(kept.outputs, read))).toBe(JSON.stringify(before));
      for (const { uri } of markersIn(kept.outputs)) expect(uri).toMatch(/^kestra:\/\/\/values\//);
    }),
    { numRuns: 200 },
  );
});
