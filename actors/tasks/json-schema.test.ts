import { describe, expect, test } from "vitest";
import { isJsonObject } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { typePage } from "./docs.ts";
import { flowJsonSchema } from "./json-schema.ts";
import { registry } from "./registry.ts";

const schema = flowJsonSchema(registry);
const definitions = schema.definitions as JsonObject;
const at = (value: Json | undefined, ...path: string[]): Json | undefined =>
  path.reduce<Json | undefined>((inner, name) => (isJsonObject(inner) ? inner[name] : undefined), value);

/** Every map within `value`. */
function* maps(value: Json): Generator<JsonObject> {
  if (Array.isArray(value)) for (const item of value) yield* maps(item);
  if (!isJsonObject(value)) return;
  yield value;
  for (const item of Object.values(value)) yield* maps(item);
}

describe("the JSON schema of a flow", () => {
  test("refers only to what it defines", () => {
    for (const { $ref } of maps(schema)) {
      if (typeof $ref === "string") expect(Object.keys(definitions)).toContain($ref.replace("#/definitions/", ""));
    }
  });

  test("accepts each type under its name and its aliases", () => {
    for (const [what, list] of [
      ["task", registry.tasks],
      ["trigger", registry.triggers],
    ] as const) {
      for (const { type, aliases } of list) {
        for (const name of [type, ...aliases]) {
          expect(at(definitions[what], "properties", "type", "anyOf")).toMatchObject([
            { enum: expect.arrayContaining([name]) },
            {},
          ]);
          expect(at(definitions[type], "properties", "type", "enum")).toContain(name);
        }
      }
    }
  });

  test("accepts what is known and not run, and no typing mistake", () => {
    const pattern = (what: string) => {
      const options = at(definitions[what], "properties", "type", "anyOf");
      return new RegExp(String(Array.isArray(options) ? at(options[1], "pattern") : ""));
    };
    for (const { type, kind } of registry.knownTypes) expect(pattern(kind).test(type)).toBe(true);
    expect(pattern("task").test("io.kestra.plugin.gcp.bigquery.Load")).toBe(true);
    expect(pattern("trigger").test("io.kestra.plugin.gcp.gcs.Trigger")).toBe(true);
    expect(pattern("task").test("io.kestra.plugin.core.log.Lgo")).toBe(false);
    expect(pattern("trigger").test("io.kestra.plugin.gcp.gcs.Upload")).toBe(false);
  });

  test("has a description for every property of every type", () => {
    for (const { type } of [...registry.tasks, ...registry.triggers]) {
      const properties = at(definitions[type], "properties");
      for (const property of Object.values(isJsonObject(properties) ? properties : {})) {
        expect(isJsonObject(property) && ("description" in property || "$ref" in property)).toBe(true);
      }
    }
  });

  test("lets an expression stand for a value that is no text", () => {
    const forEach = at(definitions["io.kestra.plugin.core.flow.ForEach"], "properties", "concurrencyLimit");
    expect(forEach).toMatchObject({ default: 1, anyOf: [{ type: "integer", minimum: 0 }, { type: "string" }] });
  });

  test("asks for nested tasks where the parser does", () => {
    expect(at(definitions["io.kestra.plugin.core.flow.Parallel"], "required")).toEqual(["id", "type", "tasks"]);
    expect(schema.required).toEqual(["id", "namespace", "tasks"]);
  });

  test("holds none of our own marks", () => {
    const text = JSON.stringify(schema);
    for (const mark of ["$nested", "$duration", "$typed", "$required", "$instead"]) expect(text).not.toContain(mark);
  });
});

test.each(
  [...registry.tasks, ...registry.triggers, ...registry.conditions].map(
    (definition) => [definition.type, definition] as const,
  ),
)("the page of %s tells its name, its aliases, its properties and its examples", (type, definition) => {
  const page = typePage(definition);
  for (const part of [type, ...definition.aliases, ...Object.keys(definition.input.shape)])
    expect(page).toContain(`\`${part}\``);
  for (const { yaml } of definition.examples) expect(page).toContain(yaml.trimEnd());
});
