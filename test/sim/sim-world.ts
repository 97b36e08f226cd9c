import type { StartRequest } from "#schema/cell.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import type { Job } from "#schema/runner.ts";
import type { Cell } from "#shell/cell.ts";
import type { World } from "#shell/world.ts";
import type { Clockwork } from "./clockwork.ts";
import { childIdOf } from "./mutants.ts";
import type { Random } from "./random.ts";

/** A call to the world that failed, or whose answer was not heard. */
export class Refused extends Error {}

export type WorldFaults = { lost: number; duplicate: number; refused: number; longestDelayMs: number };

export type Reach = (executionId: string, body: (cell: Cell) => boolean) => boolean;

/** An effect that really happened outside, by the job it was done for. */
export type Done = { job: string; taskId: string; taskRunId: string; attempt: number };

/**
 * Everything outside the cells: workers that run edge tasks and die with the process, a durable queue of agent jobs, a projection.
 * Messages are lost, doubled, late, out of order and refused, as the seed decides.
 */
export class SimWorld implements World {
  readonly projection = new Map<string, ExecutionSummary>();
  readonly done: Done[] = [];
  boot = 1;
  /** False: the projection takes whatever comes, as one without the rule on sequence numbers would. */
  readonly #isGuarded: boolean;
  readonly #clock: Clockwork;
  readonly #random: Random;
  readonly #faults: () => WorldFaults | undefined;
  readonly #reach: Reach;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #agentJobs = new Map<string, "queued" | "running" | "over">();

  constructor(parts: {
    clock: Clockwork;
    random: Random;
    faults: () => WorldFaults | undefined;
    reach: Reach;
    sources: ReadonlyMap<string, string>;
    isGuarded?: boolean;
  }) {
    this.#isGuarded = parts.isGuarded ?? true;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#faults = parts.faults;
    this.#reach = parts.reach;
    this.#sources = parts.sources;
  }

  #delay(): number {
    return this.#random.int(0, (this.#faults()?.longestDelayMs ?? 50) + 1);
  }

  /** A message that arrives some time, perhaps twice; or never, if the sender can live with that. */
  #send(name: string, mayBeLost: boolean, deliver: () => void): void {
    const faults = this.#faults();
    if (mayBeLost && faults !== undefined && this.#random.chance(faults.lost)) return;
    this.#clock.in(this.#delay(), name, deliver);
    if (faults !== undefined && this.#random.chance(faults.duplicate))
      this.#clock.in(this.#delay(), `${name} again`, deliver);
  }

  /** A call that may be refused, or done without the caller hearing of it. */
  #call<T>(name: string, body: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const faults = this.#faults();
      if (faults !== undefined && this.#random.chance(faults.refused)) return reject(new Refused("refused"));
      this.#clock.in(this.#delay(), name, () => {
        const result = body();
        const unheard = faults !== undefined && this.#random.chance(faults.refused);
        if (result === undefined || unheard) reject(new Refused("no answer"));
        else resolve(result);
      });
    });
  }

  run(jobs: readonly Job[]): Promise<void> {
    const boot = this.boot;
    for (const job of jobs)
      this.#send(`edge ${job.id}`, true, () => {
        if (this.boot === boot) this.#attempt(job, () => this.boot === boot);
      });
    return Promise.resolve();
  }

  /** Does the job's outside effect and answers until the cell has heard it, or the worker is dead. */
  #attempt(job: Job, isAlive: () => boolean): void {
    this.done.push({ job: job.id, taskId: job.taskId, taskRunId: job.taskRunId, attempt: job.attempt });
    const failures = Number(job.properties.failures ?? 0);
    const effect = job.id.slice(job.id.indexOf("/") + 1);
    const failed = job.attempt < failures;
    const answer = failed
      ? ({ state: "FAILED", error: "worker failure" } as const)
      : ({ state: "SUCCESS", outputs: { value: job.taskRunId } } as const);
    const deliver = () => {
      if (!isAlive()) return;
      const heard = this.#reach(job.executionId, (cell) => {
        const live = cell.find(job.executionId);
        if (live !== undefined) cell.answer(live, effect, answer, []);
        return true;
      });
      if (!heard) this.#clock.in(500, `retry ${job.id}`, deliver);
    };
    this.#send(`answer ${job.id}`, false, deliver);
  }

  enqueue(job: Job): Promise<void> {
    return this.#call(`enqueue ${job.id}`, () => {
      if (this.#agentJobs.has(job.id)) return null;
      this.#agentJobs.set(job.id, "queued");
      this.#send(`claim ${job.id}`, false, () => this.#claim(job));
      return null;
    }).then(() => undefined);
  }

  #claim(job: Job): void {
    if (this.#agentJobs.get(job.id) !== "queued") return;
    this.#agentJobs.set(job.id, "running");
    const effect = job.id.slice(job.id.indexOf("/") + 1);
    const started = () =>
      this.#reach(job.executionId, (cell) => {
        const live = cell.find(job.executionId);
        if (live !== undefined) cell.dispatched(live, effect, { worker: "agent:1" });
        return true;
      });
    this.#send(`started ${job.id}`, true, () => void started());
    this.#clock.in(this.#delay() + 10, `work ${job.id}`, () => {
      this.#agentJobs.set(job.id, "over");
      this.#attempt(job, () => true);
    });
  }

  cancel(job: { id: string; group: string | undefined }): Promise<"told" | "gone"> {
    return this.#call(`cancel ${job.id}`, () => {
      const state = this.#agentJobs.get(job.id);
      if (job.group === undefined || state !== "queued")
        return state === "running" ? ("told" as const) : ("gone" as const);
      this.#agentJobs.set(job.id, "over");
      return "gone" as const;
    });
  }

  startSubflow(
    asker: { executionId: string; tenant: string; namespace: string; nonce?: number },
    effect: string,
    request: { flowId: string; depth: number; wait: boolean },
    trigger: { id: string; type: string; variables: Record<string, string | number> },
  ) {
    return this.#call(`subflow ${asker.executionId}/${effect}`, () => {
      const id = childIdOf(asker, effect, 3);
      const source = this.#sources.get(request.flowId);
      if (source === undefined) return { ok: false as const, message: "no such flow" };
      const { tenant, namespace } = asker;
      const parent = request.wait ? { parent: { executionId: asker.executionId, effect, depth: request.depth } } : {};
      const start = {
        id,
        tenant,
        namespace,
        flowId: request.flowId,
        revision: 1,
        source,
        inputs: {},
        labels: [],
        trigger,
        depth: request.depth,
        ...parent,
      };
      const reached = this.#reach(id, (cell) => cell.start(start) !== undefined);
      return reached ? { ok: true as const, executionId: id } : undefined;
    });
  }

  startRetry(executionId: string, effect: string, request: Omit<StartRequest, "id">): Promise<string> {
    const id = derivedExecutionId([executionId, effect], 3);
    return this.#call(`retry ${executionId}/${effect}`, () =>
      this.#reach(id, (cell) => cell.start({ ...request, id }) !== undefined) ? id : undefined,
    );
  }

  command(executionId: string, command: { kind: "kill"; cascade: boolean }): Promise<void> {
    return this.#call(`kill ${executionId}`, () =>
      this.#reach(executionId, (cell) => {
        const live = cell.find(executionId);
        if (live !== undefined) cell.command(live, command);
        return true;
      })
        ? null
        : undefined,
    ).then(() => undefined);
  }

  tellParent(told: Parameters<World["tellParent"]>[0]): Promise<void> {
    const { parent } = told;
    return this.#call(`tell ${parent.executionId}`, () =>
      this.#reach(parent.executionId, (cell) => {
        const live = cell.find(parent.executionId);
        if (live !== undefined) cell.childEnded(live, parent, told.executionId, told.state, told.outputs);
        return true;
      })
        ? null
        : undefined,
    ).then(() => undefined);
  }

  tellTrigger(): Promise<void> {
    return Promise.resolve();
  }

  lookup(): Promise<{ ok: true; value: string }> {
    return this.#call("lookup", () => ({ ok: true, value: "v" }));
  }

  project(rows: readonly ExecutionSummary[]): Promise<void> {
    return this.#call("project", () => {
      for (const row of rows)
        if (!this.#isGuarded || (this.projection.get(row.id)?.seq ?? -1) < row.seq) this.projection.set(row.id, row);
      return null;
    }).then(() => undefined);
  }
}
