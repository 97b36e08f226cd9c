import type { EventOf, Expansion } from "#schema/event.ts";
import { isTerminal } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import { openContainer } from "./lanes.ts";
import { attemptAnswered, attemptFailed, beginAttempt } from "./runs.ts";
import type { TaskRun, Waiting } from "./state.ts";

// What flowables become: children, a pause, or another execution.

/** How deep executions may start executions. */
export const MAX_DEPTH = 25;

type SubflowWaiting = Extract<Waiting, { kind: "subflow" }>;

/** The flowable's properties are rendered, and this is what it asks for. */
export function expanded(draft: Draft, before: TaskRun, event: EventOf<"task-expanded">): void {
  const { expansion } = event;
  const run = beginAttempt(draft, before);
  if (event.outputs !== undefined) draft.update(run.index, { outputs: event.outputs });
  switch (expansion.kind) {
    case "nothing": {
      const error = expansion.message === undefined ? {} : { error: expansion.message };
      return attemptAnswered(draft, draft.run(run.index), { state: expansion.state, ...error });
    }
    case "pause":
      return pauseRun(draft, run, expansion);
    case "sleep": {
      const timer = draft.timer(run.index, expansion.until);
      draft.update(run.index, { waiting: { kind: "sleep", timer, at: expansion.until } });
      return;
    }
    case "subflow":
      return startSubflow(draft, run, expansion);
    case "dag":
    case "loop-until":
    case "place":
    case "items":
      return attemptFailed(draft, run.index, `There is no ${expansion.kind} yet.`, {});
    default:
      draft.update(run.index, { waiting: undefined });
      return openContainer(draft, run.index, expansion);
  }
}

function pauseRun(draft: Draft, run: TaskRun, expansion: Extract<Expansion, { kind: "pause" }>): void {
  const { until, behavior = "RESUME" } = expansion;
  const timer = until === undefined ? {} : { timer: draft.timer(run.index, until), until };
  draft.move(run.index, "PAUSED", { waiting: { kind: "pause", behavior, ...timer } });
  if (!isTerminal(draft.state.status)) draft.moveExecution("PAUSED");
}

function startSubflow(draft: Draft, run: TaskRun, expansion: Extract<Expansion, { kind: "subflow" }>): void {
  const { facts } = draft.state;
  const depth = (facts?.depth ?? facts?.parent?.depth ?? 0) + 1;
  const maxDepth = facts?.maxDepth ?? MAX_DEPTH;
  if (depth > maxDepth) {
    const message = `Executions start one another deeper than ${maxDepth}: does ${expansion.namespace}.${expansion.flowId} end up calling itself?`;
    draft.log("ERROR", message, run.index);
    return attemptFailed(draft, run.index, message, {});
  }
  const { namespace, flowId, revision, inputs, wait, transmitFailed, scheduleAt } = expansion;
  const inherited = draft.state.labels.filter((label) => expansion.inheritLabels || label.key.startsWith("system."));
  const effect = draft.effectId(run.index);
  const request = {
    namespace,
    flowId,
    revision,
    inputs,
    labels: [...inherited, ...expansion.labels],
    depth,
    wait,
    scheduleAt,
  };
  draft.update(run.index, { waiting: { kind: "subflow", effect, wait, transmitFailed, request } });
  draft.ask({ kind: "start-subflow", id: effect, run: run.index, request });
}

export function subflowStarted(
  draft: Draft,
  run: TaskRun,
  waiting: SubflowWaiting,
  event: EventOf<"subflow-started">,
): void {
  const { executionId } = event;
  draft.log("INFO", `Created new execution [[link execution="${executionId}"]]`, run.index);
  if (!waiting.wait) return attemptAnswered(draft, run, { state: "SUCCESS", outputs: { executionId } });
  draft.update(run.index, { waiting: { ...waiting, executionId }, outputs: { executionId } });
}

export function subflowFinished(
  draft: Draft,
  run: TaskRun,
  waiting: SubflowWaiting,
  event: EventOf<"subflow-finished">,
): void {
  const { state, executionId } = event;
  const copied = state === "FAILED" || state === "KILLED" || state === "WARNING";
  const error = { error: `The subflow execution ${executionId} ended ${state}.` };
  attemptAnswered(draft, run, {
    state: waiting.transmitFailed && copied ? state : "SUCCESS",
    outputs: { executionId, state, outputs: event.outputs ?? {} },
    ...(copied ? error : {}),
  });
}
