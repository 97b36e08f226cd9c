import type { Command, StartRequest } from "#schema/cell.ts";
import type { SubflowRequest } from "#schema/effect.ts";
import type { ExecutionTrigger } from "#schema/event.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import { type Job, MAX_JOB_BYTES } from "#schema/runner.ts";
import type { SlotAnswer, SlotWish } from "#schema/slot.ts";
import type { State } from "#schema/state.ts";
import type { Stored } from "#schema/stored.ts";
import type { Asker, RunOfPlace, Told, World } from "#shell/world.ts";
import { CANARY, CELLS, type Lab, Refused } from "./lab.ts";
import { childIdOf } from "./mutants/mutant.ts";
import type { SimCalls } from "./sim-calls.ts";
import type { SimDispatch } from "./sim-dispatch.ts";
import type { SimFlow } from "./sim-flow.ts";
import type { SimLists } from "./sim-lists.ts";
import { effectOf, type Reach, type SimWorkers } from "./sim-workers.ts";

export type Surroundings = {
  lab: Lab;
  calls: SimCalls;
  reach: Reach;
  workers: SimWorkers;
  lists: SimLists;
  flow: (tenant: string, flowId: string) => SimFlow | undefined;
  dispatch: (tenant: string) => SimDispatch;
  isBoot: () => () => boolean;
};

/** What a cell sees of everything outside, checked on the way: nothing leaves before the commit that asked for it. */
export class SimWorld implements World {
  readonly #parts: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#parts = surroundings;
  }

  run(jobs: readonly Job[]): Promise<void> {
    const isAlive = this.#parts.isBoot();
    for (const job of jobs) {
      this.#checkJob(job);
      this.#parts.workers.run(job, isAlive);
    }
    return Promise.resolve();
  }

  enqueue(job: Job): Promise<void> {
    const { calls, dispatch } = this.#parts;
    this.#checkJob(job);
    return calls
      .call(`enqueue ${job.id}`, () => dispatch(job.tenant).ask((room) => room.enqueue(job)))
      .then((answer) => {
        if (!answer.ok) this.#parts.lab.audit.complain(`I22 ${answer.message}`);
        dispatch(job.tenant).hint();
      });
  }

  cancel(job: { id: string; tenant: string; group: string | undefined }): Promise<"told" | "gone"> {
    const { calls, dispatch } = this.#parts;
    if (job.group === undefined) return calls.call(`cancel ${job.id}`, () => "gone" as const);
    return calls
      .call(`cancel ${job.id}`, () => dispatch(job.tenant).ask((room) => room.cancel(job.id)))
      .then((answer) => (answer === "told" ? "told" : "gone"));
  }

  startSubflow(asker: Asker, effect: string, request: SubflowRequest, trigger: ExecutionTrigger) {
    const { calls, flow, reach } = this.#parts;
    this.#checkAsked(asker.executionId, effect);
    const call = async () => {
      const id = childIdOf(asker, effect);
      const head = await flow(asker.tenant, request.flowId)?.head();
      if (head?.kind !== "found") return { ok: false as const, message: "no such flow" };
      const { tenant, namespace } = asker;
      const link = { executionId: asker.executionId, effect, depth: request.depth };
      const ancestors = request.ancestors === undefined ? {} : { ancestors: [...request.ancestors] };
      const start = {
        id,
        tenant,
        namespace,
        flowId: request.flowId,
        revision: head.flow.revision,
        source: head.flow.source,
        inputs: request.inputs,
        labels: request.labels,
        trigger,
        depth: request.depth,
        ...(head.flow.limited === undefined ? {} : { limited: head.flow.limited }),
        ...(request.scheduleAt === undefined ? {} : { scheduleAt: request.scheduleAt }),
        ...(request.wait ? { parent: { ...link, ...ancestors } } : {}),
      };
      if (this.#parts.lab.audit.deleted.has(id)) return { ok: false as const, message: "it was deleted" };
      const started = reach(id, (cell) => cell.start(start));
      return started === undefined ? undefined : { ok: true as const, executionId: id };
    };
    return calls.call(`subflow ${asker.executionId}/${effect}`, call);
  }

  startRetry(executionId: string, effect: string, request: Omit<StartRequest, "id">): Promise<string> {
    const { calls, reach, lab } = this.#parts;
    this.#checkAsked(executionId, effect);
    const id = derivedExecutionId([request.tenant, executionId, effect], CELLS);
    const start = () => {
      if (lab.audit.deleted.has(id)) return id;
      return reach(id, (cell) => cell.start({ ...request, id })) && id;
    };
    return calls.call(`retry of ${executionId}`, start);
  }

  findSubflow(asker: Asker, effect: string): Promise<string | undefined> {
    const { calls, reach } = this.#parts;
    const id = childIdOf(asker, effect);
    const find = () => reach(id, (cell) => ({ id: cell.find(id)?.id }));
    return calls.call(`find ${id}`, find).then(({ id: found }) => found);
  }

  command(executionId: string, command: Command): Promise<void> {
    const { calls, reach } = this.#parts;
    const call = () =>
      reach(executionId, (cell) => {
        const live = cell.find(executionId);
        if (live !== undefined) cell.command(live, command);
        return true;
      });
    return calls.call(`${command.kind} ${executionId}`, call).then(() => undefined);
  }

  tellParent({ executionId, parent, state, outputs }: Told): Promise<void> {
    const { calls, reach, lab } = this.#parts;
    if (JSON.stringify(outputs ?? {}).includes(CANARY)) lab.audit.complain("I21 a secret in what a parent is told");
    const call = () =>
      reach(parent.executionId, (cell) => {
        const live = cell.find(parent.executionId);
        if (live !== undefined) cell.childEnded(live, parent, { executionId, state, outputs });
        return true;
      });
    return calls.call(`tell ${parent.executionId}`, call).then(() => undefined);
  }

  tellTrigger(asker: Asker, triggerId: string, state: State): Promise<void> {
    const { calls, flow } = this.#parts;
    const actor = flow(asker.tenant, asker.flowId);
    if (actor === undefined) return Promise.reject(new Refused("no such flow"));
    const told = async () => {
      await actor.ask((room) => room.released(triggerId, asker.executionId, state));
      return true;
    };
    return calls.call(`tell the trigger of ${asker.executionId}`, told).then(() => undefined);
  }

  acquireSlot({ tenant, flowId }: Asker, wish: SlotWish): Promise<SlotAnswer> {
    const { calls, flow } = this.#parts;
    this.#checkAsked(wish.executionId, wish.effect);
    return calls.call(`slot for ${wish.executionId}`, () =>
      flow(tenant, flowId)?.ask((room) => room.acquireSlot(wish)),
    );
  }

  releaseSlot({ tenant, flowId, executionId }: Asker, effect: string): Promise<void> {
    const { calls, flow } = this.#parts;
    const release = async () => {
      await flow(tenant, flowId)?.ask((room) => room.releaseSlot(executionId, effect));
      return true;
    };
    return calls.call(`slot of ${executionId}`, release).then(() => undefined);
  }

  openPlace({ executionId }: Asker, { taskRunId }: RunOfPlace) {
    return this.#parts.calls.call(`open a place of ${executionId}`, () =>
      taskRunId === "" ? undefined : { ok: true as const, manifest: "kestra:///list" },
    );
  }

  closePlace({ executionId }: Asker) {
    return this.#parts.calls.call(`close a place of ${executionId}`, () => ({ ok: true as const, outputFiles: {} }));
  }

  removePlace({ executionId }: Asker): Promise<void> {
    return this.#parts.calls.call(`remove a place of ${executionId}`, () => true).then(() => undefined);
  }

  keepValues({ executionId }: Asker, effect: string, texts: readonly string[]): Promise<readonly Stored[]> {
    const uri = (n: number) => `kestra:///${executionId}/${effect}/${n}`;
    const kept = () => texts.map((text, n) => ({ uri: uri(n), size: text.length }));
    return this.#parts.calls.call(`keep values of ${executionId}`, kept);
  }

  lookup(_asker: Asker, lookup: { kind: string }): Promise<{ ok: true; value: string }> {
    const value = lookup.kind === "secret" ? CANARY : "v";
    return this.#parts.calls.call("lookup", () => ({ ok: true, value }));
  }

  project(rows: readonly ExecutionSummary[]): Promise<void> {
    const { calls, lists, lab } = this.#parts;
    const isSlow = lab.isFaulty() && lab.settings.lists.slowMs > 0 && lab.random.chance(0.2);
    if (!isSlow) return calls.call("project", () => lists.take(rows)).then(() => undefined);
    lab.coverage.hit("fault", "lists slow");
    return new Promise((resolve, reject) =>
      lab.clock.in(lab.settings.lists.slowMs, "project slowly", () => {
        calls.call("project", () => lists.take(rows)).then(() => resolve(), reject);
      }),
    );
  }

  /** [S1] */
  #checkAsked(executionId: string, effect: string): void {
    const { audit } = this.#parts.lab;
    if (!audit.hasAsked(executionId, effect))
      audit.complain(`S1 ${executionId} acts on effect ${effect}, which no committed event asked for`);
  }

  #checkJob(job: Job): void {
    const { audit } = this.#parts.lab;
    const { executionId, id } = job;
    this.#checkAsked(executionId, effectOf(id));
    const trail = audit.trails.get(executionId);
    if (trail?.state.facts?.tenant !== job.tenant) audit.complain(`I23 a job of ${job.tenant} for ${executionId}`);
    const waiting = trail?.state.runs.get(Number.parseInt(effectOf(id), 10))?.waiting;
    const waits = waiting !== undefined && "effect" in waiting && waiting.effect === effectOf(id);
    if (!waits && !audit.deleted.has(executionId)) audit.complain(`I3 ${id} is handed out and nobody waits for it`);
    const size = JSON.stringify(job).length;
    if (size > MAX_JOB_BYTES) audit.complain(`I22 a job of ${size} characters`);
  }
}
