import { compilePlan, createReducer, freeze, initialState, toExecutionJson } from "#engine/index.ts";
import { parseFlow } from "#flow/parse-flow.ts";
import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import { registry } from "#tasks/registry.ts";

// A recorded execution, and what today's engine makes of its log. Runs anywhere: nothing here knows a runtime.

export type History = {
  name: string;
  /** The flow as it was. */
  source: string;
  events: ExecutionEvent[];
  /** What each event made the engine ask for, as `kind id`; a log line as `log LEVEL`. */
  effects: string[][];
  /** The execution as the API showed it in the end. */
  execution: ExecutionJson;
};

export type Replayed = Pick<History, "effects" | "execution"> & {
  /** Numbers of events that changed nothing: a log has none. */
  idle: number[];
  /** The whole state as text. */
  frozen: string;
};

/** Replays the log. Throws when the flow is not accepted any more. */
export function replay({ source, events }: Pick<History, "source" | "events">): Replayed {
  const { flow, problems } = parseFlow(source, registry, "accepted");
  if (flow === undefined) throw new Error(problems.map((problem) => problem.message).join("; "));
  const plan = compilePlan(flow);
  const reduce = createReducer(plan);
  const effects: string[][] = [];
  const idle: number[] = [];
  let state = initialState();
  for (const [index, event] of events.entries()) {
    const step = reduce(state, event);
    if (step.state === state) idle.push(index);
    state = step.state;
    effects.push(step.effects.map(named));
  }
  return { effects, idle, execution: toExecutionJson(state, plan), frozen: freeze(state) };
}

function named(effect: Effect): string {
  return "id" in effect ? `${effect.kind} ${effect.id}` : `${effect.kind} ${effect.level}`;
}
