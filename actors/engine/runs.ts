import type { TaskAnswer } from "#schema/event.ts";
import type { Retry } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import type { TerminalState } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import { hasFlag } from "./flags.ts";
import { gateOf } from "./gates.ts";
import { nextExecutionAt, nextRetryAt } from "./retry.ts";
import type { Stage, TaskRun, Waiting } from "./state.ts";

// The life of one task run and its attempts.
//
// A1. An attempt ends once: an answer counts only while the run waits for that very effect.
// A2. An attempt whose runner is gone is asked for again under a new effect id; after MAX_LOSSES it fails.
// A3. A failed attempt is retried before the failure is seen by anybody else.
// A5. An attempt that its container no longer waits for is neither retried nor asked for again.
// A4. A timer nobody waits for any more changes nothing.
// A6. A failed attempt whose policy makes new executions ends its run RETRIED: the execution is replaced once this step's own work is done.

/** How often an attempt may be lost with whoever ran it before it fails. */
export const MAX_LOSSES = 10;

export type Place = {
  task: number;
  parent: number;
  stage: Stage;
  lane: number;
  slot: number;
  value?: string;
  iteration?: number;
};

/** Adds a task run and asks for its first attempt; false when the execution has as many as it may have. */
export function startTask(draft: Draft, place: Place): boolean {
  const index = draft.state.runs.size;
  const { maxTaskRuns } = draft.limits;
  const tooMany = index >= maxTaskRuns;
  draft.add({
    ...place,
    index,
    state: "CREATED",
    histories: [{ state: "CREATED", at: draft.at }],
    attempts: [],
    losses: 0,
  });
  if (!tooMany) {
    askToRun(draft, index);
    return true;
  }
  const message = `An execution may have ${maxTaskRuns} task runs; split the work into subflows.`;
  draft.log("ERROR", message, index);
  endRun(draft, index, "FAILED", { error: message });
  return false;
}

/** Asks for the next attempt of a run, unless it is to be skipped, or something holds it back. */
export function askToRun(draft: Draft, index: number): void {
  const gate = gateOf(draft, draft.run(index));
  if (gate === "skip") return endRun(draft, index, "SKIPPED", {});
  if (gate === "held") {
    draft.update(index, { waiting: { kind: "held" } });
    return;
  }
  if (gate === "breakpoint") {
    draft.log("INFO", "Stopped at a breakpoint.", index);
    draft.move(index, "BREAKPOINT", { waiting: { kind: "breakpoint" } });
    return;
  }
  const { child, state } = draft.run(index);
  if (child !== undefined && state === "RESTARTED") return restartChild(draft, draft.run(index), child);
  const id = draft.effectId(index);
  const run = draft.update(index, { waiting: { kind: "start", effect: id } });
  draft.ask({
    kind: "run-task",
    id,
    run: index,
    attempt: run.attempts.filter((attempt) => attempt.to !== undefined).length,
  });
}

/** A restart restarts the failed execution of the run, and waits for it again. */
function restartChild(draft: Draft, before: TaskRun, child: NonNullable<TaskRun["child"]>): void {
  const { executionId, request, transmitFailed } = child;
  const run = beginAttempt(draft, before);
  askForSubflow(draft, run, {
    wait: true,
    transmitFailed,
    restarts: true,
    request: { ...request, restarts: executionId },
  });
}

type SubflowWaiting = Extract<Waiting, { kind: "subflow" }>;

/** Asks for the execution that the run waits for. */
export function askForSubflow(draft: Draft, run: TaskRun, waiting: Omit<SubflowWaiting, "kind" | "effect">): void {
  const effect = draft.effectId(run.index);
  draft.update(run.index, { waiting: { kind: "subflow", effect, ...waiting } });
  draft.ask({ kind: "start-subflow", id: effect, run: run.index, request: waiting.request });
}

/** Asks that the run's attempt, wherever it waits or runs, is not begun or is stopped. Nothing waits for the answer. */
export function withdraw(draft: Draft, run: TaskRun): void {
  const { waiting, index } = run;
  if (waiting?.kind === "start")
    draft.ask({ kind: "cancel-task", id: draft.effectId(index), run: index, target: waiting.effect, queued: true });
  else if (waiting?.kind === "answer")
    draft.ask({ kind: "cancel-task", id: draft.effectId(index), run: index, target: waiting.effect });
  else if (waiting?.kind === "place-open")
    draft.ask({ kind: "close-place", id: draft.effectId(index), run: index, place: waiting.effect });
}

/** The run's attempt begins, if it has not begun yet. */
export function beginAttempt(draft: Draft, run: TaskRun): TaskRun {
  const last = run.attempts.at(-1);
  if (last !== undefined && last.to === undefined) return run;
  return draft.move(run.index, "RUNNING", { attempts: [...run.attempts, { state: "RUNNING", from: draft.at }] });
}

/** An answer to the attempt the run waits for. */
export function attemptAnswered(draft: Draft, before: TaskRun, answer: TaskAnswer): void {
  if (answer.state === "SKIPPED") return endRun(draft, before.index, "SKIPPED", {});
  if (answer.place !== undefined) placeLeft(draft, before.parent, answer.place);
  const run = beginAttempt(draft, before);
  closeAttempt(draft, run, answer.state);
  const outputs = answer.outputs === undefined ? {} : { outputs: answer.outputs };
  if (answer.state === "FAILED") return attemptFailed(draft, run.index, answer.error ?? "The task failed.", outputs);
  const retried = run.attempts.length > 1 && draft.task(run).retry?.warningOnRetry === true;
  endRun(draft, run.index, answer.state === "SUCCESS" && retried ? "WARNING" : answer.state, outputs);
}

/** An attempt has left the directory it shares with its siblings like this, whatever came of it. */
function placeLeft(draft: Draft, owner: number, manifest: string): void {
  const container = draft.container(owner);
  if (container?.place === undefined) return;
  draft.setContainer(owner, { ...container, place: { ...container.place, manifest } });
}

function closeAttempt(draft: Draft, run: TaskRun, state: TaskAnswer["state"]): void {
  const last = run.attempts.at(-1);
  if (last === undefined || last.to !== undefined) return;
  draft.update(run.index, { attempts: [...run.attempts.slice(0, -1), { ...last, state, to: draft.at }] });
}

/** The open attempt failed: retry by policy, else the run has failed. */
export function attemptFailed(draft: Draft, index: number, error: string, change: { outputs?: JsonObject }): void {
  closeAttempt(draft, draft.run(index), "FAILED");
  const run = draft.run(index);
  if (isLeftBehind(draft, run)) return endRun(draft, index, "FAILED", { ...change, error });
  const retry = policyOf(draft, run);
  const seed = `${draft.state.facts?.id}/${index}`;
  const newAt = nextExecutionAt(retry, draft.state, draft.at, seed);
  if (newAt !== "same") {
    if (newAt === undefined) return endRun(draft, index, "FAILED", { ...change, error });
    draft.move(index, "RETRIED", { ...change, error, waiting: undefined });
    draft.replaced = { run: index, at: newAt };
    return;
  }
  const at = nextRetryAt(retry, run.attempts, draft.at, seed);
  if (at === undefined) return endRun(draft, index, "FAILED", { ...change, error });
  const timer = draft.timer(index, at);
  draft.move(index, "RETRYING", { ...change, error, waiting: { kind: "retry", timer, at } });
}

/** Who tries the run again, if anybody does: the policy of a flowable is for its children. */
function policyOf(draft: Draft, run: TaskRun): Retry | undefined {
  const { retry, task } = draft.task(run);
  const isFlowable = Object.keys(task.lists).length > 0;
  return isFlowable && hasFlag(draft.state.facts, "flowablesAreNotRetried") ? undefined : retry;
}

/** The retry's time has come. */
export function retryNow(draft: Draft, index: number): void {
  draft.move(index, "CREATED", { losses: 0 });
  askToRun(draft, index);
}

/** Whoever ran the attempt is gone. */
export function attemptLost(draft: Draft, run: TaskRun, reason: string): void {
  if (isLeftBehind(draft, run)) return endRun(draft, run.index, "KILLED", { error: reason });
  if (run.losses + 1 >= MAX_LOSSES) {
    const message = `The attempt was lost with whoever ran it ${MAX_LOSSES} times: ${reason}`;
    draft.log("ERROR", message, run.index);
    return attemptFailed(draft, run.index, message, {});
  }
  draft.log("WARN", `The attempt is started again: ${reason}`, run.index);
  draft.update(run.index, { losses: run.losses + 1 });
  askToRun(draft, run.index);
}

/** True when the run's container has ended or gone on without it. */
export function isLeftBehind(draft: Draft, run: TaskRun): boolean {
  const container = draft.container(run.parent);
  if (container === undefined || run.stage === "afterExecution") return false;
  return container.ended || (container.stage === "finally" && run.stage !== "finally");
}

/** Ends a run; its container hears of it once this step's own work is done. */
export function endRun(
  draft: Draft,
  index: number,
  state: TaskAnswer["state"],
  change: { outputs?: JsonObject; error?: string },
): void {
  draft.move(index, softened(draft, draft.run(index), state), { ...change, waiting: undefined });
  draft.ended.push(index);
}

/** `state` after the task's allowFailure and allowWarning. */
export function softened<S extends TerminalState>(draft: Draft, run: TaskRun, state: S): S | "WARNING" | "SUCCESS" {
  const { task } = draft.task(run);
  const failed = state === "FAILED" && task.allowFailure ? "WARNING" : state;
  return failed === "WARNING" && task.allowWarning ? "SUCCESS" : failed;
}
