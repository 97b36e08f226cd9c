import type { Label, TaskAnswer, Updates } from "#schema/event.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { isTerminal } from "#schema/state.ts";

import type { Draft } from "./draft.ts";
import { attemptAnswered, beginAttempt, endRun, isLeftBehind } from "./runs.ts";
import type { TaskRun } from "./state.ts";
import { stop } from "./stop.ts";

// What a task changes of its own execution.
//
// U1. Labels replace those of the same key; variables are merged into those there are, maps within maps.
// U2. A variable that was taken away is gone, what the flow says of it too, until it is set again.
// U3. An exit ends the execution in its state: `errors` do not run, `finally` does unless it is KILLED or CANCELLED, as after a kill.

/** The answer of a task to the attempt the run waits for, with what it changes of the execution. */
export function taskAnswered(draft: Draft, before: TaskRun, answer: TaskAnswer): void {
  const { updates, state } = answer;
  if (updates === undefined || (state !== "SUCCESS" && state !== "WARNING"))
    return attemptAnswered(draft, before, answer);
  applyUpdates(draft, updates);
  const run = beginAttempt(draft, before);
  if (updates.exit === undefined || !exitExecution(draft, run, updates.exit)) attemptAnswered(draft, run, answer);
}

/** Takes the labels and variables of an answer over. */
function applyUpdates(draft: Draft, { labels, variables, unset }: Updates): void {
  if (labels !== undefined) draft.set({ labels: withLabels(draft.state.labels, labels) });
  if (unset !== undefined) {
    const kept = Object.entries(draft.state.variables).filter(([name]) => !unset.includes(name));
    const gone = new Set([...draft.state.unsetVariables, ...unset]);
    draft.set({ variables: Object.fromEntries(kept), unsetVariables: [...gone] });
  }
  if (variables !== undefined) draft.set({ variables: mergedVariables(draft.state.variables, variables) });
}

function withLabels(before: readonly Label[], given: readonly Label[]): Label[] {
  const labels = new Map<string, string>();
  for (const { key, value } of [...before, ...given]) labels.set(key, value);
  return [...labels].map(([key, value]) => ({ key, value }));
}

const isMap = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `over` on top of `under`, maps within maps. */
export function mergedVariables(under: JsonObject, over: JsonObject): JsonObject {
  const merged: [string, Json][] = [];
  for (const [name, value] of Object.entries(under)) if (!Object.hasOwn(over, name)) merged.push([name, value]);
  for (const [name, value] of Object.entries(over)) {
    const before = Object.hasOwn(under, name) ? under[name] : undefined;
    merged.push([name, isMap(before) && isMap(value) ? mergedVariables(before, value) : value]);
  }
  return Object.fromEntries(merged);
}

/** Ends the execution as the task run says; false when it is not the task's to end any more. */
function exitExecution(draft: Draft, run: TaskRun, state: NonNullable<Updates["exit"]>): boolean {
  const { status } = draft.state;
  if (isTerminal(status) || status === "KILLING" || isLeftBehind(draft, run)) return false;
  if (state === "KILLED" || state === "CANCELLED") {
    draft.move(run.index, state, { waiting: undefined });
    stop(draft, state, { cascade: true });
    return true;
  }
  draft.set({ exit: state });
  endRun(draft, run.index, state, {});
  return true;
}
