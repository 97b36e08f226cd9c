import { SCHEDULE } from "#actors/flow-actor/schedule.ts";
import type { Flow, Retry, Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { type Flowable, has, type Leaf, pickWeighted, type Weights } from "./constructs.ts";
import type { Coverage } from "./coverage.ts";
import type { Random } from "./random.ts";
import type { Settings } from "./settings.ts";

// Random flows over the task types of sim/dialect.ts. What a task does is written in its properties, so that the simulator's
// workers and a reader of a failing seed can see it.

export const SIM_NAMESPACE = "sim";

function retryOf(random: Random, probability: number): Retry | undefined {
  if (!random.chance(probability)) return undefined;
  const isTimed = random.chance(0.2);
  const behavior = has("newExecutionRetry") && random.chance(0.1) ? "CREATE_NEW_EXECUTION" : "RETRY_FAILED_TASK";
  return {
    type: isTimed ? "constant" : random.pick(["constant", "exponential", "random"]),
    intervalMs: isTimed ? random.int(2_000, 6_000) : random.int(1, 5_000),
    maxIntervalMs: 10_000,
    minIntervalMs: 1,
    delayFactor: 2,
    // A duration counts anew in each new execution: without a number these would never end.
    maxAttempts: isTimed ? random.pick([behavior === "CREATE_NEW_EXECUTION" ? 1 : 0, 3]) : random.int(1, 5),
    maxDurationMs: isTimed ? random.int(2_000, 20_000) : undefined,
    warningOnRetry: random.chance(0.2),
    behavior,
  };
}

class Maker {
  readonly #random: Random;
  readonly #weights: Weights;
  readonly #coverage: Coverage;
  readonly #children: readonly string[];
  #count = 0;
  #left: number;

  constructor(parts: {
    random: Random;
    weights: Weights;
    coverage: Coverage;
    size: number;
    children: readonly string[];
  }) {
    this.#random = parts.random;
    this.#weights = parts.weights;
    this.#coverage = parts.coverage;
    this.#left = parts.size;
    this.#children = parts.children;
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
      ...(has("runIf") && random.chance(0.05) ? { runIf: random.pick(["false", "{{ 1 == 2 }}", "true"]) } : {}),
      retry: retryOf(random, 0.2),
    };
    const flowable = depth > 0 && random.chance(0.35) ? pickWeighted(random, this.#weights.flowables) : undefined;
    if (flowable !== undefined) return this.#flowable(flowable, id, depth, policy);
    return this.#leaf(pickWeighted(random, this.#weights.leaves) ?? "inline", id, policy);
  }

  #leaf(drawn: Leaf, id: string, policy: Partial<Task>): Task {
    const random = this.#random;
    const needsChild = drawn === "subflow" || drawn === "items";
    const leaf = needsChild && this.#children.length === 0 ? "inline" : drawn;
    this.#coverage.hit("construct", leaf);
    const properties: JsonObject = { failures: random.chance(0.2) ? random.int(1, 4) : 0 };
    let lists: Task["lists"] = {};
    switch (leaf) {
      case "pause":
        properties.delayMs = random.int(0, 20_000);
        properties.behavior = random.pick(["RESUME", "RESUME", "RESUME", "WARN", "FAIL", "CANCEL"]);
        if (random.chance(0.4)) properties.manual = true;
        if (random.chance(0.1)) lists = { tasks: this.list(0, 2) };
        break;
      case "sleep":
        properties.delayMs = random.int(0, 20_000);
        break;
      case "subflow":
      case "items":
        properties.flow = random.pick(this.#children);
        properties.total = random.int(0, 5);
        properties.wait = random.chance(0.8);
        properties.transmitFailed = random.chance(0.8);
        break;
      case "edge":
      case "agent":
        if (random.chance(0.05)) properties.warning = true;
    }
    const timeout = random.chance(0.25) ? { timeout: `PT${random.int(1, 30)}S` } : {};
    return { id, type: `sim.${leaf[0]?.toUpperCase()}${leaf.slice(1)}`, properties, lists, ...policy, ...timeout };
  }

  #flowable(drawn: Flowable, id: string, depth: number, policy: Partial<Task>): Task {
    const random = this.#random;
    this.#coverage.hit("construct", drawn);
    const tasks = drawn === "place" ? this.list(0, 4) : this.list(depth - 1, 4);
    const lists: Record<string, readonly Task[]> = { tasks };
    if (random.chance(0.15)) lists.errors = this.list(0, 2);
    if (random.chance(0.1)) lists.finally = this.list(0, 2);
    const properties: JsonObject = { concurrency: random.int(0, 4) };
    if (drawn === "each") {
      properties.values = Array.from({ length: random.int(0, 5) }, (_, index) => `v${index}`);
      properties.spread = random.chance(0.2);
    }
    if (drawn === "choice") properties.outcome = random.pick(["tasks", "tasks", "none", "fail"]);
    if (drawn === "dag") properties.dependsOn = this.#dependencies(tasks.filter((task) => !task.disabled).length);
    if (drawn === "loopUntil") {
      properties.intervalMs = random.int(0, 5_000);
      properties.turns = random.int(1, 5);
      properties.maxIterations = random.int(1, 6);
      properties.failOnMaxReached = random.chance(0.5);
    }
    return { id, type: `sim.${drawn[0]?.toUpperCase()}${drawn.slice(1)}`, properties, lists, ...policy };
  }

  /** For each of `count` tasks, earlier ones that it waits for. */
  #dependencies(count: number): number[][] {
    return Array.from({ length: count }, (_, slot) =>
      Array.from({ length: slot }, (_, other) => other).filter(() => this.#random.chance(0.4)),
    );
  }

  flow(id: string, depth: number): Flow {
    const random = this.#random;
    const retry = retryOf(random, 0.05);
    return {
      ...emptyFlow(id),
      tasks: this.list(depth, 6),
      errors: random.chance(0.2) ? this.list(0, 2) : [],
      finally: random.chance(0.1) ? this.list(0, 2) : [],
      afterExecution: random.chance(0.1) ? this.list(0, 2) : [],
      outputs: random.chance(0.3) ? [{ id: "out", type: "STRING", value: "x" }] : [],
      ...(retry === undefined ? {} : { retry }),
      ...this.#concurrency(),
      ...this.#sla(),
    };
  }

  #concurrency(): Partial<Flow> {
    const random = this.#random;
    if (!has("slots") || !random.chance(0.3)) return {};
    this.#coverage.hit("construct", "slots");
    return { concurrency: { limit: random.int(1, 4), behavior: random.pick(["QUEUE", "QUEUE", "CANCEL", "FAIL"]) } };
  }

  #sla(): Partial<Flow> {
    const random = this.#random;
    if (!has("sla") || !random.chance(0.1)) return {};
    this.#coverage.hit("construct", "sla");
    const behavior = random.pick(["FAIL", "CANCEL", "NONE"] as const);
    return { sla: [{ id: "soon", behavior, labels: [], type: "MAX_DURATION", durationMs: random.int(1_000, 60_000) }] };
  }
}

export function emptyFlow(id: string): Flow {
  return {
    id,
    namespace: SIM_NAMESPACE,
    labels: [],
    inputs: [],
    variables: {},
    tasks: [],
    errors: [],
    finally: [],
    afterExecution: [],
    outputs: [],
    triggers: [],
    pluginDefaults: [],
    disabled: false,
  };
}

/** A flow of at most `size` tasks that may start the given other flows. */
export function randomFlow(
  parts: { random: Random; coverage: Coverage; settings: Settings; size: number },
  id: string,
  children: readonly string[],
): Flow {
  const { settings, size, random, coverage } = parts;
  return new Maker({ random, coverage, weights: settings.weights, size, children }).flow(id, settings.depth);
}

/** A flow that starts itself, for ever if it may. */
export function recursiveFlow(): Flow {
  const properties = { flow: "self", wait: true, transmitFailed: true };
  return { ...emptyFlow("self"), tasks: [{ id: "again", type: "sim.Subflow", properties, lists: {} }] };
}

export const TRIGGER = "tick";

/** A flow that a schedule starts. */
export function scheduledFlow(random: Random, schedule: NonNullable<Settings["schedule"]>): Flow {
  const type = random.pick(["sim.Inline", "sim.Edge", "sim.Sleep"]);
  const properties = { failures: 0, delayMs: random.int(0, 30_000) };
  return {
    ...emptyFlow("clock"),
    tasks: [{ id: "work", type, properties, lists: {} }],
    triggers: [
      {
        id: TRIGGER,
        type: SCHEDULE,
        properties: {
          cron: `*/${schedule.seconds} * * * * *`,
          withSeconds: true,
          recoverMissedSchedules: schedule.recover,
        },
      },
    ],
  };
}
