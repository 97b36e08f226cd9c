import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { JsonObject } from "#schema/json.ts";
import {
  anyMap,
  anything,
  duration,
  dynamic,
  nested,
  prepareProperties,
  stringOrList,
  textMap,
  typed,
} from "./property.ts";
import { variables } from "./run-definition.ts";

const input = z.object({
  text: dynamic(z.string()).optional(),
  plain: z.string().optional(),
  count: dynamic(z.int().min(1)).optional(),
  ratio: dynamic(z.number()).optional(),
  on: dynamic(z.boolean()).default(true),
  wait: dynamic(duration()).optional(),
  lines: dynamic(stringOrList()).optional(),
  list: dynamic(z.array(z.string())).optional(),
  env: dynamic(textMap()).optional(),
  values: dynamic(anyMap()).optional(),
  typed: typed(anything()).optional(),
  level: dynamic(z.enum(["LOW", "HIGH"])).optional(),
  runner: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("a"), user: dynamic(z.string()).optional(), fixed: z.string().optional() }),
      z.strictObject({ type: z.literal("b") }),
    ])
    .optional(),
  tasks: nested("tasks", { required: true }),
});

const VARS = { n: 5, t: true, name: "Ada", list: ["x", 1], map: { k: "v", z: null } };

function prepare(properties: JsonObject) {
  return prepareProperties({ input }, properties, variables(VARS));
}

describe("a property is rendered and becomes its type", () => {
  test.each<[string, JsonObject, unknown]>([
    ["[R1] text", { text: "Hi {{ name }}" }, "Hi Ada"],
    ["[R1] text that is not dynamic stays", { plain: "{{ name }}" }, "{{ name }}"],
    ["[R2] an integer from an expression", { count: "{{ n }}" }, 5],
    ["[R2] an integer as it is", { count: 7 }, 7],
    ["[R2] a decimal", { ratio: "{{ n / 2.0 }}" }, 2.5],
    ["[R2] a boolean", { on: "{{ not t }}" }, false],
    ["[R2] a duration", { wait: "PT{{ n }}S" }, 5000],
    ["[R2] a duration from seconds", { wait: 3 }, 3000],
    ["[R2] text from a number", { text: 5 }, "5"],
    ["[R2] one of two types, as text", { lines: "a {{ n }}" }, "a 5"],
    ["[R2] one of two types, as a list", { lines: ["a {{ n }}", 1] }, ["a 5", "1"]],
    ["[R2] a list from an expression", { list: "{{ list }}" }, ["x", "1"]],
    ["[R2] a map from an expression", { env: "{{ map }}" }, { k: "v" }],
    ["[R1] keys and values of a map", { env: { "{{ name }}": "{{ n }}", gone: null } }, { Ada: "5" }],
    [
      "[R1] texts of any values, other types kept",
      { values: { a: ["{{ n }}", 2], b: true } },
      { a: ["5", 2], b: true },
    ],
    ["[R1] a typed expression", { typed: "{{ list }}" }, ["x", 1]],
    ["[R1] typed expressions within a map", { typed: { a: "{{ n }}" } }, { a: 5 }],
    ["[R2] a choice", { level: "{{ 'HI' ~ 'GH' }}" }, "HIGH"],
    [
      "[R1] only the dynamic parts of a union",
      { runner: { type: "a", user: "{{ name }}", fixed: "{{ name }}" } },
      { type: "a", user: "Ada", fixed: "{{ name }}" },
    ],
    ["[R4] nested tasks stay as they are", { tasks: [{ id: "{{ name }}" }] }, [{ id: "{{ name }}" }]],
  ])("%s", (_, properties, expected) => {
    const [name] = Object.keys(properties);
    const outcome = prepare(properties);
    expect(outcome).toMatchObject({ ok: true });
    const value: JsonObject = outcome.ok === true ? outcome.value : {};
    expect(value[name!]).toEqual(expected);
  });

  test("with its default when it is left out or null", () => {
    expect(prepare({})).toEqual({ ok: true, value: { on: true } });
    expect(prepare({ on: null })).toEqual({ ok: true, value: { on: true } });
  });

  test("[R1] never twice: text that looks like an expression stays text", () => {
    const outcome = prepareProperties({ input }, { text: "{{ name }}" }, variables({ name: "{{ n }}" }));
    expect(outcome).toMatchObject({ ok: true, value: { text: "{{ n }}" } });
  });
});

describe("[R4] a problem names the property", () => {
  test.each<[string, JsonObject, string]>([
    ["a wrong type", { count: "{{ name }}" }, "`count` needs an integer; the expression gave a string"],
    ["out of bounds", { count: "{{ n - 5 }}" }, "`count`"],
    ["a failing expression", { text: "{{ nothing.there }}" }, "`text`"],
    ["a wrong duration", { wait: "{{ name }}" }, "`wait` needs an ISO-8601 duration"],
    ["a wrong choice", { level: "{{ name }}" }, "`level` needs one of LOW, HIGH"],
    ["a wrong type inside", { env: { a: ["{{ name }}"] } }, "env.a"],
  ])("%s", (_, properties, part) => {
    expect(prepare(properties)).toMatchObject({ ok: false, problem: { message: expect.stringContaining(part) } });
  });
});

test("[R3] look-ups of all properties are asked for at once", () => {
  const outcome = prepareProperties(
    { input },
    { text: "{{ kv('a') }}", env: { b: "{{ kv('b') }}" } },
    variables({ flow: { namespace: "n" } }),
  );
  expect(outcome).toMatchObject({ ok: "needs", lookups: [{ kind: "kv" }, { kind: "kv" }] });
});
