import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { HOSTILE } from "./hostile.ts";
import { parseFlow, validateSource } from "./parse-flow.ts";
import { MAX_VALUES, readYaml } from "./read-yaml.ts";

describe("hostile text", () => {
  test.each(HOSTILE)(
    "[Y1][Y2][L1] $name ends as a problem in good time",
    ({ text, code }) => {
      const { flow, problems } = parseFlow(text, registry);
      expect(flow).toBeUndefined();
      expect(problems.map((problem) => problem.code)).toContain(code);
      expect(problems.length).toBeLessThanOrEqual(200);
      for (const { at } of problems) if (at !== undefined) expect(at.line >= 1 && at.column >= 1).toBe(true);
    },
    20_000,
  );

  test("[Y3] a key __proto__ leaves objects as they are", () => {
    readYaml("__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}");
    expect("polluted" in {}).toBe(false);
  });
});

describe("random text", () => {
  const yamlish = fc.array(
    fc.oneof(
      fc.constantFrom(
        "id",
        "tasks",
        ":",
        ": ",
        "- ",
        "\n",
        "  ",
        "&a ",
        "*a",
        "<<: ",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "|",
        ">",
        "---\n",
        "?",
        "!",
        "#",
        "{{",
        "}}",
      ),
      fc.constantFrom(
        "type: io.kestra.plugin.core.log.Log",
        "inputs",
        "triggers",
        "retry",
        "pluginDefaults",
        "labels",
        "null",
        "~",
        "1",
        "true",
      ),
      fc.string({ maxLength: 5, unit: "binary" }),
    ),
    { maxLength: 60 },
  );

  test("[L1] never makes the parser throw", () => {
    fc.assert(
      fc.property(yamlish, (parts) => {
        const { flow, problems } = parseFlow(parts.join(""), registry);
        expect(flow === undefined).toBe(problems.some(({ severity = "error" }) => severity === "error"));
      }),
      { numRuns: 1000 },
    );
  });

  test("[L1] of any JSON shape never makes the parser throw", () => {
    const names = fc.constantFrom(
      ..."id namespace tasks type inputs outputs triggers labels retry pluginDefaults values errors cases then message dependsOn".split(
        " ",
      ),
      "__proto__",
      "constructor",
    );
    const types = fc.constantFrom(
      ...registry.tasks.map(({ type }) => type),
      ...registry.triggers.map(({ type }) => type),
      "STRING",
      "SELECT",
      "constant",
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant(null), types),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(names, fc.oneof(tie("tree"), types), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        parseFlow(JSON.stringify(value), registry);
        validateSource(JSON.stringify(value), registry);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("places and values", () => {
  const source = `id: a
tasks:
  - id: one
    script: |
      first {{ x }}
      second
    plain: abc
    quoted: "abc"
    number: 1.10
`;
  const [document] = readYaml(source);

  test("a value and its key have their own places", () => {
    expect(document?.place(["tasks", 0, "plain"], "value")).toEqual({ line: 7, column: 12 });
    expect(document?.place(["tasks", 0, "plain"], "key")).toEqual({ line: 7, column: 5 });
  });

  test("of what is not there, the thing round it is shown", () => {
    expect(document?.place(["tasks", 0, "missing"], "key")).toEqual({ line: 3, column: 5 });
  });

  test("a place within a text is found in block, plain and quoted form", () => {
    expect(document?.placeInText(["tasks", 0, "script"], 1, 7)).toEqual({ line: 5, column: 13 });
    expect(document?.placeInText(["tasks", 0, "plain"], 1, 2)).toEqual({ line: 7, column: 13 });
    expect(document?.placeInText(["tasks", 0, "quoted"], 1, 2)).toEqual({ line: 8, column: 15 });
  });

  test("a scalar is known as it is written", () => {
    expect(document?.textAt(["tasks", 0, "number"])).toBe("1.10");
  });

  test("aliases and merge keys are resolved, and a map's own keys win", () => {
    const [read] = readYaml("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\nz: *x");
    expect(read?.value).toEqual({ x: { a: 1, b: 2 }, y: { a: 1, b: 3 }, z: { a: 1, b: 2 } });
  });

  test("[Y2] as many values as allowed are read", () => {
    const [read] = readYaml(`[${"a,".repeat(MAX_VALUES - 1)}]`);
    expect(read?.problems).toEqual([]);
  });
});
