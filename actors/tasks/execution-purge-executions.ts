import * as z from "zod";
import { State } from "#schema/state.ts";
import type { EdgeTask } from "./define.ts";
import { dynamic } from "./property.ts";
import { forEachExecution, purgeInput, purgeScope, purgeSpan } from "./purge-common.ts";

const flag = (description: string) => dynamic(z.boolean()).default(true).describe(description);

const input = z.object({
  ...purgeInput,
  states: dynamic(z.array(State)).describe("Only executions in these states").optional(),
  purgeExecution: flag("Delete the executions, their logs and their metrics"),
  purgeLog: flag("Delete log lines; an execution's own go with it in any case"),
  purgeMetric: flag("Delete metrics; they belong to the execution and go with it alone"),
  purgeStorage: flag("Delete the files of the executions"),
});
type Props = z.output<typeof input>;

export const executionPurgeExecutions: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.execution.PurgeExecutions",
  aliases: ["io.kestra.core.tasks.storages.Purge", "io.kestra.plugin.core.storage.Purge"],
  title: "Delete old executions",
  description:
    "Deletes executions that started in a span of time and have ended, with all they left or a part of it. What goes on is left alone.",
  where: "edge",
  input,
  output: z.object({
    executionsCount: z.int().describe("Executions that were deleted"),
    logsCount: z.int().describe("Log lines that were deleted"),
    storagesCount: z.int().describe("Files that were deleted"),
    metricsCount: z.int().describe("Metrics that were deleted"),
  }),
  examples: [
    {
      title: "Keep a month of what went well",
      yaml: `id: purge_executions
namespace: company.team
tasks:
  - id: purge
    type: io.kestra.plugin.core.execution.PurgeExecutions
    namespace: company
    states: [SUCCESS]
    endDate: "{{ now() | dateAdd(-1, 'MONTHS') }}"
triggers:
  - id: daily
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 4 * * *"
`,
    },
  ],
  async run(props, ctx) {
    const query = { ...purgeScope(props), ...purgeSpan(props), ...(props.states && { states: props.states }) };
    const counts = { executionsCount: 0, logsCount: 0, storagesCount: 0, metricsCount: 0 };
    await forEachExecution(query, ctx, async (id) => {
      if (props.purgeStorage) counts.storagesCount += await ctx.housekeeping.removeFiles(id);
      if (props.purgeExecution) {
        const removed = await ctx.housekeeping.removeExecution(id, { files: props.purgeStorage });
        counts.executionsCount += removed === undefined ? 0 : 1;
        counts.logsCount += removed?.logs ?? 0;
        counts.metricsCount += removed?.metrics ?? 0;
      } else if (props.purgeLog) {
        counts.logsCount += await ctx.housekeeping.removeLogs(id, {});
      }
    });
    ctx.log("INFO", `Deleted ${counts.executionsCount} executions`);
    return { outputs: counts };
  },
};
