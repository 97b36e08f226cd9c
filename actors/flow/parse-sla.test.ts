import { describe, expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { parseFlow } from "./parse-flow.ts";
import { MAX_NESTING } from "./parse-tasks.ts";

const MINIMAL = `id: f
namespace: company.team
tasks:
  - {id: a, type: io.kestra.plugin.core.log.Log, message: hi}
`;
const parse = (sla: string) => parseFlow(`${MINIMAL}sla:\n${sla}`, registry);
const problems = (sla: string) =>
  parse(sla).problems.map(({ code, path, at }) => `${code} ${path} ${at?.line}:${at?.column}`);

describe("an sla", () => {
  test("is typed: durations in ms, labels as texts", () => {
    const { flow, problems: none } = parse(
      `  - {id: quick, type: MAX_DURATION, duration: PT1M30S, behavior: FAIL, labels: {sla: 1.10}}
  - {id: good, type: EXECUTION_ASSERTION, assert: "{{ outputs.a }}", behavior: NONE}
`,
    );
    expect([none, flow?.sla]).toEqual([
      [],
      [
        {
          id: "quick",
          type: "MAX_DURATION",
          durationMs: 90_000,
          behavior: "FAIL",
          labels: [{ key: "sla", value: "1.10" }],
        },
        { id: "good", type: "EXECUTION_ASSERTION", assert: "{{ outputs.a }}", behavior: "NONE", labels: [] },
      ],
    ]);
  });

  test.for([
    ["no list", "  quick: 1\n", ["INVALID_VALUE sla 6:3"]],
    ["no behaviour", "  - {id: q, type: MAX_DURATION, duration: PT1M}\n", ["MISSING_PROPERTY sla[0].behavior 6:5"]],
    ["no duration", "  - {id: q, type: MAX_DURATION, behavior: FAIL}\n", ["MISSING_PROPERTY sla[0].duration 6:5"]],
    [
      "a bad duration",
      "  - {id: q, type: MAX_DURATION, behavior: FAIL, duration: soon}\n",
      ["INVALID_VALUE sla[0].duration 6:59"],
    ],
    [
      "no time at all",
      "  - {id: q, type: MAX_DURATION, behavior: FAIL, duration: PT0S}\n",
      ["INVALID_VALUE sla[0].duration 6:59"],
    ],
    ["a type that is none", "  - {id: q, type: MAX, behavior: FAIL}\n", ["UNKNOWN_TYPE sla[0].type 6:19"]],
    [
      "a property too many",
      "  - {id: q, type: EXECUTION_ASSERTION, behavior: FAIL, assert: x, more: 1}\n",
      ["UNKNOWN_PROPERTY sla[0].more 6:67"],
    ],
    [
      "the same id twice",
      "  - {id: q, type: MAX_DURATION, behavior: FAIL, duration: PT1S}\n  - {id: q, type: MAX_DURATION, behavior: FAIL, duration: PT2S}\n",
      ["DUPLICATE_ID sla[1].id 7:10"],
    ],
    [
      "an expression with a mistake",
      '  - {id: q, type: EXECUTION_ASSERTION, behavior: FAIL, assert: "{{ x"}\n',
      ["EXPR_SYNTAX sla[0].assert"],
    ],
  ] as const)("[L2] with %s is refused at its place", ([, sla, expected]) => {
    const found = problems(sla);
    expect(found.map((problem, index) => problem.slice(0, expected[index]?.length))).toEqual(expected);
    expect(parse(sla).flow).toBeUndefined();
  });
});

describe("[I18] tasks in one another", () => {
  const nested = (depth: number) => {
    const lines = ["id: f", "namespace: company.team", "tasks:"];
    for (let level = 1; level < depth; level++) {
      const pad = "  ".repeat(level);
      lines.push(`${pad}- id: s${level}`, `${pad}  type: io.kestra.plugin.core.flow.Sequential`, `${pad}  tasks:`);
    }
    const pad = "  ".repeat(depth);
    lines.push(`${pad}- id: a`, `${pad}  type: io.kestra.plugin.core.log.Log`, `${pad}  message: hi`);
    return parseFlow(lines.join("\n"), registry);
  };

  test("may be as deep as is allowed", () => {
    expect(nested(MAX_NESTING).problems).toEqual([]);
  });

  test("are refused one deeper, at the place, with what to do", () => {
    const [problem] = nested(MAX_NESTING + 1).problems;
    expect(problem).toMatchObject({ code: "INVALID_VALUE", at: { line: 4 + 3 * MAX_NESTING } });
    expect(problem?.message).toContain("Subflow task");
  });
});
