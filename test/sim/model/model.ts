import { FLAGS } from "#engine/flags.ts";
import type { ExecutionState, Plan, TaskRun } from "#engine/index.ts";
import type { EventOf, ExecutionEvent, Expansion } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import { isTerminal, type State } from "#schema/state.ts";
import type { Coverage } from "../coverage.ts";
import { Machine } from "./machine.ts";
import type { Stage } from "./tree.ts";

// Runs beside the engine: hears the same facts from outside, works out by itself what follows, and compares after every event which task
// runs there are, in which states, and the state of the execution; at the end attempts and outputs too.

/** Facts that the model does not know: from then on it is silent. */
const UNKNOWN: ReadonlySet<string> = new Set([
  "restart-requested",
  "runs-copied",
  "fork-completed",
  "task-state-set",
  "status-set",
  "unqueue-requested",
  "force-run-requested",
  "sla-violated",
  "breakpoint-resumed",
  "item-refused",
]);
const KNOWN_EXPANSIONS: ReadonlySet<string> = new Set([
  "sequence",
  "nothing",
  "parallel",
  "each",
  "dag",
  "loop-until",
  "place",
  "pause",
  "sleep",
  "subflow",
]);

export class Model {
  readonly #machine: Machine;
  readonly #plan: Plan;
  readonly #complain: (text: string) => void;
  readonly #coverage: Coverage;
  readonly #keys: string[] = [];
  #isSilent = false;

  constructor(flow: Flow, plan: Plan, complain: (text: string) => void, coverage: Coverage) {
    this.#machine = new Machine(flow);
    this.#plan = plan;
    this.#complain = complain;
    this.#coverage = coverage;
  }

  take(before: ExecutionState, after: ExecutionState, event: ExecutionEvent): void {
    if (this.#isSilent) return;
    if (this.#isUnknown(event, before) || this.#mayBeRetriedAnew(after, event)) {
      this.#coverage.hit("model", `silent after ${event.kind}`);
      this.#isSilent = true;
      return;
    }
    this.#machine.at = event.at;
    this.#apply(before, event);
    this.#machine.settle();
    this.#compare(after, event);
  }

  #isUnknown(event: ExecutionEvent, before: ExecutionState): boolean {
    if (event.kind === "task-expanded") return !KNOWN_EXPANSIONS.has(event.expansion.kind);
    if (event.kind === "task-finished") return event.answer.updates !== undefined;
    if (event.kind === "execution-created") {
      const { flow } = this.#machine.tree;
      const isWatched = event.flags?.includes(FLAGS.sla) && (flow.sla ?? []).length > 0;
      const isStopped = (event.breakpoints ?? []).length > 0 || event.failure !== undefined;
      return isStopped || isWatched === true || event.forked !== undefined;
    }
    return UNKNOWN.has(event.kind) || before.status === "BREAKPOINT";
  }

  /** A task has failed whose next try is another execution. */
  #mayBeRetriedAnew(after: ExecutionState, event: ExecutionEvent): boolean {
    const run =
      "effect" in event && !event.effect.startsWith("x:")
        ? after.runs.get(Number.parseInt(event.effect, 10))
        : undefined;
    if (run === undefined || run.error === undefined) return after.status === "RETRIED";
    return this.#plan.tasks[run.task]?.retry?.behavior === "CREATE_NEW_EXECUTION";
  }

  #apply(before: ExecutionState, event: ExecutionEvent): void {
    const machine = this.#machine;
    switch (event.kind) {
      case "execution-created":
        machine.created(event);
        if (event.scheduleAt === undefined || event.scheduleAt <= event.at) machine.begin();
        return;
      case "slot-answered":
        return machine.slotted(event);
      case "kill-requested":
        return machine.stop("KILLED", event.cascade);
      case "pause-requested":
        return machine.hold();
      case "resume-requested":
        return machine.resume(event.run === undefined ? undefined : this.#key(before, event.run), event.inputs);
      case "outputs-rendered":
        return machine.rendered(event.error !== undefined);
      case "labels-set":
        return;
    }
    if ("effect" in event) this.#applyToRun(before, event);
  }

  #applyToRun(before: ExecutionState, event: Extract<ExecutionEvent, { effect: string }>): void {
    const machine = this.#machine;
    if (event.effect.startsWith("x:")) {
      if (event.kind === "timer-fired") machine.begin();
      return;
    }
    const index = Number.parseInt(event.effect, 10);
    const run = machine.run(this.#key(before, index));
    if (run === undefined) return this.#complain(`MODEL knows no run for ${event.kind} of ${event.effect}`);
    if (run.state === "KILLING") {
      if (event.kind !== "subflow-started") machine.stopped(run);
      return;
    }
    switch (event.kind) {
      case "task-dispatched":
        return machine.dispatched(run);
      case "task-lost":
        return machine.lost(run);
      case "task-finished":
        return machine.answered(run, event.answer.state, event.answer.outputs);
      case "task-expanded":
        return machine.expanded(
          run,
          event.expansion,
          event.outputs,
          (before.facts?.depth ?? before.facts?.parent?.depth ?? 0) + 1,
        );
      case "loop-evaluated":
        return machine.asked(run, event.done, event.error !== undefined);
      case "place-opened":
        return machine.opened(run, event.error !== undefined, expansionOf(before, index));
      case "place-closed":
        return machine.closed(run, event.error !== undefined, event.outputs);
      case "subflow-started":
        return machine.childStarted(run, event.executionId);
      case "subflow-finished":
        return machine.childEnded(run, event.executionId, event.state, event.outputs);
      case "timer-fired":
        return this.#fire(before.runs.get(index), event);
    }
  }

  #fire(was: TaskRun | undefined, event: EventOf<"timer-fired">): void {
    const machine = this.#machine;
    const run = was === undefined ? undefined : machine.run(this.#keys[was.index] ?? "");
    if (run === undefined) return;
    if (was?.waiting?.kind !== "answer") return machine.fired(run);
    if (was.waiting.deadline?.id === event.effect) machine.failed(run);
    else machine.lost(run);
  }

  /** The name the model has for a task run of the engine. */
  #key(state: ExecutionState, index: number): string {
    const known = this.#keys[index];
    if (known !== undefined) return known;
    const run = state.runs.get(index);
    if (run === undefined) return "?";
    const owner = run.parent < 0 ? "" : this.#key(state, run.parent);
    const task = this.#plan.tasks[run.task]?.task;
    const key =
      task === undefined
        ? "?"
        : this.#machine.tree.keyOf(owner, run.stage as Stage, { task, iteration: run.iteration });
    this.#keys[index] = key;
    return key;
  }

  #compare(state: ExecutionState, event: ExecutionEvent): void {
    const { tree, status } = this.#machine;
    let count = 0;
    for (const run of state.runs) {
      if (run.dropped) continue;
      count += 1;
      const key = this.#key(state, run.index);
      const expected = tree.runs.get(key)?.state;
      if (expected === run.state) continue;
      return this.#differ(`after ${event.kind}, ${key} is ${run.state}, the model says ${expected ?? "there is none"}`);
    }
    if (count !== tree.runs.size) {
      const known = new Set(this.#keys);
      const missing = [...tree.runs.keys()].find((key) => !known.has(key));
      return this.#differ(`after ${event.kind}, there is no ${missing}`);
    }
    // Executions of earlier versions stay PAUSED where a container cut a pause off.
    const isOld = !state.facts?.flags?.includes(FLAGS.pauseFollowsTasks) && state.status === "PAUSED";
    if (status !== state.status && !isOld)
      this.#differ(`after ${event.kind} it is ${state.status}, the model says ${status}`);
  }

  #differ(text: string): void {
    this.#isSilent = true;
    this.#complain(`MODEL ${text}`);
  }

  finish(state: ExecutionState): void {
    if (this.#isSilent) return;
    this.#coverage.hit("model", "compared to the end");
    for (const run of state.runs) {
      const expected = this.#machine.run(this.#key(state, run.index));
      if (run.dropped || expected === undefined) continue;
      if (run.attempts.length !== expected.tries.length)
        this.#complain(
          `MODEL ${expected.key} was tried ${run.attempts.length} times, the model says ${expected.tries.length}`,
        );
      if (!isSame(run.state, run.outputs, expected.outputs))
        this.#complain(`MODEL ${expected.key} has other outputs: ${JSON.stringify([run.outputs, expected.outputs])}`);
    }
  }
}

function isSame(state: State, left: unknown, right: unknown): boolean {
  if (!isTerminal(state)) return true;
  return shown(left) === shown(right);
}

/** Outputs as text, without what a Pause says of who resumed it and when. */
function shown(outputs: unknown): string {
  const entries = Object.entries(outputs ?? {}).filter(([name]) => name !== "resumed");
  return JSON.stringify(entries);
}

/** What a directory's tasks are, of a run that waits for the directory. */
function expansionOf(state: ExecutionState, index: number): Expansion {
  const waiting = state.runs.get(index)?.waiting;
  return waiting?.kind === "place-open" ? waiting.expansion : { kind: "sequence", list: "tasks" };
}
