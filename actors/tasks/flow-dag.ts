import * as z from "zod";
import type { Task } from "#schema/flow.ts";
import type { ExpandContext, FlowableTask } from "./define.ts";
import { nestedBranches } from "./flowable.ts";
import { dynamic, nested } from "./property.ts";

const input = z.object({
  tasks: nested("dag", { required: true }).describe("A list of `task` and `dependsOn`, the ids it waits for"),
  concurrent: dynamic(z.int().min(0)).default(0).describe("How many run at a time; 0 is no limit"),
  ...nestedBranches,
});
type Props = Pick<z.output<typeof input>, "concurrent">;

export const flowDag: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Dag",
  aliases: ["io.kestra.core.tasks.flows.Dag"],
  title: "Run tasks by what they depend on",
  description:
    "Starts each task as soon as all tasks it depends on have ended, in whatever state. After a failure no new one is started.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({}),
  examples: [
    {
      title: "Two tasks after the first, one after both",
      yaml: `id: dag
namespace: company.team
tasks:
  - id: build
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task:
          id: fetch
          type: io.kestra.plugin.core.debug.Return
          format: data
      - task:
          id: clean
          type: io.kestra.plugin.core.log.Log
          message: "cleaning {{ outputs.fetch.value }}"
        dependsOn:
          - fetch
      - task:
          id: count
          type: io.kestra.plugin.core.log.Log
          message: "counting {{ outputs.fetch.value }}"
        dependsOn:
          - fetch
      - task:
          id: report
          type: io.kestra.plugin.core.log.Log
          message: both are done
        dependsOn:
          - clean
          - count
`,
    },
  ],
  expand(props, ctx) {
    return { expansion: { kind: "dag", list: "tasks", concurrency: props.concurrent, dependsOn: slotsOf(ctx) } };
  },
};

/** For each enabled task the places of those it waits for. What waits for a disabled task waits for what that one waits for. */
function slotsOf({ lists, dependsOn = {} }: ExpandContext): number[][] {
  const tasks = lists.tasks ?? [];
  const enabled = tasks.filter(({ disabled }) => !disabled);
  const slots = new Map(enabled.map(({ id }, slot) => [id, slot]));
  return enabled.map((task) => [...neededSlots(task, slots, dependsOn)].sort((a, b) => a - b));
}

function neededSlots(
  task: Task,
  slots: ReadonlyMap<string, number>,
  dependsOn: NonNullable<Task["dependsOn"]>,
): Set<number> {
  const needed = new Set<number>();
  const seen = new Set<string>();
  const ids = [...(dependsOn[task.id] ?? [])];
  for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const slot = slots.get(id);
    if (slot !== undefined) needed.add(slot);
    else ids.push(...(dependsOn[id] ?? []));
  }
  return needed;
}
