import { compilePlan, createReducer, type ExecutionState, freeze, type Plan, type Reduce } from "#engine/index.ts";
import type { ExecutionEvent, ParentLink } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import { isTerminal } from "#schema/state.ts";
import type { Coverage } from "../coverage.ts";
import { Model } from "../model/model.ts";
import { familyViolations } from "./families.ts";
import { type Circumstances, Trail } from "./trail.ts";

/** Everything that all executions have committed, and what is wrong with it. */
export class Audit {
  readonly trails = new Map<string, Trail>();
  /** Executions that somebody deleted. */
  readonly deleted = new Set<string>();
  readonly found: string[] = [];
  readonly #reducer: (plan: Plan) => Reduce;
  readonly #around: Circumstances;
  readonly #coverage: Coverage;
  readonly #compiled = new Map<string, { flow: Flow; plan: Plan }>();

  constructor(parts: {
    reducer: ((plan: Plan) => Reduce) | undefined;
    around: Omit<Circumstances, "complain" | "isReplaced">;
    coverage: Coverage;
  }) {
    this.#reducer = parts.reducer ?? createReducer;
    const isReplaced = (id: string) => this.trails.get(id)?.statuses.includes("RETRIED") ?? false;
    this.#around = { ...parts.around, isReplaced, complain: (text) => this.complain(text) };
    this.#coverage = parts.coverage;
  }

  complain(text: string): void {
    if (this.found.length < 50) this.found.push(text);
  }

  /** A commit of `id` is on the disk. */
  committed(id: string, source: string | undefined, events: readonly ExecutionEvent[], due: number | undefined): void {
    if (this.deleted.has(id)) this.complain(`I10 ${id} was deleted and commits again`);
    let trail = this.trails.get(id);
    if (trail === undefined) {
      if (source === undefined) return this.complain(`I8 ${id} begins without a first commit`);
      trail = this.#trail(id, source);
      this.trails.set(id, trail);
    }
    trail.committed(events, due);
    for (const event of events) {
      if (event.kind === "subflow-finished") this.#checkChild(event.executionId);
      if (event.kind === "execution-created" && event.parent !== undefined) this.#checkDepth(id, event.parent);
    }
  }

  /** [I12] Nobody hears of the end of what has not ended. */
  #checkChild(id: string): void {
    const child = this.trails.get(id);
    // It may have been restarted since.
    if (child !== undefined && !child.statuses.some(isTerminal))
      this.complain(`I12 the end of ${id} was heard, which is ${child.state.status}`);
  }

  /** [I18] */
  #checkDepth(id: string, { executionId, depth }: ParentLink): void {
    const facts = this.trails.get(executionId)?.state.facts;
    const above = facts?.depth ?? facts?.parent?.depth ?? 0;
    if (depth !== above + 1) this.complain(`I18 ${id} began at depth ${depth}, below an execution at depth ${above}`);
  }

  removed(id: string): void {
    if (this.trails.has(id)) this.deleted.add(id);
  }

  state(id: string): ExecutionState | undefined {
    return this.trails.get(id)?.state;
  }

  /** [S1] True when a committed event asked for the effect. */
  hasAsked(id: string, effect: string): boolean {
    return this.trails.get(id)?.asked.has(effect) ?? false;
  }

  /** A fresh cell has loaded the execution: its log and state must be what was committed. */
  checkLoaded(id: string, events: readonly ExecutionEvent[], loaded: ExecutionState): void {
    const trail = this.trails.get(id);
    if (trail === undefined) return this.complain(`I28 ${id} is there and was never committed`);
    if (this.deleted.has(id)) this.complain(`I10 ${id} was deleted and is there`);
    if (events.length !== trail.events.length)
      this.complain(`I8 ${id}: ${events.length} events of ${trail.events.length}`);
    else if (canonical(events) !== canonical(trail.events)) this.complain(`I8 ${id}: the log is another one`);
    if (freeze(trail.state) !== freeze(loaded)) this.complain(`I9/I27 ${id}: the loaded state is not the replayed log`);
  }

  /** What only the end shows. */
  finish(): void {
    for (const trail of this.live()) trail.finish();
    for (const text of familyViolations(new Map(this.live().map((trail) => [trail.id, trail])))) this.complain(text);
  }

  live(): Trail[] {
    return [...this.trails.values()].filter(({ id }) => !this.deleted.has(id));
  }

  get isQuiet(): boolean {
    return this.live().every(({ state }) => isTerminal(state.status) && state.pending.length === 0 && state.live === 0);
  }

  #trail(id: string, source: string): Trail {
    let compiled = this.#compiled.get(source);
    if (compiled === undefined) {
      const flow = JSON.parse(source) as Flow;
      compiled = { flow, plan: compilePlan(flow) };
      this.#compiled.set(source, compiled);
    }
    const { flow, plan } = compiled;
    const model = new Model(flow, plan, (text) => this.complain(`${id}: ${text}`), this.#coverage);
    return new Trail({ id, flow, plan, reduce: this.#reducer(plan), source, model, around: this.#around });
  }
}

/** The same text for the same events, in whatever order their fields were written. */
function canonical(events: readonly ExecutionEvent[]): string {
  return JSON.stringify(events, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
