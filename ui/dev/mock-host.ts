import {
  compilePlan,
  createReducer,
  type ExecutionState,
  initialState,
  type Plan,
  type Reduce,
  toExecutionJson,
} from "#engine/index.ts";
import { parseFlow } from "#flow/parse-flow.ts";
import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent, Label } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Flow } from "#schema/flow.ts";
import { newExecutionId, taskRunId } from "#schema/ids.ts";
import type { JsonObject } from "#schema/json.ts";
import type { LogLine } from "#schema/log.ts";
import { isTerminal, type Level } from "#schema/state.ts";
import { registry } from "#tasks/registry.ts";

/** The flow in `source`, however wrong it is. */
export function readFlow(source: string): Flow {
  const { flow, draft } = parseFlow(source, registry);
  const read = flow ?? draft;
  if (!read) throw new Error("No flow in this source");
  return read;
}

// Runs executions of the real engine with made-up work: for development only.

export type StoredFlow = { namespace: string; id: string; revision: number; source: string };
type Follower = (message: { event: string; id?: string; data: unknown }) => void;

let seed = 7;
function random(): number {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
}

export class MockRun {
  readonly id: string;
  readonly flow: StoredFlow;
  readonly plan: Plan;
  readonly events: ExecutionEvent[] = [];
  readonly logs: LogLine[] = [];
  readonly followers = new Set<Follower>();
  state: ExecutionState = initialState();
  readonly #reduce: Reduce;
  #queue: { at: number; event: ExecutionEvent; lines?: LogLine[] }[] = [];
  readonly #fail: ReadonlySet<string>;
  readonly #host: MockHost;
  parent: { run: MockRun; effect: string } | undefined;

  constructor(host: MockHost, flow: StoredFlow, fail: readonly string[]) {
    this.#host = host;
    this.id = newExecutionId((length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)), 32);
    this.flow = flow;
    this.plan = compilePlan(readFlow(flow.source));
    this.#reduce = createReducer(this.plan);
    this.#fail = new Set(fail);
  }

  get json(): ExecutionJson {
    return toExecutionJson(this.state, this.plan);
  }
  get done(): boolean {
    return isTerminal(this.state.status);
  }

  apply(event: ExecutionEvent): void {
    const { state, effects } = this.#reduce(this.state, event);
    if (state === this.state) return;
    this.state = state;
    this.events.push(event);
    const from = this.events.length - 1;
    this.tell({ event: "events", id: `${from}:${this.logs.length}`, data: { from, events: [event] } });
    for (const effect of effects) this.#perform(effect, event.at);
    if (this.done) this.tell({ event: "end", data: {} });
  }

  tell(message: Parameters<Follower>[0]): void {
    for (const follower of this.followers) follower(message);
  }

  write(lines: LogLine[]): void {
    if (lines.length === 0) return;
    const from = this.logs.length;
    this.logs.push(...lines);
    this.tell({ event: "logs", id: `${this.events.length - 1}:${this.logs.length}`, data: { from, lines } });
  }

  /** Does what is due until `untilMs`. */
  advance(untilMs: number): void {
    for (;;) {
      this.#queue.sort((a, b) => a.at - b.at);
      const next = this.#queue[0];
      if (!next || next.at > untilMs) return;
      this.#queue.shift();
      this.write(next.lines ?? []);
      this.apply(next.event);
    }
  }

  #later(at: number, event: ExecutionEvent, lines: LogLine[] = []): void {
    this.#queue.push({ at, event, lines });
  }

  #line(effect: { run: number }, at: number, level: Level, message: string): LogLine {
    const task = this.plan.tasks[this.state.runs.get(effect.run)?.task ?? -1];
    return {
      at,
      level,
      message,
      attempt: 0,
      ...(task ? { taskId: task.id, taskRunId: taskRunId(this.id, effect.run) } : {}),
    };
  }

  #perform(effect: Effect, at: number): void {
    switch (effect.kind) {
      case "log": {
        const line =
          effect.run === undefined
            ? { at, level: effect.level, message: effect.message }
            : this.#line({ run: effect.run }, at, effect.level, effect.message);
        return this.write([line]);
      }
      case "wake-at":
        return this.#later(effect.at, { kind: "timer-fired", at: effect.at, effect: effect.id });
      case "cancel-task":
        return this.#later(at + 60, { kind: "effect-acknowledged", at: at + 60, effect: effect.id });
      case "kill-execution":
      case "notify-trigger":
        return this.#later(at + 5, { kind: "effect-acknowledged", at: at + 5, effect: effect.id });
      case "render-outputs":
        return this.#later(at + 3, {
          kind: "outputs-rendered",
          at: at + 3,
          effect: effect.id,
          outputs: { rows: 48211 },
        });
      case "notify-parent":
        this.parent?.run.apply({
          kind: "subflow-finished",
          at,
          effect: this.parent.effect,
          executionId: this.id,
          state: effect.state,
          outputs: {},
        });
        return this.#later(at + 1, { kind: "effect-acknowledged", at: at + 1, effect: effect.id });
      case "start-subflow": {
        const flow = this.#host.flow(effect.request.namespace, effect.request.flowId);
        if (!flow) return;
        const child = this.#host.start(flow, {
          at,
          inputs: {},
          labels: [],
          trigger: {
            id: "roll_out",
            type: "io.kestra.plugin.core.flow.Subflow",
            variables: { executionId: this.id, namespace: this.flow.namespace, flowId: this.flow.id },
          },
        });
        child.parent = { run: this, effect: effect.id };
        return this.#later(at + 2, { kind: "subflow-started", at: at + 2, effect: effect.id, executionId: child.id });
      }
      case "run-task":
        return this.#work(effect, at);
    }
  }

  #work(effect: Extract<Effect, { kind: "run-task" }>, at: number): void {
    const run = this.state.runs.get(effect.run);
    const task = this.plan.tasks[run?.task ?? -1];
    if (!run || !task) return;
    const kind = task.type.split(".").at(-1);
    const expand = (expansion: Extract<ExecutionEvent, { kind: "task-expanded" }>["expansion"]): void =>
      this.#later(at + 2, { kind: "task-expanded", at: at + 2, effect: effect.id, expansion });
    if (kind === "Parallel") return expand({ kind: "parallel", list: "tasks", concurrency: 0 });
    if (kind === "If") return expand({ kind: "sequence", list: run.value === "latam" ? "else" : "then" });
    if (kind === "ForEach") {
      const values =
        this.flow.id === "image_resizer"
          ? Array.from({ length: 400 }, (_, i) => String(i))
          : ["emea", "amer", "apac", "latam"];
      return expand({ kind: "each", list: "tasks", values, concurrency: this.flow.id === "image_resizer" ? 24 : 2 });
    }
    if (kind === "Pause") return expand({ kind: "pause" });
    if (kind === "Subflow") {
      return expand({
        kind: "subflow",
        namespace: "company.team",
        flowId: "getting_started",
        inputs: {},
        labels: [],
        inheritLabels: false,
        wait: true,
        transmitFailed: true,
      });
    }
    const inline = kind === "Log" || kind === "OutputValues";
    const startAt = at + (inline ? 1 : 120 + random() * 900);
    const endAt = startAt + (inline ? 2 : 800 + random() * (kind === "Script" ? 6000 : 3000));
    const failing =
      this.#fail.has(task.id) && (task.id !== "import" || run.attempts.length < 1 || this.#fail.has("always"));
    if (!inline) this.#later(startAt, { kind: "task-dispatched", at: startAt, effect: effect.id, worker: "agent-1" });
    const lines = inline
      ? [
          this.#line(
            effect,
            endAt,
            task.id === "alert" || task.id === "page_someone" ? "ERROR" : task.id === "complain" ? "WARN" : "INFO",
            String(task.task.properties.message ?? "values set"),
          ),
        ]
      : chatter(kind ?? "", task.id, run.value).map(([level, message], i, all) =>
          this.#line(effect, startAt + ((endAt - startAt) * (i + 1)) / (all.length + 1), level, message),
        );
    const finish = (): JsonObject =>
      kind === "Request"
        ? {
            code: 200,
            uri: String(task.task.properties.uri ?? ""),
            headers: { "content-type": ["application/json"] },
            body: {
              products: [
                { id: 1, title: "Falcon hood", price: 42.5, tags: ["leather", "small"] },
                { id: 2, title: "Glove", price: 61, tags: [] },
              ],
              total: 2,
            },
          }
        : kind === "Download"
          ? {
              code: 200,
              length: 18_204,
              uri: `kestra:///company/data/daily-orders/executions/${this.id}/tasks/fetch-rates/rates.csv`,
            }
          : kind === "OutputValues"
            ? { values: { table: "orders_clean", rows: 48211 } }
            : kind === "Log"
              ? {}
              : {
                  exitCode: 0,
                  vars: { rows: Math.floor(random() * 20_000) },
                  outputFiles: {
                    "rows.csv": `kestra:///company/data/daily-orders/executions/${this.id}/tasks/${task.id}/rows.csv`,
                  },
                };
    const outputs = finish();
    for (const line of lines) this.#later(line.at, { kind: "timer-fired", at: line.at, effect: "none" }, [line]);
    if (failing) {
      const message = "Process ended with exit code 1: connection refused by orders-db.internal:5432 after 3 tries";
      this.#later(
        endAt,
        { kind: "task-finished", at: endAt, effect: effect.id, answer: { state: "FAILED", error: message } },
        [
          this.#line(
            effect,
            endAt - 1,
            "ERROR",
            `\u001b[1;31mTraceback (most recent call last):\u001b[0m\n  File "/work/extract.py", line 41, in <module>\n    main(region)\n  File "/work/extract.py", line 22, in main\n    raise ConnectionError(host)\nConnectionError: ${message}`,
          ),
        ],
      );
    } else {
      this.#later(endAt, {
        kind: "task-finished",
        at: endAt,
        effect: effect.id,
        answer: { state: "SUCCESS", outputs },
      });
    }
  }
}

function chatter(kind: string, id: string, value: string | undefined): [Level, string][] {
  const of = value === undefined ? "" : ` for ${value}`;
  if (kind === "Request" || kind === "Download")
    return [
      ["DEBUG", `Connecting${of}`],
      ["INFO", "\u001b[32m200 OK\u001b[0m in 212 ms, 18.2 kB"],
    ];
  return [
    ["DEBUG", `Prepared working directory${of}`],
    ["INFO", `\u001b[36m[${id}]\u001b[0m started${of} on \u001b[1magent-1\u001b[0m`],
    ["INFO", `read \u001b[33m${Math.floor(random() * 20_000)}\u001b[0m rows${of}`],
    ["WARN", "2 rows had no currency; EUR is assumed"],
    ["INFO", "\u001b[32m✔\u001b[0m wrote rows.csv"],
  ];
}

export type StartOptions = {
  at: number;
  inputs: JsonObject;
  labels: Label[];
  fail?: readonly string[];
  trigger?: { id: string; type: string; variables: JsonObject };
};

export class MockHost {
  readonly runs: MockRun[] = [];
  readonly flows: StoredFlow[];
  constructor(flows: StoredFlow[]) {
    this.flows = flows;
  }
  flow(namespace: string, id: string): StoredFlow | undefined {
    return this.flows.filter((flow) => flow.namespace === namespace && flow.id === id).at(-1);
  }
  start(flow: StoredFlow, { at, inputs, labels, fail = [], trigger }: StartOptions): MockRun {
    const run = new MockRun(this, flow, fail);
    this.runs.push(run);
    run.apply({
      kind: "execution-created",
      at,
      id: run.id,
      tenant: "main",
      namespace: flow.namespace,
      flowId: flow.id,
      flowRevision: flow.revision,
      inputs,
      labels: [...readFlow(flow.source).labels, ...labels],
      ...(trigger ? { trigger } : {}),
    });
    return run;
  }
}
