import type { Plan, TaskRun } from "#engine/index.ts";
import { type EvalContext, isTruthy, type Lookup, type Outcome, render } from "#expr/index.ts";
import type { Flow } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { contextOf, type Dialect, type Subject } from "./perform.ts";

// What a loop is asked between its turns, and at its end.

export type AfterTurn = { done: boolean; outputs?: JsonObject };
type RenderOutputs = (flow: Flow, context: EvalContext) => Outcome<JsonObject>;

/** Whether the loop's condition holds, with the outputs of its last turn; or what all its turns give. */
export function afterTurn(
  dialect: Dialect,
  renderOutputs: RenderOutputs,
  subject: Subject,
  run: TaskRun,
): Outcome<AfterTurn> {
  const { expansion } = run.container ?? {};
  if (expansion?.kind === "each") return given(dialect, renderOutputs, subject, run);
  const task = subject.plan.tasks[run.task];
  const context = contextOf(dialect, subject, run);
  const definition = dialect.registry.task(task?.type ?? "");
  const properties = task?.task.properties ?? {};
  if (definition?.where === "engine" && definition.holds !== undefined)
    return doneWhen(definition.holds(properties, context));
  return doneWhen(holds(conditionOf(subject.plan, run), context));
}

function doneWhen(outcome: Outcome<boolean>): Outcome<AfterTurn> {
  return outcome.ok === true ? { ok: true, value: { done: outcome.value } } : outcome;
}

function conditionOf(plan: Plan, run: TaskRun): string {
  const { condition, until } = plan.tasks[run.task]?.task.properties ?? {};
  return String(condition ?? until ?? "");
}

function holds(condition: string, context: EvalContext): Outcome<boolean> {
  const outcome = render(condition, context);
  if (outcome.ok === true) return { ok: true, value: isTruthy(outcome.value) };
  if (outcome.ok === "needs") return outcome;
  return { ok: false, problem: { ...outcome.problem, message: `condition: ${outcome.problem.message}` } };
}

/** `outputs`: what each turn gives, in the order of the values. A turn that failed gives nothing. */
function given(dialect: Dialect, renderOutputs: RenderOutputs, subject: Subject, run: TaskRun): Outcome<AfterTurn> {
  const { flow, plan, state } = subject;
  const { container } = run;
  const declared = plan.tasks[run.task]?.task.gives ?? [];
  const outputs: Json[] = [];
  const needs: Lookup[] = [];
  for (const [lane, runs] of [...(container?.lanes ?? [])].entries()) {
    const item = itemOf(run, lane);
    const last = state.runs.get(runs.last() ?? -1);
    if (last?.state === "FAILED") {
      outputs.push({ item, outputs: {} });
      continue;
    }
    const context = contextOf(dialect, subject, run, lane);
    const outcome = renderOutputs({ ...flow, outputs: declared }, context);
    if (outcome.ok === false)
      return {
        ok: false,
        problem: { ...outcome.problem, message: `outputs of turn ${lane}: ${outcome.problem.message}` },
      };
    if (outcome.ok === "needs") needs.push(...outcome.lookups);
    else outputs.push({ item, outputs: outcome.value });
  }
  if (needs.length > 0) return { ok: "needs", lookups: needs };
  return { ok: true, value: { done: true, outputs: { outputs } } };
}

function itemOf(run: TaskRun, lane: number): JsonObject {
  const { expansion } = run.container ?? {};
  if (expansion?.kind !== "each") return {};
  const key = expansion.keys?.[lane];
  return { value: expansion.values[lane] ?? "", index: lane, iteration: lane, ...(key === undefined ? {} : { key }) };
}
