import * as z from "zod";
import { isJsonObject } from "#schema/conform.ts";
import type { Json } from "#schema/json.ts";
import type { FlowableTask } from "./define.ts";
import { failed, nestedBranches } from "./flowable.ts";
import { dynamic, nested } from "./property.ts";

const input = z
  .object({
    value: dynamic(z.string()).describe("Compared with the names of the cases, letter by letter"),
    cases: nested("cases").describe("For each value the tasks to run, one after another"),
    defaults: nested("tasks").describe("Run when no case has the value"),
    ...nestedBranches,
  })
  .describe("A choice between lists of tasks");
type Props = Pick<z.output<typeof input>, "value">;

export const flowSwitch: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Switch",
  aliases: ["io.kestra.core.tasks.flows.Switch"],
  title: "Choose tasks by a value",
  description: "Runs the tasks of the case that equals `value`, else `defaults`. With neither the task fails.",
  where: "engine",
  nested: ["cases", "defaults"],
  input,
  output: z.object({
    value: z.string().describe("The rendered value"),
    defaults: z.boolean().describe("True when no case had the value"),
  }),
  examples: [
    {
      title: "Two cases and the rest",
      yaml: `id: switch_stage
namespace: company.team
inputs:
  - id: stage
    type: SELECT
    values: [test, production]
    defaults: test
tasks:
  - id: choose
    type: io.kestra.plugin.core.flow.Switch
    value: "{{ inputs.stage }}"
    cases:
      test:
        - id: quick
          type: io.kestra.plugin.core.log.Log
          message: quick run
      production:
        - id: careful
          type: io.kestra.plugin.core.log.Log
          message: careful run
    defaults:
      - id: unknown
        type: io.kestra.plugin.core.log.Log
        message: "no such stage: {{ inputs.stage }}"
`,
    },
  ],
  lists({ cases, defaults }) {
    const lists: [string, Json][] = isJsonObject(cases)
      ? Object.entries(cases).map(([name, tasks]) => [`case:${name}`, tasks])
      : [];
    if (defaults !== undefined) lists.push(["defaults", defaults]);
    return Object.fromEntries(lists);
  },
  expand({ value }, ctx) {
    const list = `case:${value}`;
    if (Object.hasOwn(ctx.lists, list)) {
      return { expansion: { kind: "sequence", list }, outputs: { value, defaults: false } };
    }
    const outputs = { value, defaults: true };
    if (ctx.lists.defaults !== undefined) return { expansion: { kind: "sequence", list: "defaults" }, outputs };
    return { ...failed(`No case has the value \`${value.slice(0, 200)}\`, and there are no \`defaults\``), outputs };
  },
};
