import type { ExecutionState } from "#engine/index.ts";
import { type EvalContext, isTruthy, type Lookup, render } from "#expr/index.ts";
import type { State } from "#schema/state.ts";

// Conditions of listeners. They look at the execution by `observed` (`actors/tasks/condition-common.ts`), which no other expression sees.

export type Held = { holds: boolean } | { holds: false; reason: string } | { lookups: readonly Lookup[] };

/** Whether the conditions hold. As in Kestra, what cannot be rendered does not, and that is worth a line. */
export function checkGuard(guard: string, context: EvalContext, subject: { state: ExecutionState }): Held {
  const { scope } = context;
  const extra: Record<string, () => unknown> = {
    observed: () => observedOf(subject.state),
    trigger: () => ({ ...subject.state.facts?.trigger?.variables, outputs: subject.state.outputs ?? {} }),
  };
  const seen = {
    get: (name: string) => (Object.hasOwn(extra, name) ? extra[name]?.() : scope.get(name)),
    keys: () => [...new Set([...scope.keys(), ...Object.keys(extra)])],
  };
  const rendered = render(guard, { ...context, scope: seen });
  if (rendered.ok === "needs") return { lookups: rendered.lookups };
  if (rendered.ok) return { holds: isTruthy(rendered.value) };
  return { holds: false, reason: `The conditions do not hold: ${rendered.problem.message}` };
}

/** The execution as conditions look at it. */
function observedOf(state: ExecutionState) {
  const { facts, status, labels, outputs } = state;
  const flat: { [key: string]: string } = Object.create(null);
  for (const { key, value } of labels) if (!Object.hasOwn(flat, key)) flat[key] = value;
  return {
    state: status,
    namespace: facts?.namespace ?? "",
    flowId: facts?.flowId ?? "",
    labels: flat,
    outputs: outputs ?? null,
    retried: retriedStates(state),
  };
}

/** States of the attempts of task runs that were tried more than once. */
function retriedStates({ runs }: ExecutionState): State[] {
  const states = new Set<State>();
  for (const run of runs)
    if (!run.dropped && run.attempts.length > 1) for (const attempt of run.attempts) states.add(attempt.state);
  return [...states];
}
