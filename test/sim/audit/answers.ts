import type { ExecutionState, Plan, TaskRun } from "#engine/index.ts";
import type { EventOf, ExecutionEvent } from "#schema/event.ts";
import type { Retry } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import type { State } from "#schema/state.ts";
import type { Circumstances } from "./trail.ts";

// What the answers to one execution's tasks made of them: outputs, retries, children.

/** How long past its timeout an attempt may be recorded as running: the grace for whoever runs it, and a second. */
const TIMEOUT_GRACE_MS = 21_000;

export class Answers {
  readonly #plan: Plan;
  readonly #around: Circumstances;
  /** The value that the winning answer of each task run gave. */
  readonly #winners = new Map<number, Json | undefined>();
  readonly #children = new Set<string>();

  constructor(plan: Plan, around: Circumstances) {
    this.#plan = plan;
    this.#around = around;
  }

  #complain(text: string): void {
    this.#around.complain(text);
  }

  take(before: ExecutionState, after: ExecutionState, event: ExecutionEvent): void {
    if (!("effect" in event)) return;
    const index = Number.parseInt(event.effect, 10);
    const was = before.runs.get(index);
    const run = after.runs.get(index);
    if (was === undefined || run === undefined || was === run) return;
    if (event.kind === "task-finished") this.#checkOutputs(was, run, event, before);
    if (event.kind === "subflow-finished") this.#checkChild(was, run, event);
    if (run.waiting?.kind === "retry" && was.waiting?.kind !== "retry") this.#checkRetry(run, run.waiting.at);
    this.#checkDuration(was, run);
  }

  /** [I20] */
  #checkOutputs(was: TaskRun, run: TaskRun, event: EventOf<"task-finished">, before: ExecutionState): void {
    if (was.waiting?.kind === "cancel" || run.state === "KILLED") return;
    const value = event.answer.outputs?.value;
    this.#winners.set(run.index, value);
    if (event.answer.outputs !== undefined && run.outputs?.value !== value)
      this.#complain(`I20 task run ${run.index} shows outputs that its answer did not give`);
    const seen = event.answer.outputs?.seen;
    if (typeof seen !== "object" || seen === null || Array.isArray(seen)) return;
    for (const other of before.runs) {
      const id = this.#plan.tasks[other.task]?.id ?? "";
      if (!Object.hasOwn(seen, id) || other.dropped || !this.#winners.has(other.index)) continue;
      if (other.state !== "SUCCESS" || other.parent >= 0) continue;
      if (seen[id] !== this.#winners.get(other.index))
        this.#complain(`I20 ${id} was seen with outputs of no winning attempt`);
    }
  }

  /** [I12] */
  #checkChild(was: TaskRun, run: TaskRun, event: EventOf<"subflow-finished">): void {
    if (this.#children.has(event.effect)) this.#complain(`I12 the end of ${event.executionId} was heard twice`);
    this.#children.add(event.effect);
    const { waiting } = was;
    if (waiting?.kind !== "subflow") return;
    const known = waiting.executionId;
    if (known !== undefined && known !== event.executionId && !this.#around.isReplaced(known))
      this.#complain(`I12 the end of ${event.executionId} counted for ${known}`);
    const task = this.#plan.tasks[run.task]?.task;
    const wanted = parentState(event.state, waiting.transmitFailed, task ?? {});
    const isRetried = run.state === "RETRYING" || run.state === "RETRIED";
    if (isRetried && event.state === "FAILED" && waiting.transmitFailed) return;
    const warned = wanted === "SUCCESS" && run.state === "WARNING" && run.attempts.length > 1;
    if (run.state !== wanted && !warned)
      this.#complain(`I12 a child that ended ${event.state} made its parent's task ${run.state}, not ${wanted}`);
  }

  /** [I16] */
  #checkRetry(run: TaskRun, at: number): void {
    const retry = this.#plan.tasks[run.task]?.retry;
    const ended = run.attempts.at(-1)?.to;
    if (retry === undefined || ended === undefined)
      return this.#complain(`I16 task run ${run.index} is retried by no policy`);
    const [least, most] = delayBounds(retry, run.attempts.length);
    const delayMs = at - ended;
    if (delayMs < least - 1 || delayMs > most + 1)
      this.#complain(`I16 retry after ${delayMs} ms, the policy says ${least} to ${most}`);
  }

  /** [I17] Of attempts whose time this engine keeps. */
  #checkDuration(was: TaskRun, run: TaskRun): void {
    const last = run.attempts.at(-1);
    if (!this.#around.isPunctual || last?.to === undefined || run.attempts === was.attempts || run.losses > 0) return;
    const task = this.#plan.tasks[run.task];
    const seconds = task?.type === "sim.Edge" ? /^PT(\d+)S$/.exec(task.task.timeout ?? "")?.[1] : undefined;
    if (seconds === undefined) return;
    const overMs = last.to - last.from - Number(seconds) * 1_000;
    if (overMs > TIMEOUT_GRACE_MS) this.#complain(`I17 an attempt of ${task?.id} ran ${overMs} ms past its timeout`);
  }
}

/** What a child's end makes of the task that waits for it. */
export function parentState(
  child: State,
  transmitFailed: boolean,
  task: { allowFailure?: boolean | undefined; allowWarning?: boolean | undefined },
): State {
  const copied =
    transmitFailed && (child === "FAILED" || child === "KILLED" || child === "WARNING") ? child : "SUCCESS";
  const softened = copied === "FAILED" && task.allowFailure ? "WARNING" : copied;
  return softened === "WARNING" && task.allowWarning ? "SUCCESS" : softened;
}

/** Least and most delay before the next try, after so many attempts. */
function delayBounds(retry: Retry, attempts: number): [number, number] {
  if (retry.type === "constant") return [retry.intervalMs, retry.intervalMs];
  if (retry.type === "random") return [retry.minIntervalMs ?? 0, retry.maxIntervalMs ?? 0];
  const delay = Math.min(
    retry.intervalMs * Math.trunc(retry.delayFactor) * (attempts - 1),
    retry.maxIntervalMs ?? Infinity,
  );
  return [delay, delay];
}
