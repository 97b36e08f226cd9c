import * as z from "zod";
import type { Expansion } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
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
    return { outputs: { value: "x" } };
  },
};

const edge: EdgeTask<JsonObject> = {
  ...described("sim.Edge"),
  where: "edge",
  run: () => Promise.reject(new Error("Run by the simulator")),
};

const types: readonly AnyTask[] = [
  inline,
  { ...inline, type: "sim.Lookup" },
  edge,
  { ...described("sim.Agent"), where: "agent" },
  flowable("sim.Sequential", () => ({ kind: "sequence", list: "tasks" })),
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
  flowable("sim.Pause", (props, now) => ({
    kind: "pause",
    ...(props.manual === true ? {} : { until: now + Number(props.delayMs), behavior: behaviorOf(props.behavior) }),
  })),
  flowable("sim.Sleep", (props, now) => ({ kind: "sleep", until: now + Number(props.delayMs) })),
  flowable("sim.Subflow", (props) => ({
    kind: "subflow",
    namespace: "sim",
    flowId: String(props.flow),
    inputs: {},
    labels: [],
    inheritLabels: false,
    wait: props.wait === true,
    transmitFailed: props.transmitFailed !== false,
  })),
];

function behaviorOf(behavior: unknown): "RESUME" | "WARN" | "FAIL" | "CANCEL" {
  return behavior === "WARN" || behavior === "FAIL" || behavior === "CANCEL" ? behavior : "RESUME";
}

const byType = new Map(types.map((type) => [type.type, type]));

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
    if (definition.type !== "sim.Lookup") return { ok: true, value: properties };
    const key = 'kv:{"key":"k"}';
    return context.lookups?.has(key)
      ? { ok: true, value: properties }
      : { ok: "needs", lookups: [{ kind: "kv", args: { key: "k" } }] };
  },
};
