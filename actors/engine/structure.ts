import type { SubflowRequest } from "#schema/effect.ts";
import type { EventOf, Expansion } from "#schema/event.ts";
import { ancestorsOf } from "./ancestors.ts";
import type { Draft } from "./draft.ts";
import { openItems } from "./items.ts";
import { openContainer } from "./lanes.ts";
import { pauseRun } from "./pauses.ts";
import { openPlace } from "./places.ts";
import { askForSubflow, attemptAnswered, attemptFailed, beginAttempt } from "./runs.ts";
import type { ExecutionState, TaskRun, Waiting } from "./state.ts";

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
      if (expansion.before === undefined) return pauseRun(draft, run, expansion);
      draft.update(run.index, { waiting: undefined });
      return openContainer(draft, run.index, { kind: "sequence", list: expansion.before }, { after: expansion });
    case "sleep": {
      const timer = draft.timer(run.index, expansion.until);
      const timedOut = expansion.timedOut ? { timedOut: true as const } : {};
      draft.update(run.index, { waiting: { kind: "sleep", timer, at: expansion.until, ...timedOut } });
      return;
    }
    case "subflow":
      return startSubflow(draft, run, expansion);
    case "place":
      return openPlace(draft, run, expansion);
    case "items":
      return openItems(draft, run, expansion);
    default:
      draft.update(run.index, { waiting: undefined });
      return openContainer(draft, run.index, expansion);
  }
}

/** How deep executions may start one another here. */
export function maxDepthOf({ facts }: ExecutionState): number {
  return facts?.maxDepth ?? MAX_DEPTH;
}

/** What is asked for when this execution starts another one. */
export function subflowRequest(
  state: ExecutionState,
  expansion: Extract<Expansion, { kind: "subflow" }>,
): SubflowRequest {
  const { namespace, flowId, revision, inputs, inheritLabels, wait, scheduleAt, outputs } = expansion;
  const { facts } = state;
  const inherited = state.labels.filter((label) => inheritLabels || label.key.startsWith("system."));
  const ancestors = ancestorsOf(state);
  return {
    namespace,
    flowId,
    revision,
    inputs,
    labels: [...inherited, ...expansion.labels],
    depth: (facts?.depth ?? facts?.parent?.depth ?? 0) + 1,
    ...(ancestors.length === 0 ? {} : { ancestors }),
    wait,
    scheduleAt,
    ...(outputs === undefined ? {} : { outputs }),
  };
}

function startSubflow(draft: Draft, run: TaskRun, expansion: Extract<Expansion, { kind: "subflow" }>): void {
  const request = subflowRequest(draft.state, expansion);
  const maxDepth = maxDepthOf(draft.state);
  if (request.depth > maxDepth) {
    const message = `Executions start one another deeper than ${maxDepth}: does ${expansion.namespace}.${expansion.flowId} end up calling itself?`;
    draft.log("ERROR", message, run.index);
    return attemptFailed(draft, run.index, message, {});
  }
  const { wait, transmitFailed, restarts } = expansion;
  askForSubflow(draft, run, { wait, transmitFailed, request, ...(restarts ? { restarts } : {}) });
}

export function subflowStarted(
  draft: Draft,
  run: TaskRun,
  waiting: SubflowWaiting,
  event: EventOf<"subflow-started">,
): void {
  const { executionId } = event;
  const { flowId, namespace, restarts } = waiting.request;
  const what = restarts === executionId ? "Restarted" : "Created new";
  const link = `[[link execution="${executionId}" flowId="${flowId}" namespace="${namespace}"]]`;
  draft.log("INFO", `${what} execution ${link}`, run.index);
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
  if (waiting.restarts && (state === "FAILED" || state === "KILLED")) {
    const { request, transmitFailed } = waiting;
    draft.update(run.index, { child: { executionId, request, transmitFailed } });
  }
  attemptAnswered(draft, run, {
    state: waiting.transmitFailed && copied ? state : "SUCCESS",
    outputs: { executionId, state, outputs: event.outputs ?? {} },
    ...(copied ? error : {}),
  });
}
