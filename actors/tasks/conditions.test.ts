import { describe, expect, test } from "vitest";
import { isTruthy, objectScope, render } from "#expr/index.ts";
import { parseFlow } from "#flow/parse-flow.ts";
import type { Json } from "#schema/json.ts";
import { registry } from "./registry.ts";

const OBSERVED = {
  state: "FAILED",
  namespace: "company.team",
  flowId: "a",
  labels: { team: "it's \\ {{ odd }}", stage: "test" },
  outputs: { status: "ready" },
  retried: ["FAILED", "SUCCESS"],
};

/** Whether a condition, as YAML in flow style, holds in a flow `company.team.a` of this execution; undefined when it cannot be told. */
function holds(condition: string, vars: Record<string, Json> = {}): boolean | undefined {
  const source = `id: a
namespace: company.team
tasks: [{id: x, type: io.kestra.plugin.core.log.Log, message: m}]
listeners:
  - conditions: [${condition}]
    tasks: [{id: y, type: io.kestra.plugin.core.log.Log, message: m}]
`;
  const { flow, problems } = parseFlow(source, registry);
  expect(problems.filter(({ severity = "error" }) => severity === "error")).toEqual([]);
  const guard = flow?.afterExecution[0]?.guard;
  const scope = objectScope({ flow: { id: "a", namespace: "company.team" }, observed: OBSERVED, ...vars });
  const rendered = render(guard ?? "", { scope, now: 0, random: () => 0 });
  return rendered.ok === true ? isTruthy(rendered.value) : undefined;
}

const C = "io.kestra.plugin.core.condition";
const OLD = "io.kestra.core.models.conditions.types";
const at = (date: string) => ({ trigger: { date } });

describe("a condition", () => {
  test.each([
    [`{type: ${C}.ExecutionStatus, in: [FAILED, KILLED]}`, true],
    [`{type: ${C}.ExecutionStatus, in: [SUCCESS]}`, false],
    [`{type: ${C}.ExecutionStatusCondition, notIn: [FAILED]}`, false],
    [`{type: ${OLD}.ExecutionStatusCondition, in: [FAILED], notIn: [SUCCESS]}`, true],
    [`{type: ${C}.ExecutionStatus, in: [], notIn: []}`, true],
    [`{type: ${C}.ExecutionFlow, namespace: company.team, flowId: a}`, true],
    [`{type: ${OLD}.ExecutionFlowCondition, namespace: company.team, flowId: b}`, false],
    [`{type: ${C}.ExecutionNamespace, namespace: company}`, false],
    [`{type: ${C}.ExecutionNamespace, namespace: company, prefix: true}`, true],
    [`{type: ${C}.ExecutionNamespace, namespace: company, comparison: PREFIX}`, true],
    [`{type: ${C}.ExecutionNamespace, namespace: team, comparison: SUFFIX}`, true],
    [`{type: ${C}.ExecutionNamespace, namespace: company, prefix: true, comparison: EQUALS}`, false],
    [`{type: ${C}.ExecutionLabels, labels: {stage: test}}`, true],
    [`{type: ${C}.ExecutionLabels, labels: [{key: stage, value: test}, {key: none, value: x}]}`, false],
    [`{type: ${C}.ExecutionLabels, labels: {team: "it's \\\\ {{ odd }}"}}`, true],
    [`{type: ${C}.ExecutionOutputs, expression: "{{ trigger.outputs.status == 'ready' }}"}`, true],
    [`{type: ${C}.ExecutionOutputs, expression: "{{ trigger.outputs.status == 'no' }}"}`, false],
    [`{type: ${C}.Expression, expression: "{{ flow.id == 'a' }}"}`, true],
    [`{type: ${OLD}.VariableCondition, expression: "{{ flow.id == 'b' }}"}`, false],
    [`{type: ${C}.ExpressionCondition, expression: "  "}`, false],
    [`{type: ${C}.Expression, expression: "0"}`, true],
    [`{type: ${C}.HasRetryAttempt, in: [FAILED]}`, true],
    [`{type: ${C}.HasRetryAttempt, in: [KILLED]}`, false],
    [`{type: ${C}.HasRetryAttempt, notIn: [FAILED]}`, true],
    [`{type: ${C}.HasRetryAttempt, notIn: [FAILED, SUCCESS]}`, false],
    [`{type: ${C}.HasRetryAttempt}`, true],
    [`{type: ${C}.Not, conditions: [{type: ${C}.ExecutionStatus, in: [SUCCESS]}]}`, true],
    [`{type: ${C}.NotCondition, conditions: [{type: ${C}.ExecutionStatus, in: [FAILED]}]}`, false],
    [
      `{type: ${C}.Or, conditions: [{type: ${C}.ExecutionStatus, in: [SUCCESS]}, {type: ${C}.Expression, expression: yes}]}`,
      true,
    ],
    [`{type: ${C}.OrCondition, conditions: [{type: ${C}.ExecutionStatus, in: [SUCCESS]}]}`, false],
    [`{type: ${C}.FlowCondition, namespace: company.team, flowId: a}`, true],
    [`{type: ${OLD}.FlowCondition, namespace: company, flowId: a}`, false],
    [`{type: ${C}.FlowNamespaceCondition, namespace: company, prefix: true}`, true],
    [`{type: ${C}.FlowNamespaceCondition, namespace: company}`, false],
    [`{type: ${C}.ExecutionStatus, in: [FAILED]}, {type: ${C}.ExecutionFlow, namespace: x, flowId: a}`, false],
    [`{type: ${C}.PublicHoliday, country: FR}`, false],
  ])("%s holds: %j", (condition, expected) => {
    expect(holds(condition, { trigger: { outputs: { status: "ready" } } })).toBe(expected);
  });

  test.each([
    [`{type: ${C}.DayWeek, dayOfWeek: WEDNESDAY}`, "2024-05-15T23:30:00-05:00", true],
    [`{type: ${C}.DayWeekCondition, dayOfWeek: THURSDAY}`, "2024-05-15T23:30:00-05:00", false],
    [`{type: ${C}.Weekend}`, "2024-05-18T10:00:00Z", true],
    [`{type: ${OLD}.WeekendCondition}`, "2024-05-17T10:00:00Z", false],
    [`{type: ${C}.DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: FIRST}`, "2024-05-06T11:00:00Z", true],
    [`{type: ${C}.DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: FIRST}`, "2024-05-13T11:00:00Z", false],
    [`{type: ${C}.DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: SECOND}`, "2024-05-13T11:00:00Z", true],
    [`{type: ${C}.DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: LAST}`, "2024-05-27T11:00:00Z", true],
    [`{type: ${C}.DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: LAST}`, "2024-05-20T11:00:00Z", false],
    [`{type: ${C}.DateTimeBetween, after: "2024-05-15T10:00:00Z"}`, "2024-05-15T12:00:01+02:00", true],
    [`{type: ${C}.DateTimeBetween, after: "2024-05-15T10:00:00Z"}`, "2024-05-15T12:00:00+02:00", false],
    [
      `{type: ${C}.DateTimeBetween, after: "2024-05-01T00:00:00Z", before: "2024-05-02T00:00:00Z"}`,
      "2024-05-03T00:00:00Z",
      false,
    ],
    [`{type: ${C}.DateTimeBetween}`, "2024-05-03T00:00:00Z", false],
    [`{type: ${C}.TimeBetween, after: "09:00:00+02:00", before: "17:00:00+02:00"}`, "2024-05-15T07:00:01Z", true],
    [`{type: ${C}.TimeBetween, after: "09:00:00+02:00", before: "17:00:00+02:00"}`, "2024-05-15T15:00:00Z", false],
    [`{type: ${C}.TimeBetweenCondition, before: "17:00Z"}`, "2024-05-15T18:30:00+02:00", true],
  ])("%s at %s holds: %j", (condition, date, expected) => {
    expect(holds(condition, at(date))).toBe(expected);
  });

  test("about a date that is not there cannot be told", () => {
    expect(holds(`{type: ${C}.Weekend}`)).toBeUndefined();
  });

  test("sees its own date when it names one", () => {
    expect(
      holds(`{type: ${C}.Weekend, date: "{{ execution.startDate }}"}`, { execution: { startDate: "2024-05-18" } }),
    ).toBe(true);
  });
});
