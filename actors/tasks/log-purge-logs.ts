import * as z from "zod";
import { Level } from "#schema/state.ts";
import type { EdgeTask } from "./define.ts";
import { dynamic } from "./property.ts";
import { forEachExecution, purgeInput, purgeScope, purgeSpan } from "./purge-common.ts";

const input = z.object({
  ...purgeInput,
  logLevels: dynamic(z.array(Level)).describe("Only lines of these levels").optional(),
});
type Props = z.output<typeof input>;

export const logPurgeLogs: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.log.PurgeLogs",
  aliases: [],
  title: "Delete old log lines",
  description: "Deletes log lines of executions that have ended. The executions stay.",
  where: "edge",
  input,
  output: z.object({ count: z.int().describe("How many lines were deleted") }),
  examples: [
    {
      title: "Forget what is only of interest while it runs, each day",
      yaml: `id: purge_debug_logs
namespace: company.team
tasks:
  - id: purge
    type: io.kestra.plugin.core.log.PurgeLogs
    namespace: company
    logLevels: [TRACE, DEBUG]
    endDate: "{{ now() | dateAdd(-7, 'DAYS') }}"
triggers:
  - id: daily
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 3 * * *"
`,
    },
  ],
  async run(props, ctx) {
    const span = purgeSpan(props);
    const which = props.logLevels === undefined ? span : { ...span, levels: props.logLevels };
    let count = 0;
    // An execution that began after `to` has no line from before it.
    await forEachExecution({ ...purgeScope(props), to: span.to }, ctx, async (id) => {
      count += await ctx.housekeeping.removeLogs(id, which);
    });
    ctx.log("INFO", `Deleted ${count} log lines`);
    return { outputs: { count } };
  },
};
