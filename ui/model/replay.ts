import {
  compilePlan,
  copyRuns,
  createReducer,
  type ExecutionState,
  initialState,
  notKept,
  type Plan,
  refusal,
  toExecutionJson,
} from "#engine/index.ts";
import type { Command } from "#schema/cell.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Flow } from "#schema/flow.ts";
import { taskRunId, taskRunIndex } from "#schema/ids.ts";
import { History } from "./history.ts";
import type { Replay } from "./run.ts";

/** The server's own reducer, run in the page: the same events give the same execution. */
export class EngineReplay implements Replay {
  readonly flow: Flow;
  readonly plan: Plan;
  readonly #history: History<ExecutionState, ExecutionEvent>;

  constructor(flow: Flow) {
    this.flow = flow;
    this.plan = compilePlan(flow);
    const reduce = createReducer(this.plan);
    this.#history = new History(initialState(), (state, event) => reduce(state, event).state);
  }

  apply(event: ExecutionEvent): void {
    this.#history.push(event);
  }

  get events(): readonly ExecutionEvent[] {
    return this.#history.events;
  }

  toJson(): ExecutionJson {
    return toExecutionJson(this.#history.now, this.plan);
  }

  /** The execution as it was after its first `seq` events, of which there must be one. */
  jsonAt(seq: number): ExecutionJson {
    return toExecutionJson(this.#stateAt(seq), this.plan);
  }

  /**
   * Ids of the task runs that a replay keeps as they are: one from the task run `from`, or from what had not ended well when it is left
   * out. `seq` is the number of events that had happened; left out: now.
   */
  kept(from: string | undefined, seq?: number): ReadonlySet<string> {
    const state = seq === undefined ? this.#history.now : this.#stateAt(seq);
    const id = state.facts?.id ?? "";
    const { runs, indices } = copyRuns(state, this.plan);
    const start = from === undefined ? "failed" : indices.indexOf(taskRunIndex(id, from) ?? -1);
    if (start === -1) return new Set();
    const lost = notKept(runs, start);
    return new Set(indices.filter((_, copy) => !lost.has(copy)).map((index) => taskRunId(id, index)));
  }

  #stateAt(seq: number): ExecutionState {
    return this.#history.at(Math.max(1, seq));
  }

  /** Why the execution would refuse the command now; undefined when it would not. */
  refusal(command: Command): string | undefined {
    const { now } = this.#history;
    const runOf = (taskRunId: string) => now.runs.get(taskRunIndex(now.facts?.id ?? "", taskRunId) ?? -1);
    return refusal(now, command, runOf)?.message;
  }
}
