import { type ExecutionState, freeze, initialState, type Plan, type Reduce } from "#engine/index.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import { isTerminal } from "#schema/state.ts";

// The invariants of research on such systems that one execution's log, state and projection can show. Each returns sentences.

export type Evidence = {
  id: string;
  plan: Plan;
  reduce: Reduce;
  /** Alarms were on time and nothing died: timers have to be, too. */
  isPunctual: boolean;
  /** When each start of the process died, by its name. */
  bootEnds: ReadonlyMap<string, number>;
  /** The whole log. */
  events: readonly ExecutionEvent[];
  /** The state as a fresh cell loads it, from its snapshot and the rest of the log. */
  loaded: ExecutionState;
  projected: ExecutionSummary | undefined;
};

/** Everything wrong with one execution after all is quiet. */
export function violations(evidence: Evidence): string[] {
  const found = [...logViolations(evidence), ...stateViolations(evidence.plan, evidence.loaded)];
  const { loaded, projected, id } = evidence;
  if (projected?.seq !== loaded.seq || projected.state !== loaded.status)
    found.push(
      `I10 the list shows ${projected?.state} at ${projected?.seq}, the truth is ${loaded.status} at ${loaded.seq}`,
    );
  return found.map((text) => `${id}: ${text}`);
}

/** How soon after a death what it took with it is started again, in ms. */
const REVIVED_MS = 60_000;
/** How late a timer may be where alarms are on time, in ms. */
const PUNCTUAL_MS = 1_000;

function logViolations({ reduce, isPunctual, bootEnds, events, loaded }: Evidence): string[] {
  const found: string[] = [];
  const timers = new Map<string, number>();
  const answered = new Set<string>();
  const asked = new Set<string>();
  let state = initialState();
  let isKilled = false;
  for (const event of events) {
    const before = state;
    const step = reduce(state, event);
    state = step.state;
    if (state === before) found.push(`I9 the log holds an event that changes nothing: ${event.kind}`);
    if (event.at < before.at) found.push("I24 time went back in the log");
    if (event.kind === "task-finished") {
      if (answered.has(event.effect)) found.push(`I1 two results of effect ${event.effect}`);
      answered.add(event.effect);
    }
    if (event.kind === "timer-fired") {
      const lateMs = event.at - (timers.get(event.effect) ?? Number.NEGATIVE_INFINITY);
      const diedAt = bootEnds.get(leaseholder(before, event.effect) ?? "");
      if (diedAt !== undefined && event.at > diedAt + REVIVED_MS)
        found.push(`I11 ${event.effect} was waited for although its worker had died ${event.at - diedAt} ms ago`);
      if (lateMs < 0) found.push(`I16 timer ${event.effect} went off ${-lateMs} ms early`);
      if (isPunctual && lateMs > PUNCTUAL_MS) found.push(`I11 timer ${event.effect} went off ${lateMs} ms late`);
    }
    if (!isAwaited(before, event)) found.push(`I14 nobody waited for ${event.kind} of an effect`);
    if (event.kind === "restart-requested") isKilled = false;
    for (const effect of step.effects) {
      if (!("id" in effect)) continue;
      if (effect.kind === "wake-at") timers.set(effect.id, effect.at);
      if (asked.has(effect.id)) found.push(`E3 effect id ${effect.id} used twice`);
      asked.add(effect.id);
      if (isKilled && effect.kind === "run-task" && !isTerminal(state.status))
        found.push(`I3 an attempt was asked for after a kill, by ${event.kind} in ${state.status}`);
    }
    // A kill of what has ended is no more than a name that is remembered.
    if (event.kind === "kill-requested" && !isTerminal(before.status)) isKilled = true;
    if (isKilled) found.push(...escaped(before, state).map((run) => `I3 ${run} after a kill, by ${event.kind}`));
    if (isTerminal(before.status) && state.status !== before.status && !isComeback(before, event))
      found.push(`I2 ${before.status} was left by ${event.kind}`);
  }
  if (isKilled && state.status !== "KILLED") found.push(`I3 killed, but ${state.status}`);
  if (freeze(state) !== freeze(loaded)) found.push("I9/I27 the loaded state is not the replayed log");
  return found;
}

/** True for a command that may leave a terminal state. */
function isComeback({ status }: ExecutionState, { kind }: ExecutionEvent): boolean {
  if (kind === "kill-requested") return status === "RETRIED";
  return kind === "restart-requested" || kind === "task-state-set" || kind === "status-set";
}

/** The start of the process that has the attempt whose lease this timer ends. */
function leaseholder(state: ExecutionState, timer: string): string | undefined {
  const waiting = state.runs.get(Number.parseInt(timer, 10))?.waiting;
  if (waiting?.kind !== "answer" || waiting.lease?.id !== timer) return undefined;
  return waiting.worker?.startsWith("local:") ? waiting.worker.slice("local:".length) : undefined;
}

/** False for the answer to, or the timer of, an effect that the state before it does not name as what it waits for. */
function isAwaited(before: ExecutionState, event: ExecutionEvent): boolean {
  if (event.kind !== "task-finished" && event.kind !== "timer-fired") return true;
  const { effect } = event;
  const waiting = before.runs.get(Number.parseInt(effect, 10))?.waiting;
  if (waiting === undefined) return before.pending.some((pending) => pending.id === effect);
  if (event.kind === "task-finished")
    return ("effect" in waiting && waiting.effect === effect) || ("target" in waiting && waiting.target === effect);
  if (waiting.kind === "answer") return waiting.lease?.id === effect || waiting.deadline?.id === effect;
  return "timer" in waiting && waiting.timer === effect;
}

/** Task runs that ended otherwise than KILLED in a step of an execution that is killed, afterExecution left out. */
function escaped(before: ExecutionState, after: ExecutionState): string[] {
  const found: string[] = [];
  if (before.status !== "KILLING" && before.status !== "KILLED") return found;
  for (const run of after.runs) {
    const was = before.runs.get(run.index);
    if (was === undefined || was.state === run.state || run.stage === "afterExecution") continue;
    if (run.state !== "KILLED" && run.state !== "KILLING") found.push(`task run ${run.index} became ${run.state}`);
  }
  return found;
}

function stateViolations(plan: Plan, state: ExecutionState): string[] {
  const found: string[] = [];
  if (!isTerminal(state.status)) found.push(`I11 not terminal when all is quiet: ${state.status}`);
  for (const effect of state.pending) found.push(`I15 ${effect.kind} was never answered`);
  for (const run of state.runs) {
    if (run.dropped) continue;
    const id = plan.tasks[run.task]?.id;
    if (!isTerminal(run.state)) found.push(`I11 task run ${id} is ${run.state}, waiting for ${run.waiting?.kind}`);
    if (run.attempts.some((attempt) => attempt.to === undefined)) found.push(`I17 an attempt of ${id} never ended`);
    const most = plan.tasks[run.task]?.retry?.maxAttempts ?? 1;
    if (state.attempt === 1 && run.attempts.length > Math.max(1, most))
      found.push(`I16 ${id} was tried ${run.attempts.length} times`);
    const pauses = run.histories.filter((entry) => entry.state === "PAUSED").length;
    if (pauses > run.attempts.length) found.push(`I13 ${id} paused ${pauses} times in ${run.attempts.length} attempts`);
  }
  return found;
}
