import { describe, expect, test } from "vitest";
import { defaultsIn, namesIn, variablesIn, yamlOf } from "./space-form.ts";

describe("what a namespace says, as YAML", () => {
  test("comes back as it was written", () => {
    const variables = { a: 1, b: { c: ["x", null] } };
    expect(variablesIn(yamlOf(variables))).toEqual({ value: variables });
    const defaults = [{ type: "io.kestra.plugin.core.log.Log", forced: true, values: { level: "WARN" } }];
    expect(defaultsIn(yamlOf(defaults))).toEqual({ value: defaults });
  });

  test("nothing is an empty text", () => {
    expect([yamlOf({}), yamlOf([]), yamlOf(undefined)]).toEqual(["", "", ""]);
    expect([variablesIn("\n"), defaultsIn("# none")]).toEqual([{ value: {} }, { value: [] }]);
  });

  test.each(["- 1", "text", "a: [", "a: 1\na: 2", "a: 1\n---\nb: 2"])("%j is refused as variables", (text) => {
    expect(variablesIn(text)).toHaveProperty("problem");
  });

  test.each(["a: 1", "- values: {}", "- x", "- {type: a"])("%j is refused as plugin defaults", (text) => {
    expect(defaultsIn(text)).toHaveProperty("problem");
  });

  test("names are taken each once, however they are separated", () => {
    expect(namesIn(" a.b, c\nc ")).toEqual([{ namespace: "a.b" }, { namespace: "c" }]);
  });
});
