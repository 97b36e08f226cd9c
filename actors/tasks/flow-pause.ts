import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { failed, nestedBranches } from "./flowable.ts";
import { anyMap, deprecated, duration, dynamic, nested } from "./property.ts";

const input = z.object({
  pauseDuration: dynamic(duration())
    .describe("Goes on by itself after this time; without it, it waits for ever")
    .optional(),
  delay: deprecated(dynamic(duration()), "`pauseDuration`").describe("As `pauseDuration`").optional(),
  timeout: dynamic(duration()).describe("Fails after this time, unless `pauseDuration` ends it sooner").optional(),
  behavior: dynamic(z.enum(["RESUME", "WARN", "FAIL", "CANCEL"]))
    .default("RESUME")
    .describe("What happens when the time is over: success, warning, failure, or the execution is cancelled"),
  onPause: nested("task").describe("A task to run before it waits, to tell somebody; its failure fails the pause"),
  onResume: nested("inputs").describe("Inputs asked for at the resume; read with `outputs.<task>.onResume.<input>`"),
  tasks: deprecated(nested("tasks"), "the tasks after it").describe("Run after the resume"),
  ...nestedBranches,
});
type Props = z.output<typeof input>;

export const flowPause: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Pause",
  aliases: ["io.kestra.core.tasks.flows.Pause"],
  title: "Wait for a person or for a time",
  description: "Pauses the execution until it is resumed by hand or `pauseDuration` is over.",
  where: "engine",
  nested: ["tasks", "onPause"],
  input,
  output: z.object({
    onResume: anyMap().describe("Typed inputs given at the resume").optional(),
    resumed: z
      .object({
        by: z.string().describe("Who resumed it, where that is known").optional(),
        on: z.string().describe("When it was resumed"),
        to: z.string().describe("The state it went on in"),
      })
      .describe("How it was resumed by hand or by a task")
      .optional(),
  }),
  examples: [
    {
      title: "Ask for a reason, wait for a day at most",
      yaml: `id: pause_for_approval
namespace: company.team
tasks:
  - id: approval
    type: io.kestra.plugin.core.flow.Pause
    pauseDuration: P1D
    behavior: FAIL
    onResume:
      - id: reason
        type: STRING
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "Approved: {{ outputs.approval.onResume.reason }}"
`,
    },
  ],
  expand(props, ctx) {
    const tasks = (list: string) => (ctx.lists[list] ?? []).filter(({ disabled }) => !disabled);
    if (tasks("onPause").length > 0 && tasks("tasks").length > 0)
      return failed("A Pause has either `onPause` or the deprecated `tasks`: put the tasks after it.");
    const before = tasks("onPause").length > 0 ? { before: "onPause" } : {};
    const { pauseDuration, delay, timeout, behavior } = props;
    const waitMs = pauseDuration ?? delay;
    // Beside a `delay`, the older of the two names, a timeout counts for nothing.
    const endMs = timeout === undefined || (pauseDuration === undefined && delay !== undefined) ? undefined : timeout;
    if (endMs !== undefined && endMs < (waitMs ?? Number.POSITIVE_INFINITY))
      return { expansion: { kind: "pause", until: ctx.now + endMs, behavior: "FAIL", ...before } };
    if (waitMs === undefined) return { expansion: { kind: "pause", ...before } };
    return { expansion: { kind: "pause", until: ctx.now + waitMs, behavior, ...before } };
  },
};
