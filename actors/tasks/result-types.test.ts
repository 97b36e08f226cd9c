import { describe, expect, test } from "vitest";
import * as z from "zod";
import { objectScope } from "#expr/index.ts";
import { conform } from "#schema/conform.ts";
import { describe as describeShape } from "#schema/describe.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { objectShapeOf, type Shape } from "#schema/shape.ts";
import type { AnyTask } from "./define.ts";
import { prepareProperties } from "./property.ts";
import { registry } from "./registry.ts";

// A property that is a number, a boolean, a list or a map takes an expression, gets its value in that type, and refuses another with
// the names of both types. Every property of every task in the registry.

/** Properties that are read before anything is rendered, or by somebody else later. */
const NOT_RENDERED: Readonly<Record<string, string>> = {
  runner: "decides where the task runs",
  namespaceFiles: "decides where the task runs; what is in it is rendered",
  taskRunner: "decides where the task runs",
  "Subflow.outputs": "rendered by the execution that is started",
};

type Property = { task: string; name: string; shape: Shape; field: z.ZodType };

function typedProperties({ type, input }: AnyTask): Property[] {
  const task = type.split(".").slice(-3).join(".");
  return [...objectShapeOf(input).fields].flatMap(([name, shape]) => {
    const field: z.ZodType | undefined = input.shape[name];
    const isFree = shape.kind === "text" || shape.kind === "any" || shape.kind === "nested";
    if (isFree || field === undefined || name in NOT_RENDERED || `${type.split(".").at(-1)}.${name}` in NOT_RENDERED)
      return [];
    return { task, name, shape, field };
  });
}

const PROPERTIES = registry.tasks.flatMap(typedProperties);
const VALUES: readonly Json[] = [
  1,
  5,
  60,
  true,
  "PT5S",
  ["a"],
  [1],
  [{ a: "b" }],
  { a: "b" },
  {},
  { patterns: ["a"] },
  { type: "version" },
  ["SUCCESS"],
  ["INFO"],
  [{ namespace: "a.b", flowId: "c" }],
  [{ type: "counter", name: "a", value: 1 }],
  [{ name: "a", uri: "kestra:///a" }],
  "x",
];
const WRONG = "{ neither this nor that";

/** A value that the property takes; undefined when none of ours does. */
function goodValue({ name, shape, field }: Property): Json | undefined {
  const own: Json[] = shape.kind === "choice" ? [...shape.choices] : [];
  return [...own, ...VALUES].find((value) => {
    const { issues } = conform(z.object({ [name]: field }), { [name]: value }, { mode: "rendered" });
    return issues.length === 0;
  });
}

function prepared({ name, field }: Property, written: string, value: Json) {
  const scope = objectScope({ v: value });
  const outcome = prepareProperties(
    { input: z.object({ [name]: field }) },
    { [name]: written },
    { scope, now: 0, random: () => 0 },
  );
  return outcome as { ok: boolean; value?: JsonObject; problem?: { message: string } }; // no look-ups here
}

describe.each(PROPERTIES.map((property) => ({ title: `${property.task} ${property.name}`, property })))(
  "$title",
  ({ property }) => {
    const { name, shape, field } = property;
    const value = goodValue(property);
    const schema = z.object({ [name]: field });

    test("may be an expression", () => {
      expect(
        conform(schema, { [name]: "{{ v }}" }, { mode: "source" }).issues.filter(
          ({ severity }) => severity !== "warning",
        ),
      ).toEqual([]);
    });

    test("gets what the expression gives in its own type, from a value and from its text", () => {
      if (value === undefined) throw new Error("Add a value that it takes to VALUES");
      const expected = conform(schema, { [name]: value }, { mode: "rendered" }).value;
      expect(prepared(property, "{{ v }}", value)).toEqual({ ok: true, value: expected });
      const asText = typeof value === "string" ? value : JSON.stringify(value);
      expect(prepared(property, "{{ v }}", asText)).toEqual({ ok: true, value: expected });
    });

    if (prepared(property, "{{ v }}", WRONG).ok) return; // a text is one of its types
    test("refuses another type with the names of both", () => {
      const message = prepared(property, "{{ v }}", WRONG).problem?.message;
      expect(message).toBe(`\`${name}\` needs ${describeShape(shape)}; the expression gave a string: \`${WRONG}\``);
    });
  },
);

test("a text of the wrong kind is refused by every property but those that take any text", () => {
  const takesAny = PROPERTIES.filter((property) => prepared(property, "{{ v }}", WRONG).ok);
  for (const { shape, task, name } of takesAny) expect(shape.kind, `${task} ${name}`).toBe("union");
});

test("what is not rendered is so for a reason, and each reason is still needed", () => {
  const names = registry.tasks.flatMap(({ type, input }) =>
    [...objectShapeOf(input).fields.keys()].flatMap((name) => [name, `${type.split(".").at(-1)}.${name}`]),
  );
  expect(names).toEqual(expect.arrayContaining(Object.keys(NOT_RENDERED)));
});

test("a number where a list is needed is named, too", () => {
  const input = z.object({ values: z.array(z.string()).meta({ $dynamic: true, $typed: true }) });
  const outcome = prepareProperties(
    { input },
    { values: "{{ v }}" },
    { scope: objectScope({ v: 5 }), now: 0, random: () => 0 },
  );
  expect(outcome).toMatchObject({ problem: { message: "`values` needs a list; the expression gave an integer" } });
});
