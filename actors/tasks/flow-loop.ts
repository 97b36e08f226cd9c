import * as z from "zod";
import { isJsonObject } from "#schema/conform.ts";
import type { Json } from "#schema/json.ts";
import type { ExpandContext, FlowableTask } from "./define.ts";
import { failed, nestedBranches } from "./flowable.ts";
import { checkFrequency, loopUntil } from "./loop-common.ts";
import { anything, dynamic, nested } from "./property.ts";

const input = z.object({
  values: dynamic(anything())
    .describe("A list, a map, the JSON text of one, or the `kestra:///` URI of a file with a value in each line")
    .optional(),
  until: z.string().describe("Instead of `values`: turns go on until this holds, rendered after each").optional(),
  concurrencyLimit: dynamic(z.int().min(0)).default(1).describe("How many turns at a time; 0 is all at once"),
  transmitFailed: dynamic(z.boolean())
    .default(true)
    .describe("A failed turn fails the loop; if false, the others go on, and its failure counts for nothing"),
  outputs: nested("outputs").describe("What each turn gives: `outputs.<task>.outputs[n].outputs.<id>`"),
  fetchType: dynamic(z.enum(["AUTO", "FETCH", "STORE"]))
    .default("AUTO")
    .describe("Where the outputs of the turns go; here they are always values, never a file"),
  checkFrequency: checkFrequency.describe("For `until`: how often and for how long").optional(),
  failOnMaxReached: dynamic(z.boolean()).default(false).describe("For `until`: fail when a limit is reached"),
  tasks: nested("tasks", { required: true }).describe("Run in each turn, one after another"),
  ...nestedBranches,
});
type Props = Omit<z.output<typeof input>, "tasks" | "errors" | "finally" | "outputs">;

const item = z.object({
  value: z.string().describe("Its value"),
  index: z.int().describe("Its number, from 0"),
  iteration: z.int().describe("As `index`"),
  key: z.string().describe("Its key, when the values are a map").optional(),
});
const turn = z.object({ item: item.describe("The turn"), outputs: anything().describe("What it gave, by output id") });

export const flowLoop: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Loop",
  aliases: [],
  title: "Run tasks for each value, or until a condition holds",
  description:
    "Runs its tasks once for each value. In a turn, at any depth, `item.value`, `item.index`, `item.key`, `item.parent` and `item.parents` tell where it is, and `outputs.<task>` is that of the same turn. Values that are not text are given as JSON text: `fromJson(item.value).name`. All turns are part of this execution.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({
    iterationCount: z.int().describe("How many turns there are"),
    outputs: z.array(turn).describe("What each turn gave, in the order of the values").optional(),
  }),
  examples: [
    {
      title: "Three values, and what came of them",
      yaml: `id: loop_values
namespace: company.team
tasks:
  - id: loop
    type: io.kestra.plugin.core.flow.Loop
    values: ["a", "b", "c"]
    concurrencyLimit: 2
    outputs:
      - id: result
        type: STRING
        value: "{{ outputs.process.value }}"
    tasks:
      - id: process
        type: io.kestra.plugin.core.debug.Return
        format: "{{ item.index }} is {{ item.value }}"
  - id: summary
    type: io.kestra.plugin.core.log.Log
    message: "{{ loopOutputs(outputs.loop.outputs, 'result') }}"
`,
    },
  ],
  reads({ values }) {
    return typeof values === "string" && values.startsWith("kestra://") ? values : undefined;
  },
  expand(props, ctx) {
    if ((props.values === undefined) === (props.until === undefined))
      return failed("A Loop needs either `values` or `until`, and not both.");
    if (props.values === undefined) {
      const frequency = loopUntil(ctx, props.checkFrequency, { interval: 60_000 }, props.failOnMaxReached);
      return { expansion: { ...frequency, scoped: true } };
    }
    const turns = turnsOf(props.values, ctx.file);
    if ("message" in turns) return failed(turns.message);
    return eachTurn(props, turns, ctx);
  },
};

type Turns = { values: string[]; keys?: string[] };

function eachTurn(props: Props, turns: Turns, ctx: ExpandContext): ReturnType<FlowableTask["expand"]> {
  return {
    expansion: {
      kind: "each",
      list: "tasks",
      ...turns,
      concurrency: props.concurrencyLimit,
      scoped: true,
      ...(props.transmitFailed ? {} : { tolerant: true }),
      ...(ctx.gives === undefined ? {} : { gives: true }),
    },
    outputs: { iterationCount: turns.values.length },
  };
}

/** The values of the turns as texts, equal ones each, with their keys when they come from a map. */
function turnsOf(values: Json, file: string | undefined): Turns | { message: string } {
  if (file !== undefined) return { values: file.split("\n").map(withoutReturn).filter(isNoEnd) };
  const parsed = typeof values === "string" ? parsedJson(values) : values;
  if (isJsonObject(parsed)) return { values: Object.values(parsed).map(asText), keys: Object.keys(parsed) };
  if (Array.isArray(parsed)) return { values: parsed.map(asText) };
  const shown = typeof values === "string" ? values : JSON.stringify(values);
  return { message: `The values must be a list, a map or the URI of a file, but are: ${shown.slice(0, 200)}` };
}

const withoutReturn = (line: string) => (line.endsWith("\r") ? line.slice(0, -1) : line);
/** False for the nothing after the last line's end. */
const isNoEnd = (line: string, index: number, lines: readonly string[]) => line !== "" || index < lines.length - 1;
const asText = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
