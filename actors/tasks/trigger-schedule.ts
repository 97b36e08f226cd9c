import * as z from "zod";
import { cronProblem, isTimeZone } from "./cron.ts";
import type { TriggerDefinition } from "./define.ts";
import { anyMap, deprecated, duration, nested } from "./property.ts";

const input = z
  .object({
    cron: z.string().describe("Minute, hour, day of month, month, day of week; or a nickname such as `@daily`"),
    withSeconds: z.boolean().default(false).describe("A field for seconds comes first"),
    timezone: z.string().describe("IANA time zone; UTC when left out").optional(),
    lateMaximumDelay: duration().describe("A date later than this is skipped").optional(),
    recoverMissedSchedules: z
      .enum(["ALL", "LAST", "NONE"])
      .describe("Which dates are made up for that were missed while nothing ran")
      .optional(),
    scheduleConditions: deprecated(nested("conditions"), "`conditions`").describe("All must hold"),
    backfill: deprecated(anyMap(), "the backfill of the trigger's page").describe("Ignored").optional(),
  })
  .superRefine(({ cron, withSeconds, timezone }, ctx) => {
    const message = cronProblem(cron, { withSeconds });
    if (message !== undefined) ctx.addIssue({ code: "custom", path: ["cron"], message });
    if (timezone !== undefined && !isTimeZone(timezone)) {
      const text = `timezone '(${timezone})' is not a valid time-zone ID`;
      ctx.addIssue({ code: "custom", path: ["timezone"], message: text });
    }
  });

export const triggerSchedule: TriggerDefinition = {
  type: "io.kestra.plugin.core.trigger.Schedule",
  aliases: ["io.kestra.core.models.triggers.types.Schedule"],
  title: "Start at fixed times",
  description: "Starts the flow at the dates of a cron expression. One execution of it runs at a time.",
  kind: "schedule",
  input,
  output: z.object({
    date: z.string().describe("The date it was due"),
    next: z.string().describe("The date after it").optional(),
    previous: z.string().describe("The date before it").optional(),
  }),
  examples: [
    {
      title: "Every weekday at nine in Paris",
      yaml: `id: schedule_weekdays
namespace: company.team
tasks:
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "due at {{ trigger.date }}"
triggers:
  - id: weekdays
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 9 * * 1-5"
    timezone: Europe/Paris
`,
    },
  ],
};
