import { assertNever } from "#schema/assert-never.ts";
import type { Effect } from "#schema/effect.ts";
import type { EventOf, ExecutionEvent } from "#schema/event.ts";
import type { EpochMs } from "#schema/json.ts";
import { isTerminal } from "#schema/state.ts";
import { created, isDueStart, start } from "./beginning.ts";
import { breakpointResumed } from "./breakpoints.ts";
import { hasFailed, verdictOf } from "./command-table.ts";
import { canResume, endPause, killing, once, pause, restart, resume } from "./commands.ts";
import { Draft, effectRun, type Limits } from "./draft.ts";
import { endExecution, giveBackSlot, outputsRendered, runStopped } from "./ending.ts";
import { hasFlag } from "./flags.ts";
import { forking } from "./fork.ts";
import type { Handler } from "./handler.ts";
import { itemAnswered } from "./items.ts";
import { childEnded } from "./lanes.ts";
import { intervalOver, loopEvaluated } from "./loops.ts";
import { overridden } from "./overrides.ts";
import { placeAnswered } from "./places.ts";
import type { Plan } from "./plan.ts";
import { replaceExecution, retryDue, retryStarted } from "./retried.ts";
import { attemptAnswered, attemptFailed, attemptLost, beginAttempt, endRun, retryNow } from "./runs.ts";
import { slaElapsed, slaViolated } from "./sla.ts";
import { slotAnswered, unqueued } from "./slots.ts";
import type { ExecutionState, TaskRun, TimerRef, Waiting } from "./state.ts";
import { killChild, stop } from "./stop.ts";
import { expanded, subflowFinished, subflowStarted } from "./structure.ts";
import { taskAnswered } from "./updates.ts";

// The reducer: every decision about an execution, and nothing else.
//
// E1. Total and pure: no clock, no randomness, no mutation of what came in, no throw on a well-typed event.
// E2. An event that changes nothing (late, duplicate, not allowed in this state) gives back the very same state and no effects.
// E3. An effect id is used at most once in the life of an execution.
// E4. Whatever is not terminal waits for something: an answer, a timer, a child, or a person.

export type Step = { readonly state: ExecutionState; readonly effects: readonly Effect[] };
export type Reduce = (state: ExecutionState, event: ExecutionEvent) => Step;

/** The reducer for executions of one flow. Other limits than the usual ones are for tests. */
export function createReducer(plan: Plan, limits?: Limits): Reduce {
  return (state, event) => {
    const handle = handlerOf(state, event);
    if (handle === undefined) return { state, effects: [] };
    const draft = new Draft(plan, state, event.at, limits);
    handle(draft);
    settle(draft);
    return { state: draft.state, effects: draft.effects };
  };
}

/** Tells containers of ended children until nothing follows from anything any more. */
function settle(draft: Draft): void {
  if (draft.replaced !== undefined) replaceExecution(draft, draft.replaced);
  for (let next = draft.ended.shift(); next !== undefined; next = draft.ended.shift()) {
    if (draft.state.status === "KILLING") runStopped(draft);
    else childEnded(draft, draft.run(next));
  }
  if (draft.rootEnded !== undefined && !isTerminal(draft.state.status)) endExecution(draft, draft.rootEnded);
  if (draft.state.slot !== undefined && isTerminal(draft.state.status)) giveBackSlot(draft);
  settleStatus(draft);
}

/** What is waited for shows in the state of an execution that goes on. */
function settleStatus(draft: Draft): void {
  const { facts, paused, held, retrying, atBreakpoint } = draft.state;
  const isFree = draft.state.status === "PAUSED" && paused === 0 && !held;
  if (isFree && hasFlag(facts, "pauseFollowsTasks")) draft.goOn();
  const { status } = draft.state;
  if (status !== "RUNNING" && status !== "RETRYING" && status !== "BREAKPOINT") return;
  if (atBreakpoint > 0) return draft.moveExecution("BREAKPOINT");
  if (status === "BREAKPOINT" || retrying === 0) draft.moveExecution("RUNNING");
  if (retrying > 0) draft.moveExecution("RETRYING");
}

/** What the event does in this state; undefined when nothing. */
function handlerOf(state: ExecutionState, event: ExecutionEvent): Handler | undefined {
  if (event.kind === "execution-created")
    return state.facts === undefined ? (draft) => created(draft, event) : undefined;
  if (state.facts === undefined) return undefined;
  switch (event.kind) {
    case "kill-requested":
    case "pause-requested":
    case "resume-requested":
    case "restart-requested":
    case "labels-set":
    case "unqueue-requested":
    case "force-run-requested":
    case "task-state-set":
    case "status-set":
    case "breakpoint-resumed":
      return once(state, event.commandId, commandHandler(state, event), isKept(state, event));
    case "slot-answered":
      return slotAnswered(state, event);
    case "runs-copied":
    case "fork-completed":
      return forking(state, event);
    case "sla-violated":
      return slaViolated(state, event);
    case "outputs-rendered":
      return isPending(state, event.effect)
        ? answered(event.effect, (draft) => outputsRendered(draft, event))
        : undefined;
    case "effect-acknowledged":
    case "timer-fired":
    case "task-dispatched":
    case "task-lost":
    case "task-expanded":
    case "task-finished":
    case "subflow-started":
    case "subflow-finished":
    case "item-refused":
    case "loop-evaluated":
    case "place-opened":
    case "place-closed":
      return effectHandler(state, event);
    default:
      return assertNever(event);
  }
}

type CommandEvent = EventOf<
  | "kill-requested"
  | "pause-requested"
  | "resume-requested"
  | "restart-requested"
  | "labels-set"
  | "unqueue-requested"
  | "force-run-requested"
  | "task-state-set"
  | "status-set"
  | "breakpoint-resumed"
>;

/** What the command does in this state; undefined when nothing. */
function commandHandler(state: ExecutionState, event: CommandEvent): Handler | undefined {
  switch (event.kind) {
    case "kill-requested":
      return killing(state, event.cascade);
    case "pause-requested":
      return verdictOf("pause", state.status) === "taken" ? pause : undefined;
    case "resume-requested":
      return canResume(state, event.run) ? (draft) => resume(draft, event) : undefined;
    case "restart-requested":
      return verdictOf("restart", state.status) === "taken" && hasFailed(state)
        ? (draft) => restart(draft, event)
        : undefined;
    case "labels-set":
      return isTerminal(state.status) ? (draft) => draft.set({ labels: event.labels }) : undefined;
    case "unqueue-requested":
    case "force-run-requested":
      return unqueued(state, event);
    case "task-state-set":
    case "status-set":
      return overridden(state, event);
    case "breakpoint-resumed":
      return breakpointResumed(state, event);
    default:
      return assertNever(event);
  }
}

/** True for a command that is accepted in this state although it changes nothing. */
function isKept(state: ExecutionState, { kind }: CommandEvent): boolean {
  if (kind === "kill-requested") return verdictOf("kill", state.status) !== "refused";
  return kind === "force-run-requested" && verdictOf("force-run", state.status) === "kept";
}

function isPending(state: ExecutionState, id: string): boolean {
  return state.pending.some((effect) => effect.id === id);
}

/** True while an effect waits to be acknowledged and for nothing else. */
function isTold(state: ExecutionState, id: string): boolean {
  return state.pending.some(({ id: pending, kind }) => pending === id && !ANSWERED_OTHERWISE.has(kind));
}

const ANSWERED_OTHERWISE: ReadonlySet<string> = new Set(["render-outputs", "wake-at", "acquire-slot"]);

function answered(id: string, then?: Handler): Handler {
  return (draft) => {
    draft.set({ pending: draft.state.pending.filter((effect) => effect.id !== id) });
    then?.(draft);
  };
}

type EffectEvent = EventOf<
  | "effect-acknowledged"
  | "timer-fired"
  | "task-dispatched"
  | "task-lost"
  | "task-expanded"
  | "task-finished"
  | "subflow-started"
  | "subflow-finished"
  | "item-refused"
  | "loop-evaluated"
  | "place-opened"
  | "place-closed"
>;

function effectHandler(state: ExecutionState, event: EffectEvent): Handler | undefined {
  const index = effectRun(event.effect);
  if (index < 0) {
    if (event.kind === "timer-fired")
      return retryDue(state, event.effect) ?? slaElapsed(state, event.effect) ?? dueStart(state, event);
    if (event.kind !== "effect-acknowledged") return undefined;
    return retryStarted(state, event) ?? (isTold(state, event.effect) ? answered(event.effect) : undefined);
  }
  const run = state.runs.get(index);
  if (run === undefined || run.dropped) return undefined;
  return event.kind === "timer-fired" ? timerHandler(run, event) : answerHandler(run, event);
}

function dueStart(state: ExecutionState, event: EventOf<"timer-fired">): Handler | undefined {
  return isDueStart(state, event.effect) ? start : undefined;
}

/** The answer to what the run waits for. */
function answerHandler(run: TaskRun, event: Exclude<EffectEvent, EventOf<"timer-fired">>): Handler | undefined {
  const { waiting } = run;
  if (event.kind === "loop-evaluated") return loopEvaluated(run, event);
  if (event.kind === "place-opened" || event.kind === "place-closed") return placeAnswered(run, event);
  if (event.kind === "item-refused") return itemAnswered(run, event);
  if (run.items !== undefined && (event.kind === "subflow-started" || event.kind === "subflow-finished"))
    return itemAnswered(run, event);
  if (waiting?.kind === "cancel") {
    if (event.kind === "subflow-started" && event.effect === waiting.target && !waiting.isTask)
      return (draft) => killChild(draft, event.executionId);
    const stopped =
      event.effect === waiting.target
        ? isEnd(event)
        : event.kind === "effect-acknowledged" && event.effect === waiting.effect;
    return stopped ? (draft) => endRun(draft, run.index, waiting.endAs ?? "KILLED", {}) : undefined;
  }
  if (waiting?.kind === "subflow" && waiting.effect === event.effect) {
    if (event.kind === "subflow-started") return (draft) => subflowStarted(draft, run, waiting, event);
    if (event.kind === "subflow-finished") return (draft) => subflowFinished(draft, run, waiting, event);
    return event.kind === "task-finished" ? (draft) => taskAnswered(draft, run, event.answer) : undefined;
  }
  if ((waiting?.kind !== "start" && waiting?.kind !== "answer") || waiting.effect !== event.effect) return undefined;
  switch (event.kind) {
    case "task-dispatched":
      return isSameDispatch(waiting, event) ? undefined : (draft) => dispatched(draft, run, event);
    case "task-lost":
      return (draft) => attemptLost(draft, run, event.reason);
    case "task-expanded":
      return waiting.kind === "start" ? (draft) => expanded(draft, run, event) : undefined;
    case "task-finished":
      return (draft) => taskAnswered(draft, run, event.answer);
    default:
      return undefined;
  }
}

/** Told twice that the same worker has it, with nothing that would move its timers. */
function isSameDispatch(waiting: Waiting, event: EventOf<"task-dispatched">): boolean {
  if (waiting.kind !== "answer" || waiting.worker !== event.worker) return false;
  return waiting.lease?.at === event.leaseUntil && waiting.deadline?.at === event.deadlineAt;
}

function isEnd(event: EffectEvent): boolean {
  return event.kind === "task-finished" || event.kind === "subflow-finished" || event.kind === "task-lost";
}

function timerHandler(run: TaskRun, event: EventOf<"timer-fired">): Handler | undefined {
  const { waiting, index } = run;
  const { effect } = event;
  switch (waiting?.kind) {
    case "retry":
      return waiting.timer === effect ? (draft) => retryNow(draft, index) : undefined;
    case "sleep":
      return waiting.timer === effect ? (draft) => sleepOver(draft, run, waiting.timedOut === true) : undefined;
    case "interval":
      return waiting.timer === effect ? (draft) => intervalOver(draft, index) : undefined;
    case "pause":
      return waiting.timer === effect ? (draft) => pauseElapsed(draft, run, waiting.behavior) : undefined;
    case "items":
      return waiting.stop?.id === effect ? (draft) => endRun(draft, index, "KILLED", {}) : undefined;
    case "cancel":
      return waiting.timer === effect ? (draft) => endRun(draft, index, waiting.endAs ?? "KILLED", {}) : undefined;
    case "answer":
      if (waiting.deadline?.id === effect) return (draft) => timedOut(draft, run, waiting.effect);
      return waiting.lease?.id === effect
        ? (draft) => attemptLost(draft, run, "no answer within its lease")
        : undefined;
    default:
      return undefined;
  }
}

const TIMED_OUT = "The task did not finish within its timeout.";

function sleepOver(draft: Draft, run: TaskRun, isTimedOut: boolean): void {
  if (!isTimedOut) return attemptAnswered(draft, run, { state: "SUCCESS" });
  draft.log("ERROR", TIMED_OUT, run.index);
  attemptFailed(draft, run.index, TIMED_OUT, {});
}

function timedOut(draft: Draft, run: TaskRun, target: string): void {
  const message = TIMED_OUT;
  draft.log("ERROR", message, run.index);
  draft.ask({ kind: "cancel-task", id: draft.effectId(run.index), run: run.index, target });
  attemptFailed(draft, run.index, message, {});
}

function pauseElapsed(draft: Draft, run: TaskRun, behavior: "RESUME" | "WARN" | "FAIL" | "CANCEL"): void {
  if (behavior === "CANCEL") {
    if (isTerminal(draft.state.status)) return endRun(draft, run.index, "CANCELLED", {});
    return stop(draft, "CANCELLED", { cascade: true });
  }
  const state = behavior === "RESUME" ? "SUCCESS" : behavior === "WARN" ? "WARNING" : "FAILED";
  endPause(draft, run, state, {});
}

function dispatched(draft: Draft, before: TaskRun, event: EventOf<"task-dispatched">): void {
  const run = beginAttempt(draft, before);
  const timer = (at: EpochMs): TimerRef => ({ id: draft.timer(run.index, at), at });
  const lease = event.leaseUntil === undefined ? {} : { lease: timer(event.leaseUntil) };
  const deadline = event.deadlineAt === undefined ? {} : { deadline: timer(event.deadlineAt) };
  const worker = event.worker === undefined ? {} : { worker: event.worker };
  draft.update(run.index, { waiting: { kind: "answer", effect: event.effect, ...lease, ...deadline, ...worker } });
}
