import { DatabaseSync } from "node:sqlite";
import { SlotTable } from "#actors/flow-actor/slot-table.ts";
import { type LookupAnswer, lookupKey, objectScope } from "#expr/index.ts";
import { resolveInputs } from "#flow/inputs.ts";
import { renderOutputs } from "#flow/outputs.ts";
import { parseFlow } from "#flow/parse-flow.ts";
import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import type { StartRequest } from "#schema/cell.ts";
import type { TaskAnswer } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import type { EpochMs, JsonObject } from "#schema/json.ts";
import type { LogLine } from "#schema/log.ts";
import type { Job } from "#schema/runner.ts";
import { replaceSealed } from "#schema/sealed.ts";
import { Cell } from "#shell/cell.ts";
import type { Live } from "#shell/live.ts";
import { CellStore } from "#shell/store.ts";
import { FakeHost, FakeWorld, sealAnswer } from "#shell/testing.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "#tasks/define.ts";
import { MemoryContext } from "#tasks/memory-context.ts";
import { prepareProperties } from "#tasks/property.ts";
import { registry } from "#tasks/registry.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { toyVault } from "#test/support/toy-vault.ts";

// A cell with the real dialect, real SQLite and virtual time, in a world of fakes: subflows start in the same cell, key-value
// tasks have a store, and everything else outside answers as the test says.

export const TENANT = "main";
export const NAMESPACE = "company.team";
/** Looks at slots that are further off than this are left out. */
const SLOT_LOOK_MS = 10_000;

type Answered = TaskAnswer | undefined;

/** Answers a job in place of an agent, a sandbox or a server; undefined leaves it unanswered. Lines are told as they come. */
export type Worker = (job: Job, tell: (line: LogLine) => void) => Answered | Promise<Answered>;

export class Bench {
  readonly world = new FakeWorld();
  readonly context: MemoryContext;
  readonly database = new DatabaseSync(":memory:");
  readonly sources = new Map<string, string>();
  readonly slots = new Map<string, SlotTable>();
  readonly #snapshotAfter: number | undefined;
  host: FakeHost;
  store: CellStore;
  cell: Cell;
  worker: Worker = () => ({ state: "SUCCESS" });
  /** Tasks of the server are run by their own code, not by the worker; key-value tasks always are. */
  runsEdge = false;
  /** Texts that were sealed at starts: none may be found in what is stored. */
  readonly secrets: string[] = [];
  /** Jobs whose answer takes real time. */
  readonly working = new Set<Promise<void>>();

  constructor(options: { snapshotAfter?: number; boot?: string | undefined; context?: MemoryContext } = {}) {
    this.#snapshotAfter = options.snapshotAfter;
    this.context = options.context ?? new MemoryContext();
    this.host = new FakeHost("boot" in options ? options.boot : "b1");
    this.world.vault = toyVault;
    this.world.onRun = (job) => this.host.soon(() => void this.#work(job));
    this.world.onEnqueue = (job) => this.host.soon(() => this.#claim(job));
    this.world.onSubflow = async (asker, effect, request, trigger) => {
      const flow = this.#flow(request.flowId);
      if (flow === undefined) return { ok: false, message: `Unable to find flow ${request.flowId}` };
      const id = derivedExecutionId([asker.executionId, effect], 1);
      const { depth, ancestors, outputs, restarts, outputsTo } = request;
      const above = {
        ...(ancestors && { ancestors: [...ancestors] }),
        ...(outputs && { outputs }),
        ...(outputsTo === undefined ? {} : { outputsTo }),
      };
      const link = { executionId: asker.executionId, effect, depth, ...above };
      const child = restarts === undefined ? undefined : this.cell.find(restarts);
      if (child !== undefined && this.cell.command(child, { kind: "restart", parent: link }).ok)
        return { ok: true, executionId: child.id };
      const parent = request.wait ? { parent: link } : {};
      const scheduleAt = request.scheduleAt === undefined ? {} : { scheduleAt: request.scheduleAt };
      const inputs = this.#inputs(
        flow,
        replaceSealed(request.inputs, ({ cipher }) => toyVault.open(cipher) ?? null),
      );
      if ("message" in inputs) return { ok: false, message: inputs.message };
      this.cell.start({
        ...this.#request(id, request.flowId),
        inputs: inputs.inputs,
        labels: request.labels,
        trigger,
        depth,
        ...parent,
        ...scheduleAt,
      });
      return { ok: true, executionId: id };
    };
    this.world.onSlot = ({ flowId }, wish) => {
      const answer = this.slotsOf(flowId).acquire(wish, this.#flow(flowId)?.concurrency, this.host.now());
      this.host.soon(() => this.#tellSlots(flowId));
      return answer;
    };
    this.world.onSlotReleased = ({ flowId, executionId }, effect) => {
      this.slotsOf(flowId).release(executionId, effect, this.#flow(flowId)?.concurrency, this.host.now());
      this.host.soon(() => this.#tellSlots(flowId));
    };
    this.world.onRetry = (executionId, effect, request) => {
      const id = derivedExecutionId([executionId, effect], 1);
      this.cell.start({ ...request, id });
      return id;
    };
    this.world.onTold = ({ parent, executionId, state, outputs }) => {
      if (parent.outputsTo !== undefined && outputs !== undefined)
        this.context.stored.set(
          parent.outputsTo,
          encodeUtf8(`${JSON.stringify(outputs)}
`),
        );
      const live = this.cell.find(parent.executionId);
      const told = parent.outputsTo === undefined ? outputs : undefined;
      if (live !== undefined) this.cell.childEnded(live, parent, { executionId, state, outputs: told });
    };
    this.world.onLookup = (kind, args) => {
      const stored = kind === "read" ? this.context.stored.get(String(args.path)) : undefined;
      return { ok: true, value: stored === undefined ? null : decodeText(stored) };
    };
    this.world.onCommand = (id, command) => {
      const live = this.cell.find(id);
      if (live !== undefined) this.cell.command(live, command);
    };
    [this.store, this.cell] = this.#open();
  }

  #open(): [CellStore, Cell] {
    const { host, world } = this;
    const store = new CellStore(nodeSql(this.database), toyVault);
    const surroundings = {
      envs: { stage: "test" },
      globals: { company: "Windhover" },
      kestra: { environment: "test" },
    };
    const cell = new Cell({
      store,
      world,
      host,
      dialect: { registry, prepare: prepareProperties, surroundings },
      parse: accepted,
      renderOutputs,
      vault: toyVault,
      ...(this.#snapshotAfter === undefined ? {} : { snapshotAfter: this.#snapshotAfter }),
    });
    host.wake = () => cell.wake();
    return [store, cell];
  }

  /** The process dies and starts again as `boot`, on the same rows. */
  restartAs(boot: string | undefined): void {
    const { time } = this.host;
    this.host.die();
    this.host = new FakeHost(boot, time);
    [this.store, this.cell] = this.#open();
  }

  /** Adds a flow; its id. Throws when it is not accepted. */
  add(source: string): string {
    const { id } = accepted(source);
    this.sources.set(id, source);
    return id;
  }

  /** Starts an execution of the flow with inputs as a user gives them. */
  start(source: string, inputs: JsonObject = {}, more: Partial<StartRequest> = {}): Live {
    const flowId = this.add(source);
    const flow = accepted(source);
    const typed = this.#inputs(flow, inputs);
    if ("message" in typed) throw new Error(typed.message);
    const id = derivedExecutionId([flowId, JSON.stringify(inputs)], 1);
    return this.cell.start({ ...this.#request(id, flowId), inputs: typed.inputs, labels: flow.labels, ...more });
  }

  /** The execution as it is now, whatever was restarted meanwhile. */
  again({ id }: { id: string }): Live {
    const found = this.cell.find(id);
    if (found === undefined) throw new Error(`${id} is gone`);
    return found;
  }

  run(ms?: number): Promise<void> {
    return this.host.run(ms);
  }

  /** As `run`, and then until no job is left that takes real time. */
  async settle(ms = 100): Promise<void> {
    await this.run(ms);
    while (this.working.size > 0) {
      await Promise.race(this.working);
      await this.run(ms);
    }
  }

  #request(id: string, flowId: string): StartRequest {
    const source = this.sources.get(flowId) ?? "";
    const { namespace } = accepted(source);
    return { id, tenant: TENANT, namespace, flowId, revision: 1, source, inputs: {}, labels: [] };
  }

  #flow(id: string): Flow | undefined {
    const source = this.sources.get(id);
    return source === undefined ? undefined : accepted(source);
  }

  #inputs(flow: Flow, given: JsonObject): { inputs: JsonObject } | { message: string } {
    const scope = objectScope({ flow: { id: flow.id, namespace: flow.namespace }, vars: flow.variables });
    const lookups = new Map<string, LookupAnswer>();
    for (;;) {
      const context = { scope, lookups, now: this.host.now(), random: () => 0.5 };
      const { inputs, problems, needs } = resolveInputs(flow, given, context);
      if (needs.length === 0) return problems[0] === undefined ? { inputs } : { message: problems[0].message };
      for (const need of needs) {
        const answer = sealAnswer(toyVault, need) ?? this.world.onLookup(need.kind, need.args);
        if (need.kind === "seal") this.secrets.push(String(need.args.text));
        lookups.set(lookupKey(need), answer);
      }
    }
  }

  /** The concurrency slots of a flow. */
  slotsOf(flowId: string): SlotTable {
    const table = this.slots.get(flowId) ?? new SlotTable(nodeSql());
    this.slots.set(flowId, table);
    return table;
  }

  /** Tells who was let out of the queue. */
  #tellSlots(flowId: string): void {
    const table = this.slotsOf(flowId);
    const { host } = this;
    for (const telling of table.tellings(host.now())) {
      const { executionId, effect, answer, reason } = telling;
      const live = this.cell.find(executionId);
      const said = reason === undefined ? { answer } : { answer, reason };
      const taken = live !== undefined && this.cell.slotAnswered(live, effect, said);
      table.told(telling, taken, this.#flow(flowId)?.concurrency, host.now());
    }
    const next = table.nextWakeAt();
    if (next !== undefined && next <= host.now() + SLOT_LOOK_MS)
      host.later(next - host.now(), () => this.#tellSlots(flowId));
  }

  #claim(job: Job): void {
    const live = this.cell.find(job.executionId);
    if (live === undefined) return;
    this.cell.dispatched(live, effectOf(job), { worker: "agent:a1", leaseUntil: this.host.now() + 30_000 });
    this.#ask(job);
  }

  async #work(job: Job): Promise<void> {
    const definition = registry.task(job.type);
    const isPlayed =
      definition?.internal === true ||
      PLAYED.some((type) => job.type.startsWith(type)) ||
      (this.runsEdge && definition?.where === "edge");
    if (!isPlayed) return this.#ask(job);
    const { executionId, tenant, namespace, flowId } = job;
    const context: EdgeContext = Object.create(this.context.ofRun(job.taskRunId), {
      executionId: { value: executionId },
      flow: { value: { tenant, namespace, id: flowId } },
      executions: { value: this.#executions },
      turnValue: { value: job.turnValue },
    });
    // A task that loads a library takes real time.
    const working = runEdge(definition as EdgeTask, job, context).then((answer) => {
      this.working.delete(working);
      this.#answer(job, answer, []);
    });
    this.working.add(working);
    await working;
  }

  get #executions(): EdgeContext["executions"] {
    return {
      ...this.context.executions,
      find: async (id) => {
        const state = this.cell.find(id)?.state;
        if (state?.facts === undefined) return this.context.executions.find(id);
        const { namespace, flowId, at } = state.facts;
        const failed = Array.from(state.runs).findLast((run) => run.state === "FAILED");
        const plan = this.cell.find(id)?.program.plan;
        const failedTaskId = plan?.tasks[failed?.task ?? -1]?.id;
        const facts = { namespace, flowId, state: state.status, startedAt: at, endedAt: undefined };
        return failedTaskId === undefined ? facts : { ...facts, failedTaskId };
      },
      command: async (id, command) => {
        const live = this.cell.find(id);
        if (live === undefined) return { ok: false, status: 404, message: `Unable to find execution '${id}'` };
        return this.cell.command(live, command);
      },
    };
  }

  #ask(job: Job): void {
    const lines: LogLine[] = [];
    const { taskId, taskRunId, attempt } = job;
    const tell = (line: LogLine) => void lines.push({ ...line, at: this.host.now(), taskId, taskRunId, attempt });
    const answer = this.worker(job, tell);
    if (!(answer instanceof Promise)) return this.#answer(job, answer, lines);
    const working = answer.then((late) => {
      this.working.delete(working);
      this.#answer(job, late, lines);
    });
    this.working.add(working);
  }

  #answer(job: Job, answer: Answered, lines: readonly LogLine[]): void {
    const live = this.cell.find(job.executionId);
    if (answer !== undefined && live !== undefined) this.cell.answer(live, effectOf(job), answer, lines);
  }
}

/** The effect that asked for the job. */
export function effectOf(job: Job): string {
  return job.id.slice(job.id.indexOf("/") + 1);
}

/** Types of tasks on the server that really run here; all others answer as the test says. */
const PLAYED = ["io.kestra.plugin.core.kv.", "io.kestra.plugin.core.execution.", "io.kestra.plugin.kestra.executions."];

async function runEdge(task: EdgeTask, job: Job, context: EdgeContext): Promise<TaskAnswer> {
  try {
    const { state = "SUCCESS", outputs, error } = await task.run(job.properties as never, context);
    return { state, ...(outputs ? { outputs } : {}), ...(error ? { error } : {}) };
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    return { state: "FAILED", error: error.message };
  }
}

/** The flow in a source without mistakes. */
export function accepted(source: string): Flow {
  const { flow, problems } = parseFlow(source, registry);
  if (flow === undefined) throw new Error(problems.map((problem) => problem.message).join("; "));
  return flow;
}

/** A time span of the bench in which nothing that is tested here takes longer. */
export const LONG_MS: EpochMs = 3_600_000;
