import * as z from "zod";
import { objectScope, render } from "#expr/index.ts";
import { State } from "#schema/state.ts";
import { type EdgeContext, type EdgeTask, type ExecutionQuery, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";
import { momentOf } from "./purge-common.ts";
import { rowOutcome } from "./row-expression.ts";

const FlowName = z.strictObject({
  namespace: z.string().describe("Namespace of the flow"),
  flowId: z.string().describe("Id of the flow"),
});

const input = z.object({
  flows: dynamic(z.array(FlowName)).describe("Flows whose executions are counted").optional(),
  namespaces: dynamic(z.array(z.string()))
    .describe("Namespaces whose executions are counted, with those of the namespaces below")
    .optional(),
  states: dynamic(z.array(State)).describe("Only executions in these states").optional(),
  startDate: dynamic(z.string()).describe("Started at or after: a date and time with its zone"),
  endDate: dynamic(z.string()).describe("Started at or before; now when left out").optional(),
  expression: z
    .string()
    .describe("Expression over `count`, such as `{{ count == 0 }}`: results for which it is not `true` are left out"),
});
type Props = z.output<typeof input>;

const Result = z.object({
  namespace: z.string().describe("Namespace"),
  flowId: z.string().describe("Flow; absent for a whole namespace").optional(),
  count: z.int().describe("How many executions"),
});

export const executionCount: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.execution.Count",
  aliases: ["io.kestra.core.tasks.executions.Counts"],
  title: "Count executions",
  description:
    "Counts executions of flows or namespaces, as the lists know them, and gives those counts for which a condition holds. Of use to be told when something did not run.",
  where: "edge",
  input,
  output: z.object({
    results: z.array(Result).describe("The counts for which `expression` holds"),
    total: z.int().describe("Their sum"),
  }),
  examples: [
    {
      title: "Flows that did not run in a day",
      yaml: `id: did_not_run
namespace: company.team
tasks:
  - id: silent
    type: io.kestra.plugin.core.execution.Count
    flows:
      - namespace: company.team
        flowId: load_orders
      - namespace: company.team
        flowId: load_customers
    states: [SUCCESS]
    startDate: "{{ now() | dateAdd(-1, 'DAYS') }}"
    expression: "{{ count == 0 }}"
  - id: tell
    type: io.kestra.plugin.core.log.Log
    runIf: "{{ outputs.silent.results | length > 0 }}"
    level: WARN
    message: "{{ outputs.silent.results }}"
`,
    },
  ],
  async run(props, ctx) {
    const of = [...(props.flows ?? []), ...(props.namespaces ?? []).map((namespace) => ({ namespace }))];
    if (of.length === 0) throw new TaskFailure("Name at least one flow in `flows`, or a namespace in `namespaces`.");
    const span: ExecutionQuery = {
      from: momentOf(props.startDate, "startDate"),
      to: props.endDate === undefined ? ctx.now : momentOf(props.endDate, "endDate"),
      ...(props.states && { states: props.states }),
    };
    const counted = await Promise.all(
      of.map(async (which) => ({ ...which, count: await ctx.executions.count({ ...span, ...which }) })),
    );
    const results = counted.filter(({ count }) => holds(props.expression, count, ctx));
    return { outputs: { results, total: results.reduce((sum, { count }) => sum + count, 0) } };
  },
};

function holds(expression: string, count: number, { now }: EdgeContext): boolean {
  const outcome = rowOutcome(render(expression, { scope: objectScope({ count }), now, random: () => 0.5 }));
  if ("problem" in outcome) throw new TaskFailure(`\`expression\` fails: ${outcome.problem} It sees \`count\` alone.`);
  return outcome.value.trim() === "true";
}
