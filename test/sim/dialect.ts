import * as z from "zod";
import type { Expansion } from "#schema/event.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { Dialect } from "#shell/perform.ts";
import { type AnyTask, type EdgeTask, type FlowableTask, type InlineTask, TaskFailure } from "#tasks/define.ts";

// The task types of the simulator: one for each way a task can be run, with nothing else about them.

const described = (type: string) => ({
  type,
  aliases: [],
  title: type,
  description: type,
  examples: [],
  input: z.object({}),
  output: z.object({}),
});

function flowable(type: string, expand: (props: JsonObject, now: number) => Expansion): FlowableTask<JsonObject> {
  return {
    ...described(type),
    where: "engine",
    nested: ["tasks"],
    expand: (props, context) => ({ expansion: expand(props, context.now) }),
  };
}

const inline: InlineTask<JsonObject> = {
  ...described("sim.Inline"),
  where: "inline",
  run(props, ctx) {
    ctx.log("INFO", "inline");
    if (Number(props.failures) > 0) throw new TaskFailure("inline failure");
    return { outputs: { value: "x", ...(props.seen === undefined ? {} : { seen: props.seen }) } };
  },
};

/** Says its secret aloud, and fails with it. */
const secret: InlineTask<JsonObject> = {
  ...described("sim.Secret"),
  where: "inline",
  run(props, ctx) {
    ctx.log("INFO", `the secret is ${String(props.secret)}`);
    if (Number(props.failures) > 0) throw new TaskFailure(`failed with ${String(props.secret)}`);
    return { outputs: { value: "x" } };
  },
};

const edge: EdgeTask<JsonObject> = {
  ...described("sim.Edge"),
  where: "edge",
  run: () => Promise.reject(new Error("Run by the simulator")),
};

const subflow: FlowableTask<JsonObject> = flowable("sim.Subflow", (props) => ({
  kind: "subflow",
  namespace: "sim",
  flowId: String(props.flow),
  inputs: {},
  labels: [],
  inheritLabels: false,
  wait: props.wait === true,
  transmitFailed: props.transmitFailed !== false,
}));

const types: readonly AnyTask[] = [
  inline,
  secret,
  { ...inline, type: "sim.Lookup" },
  { ...inline, type: "sim.Reader" },
  edge,
  { ...described("sim.Agent"), where: "agent" },
  flowable("sim.Sequence", () => ({ kind: "sequence", list: "tasks" })),
  flowable("sim.Parallel", (props) => ({ kind: "parallel", list: "tasks", concurrency: Number(props.concurrency) })),
  flowable("sim.Each", (props) => ({
    kind: "each",
    list: "tasks",
    values: props.values as string[],
    concurrency: Number(props.concurrency),
    spread: props.spread === true,
  })),
  flowable("sim.Choice", (props) =>
    props.outcome === "tasks"
      ? { kind: "sequence", list: "tasks" }
      : { kind: "nothing", state: props.outcome === "none" ? "SUCCESS" : "FAILED" },
  ),
  flowable("sim.Dag", (props) => ({
    kind: "dag",
    list: "tasks",
    concurrency: Number(props.concurrency),
    dependsOn: props.dependsOn as number[][],
  })),
  {
    ...flowable("sim.LoopUntil", (props, now) => ({
      kind: "loop-until",
      list: "tasks",
      intervalMs: Number(props.intervalMs),
      failOnMaxReached: props.failOnMaxReached === true,
      maxIterations: Number(props.maxIterations),
      ...(props.withinMs === undefined ? {} : { deadlineAt: now + Number(props.withinMs) }),
    })),
    // Over when the clock says so: the condition of a loop may hold or not, whatever its turns did.
    holds: (props, context) => ({ ok: true, value: context.now % (1 + Number(props.turns)) === 0 }),
  },
  flowable("sim.Place", () => ({ kind: "place", list: "tasks", files: {}, outputFiles: [] })),
  {
    ...flowable("sim.Items", (props) => ({
      kind: "items",
      total: Number(props.total),
      wait: props.wait === true,
      transmitFailed: props.transmitFailed !== false,
    })),
    starts: subflow as FlowableTask,
  },
  flowable("sim.Pause", (props, now) => ({
    kind: "pause",
    ...(props.manual === true ? {} : { until: now + Number(props.delayMs), behavior: behaviorOf(props.behavior) }),
  })),
  flowable("sim.Sleep", (props, now) => ({ kind: "sleep", until: now + Number(props.delayMs) })),
  subflow,
];

function behaviorOf(behavior: unknown): "RESUME" | "WARN" | "FAIL" | "CANCEL" {
  return behavior === "WARN" || behavior === "FAIL" || behavior === "CANCEL" ? behavior : "RESUME";
}

const byType = new Map(types.map((type) => [type.type, type]));

type Prepared = ReturnType<Dialect["prepare"]>;
type Context = Parameters<Dialect["prepare"]>[2];

/** The properties with what a look-up answers. */
function looked(kind: "kv" | "secret", properties: JsonObject, context: Context): Prepared {
  const answer = context.lookups?.get(`${kind}:{"key":"k"}`);
  if (answer === undefined) return { ok: "needs", lookups: [{ kind, args: { key: "k" } }] };
  return { ok: true, value: { ...properties, [kind]: answer.ok ? answer.value : null } };
}

/** The value of each task run that has no iteration, as a rendered property would see it. */
function seen(context: Context): JsonObject {
  const outputs = context.scope.get("outputs") as Record<string, Json> | undefined;
  const found: JsonObject = {};
  for (const [id, output] of Object.entries(outputs ?? {})) {
    const value = typeof output === "object" && output !== null && !Array.isArray(output) ? output.value : undefined;
    if (typeof value === "string") found[id] = value;
  }
  return found;
}

export const simDialect: Dialect = {
  registry: {
    task: (type) => byType.get(type),
    trigger: () => undefined,
    tasks: types,
    triggers: [],
    condition: () => undefined,
    known: () => undefined,
    conditions: [],
    knownTypes: [],
  },
  surroundings: { envs: {}, globals: {}, kestra: {} },
  prepare(definition, properties, context) {
    if (definition.type === "sim.Lookup") return looked("kv", properties, context);
    if (definition.type === "sim.Secret") return looked("secret", properties, context);
    if (definition.type === "sim.Reader") return { ok: true, value: { ...properties, seen: seen(context) } };
    return { ok: true, value: properties };
  },
};
