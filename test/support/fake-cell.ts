import type { CellRpc } from "#edge/cells.ts";
import type { Command, CommandAnswer, Evaluated, EventPage, ForkSource, Standing, StartRequest } from "#schema/cell.ts";
import type { CopiedRun, ExecutionEvent, Metric } from "#schema/event.ts";
import { type ExecutionJson, type ExecutionText, executionText, type TaskRunJson } from "#schema/execution.ts";
import { taskRunId } from "#schema/ids.ts";
import type { LogEntry, LogFilter, LogSelection } from "#schema/log.ts";
import type { MetricEntry, MetricFilter } from "#schema/metric.ts";
import { isTerminal, type State } from "#schema/state.ts";

/** A cell that runs nothing: it remembers what it was asked, and answers as one whose executions all stay in one state. */
export class FakeCell implements CellRpc {
  readonly started: StartRequest[] = [];
  readonly commands: Command[] = [];
  readonly removed = new Set<string>();
  readonly followed: (string | undefined)[] = [];
  readonly filters: LogFilter[] = [];
  readonly selections: LogSelection[] = [];
  /** Metrics of every execution here. */
  measured: Metric[] = [];
  sweeps = 0;
  boots = 0;
  /** State of every execution here. */
  state: State = "RUNNING";
  /** States of single executions, where they differ. */
  readonly states = new Map<string, State>();
  /** Task runs of every execution here, and its events. */
  runs: CopiedRun[] = [];
  log: ExecutionEvent[] = [];
  /** The task that every execution here is paused at. */
  paused: string | undefined;

  async start(request: StartRequest): Promise<ExecutionText | null> {
    if (this.removed.has(request.id)) return null;
    // As the platform: what cannot be cloned cannot be sent.
    const cloned = structuredClone(request);
    checkPlain(request);
    if (!this.started.some(({ id }) => id === request.id)) this.started.push(cloned);
    return executionText(this.json(cloned));
  }
  async get(id: string, _options: { at?: number } = {}): Promise<ExecutionText | null> {
    const request = this.started.find((started) => started.id === id);
    return request ? executionText(this.json(request)) : null;
  }
  async standing(ids: readonly string[], _command: Command): Promise<(Standing | null)[]> {
    return ids.map((id) => {
      if (!this.started.some((started) => started.id === id)) return null;
      const state = this.stateOf(id);
      return isTerminal(state) ? { state, refusal: "it has ended" } : { state };
    });
  }
  async forkOf(id: string, { seq = this.log.length }: { seq?: number } = {}): Promise<ForkSource | null> {
    const request = this.started.find((started) => started.id === id);
    if (!request) return null;
    const { tenant, namespace, flowId, source, revision, inputs, trigger, originalId, originalCreatedAt } = request;
    const labels = [...request.labels];
    return {
      facts: {
        kind: "execution-created",
        at: 1000,
        id,
        tenant,
        namespace,
        flowId,
        flowRevision: revision,
        inputs,
        labels,
        ...(trigger ? { trigger } : {}),
        ...(originalId === undefined ? {} : { originalId }),
        ...(originalCreatedAt === undefined ? {} : { originalCreatedAt }),
      },
      seq,
      state: this.stateOf(id),
      attempt: request.attempt ?? 1,
      labels,
      source,
      revision,
      runs: this.runs,
      taskRunIds: this.runs.map((_, index) => taskRunId(id, index)),
    };
  }
  async command(id: string, command: Command): Promise<CommandAnswer<ExecutionText>> {
    const execution = await this.get(id);
    if (!execution) return { ok: false, status: 404, message: `Unable to find the execution ${id}` };
    if (isTerminal(this.stateOf(id))) return { ok: false, status: 409, message: "it has ended" };
    this.commands.push(structuredClone(command));
    return { ok: true, execution };
  }
  async logs(id: string, filter: LogFilter): Promise<LogEntry[] | null> {
    const execution = await this.get(id);
    if (!execution) return null;
    this.filters.push(filter);
    const { namespace, flowId } = execution;
    const line = {
      namespace,
      flowId,
      executionId: id,
      attemptNumber: 0,
      timestamp: "2026-01-01T00:00:00Z",
      level: "INFO",
      message: "hello",
      deleted: false,
    } as const;
    return [line];
  }
  async metrics(id: string, { taskId = "task" }: MetricFilter): Promise<MetricEntry[] | null> {
    const execution = await this.get(id);
    if (!execution) return null;
    const { tenant, namespace, flowId } = execution;
    return this.measured.map(({ name, type, value, tags = {} }) => ({
      tenantId: tenant,
      namespace,
      flowId,
      executionId: id,
      taskId,
      type,
      name,
      value,
      timestamp: "2026-01-01T00:00:00Z",
      tags,
      deleted: false,
    }));
  }
  async removeLogs(id: string, which: LogSelection): Promise<number | null> {
    this.selections.push(which);
    return (await this.get(id)) && 1;
  }
  async followExecution(id: string) {
    return (await this.get(id)) && streamOf("id: end\ndata: {}\n\n");
  }
  async followLogs(id: string, minLevel?: string) {
    this.followed.push(minLevel);
    return (await this.get(id)) && streamOf("id: progress\ndata: {}\n\n");
  }
  async stream(id: string, after?: { seq: number; line: number }) {
    return (await this.get(id)) && streamOf(`data: ${JSON.stringify(after ?? null)}\n\n`);
  }
  async events(id: string, after: number, limit?: number): Promise<EventPage | null> {
    const request = this.started.find((started) => started.id === id);
    if (!request) return null;
    const { source, revision } = request;
    return { source, revision, events: this.log.slice(after, limit === undefined ? undefined : after + limit) };
  }
  async followEvents(id: string, after: number) {
    return (await this.get(id)) && streamOf(`id: ${after + 1}\ndata: {}\n\n`);
  }
  async evaluate(id: string, taskRunId: string | undefined, expression: string): Promise<Evaluated | null> {
    return (await this.get(id)) && { result: `${taskRunId ?? "-"} ${expression}` };
  }
  async remove(id: string): Promise<boolean> {
    const at = this.started.findIndex((started) => started.id === id);
    if (at >= 0) this.started.splice(at, 1);
    if (at >= 0) this.removed.add(id);
    return at >= 0;
  }
  async answer() {
    return true;
  }
  async taskStarted() {
    return true;
  }
  async appendLogs() {
    return true;
  }
  async childEnded() {}
  async slotAnswered(): Promise<boolean> {
    return !isTerminal(this.state);
  }
  async sweep() {
    this.sweeps++;
  }
  async boot() {
    this.boots++;
  }

  private stateOf(id: string): State {
    return this.states.get(id) ?? this.state;
  }

  private pausedRun(executionId: string, namespace: string, flowId: string, taskId: string): TaskRunJson {
    const date = "2026-01-01T00:00:00Z";
    return {
      id: taskRunId(executionId, 0),
      executionId,
      namespace,
      flowId,
      taskId,
      attempts: [],
      outputs: null,
      state: { current: "PAUSED", histories: [{ state: "PAUSED", date }], duration: "PT0S", startDate: date },
    };
  }

  private json({ id, tenant, namespace, flowId, revision, inputs, labels, trigger }: StartRequest): ExecutionJson {
    const date = "2026-01-01T00:00:00Z";
    return {
      id,
      tenantId: tenant,
      namespace,
      flowId,
      flowRevision: revision,
      inputs,
      labels: [...labels],
      state: { current: this.stateOf(id), histories: [{ state: "CREATED", date }], duration: "PT0S", startDate: date },
      originalId: id,
      ...(this.paused === undefined ? {} : { taskRunList: [this.pausedRun(id, namespace, flowId, this.paused)] }),
      ...(trigger ? { trigger } : {}),
      deleted: false,
      metadata: { attemptNumber: 1, originalCreatedDate: date },
    };
  }
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}

/** Calls between actors carry plain objects only: one without the usual prototype is refused by the platform. */
function checkPlain(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype)
    throw new Error("DataCloneError: not a plain object");
  for (const member of Object.values(value)) checkPlain(member);
}
