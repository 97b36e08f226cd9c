import type { Flow, Task } from "#schema/flow.ts";

const ROOTS = ["tasks", "errors", "finally", "afterExecution"] as const;
const CASE = "case:";

/** Where a task stands in its flow: `tasks[1].cases.a[0]`. The id of one that stands nowhere in the text, as in a template. */
export function pathOfTask(flow: Pick<Flow, (typeof ROOTS)[number]>, id: string): string {
  for (const root of ROOTS) {
    const found = pathIn(flow[root], root, id);
    if (found !== undefined) return found;
  }
  return id;
}

/** `suffix`: what stands between the element of the list and the task. */
function pathIn(tasks: readonly Task[], list: string, id: string, suffix = ""): string | undefined {
  for (const [index, task] of tasks.entries()) {
    const path = `${list}[${index}]${suffix}`;
    if (task.id === id) return path;
    for (const [name, inner] of Object.entries(task.lists)) {
      // The tasks of a Dag stand beside what they depend on.
      const isDag = task.dependsOn !== undefined && name === "tasks";
      const found = pathIn(inner, `${path}.${listName(name)}`, id, isDag ? ".task" : "");
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function listName(name: string): string {
  return name.startsWith(CASE) ? `cases.${name.slice(CASE.length)}` : name;
}
