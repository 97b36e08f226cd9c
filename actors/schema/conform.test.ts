import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { conform, formatPath, type PropertyPath, withTexts } from "./conform.ts";
import type { Json } from "./json.ts";
import { anything, deprecated, duration, dynamic, stringOrList, textMap } from "./property.ts";
import { objectShapeOf } from "./shape.ts";
import { formatInstant, parseDate, parseInstant, parseTime } from "./time.ts";

const schema = z.object({
  text: dynamic(z.string()).optional(),
  count: dynamic(z.int().min(1)).optional(),
  fixed: z.int().optional(),
  on: z.boolean().optional(),
  wait: duration().optional(),
  lines: dynamic(stringOrList()).optional(),
  env: textMap().optional(),
  any: dynamic(anything()).optional(),
  old: deprecated(z.string(), "`text`").optional(),
  inner: z.strictObject({ need: z.string() }).optional(),
});

function issues(value: Json, mode: "source" | "rendered" = "source") {
  return conform(schema, value, { mode }).issues.map(
    ({ code, path, severity }) => `${severity ?? "error"} ${code} ${formatPath(path)}`,
  );
}

describe("in source mode", () => {
  test("[C2] an expression stands for any type, but only where it is rendered", () => {
    expect(issues({ count: "{{ a }}", lines: "{{ b }}", any: { x: ["{{ c }}"] } })).toEqual([]);
    expect(issues({ fixed: "{{ a }}" })).toEqual(["error INVALID_VALUE fixed"]);
  });

  test("[C2] what is no expression is judged although others are", () => {
    expect(issues({ text: "{{ a }}", count: 0, inner: {} })).toEqual([
      "error INVALID_VALUE count",
      "error MISSING_PROPERTY inner.need",
    ]);
  });

  test("every expression is handed out once, with its path", () => {
    const seen: [string, string][] = [];
    const onTemplate = (path: PropertyPath, template: string) => void seen.push([formatPath(path), template]);
    conform(
      schema,
      { text: "{{ a }}", lines: ["x", "{{ b }}"], any: { k: "{{ c }}" }, env: { e: "{{ d }}" } },
      { mode: "source", onTemplate },
    );
    expect(seen).toEqual([
      ["text", "{{ a }}"],
      ["lines[1]", "{{ b }}"],
      ["any.k", "{{ c }}"],
    ]);
  });

  test("a deprecated property is a warning", () => {
    expect(issues({ old: "x" })).toEqual(["warning DEPRECATED old"]);
    expect(issues({ old: "x" }, "rendered")).toEqual([]);
  });
});

describe("a value becomes its type", () => {
  test.each<[Json, unknown]>([
    [{ count: "5" }, { count: 5 }],
    [{ on: "True" }, { on: true }],
    [{ wait: "PT1.5S" }, { wait: 1500 }],
    [{ wait: 2 }, { wait: 2000 }],
    [{ text: 5 }, { text: "5" }],
    [{ env: { A: 1, B: true, C: null } }, { env: { A: "1", B: "true" } }],
    [{ lines: '["a"]' }, { lines: '["a"]' }],
    [{ any: null }, {}],
  ])("%j", (value, expected) => {
    expect(conform(schema, value, { mode: "rendered" })).toEqual({ value: expected, issues: [] });
  });

  test.each<Json>([
    { count: "5.5" },
    { count: "x" },
    { on: "yes" },
    { wait: "5s" },
    { text: {} },
    { env: [] },
    { count: true },
    { wait: `P${"9".repeat(400)}D` },
  ])("%j does not", (value) => {
    expect(issues(value, "rendered")).toHaveLength(1);
  });

  test("[C3] null counts as absent", () => {
    expect(issues({ text: null, inner: { need: null } })).toEqual(["error MISSING_PROPERTY inner.need"]);
  });
});

test("numbers that stand for texts stay as they are written, and no others change", () => {
  const written = withTexts(
    objectShapeOf(schema),
    { text: 1.1, count: 5, lines: [2], env: { a: true }, any: 3 },
    () => "AS-IS",
    [],
  );
  expect(written).toEqual({ text: "AS-IS", count: 5, lines: ["AS-IS"], env: { a: "AS-IS" }, any: 3 });
});

test("[C1] no value makes it throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(schema.shape)), (value, name) => {
      issues(value as Json);
      issues({ [name]: value as Json });
      issues({ [name]: value as Json }, "rendered");
    }),
  );
});

describe("dates", () => {
  test.each([
    ["2042-04-02T04:20:42Z", "2042-04-02T04:20:42Z"],
    ["2042-04-02T04:20:42.5+02:00", "2042-04-02T02:20:42.500Z"],
    ["2042-04-02T04:20-0130", "2042-04-02T05:50:00Z"],
    ["2042-04-02T04:20:42+02:00[Europe/Paris]", "2042-04-02T02:20:42Z"],
  ])("%s is %s", (text, expected) => {
    expect(formatInstant(parseInstant(text) ?? 0)).toBe(expected);
  });
  test.each(["2042-13-02T04:20:42Z", "2042-02-30T04:20:42Z", "2042-04-02T24:20:42Z", "2042-04-02", "x", ""])(
    "%j is none",
    (text) => {
      expect(parseInstant(text)).toBeUndefined();
    },
  );
  test("days and times are read strictly", () => {
    expect([parseDate("2024-02-29"), parseDate("2023-02-29"), parseDate("24-1-1")]).toEqual([
      1_709_164_800_000,
      undefined,
      undefined,
    ]);
    expect([parseTime("10:15:30.5"), parseTime("10:15"), parseTime("24:00")]).toEqual([
      36_930_500,
      36_900_000,
      undefined,
    ]);
  });
});
