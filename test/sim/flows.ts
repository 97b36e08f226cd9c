import type { Flow, Retry, Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import type { Random } from "./random.ts";

// Random flows over the task types of sim/dialect.ts. What a task does is written in its properties, so that the simulator's
// workers and a reader of a failing seed can see it.

export const SIM_NAMESPACE = "sim";

const NO_RETRY: Retry | undefined = undefined;

function retryOf(random: Random): Retry | undefined {
  if (!random.chance(0.2)) return NO_RETRY;
  return {
    type: random.pick(["constant", "exponential", "random"]),
    intervalMs: random.int(1, 5_000),
    maxIntervalMs: 10_000,
    minIntervalMs: 1,
    delayFactor: 2,
    maxAttempts: random.int(1, 4),
    maxDurationMs: undefined,
    warningOnRetry: random.chance(0.2),
    behavior: "RETRY_FAILED_TASK",
  };
}

class Maker {
  readonly #random: Random;
  readonly #children: readonly string[];
  #count = 0;
  #left: number;

  constructor(random: Random, size: number, children: readonly string[]) {
    this.#random = random;
    this.#left = size;
    this.#children = children;
  }

  list(depth: number, most: number): Task[] {
    const length = this.#random.int(1, most + 1);
    const tasks: Task[] = [];
    for (let i = 0; i < length && this.#left > 0; i++) tasks.push(this.#task(depth));
    return tasks;
  }

  #task(depth: number): Task {
    this.#left -= 1;
    this.#count += 1;
    const id = `t${this.#count}`;
    const random = this.#random;
    const policy = {
      ...(random.chance(0.1) ? { allowFailure: true } : {}),
      ...(random.chance(0.05) ? { allowWarning: true } : {}),
      ...(random.chance(0.05) ? { disabled: true } : {}),
      retry: retryOf(random),
    };
    const flowable = depth > 0 && random.chance(0.35);
    return flowable ? this.#flowable(id, depth, policy) : this.#leaf(id, policy);
  }

  #leaf(id: string, policy: Partial<Task>): Task {
    const random = this.#random;
    const type = random.pick([
      "sim.Inline",
      "sim.Inline",
      "sim.Edge",
      "sim.Edge",
      "sim.Agent",
      "sim.Pause",
      "sim.Sleep",
      "sim.Subflow",
      "sim.Lookup",
    ]);
    if (type === "sim.Subflow" && this.#children.length === 0) return this.#leaf(id, policy);
    const properties: JsonObject = { failures: random.chance(0.2) ? random.int(1, 4) : 0 };
    if (type === "sim.Pause" || type === "sim.Sleep") properties.delayMs = random.int(0, 20_000);
    if (type === "sim.Pause")
      properties.behavior = random.pick(["RESUME", "RESUME", "RESUME", "WARN", "FAIL", "CANCEL"]);
    if (type === "sim.Pause" && random.chance(0.4)) properties.manual = true;
    if (type === "sim.Subflow") {
      properties.flow = random.pick(this.#children);
      properties.wait = random.chance(0.8);
      properties.transmitFailed = random.chance(0.8);
    }
    const timeout = random.chance(0.25) ? { timeout: `PT${random.int(1, 30)}S` } : {};
    return { id, type, properties, lists: {}, ...policy, ...timeout };
  }

  #flowable(id: string, depth: number, policy: Partial<Task>): Task {
    const random = this.#random;
    const type = random.pick(["sim.Sequential", "sim.Parallel", "sim.Each", "sim.Choice"]);
    const lists: Record<string, readonly Task[]> = { tasks: this.list(depth - 1, 4) };
    if (random.chance(0.15)) lists.errors = this.list(0, 2);
    if (random.chance(0.1)) lists.finally = this.list(0, 2);
    const properties: JsonObject = { concurrency: random.int(0, 4) };
    if (type === "sim.Each") {
      properties.values = Array.from({ length: random.int(0, 5) }, (_, index) => `v${index}`);
      properties.spread = random.chance(0.2);
    }
    if (type === "sim.Choice") properties.outcome = random.pick(["tasks", "tasks", "none", "fail"]);
    return { id, type, properties, lists, ...policy };
  }

  flow(id: string): Flow {
    const random = this.#random;
    return {
      id,
      namespace: SIM_NAMESPACE,
      labels: [],
      inputs: [],
      variables: {},
      tasks: this.list(3, 6),
      errors: random.chance(0.2) ? this.list(0, 2) : [],
      finally: random.chance(0.1) ? this.list(0, 2) : [],
      afterExecution: random.chance(0.1) ? this.list(0, 2) : [],
      outputs: random.chance(0.3) ? [{ id: "out", type: "STRING", value: "x" }] : [],
      triggers: [],
      pluginDefaults: [],
      disabled: false,
    };
  }
}

/** A flow of at most `size` tasks that may start the given other flows. */
export function randomFlow(random: Random, id: string, size: number, children: readonly string[]): Flow {
  return new Maker(random, size, children).flow(id);
}
