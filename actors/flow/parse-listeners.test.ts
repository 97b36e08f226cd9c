import { describe, expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { parseFlow } from "./parse-flow.ts";

const LOG = "io.kestra.plugin.core.log.Log";
const C = "io.kestra.plugin.core.condition";

function parsed(listeners: string) {
  const source = `id: a
namespace: n
tasks:
  - {id: listener-1, type: ${LOG}, message: m}
afterExecution:
  - {id: after, type: ${LOG}, message: m}
listeners:
${listeners.replace(/^/gm, "  ")}
`;
  const { flow, problems } = parseFlow(source, registry);
  const severe = problems.filter(({ code }) => code !== "DEPRECATED");
  return {
    after: flow?.afterExecution ?? [],
    problems: severe.map(({ code, path, at }) => `${code} ${path} ${at?.line}:${at?.column}`),
    all: problems,
  };
}

describe("listeners", () => {
  test("are tasks that run one after another after the execution, under their conditions and a free id", () => {
    const { after, problems } = parsed(
      `- description: tell\n  conditions: [{type: ${C}.ExecutionStatus, in: [FAILED]}]\n  tasks: [{id: x, type: ${LOG}, message: m}, {id: y, type: ${LOG}, message: m}]\n- tasks: [{id: z, type: ${LOG}, message: m}]`,
    );
    expect(problems).toEqual([]);
    expect(after.map(({ id, type }) => [id, type.slice(type.lastIndexOf(".") + 1)])).toEqual([
      ["after", "Log"],
      ["listener-1-", "Sequential"],
      ["listener-2", "Sequential"],
    ]);
    expect(after[1]).toMatchObject({ description: "tell", guard: "{{ ((['FAILED'] contains observed.state)) }}" });
    expect(after[1]?.lists.tasks?.map(({ id }) => id)).toEqual(["x", "y"]);
    expect(after[2]).not.toHaveProperty("guard");
  });

  test("are a deprecated spelling", () => {
    const { all } = parsed(`- tasks: [{id: z, type: ${LOG}, message: m}]`);
    expect(all.map(({ code, path, severity }) => [code, path, severity])).toEqual([
      ["DEPRECATED", "listeners", "warning"],
    ]);
  });

  test.each([
    ["a map", "a: b", ["INVALID_VALUE listeners 8:3"]],
    ["a text in the list", "- a", ["INVALID_VALUE listeners[0] 8:5"]],
    ["one without tasks", "- conditions: []", ["MISSING_PROPERTY listeners[0].tasks 8:5"]],
    [
      "one with a property it has not",
      `- {task: [], tasks: [{id: z, type: ${LOG}, message: m}]}`,
      ["UNKNOWN_PROPERTY listeners[0].task 8:6"],
    ],
    [
      "an id that a task has",
      `- tasks: [{id: after, type: ${LOG}, message: m}]`,
      ["DUPLICATE_ID listeners[0].tasks[0].id 8:18"],
    ],
    [
      "a condition without a type",
      `- {conditions: [{in: [FAILED]}], tasks: [{id: z, type: ${LOG}, message: m}]}`,
      ["MISSING_PROPERTY listeners[0].conditions[0].type 8:19"],
    ],
    [
      "a property that the condition has not",
      `- {conditions: [{type: ${C}.Weekend, day: 1}], tasks: [{id: z, type: ${LOG}, message: m}]}`,
      ["UNKNOWN_PROPERTY listeners[0].conditions[0].day 8:67"],
    ],
    [
      "a state that is none",
      `- {conditions: [{type: ${C}.ExecutionStatus, in: [DONE]}], tasks: [{id: z, type: ${LOG}, message: m}]}`,
      ["INVALID_VALUE listeners[0].conditions[0].in[0] 8:80"],
    ],
    [
      "conditions that are no list",
      `- {conditions: {type: ${C}.Weekend}, tasks: [{id: z, type: ${LOG}, message: m}]}`,
      ["INVALID_VALUE listeners[0].conditions 8:18"],
    ],
    [
      "a condition that no expression can tell",
      `- {conditions: [{type: ${C}.PublicHoliday}], tasks: [{id: z, type: ${LOG}, message: m}]}`,
      ["TYPE_NOT_RUN listeners[0].conditions[0].type 8:26"],
    ],
  ])("that are %s are reported with their place", (_, listeners, expected) => {
    expect(parsed(listeners).problems).toEqual(expected);
  });

  test("of an unknown condition the nearest is suggested", () => {
    const { all } = parsed(
      `- {conditions: [{type: ${C}.ExecutionStatuss}], tasks: [{id: z, type: ${LOG}, message: m}]}`,
    );
    expect(all.find(({ code }) => code === "UNKNOWN_TYPE")?.message).toContain(`\`${C}.ExecutionStatus\``);
  });
});
