import * as z from "zod";
import { parseDuration } from "#schema/duration.ts";
import type { Metric } from "#schema/event.ts";
import { type InlineTask, TaskFailure } from "./define.ts";
import { dynamic, textMap } from "./property.ts";

const MetricProps = z.strictObject({
  type: z
    .enum(["counter", "timer", "gauge"])
    .describe("`counter` counts, `timer` is a span of time, `gauge` is a value as it is now"),
  name: z.string().min(1).describe("Name of the metric"),
  value: z.union([z.number(), z.string()]).describe("A number; of a timer a duration such as `PT5S`, or seconds"),
  tags: textMap().describe("What tells it from others of its name").optional(),
});

const input = z.object({
  metrics: dynamic(z.array(MetricProps)).describe("The metrics"),
});
type Props = z.output<typeof input>;

export const metricPublish: InlineTask<Props> = {
  type: "io.kestra.plugin.core.metric.Publish",
  aliases: [],
  title: "Record metrics",
  description: "Records metrics of this execution, beside those that tasks record by themselves.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Count the rows of a load",
      yaml: `id: publish_metrics
namespace: company.team
tasks:
  - id: load
    type: io.kestra.plugin.core.output.OutputValues
    values:
      rows: 120
  - id: publish
    type: io.kestra.plugin.core.metric.Publish
    metrics:
      - type: counter
        name: rows
        value: "{{ outputs.load.values.rows }}"
        tags:
          source: orders
      - type: timer
        name: load
        value: PT2.5S
`,
    },
  ],
  run({ metrics }, ctx) {
    for (const { type, name, value, tags } of metrics) {
      const metric: Metric = { type, name, value: numberOf(type, name, value) };
      ctx.metric(tags === undefined ? metric : { ...metric, tags });
    }
    return {};
  },
};

/** Timers in ms. */
function numberOf(type: Metric["type"], name: string, value: number | string): number {
  const text = String(value).trim();
  const isNumber = text !== "" && Number.isFinite(Number(text));
  if (type !== "timer" && isNumber) return Number(text);
  const ms = isNumber ? Number(text) * 1000 : type === "timer" ? parseDuration(text) : undefined;
  if (ms !== undefined) return ms;
  const wanted = type === "timer" ? "a duration such as PT5S, or a number of seconds" : "a number";
  throw new TaskFailure(`The value of the ${type} \`${name}\` must be ${wanted}, but is '${text.slice(0, 100)}'.`);
}
