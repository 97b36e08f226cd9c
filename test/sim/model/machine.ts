import { FLAGS } from "#engine/flags.ts";
import type { EventOf, Expansion } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import { isTerminal, type State } from "#schema/state.ts";
import { Settling } from "./settling.ts";
import { type Family, familyOf, type Run } from "./tree.ts";

/** How often an attempt may be lost before it fails. */
const MOST_LOSSES = 10;

/** How deep executions may start executions. */
const MOST_DEPTH = 25;

/** States of an execution that say themselves what it waits for. */
const WAITING: ReadonlySet<State> = new Set(["CREATED", "QUEUED", "KILLING"]);

/** What follows from each fact, after reference/tasks.md and flow-model.md. */
export class Machine extends Settling {
  #needsSlot = false;
  #retriesFlowables = false;

  get status(): State {
    if (isTerminal(this.current) || WAITING.has(this.current)) return this.current;
    const states = new Set([...this.tree.runs.values()].map((run) => run.state));
    if (this.isHeld || states.has("PAUSED")) return "PAUSED";
    return states.has("RETRYING") ? "RETRYING" : "RUNNING";
  }

  created({ flags = [], limited, scheduleAt }: EventOf<"execution-created">): void {
    const isLimited = this.tree.flow.concurrency !== undefined || limited === true || scheduleAt !== undefined;
    this.#needsSlot = isLimited && flags.includes(FLAGS.concurrency);
    this.goesOnAfterStop = flags.includes(FLAGS.afterStop);
    this.#retriesFlowables = !flags.includes(FLAGS.flowablesAreNotRetried);
  }

  /** Its time has come; it may have to wait for a slot. */
  begin(): void {
    if (!this.#needsSlot) this.#goOn();
  }

  /** What the flow's actor says. */
  slotted({ answer, reason, behavior }: EventOf<"slot-answered">): void {
    if (this.current !== "CREATED" && this.current !== "QUEUED") return;
    if (answer === "granted") this.#goOn();
    else if (answer === "queued") this.current = "QUEUED";
    else {
      const isCancelled = reason === undefined && (behavior ?? this.tree.flow.concurrency?.behavior) === "CANCEL";
      const state = isCancelled ? "CANCELLED" : "FAILED";
      this.tree.root.ended = true;
      this.finish(state);
    }
  }

  #try(run: Run): void {
    run.state = "RUNNING";
    if (run.tries.at(-1)?.to === undefined && run.tries.length > 0) return;
    run.tries.push({ from: this.at, to: undefined });
  }

  #goOn(): void {
    this.current = "RUNNING";
    this.hasBegun = true;
  }

  dispatched(run: Run): void {
    this.#try(run);
    run.waits = "answer";
  }

  answered(run: Run, state: State, outputs: JsonObject | undefined): void {
    if (state === "SKIPPED") return this.end(run, state);
    this.#try(run);
    if (outputs !== undefined) run.outputs = outputs;
    if (state === "FAILED") return this.failed(run);
    const isLate = state === "SUCCESS" && run.tries.length > 1 && run.retry?.warningOnRetry === true;
    this.end(run, isLate ? "WARNING" : state);
  }

  failed(run: Run): void {
    this.close(run);
    const { retry, tries } = run;
    const isLeft = retry === undefined || (retry.maxAttempts > 0 && tries.length >= retry.maxAttempts);
    const isLate =
      retry?.maxDurationMs !== undefined &&
      this.at + retry.intervalMs > (tries[0]?.from ?? this.at) + retry.maxDurationMs;
    if (isLeft || isLate || this.isLeftBehind(run)) return this.end(run, "FAILED");
    run.state = "RETRYING";
    run.waits = "retry";
  }

  lost(run: Run): void {
    if (this.isLeftBehind(run)) return this.end(run, "KILLED");
    run.losses += 1;
    if (run.losses >= MOST_LOSSES) return this.failed(run);
    run.waits = this.isHeld ? "held" : "start";
  }

  fired(run: Run): void {
    if (run.waits === "retry") {
      run.state = "CREATED";
      run.losses = 0;
      run.waits = this.isHeld ? "held" : "start";
    } else if (run.waits === "interval") this.#intervalOver(run);
    else if (run.waits === "sleep") this.answered(run, "SUCCESS", undefined);
    else if (run.waits === "pause") {
      const behavior = run.task.properties.behavior;
      if (behavior === "CANCEL" && isTerminal(this.current)) this.end(run, "CANCELLED");
      else if (behavior === "CANCEL") this.stop("CANCELLED", true);
      else this.#unpause(run, behavior === "WARN" ? "WARNING" : behavior === "FAIL" ? "FAILED" : "SUCCESS", undefined);
    }
  }

  /** `depth`: of an execution that this one starts. */
  expanded(run: Run, expansion: Expansion, outputs: JsonObject | undefined, depth: number): void {
    this.#try(run);
    if (outputs !== undefined) run.outputs = outputs;
    run.waits = undefined;
    if (expansion.kind === "nothing" && expansion.state === "FAILED" && !this.#retriesFlowables)
      this.end(run, "FAILED");
    else if (expansion.kind === "nothing") this.answered(run, expansion.state, undefined);
    else if (expansion.kind === "subflow" && depth > MOST_DEPTH) this.failed(run);
    else if (expansion.kind === "pause") {
      run.state = "PAUSED";
      run.waits = "pause";
    } else if (expansion.kind === "sleep" || expansion.kind === "subflow") run.waits = expansion.kind;
    else if (expansion.kind === "place") run.waits = "place-open";
    else run.family = familyOf(expansion);
    if (expansion.kind === "loop-until") run.outputs = { ...run.outputs, iterationCount: 1 };
  }

  opened(run: Run, isWrong: boolean, expansion: Expansion): void {
    run.waits = undefined;
    if (isWrong) this.failed(run);
    else run.family = familyOf(expansion);
  }

  closed(run: Run, isWrong: boolean, outputs: JsonObject | undefined): void {
    run.outputs = { ...run.outputs, ...outputs };
    this.end(run, isWrong ? "FAILED" : (run.family?.endsAs ?? "SUCCESS"));
  }

  /** A turn of a loop is over, and this is what its condition said. */
  asked(run: Run, isOver: boolean, isWrong: boolean): void {
    const { family } = run;
    if (family?.expansion.kind !== "loop-until") return;
    run.waits = undefined;
    const isLimited = this.#isLimited(family);
    if (isWrong || isOver || isLimited) {
      family.isLoopOver = true;
      family.hasFailedLoop = isWrong || (!isOver && isLimited && family.expansion.failOnMaxReached);
    } else if (family.expansion.intervalMs > 0) {
      run.state = "PAUSED";
      run.waits = "interval";
    } else this.#turn(run, family);
  }

  #isLimited({ expansion, turn }: Family): boolean {
    if (expansion.kind !== "loop-until") return false;
    return (
      turn + 1 >= (expansion.maxIterations ?? Number.POSITIVE_INFINITY) ||
      this.at >= (expansion.deadlineAt ?? Number.POSITIVE_INFINITY)
    );
  }

  #turn(run: Run, family: Family): void {
    run.state = "RUNNING";
    run.waits = undefined;
    family.turn += 1;
    family.hasWarned ||= this.tree.children(run.key, "main").some((child) => child.state === "WARNING");
    run.outputs = { ...run.outputs, iterationCount: family.turn + 1 };
    this.tree.forget(run.key);
  }

  #intervalOver(run: Run): void {
    const { family } = run;
    if (family?.expansion.kind !== "loop-until") return;
    run.state = "RUNNING";
    run.waits = undefined;
    if (this.at < (family.expansion.deadlineAt ?? Number.POSITIVE_INFINITY)) return this.#turn(run, family);
    family.isLoopOver = true;
    family.hasFailedLoop = family.expansion.failOnMaxReached;
  }

  childStarted(run: Run, executionId: string): void {
    if (run.task.properties.wait !== true) this.answered(run, "SUCCESS", { executionId });
    else run.outputs = { executionId };
  }

  childEnded(run: Run, executionId: string, state: State, outputs: JsonObject | undefined): void {
    const copied = state === "FAILED" || state === "KILLED" || state === "WARNING";
    const isCopied = run.task.properties.transmitFailed !== false && copied;
    this.answered(run, isCopied ? state : "SUCCESS", { executionId, state, outputs: outputs ?? {} });
  }

  hold(): void {
    this.isHeld = true;
  }

  resume(key: string | undefined, inputs: JsonObject | undefined): void {
    const all = [...this.tree.runs.values()].filter((run) => key === undefined || run.key === key);
    const paused = all.find((run) => run.waits === "pause") ?? all.find((run) => run.waits === "interval");
    if (paused?.waits === "interval") return this.#intervalOver(paused);
    if (paused !== undefined) return this.#unpause(paused, "SUCCESS", inputs);
    this.isHeld = false;
    for (const run of this.tree.runs.values()) if (run.waits === "held") run.waits = "start";
  }

  #unpause(run: Run, state: State, inputs: JsonObject | undefined): void {
    run.outputs = { ...run.outputs, ...(inputs === undefined ? {} : { onResume: inputs }) };
    const children = this.tree.list(run.key, "tasks");
    if (state !== "SUCCESS" || children.length === 0) return this.end(run, state);
    run.state = "RUNNING";
    run.waits = undefined;
    run.family = familyOf({ kind: "sequence", list: "tasks" });
  }

  /** Whoever runs something is asked to stop; all else is over at once. */
  stop(stopAs: State, cascade: boolean): void {
    if (isTerminal(this.current) || this.current === "KILLING") return;
    this.current = "KILLING";
    this.stopAs = stopAs;
    for (const run of this.tree.runs.values()) {
      if (isTerminal(run.state)) continue;
      const isElsewhere = run.waits === "answer" || (run.waits === "subflow" && cascade);
      if (run.family !== undefined || isElsewhere) run.state = "KILLING";
      else this.end(run, "KILLED");
    }
  }

  stopped(run: Run): void {
    this.end(run, "KILLED");
  }

  rendered(isWrong: boolean): void {
    if (this.endsAs !== undefined) this.finish(isWrong ? "FAILED" : this.endsAs);
  }
}
