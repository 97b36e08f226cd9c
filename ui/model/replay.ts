import {
  compilePlan,
  createReducer,
  type ExecutionState,
  initialState,
  type Plan,
  toExecutionJson,
} from "#engine/index.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Flow } from "#schema/flow.ts";
import type { Replay } from "./run.ts";

/** The server's own reducer, run in the page: the same events give the same execution. */
export class EngineReplay implements Replay {
  readonly flow: Flow;
  readonly plan: Plan;
  readonly #reduce: ReturnType<typeof createReducer>;
  #state: ExecutionState = initialState();

  constructor(flow: Flow) {
    this.flow = flow;
    this.plan = compilePlan(flow);
    this.#reduce = createReducer(this.plan);
  }

  apply(event: ExecutionEvent): void {
    this.#state = this.#reduce(this.#state, event).state;
  }

  toJson(): ExecutionJson {
    return toExecutionJson(this.#state, this.plan);
  }
}
