// The product as its users reach it: the local server over its HTTP API, flows in YAML.
import type { ExecutionJson } from "#schema/execution.ts";
import { poll } from "../support/poll.ts";
import { Server } from "../support/server.ts";
import type { Kind, Pids, Subject } from "./subject.ts";

export const NAMESPACE = "bench";
const RETURN = "io.kestra.plugin.core.debug.Return";
const PARALLEL = "io.kestra.plugin.core.flow.Parallel";
const REQUEST = "io.kestra.plugin.core.http.Request";
/** The sink is on the loopback address, which tasks may not reach by default. */
const ENVIRONMENT = { WINDHOVER_ALLOW_PRIVATE: "private,local" };

export class Product implements Subject {
  readonly name = "product";
  readonly server: Server;
  readonly #saved = new Set<string>();

  private constructor(server: Server) {
    this.server = server;
  }

  static async create(): Promise<Product> {
    return new Product(await Server.create({ env: ENVIRONMENT }));
  }

  start(): Promise<void> {
    return this.server.start();
  }

  async startToFirstRun(): Promise<void> {
    this.server.spawn();
    await poll(() => this.run({ work: "steps", steps: 1 }).then(() => true), {
      timeoutMs: 30_000,
      everyMs: 2,
      what: "the first finished run",
    });
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  kill(): Promise<void> {
    return this.server.kill();
  }

  remove(): Promise<void> {
    return this.server.remove();
  }

  async run(kind: Kind): Promise<void> {
    const flowId = await this.save(kind);
    const execution = await this.server.api.execute(NAMESPACE, flowId, { wait: true, timeoutMs: 120_000 });
    checkSuccess(execution);
  }

  /** Makes sure that the flow for this work exists; gives its id. */
  async save(kind: Kind): Promise<string> {
    const id = flowIdOf(kind);
    if (!this.#saved.has(id)) {
      await this.server.api.saveFlow(flowSource(id, kind));
      this.#saved.add(id);
    }
    return id;
  }

  pids(): Pids {
    const { launcher, workerd } = this.server.pids();
    return { workerd, launcher };
  }
}

export function checkSuccess(execution: ExecutionJson): void {
  const { current } = execution.state;
  if (current !== "SUCCESS") throw new Error(`Execution ${execution.id} of ${execution.flowId} is ${current}`);
}

function flowIdOf(kind: Kind): string {
  const work = kind.work === "coalesced" ? "steps" : kind.work;
  return `${work}_${kind.steps}`;
}

function flowSource(id: string, kind: Kind): string {
  const head = `id: ${id}\nnamespace: ${NAMESPACE}\ntasks:\n`;
  const each = (indent: string, body: (step: number) => string) =>
    Array.from({ length: kind.steps }, (_, step) => `${indent}- id: step${step}\n${body(step)}`).join("");
  if (kind.work === "fan") {
    const task = (step: number) => `        type: ${RETURN}\n        format: "${step}"\n`;
    return `${head}  - id: fan\n    type: ${PARALLEL}\n    tasks:\n${each("      ", task)}`;
  }
  if (kind.work === "effects") {
    const uri = (step: number) => `${kind.sink.url}/effect?e={{ execution.id }}&s=${step}`;
    return `${head}${each("  ", (step) => `    type: ${REQUEST}\n    uri: "${uri(step)}"\n`)}`;
  }
  return `${head}${each("  ", (step) => `    type: ${RETURN}\n    format: "${step}"\n`)}`;
}
