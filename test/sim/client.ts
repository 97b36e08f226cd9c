import { compilePlan, forkProblem } from "#engine/index.ts";
import type { Fork, StartRequest } from "#schema/cell.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import { has } from "./constructs.ts";
import { SIM_NAMESPACE } from "./flows.ts";
import { CELLS, type Lab } from "./lab.ts";
import type { SimCell } from "./sim-cell.ts";
import type { SimFlow } from "./sim-flow.ts";
import type { Reach } from "./sim-workers.ts";

/** Starts executions and tries again until it has heard that they were accepted: its ledger. */
export class Client {
  /** [I6] What was accepted. */
  readonly accepted = new Set<string>();
  readonly #lab: Lab;
  readonly #reach: Reach;
  readonly #cellOf: (id: string) => SimCell | undefined;

  constructor(lab: Lab, reach: Reach, cellOf: (id: string) => SimCell | undefined) {
    this.#lab = lab;
    this.#reach = reach;
    this.#cellOf = cellOf;
  }

  /** Ordered once, `name` says as what: asked again, it is the same order. */
  order(flow: SimFlow, name: string): void {
    const { random, clock, seed, settings } = this.#lab;
    const { tenant, flowId } = flow.key;
    const id = derivedExecutionId([String(seed), tenant, name], CELLS);
    const isOld = random.chance(settings.oldVersion);
    const scheduled = !isOld && random.chance(0.1) ? { scheduleAt: clock.now + random.int(0, 90_000) } : {};
    const breakpoints =
      has("breakpoints") && random.chance(0.1) ? [`t${random.int(1, 8)}`, `t${random.int(1, 8)}`] : [];
    const attempt = () => {
      const again = () => clock.in(1_000, `${name} again`, attempt);
      flow.head().then((head) => {
        if (head.kind !== "found") return again();
        const { revision, source } = head.flow;
        const about = { tenant, namespace: SIM_NAMESPACE, flowId, revision, source };
        const stops = !isOld && breakpoints.length > 0 ? { breakpoints } : {};
        const request = { id, ...about, inputs: {}, labels: [], ...scheduled, ...stops };
        if (this.#lab.audit.deleted.has(id)) return;
        const isStarted = isOld ? this.#startOld(request) : this.#start(request);
        if (isStarted) this.accepted.add(id);
        else again();
      }, again);
    };
    attempt();
  }

  /** A replay of an execution, or a restart with the flow as it is now. */
  fork(flow: SimFlow, name: string, fork: Fork, facts: Pick<StartRequest, "inputs" | "labels">): void {
    const { clock, seed, audit } = this.#lab;
    const { tenant, flowId } = flow.key;
    const id = derivedExecutionId([String(seed), tenant, name], CELLS);
    const attempt = () => {
      const again = () => clock.in(1_000, `${name} again`, attempt);
      flow.head().then((head) => {
        if (head.kind !== "found") return again();
        const { revision, source } = head.flow;
        const plan = compilePlan(JSON.parse(source) as Flow);
        if (audit.deleted.has(id) || forkProblem(plan, fork.runs, fork.from) !== undefined) return;
        const about = { tenant, namespace: SIM_NAMESPACE, flowId, revision, source };
        const isStarted = this.#start({ id, ...about, ...facts, fork, parentId: fork.executionId, attempt: 2 });
        if (isStarted) this.accepted.add(id);
        else again();
      }, again);
    };
    attempt();
  }

  #start(request: StartRequest): boolean {
    return this.#reach(request.id, (cell) => cell.start(request)) !== undefined;
  }

  /** As the version before this one would have: rows without flags, which this one finds when it takes over. */
  #startOld(request: StartRequest): boolean {
    const cell = this.#cellOf(request.id);
    if (cell?.store === undefined || !cell.isUp) return false;
    const { id, tenant, namespace, flowId, revision, source } = request;
    const at = cell.now();
    const name = `${tenant}/${namespace}/${flowId}/${revision}`;
    const about = { id, tenant, namespace, flowId, flowRevision: revision };
    const created: ExecutionEvent = { kind: "execution-created", at, ...about, inputs: {}, labels: [] };
    const { store } = cell;
    const boot = this.#lab.boot();
    const commit = {
      id,
      source: { name, revision, body: source },
      head: 1,
      events: [created],
      lines: [],
      lineCount: 0,
      due: at + 10_000,
      boot,
    };
    const isStored = cell.call(() => {
      if (store.load(id) === undefined) store.commit(commit);
      return true;
    });
    if (isStored === undefined) return false;
    this.#lab.coverage.hit("fault", "execution of an earlier version");
    cell.down();
    cell.up();
    return true;
  }
}
