import fc from "fast-check";
import { describe, expect, test } from "vitest";
import corpus from "#test/masking/corpus.json" with { type: "json" };
import { MASK, Masker } from "./mask.ts";

describe("the masker", () => {
  test.each(corpus)("[K1] $name", ({ secrets, text, masked }) => {
    expect(new Masker(secrets).mask(text)).toBe(masked);
  });

  test("[K2] nothing of a secret is left, whatever stands round it", () => {
    const secret = fc.string({ minLength: 3, maxLength: 20 }).filter((text) => text.trim().length >= 3);
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.string(), fc.string(), (secrets, a, b) => {
        const masked = new Masker(secrets).mask(a + secrets.join(b) + b);
        const outside = masked.split(MASK).join("\0");
        for (const each of secrets) expect(outside).not.toContain(each.trim());
      }),
    );
  });

  test("a text that was cut ends before the beginning of a secret", () => {
    const masker = new Masker(["s3cret-Pa55word"]);
    expect(masker.maskCut("log: s3cret-Pa5")).toBe(`log: ${MASK}`);
    expect(masker.maskCut("log: s3cret-Pa55word")).toBe(`log: ${MASK}`);
    expect(masker.maskCut("log: s3")).toBe("log: s3");
  });

  test("hides what stands anywhere in a value, and gives back a value that holds nothing", () => {
    const masker = new Masker(["12345", "s3cret"]);
    expect(masker.maskDeep({ a: ["x s3cret", 12345, null, true], s3cret: { b: 1 } })).toEqual({
      a: [`x ${MASK}`, MASK, null, true],
      [MASK]: { b: 1 },
    });
    const clean = { a: [1, "x"], b: {} };
    expect(masker.maskDeep(clean)).toBe(clean);
    expect(new Masker().maskDeep(clean)).toBe(clean);
  });

  test("says which of its secrets a text holds, in any form", () => {
    const masker = new Masker(["alpha-one", "beta-two"]);
    expect(masker.within(JSON.stringify({ auth: btoa("alpha-one") }))).toEqual(["alpha-one"]);
  });
});
