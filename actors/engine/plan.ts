import type { Flow, Retry, Sla, Task } from "#schema/flow.ts";

// The plan: a flow's tasks, numbered once, so that state and events name them by a small integer.
//
// P1. Numbers follow the order of the source; the same source gives the same numbers.
// P2. Disabled tasks are in no list, so they are never started and count for nothing.

export type PlanTask = {
  readonly n: number;
  readonly id: string;
  readonly type: string;
  /** Number of the flowable it stands in; -1 at the top. */
  readonly parent: number;
  /** Its place there: the list's name, and how many enabled tasks come before it. */
  readonly list: string;
  readonly slot: number;
  readonly task: Task;
  /** Numbers of enabled children, by list name. */
  readonly lists: Readonly<Record<string, readonly number[]>>;
  /** Own policy, else that of the nearest flowable that has one, else the flow's. */
  readonly retry: Retry | undefined;
};

export type Plan = {
  readonly tasks: readonly PlanTask[];
  /** `tasks`, `errors`, `finally`, `afterExecution` of the flow itself. */
  readonly lists: Readonly<Record<string, readonly number[]>>;
  readonly byId: ReadonlyMap<string, number>;
  /** True when the flow declares outputs: they are rendered before the execution ends. */
  readonly hasOutputs: boolean;
  readonly concurrency: Flow["concurrency"];
  readonly slas: readonly Sla[];
};

/** Numbers the tasks of `flow`. */
export function compilePlan(flow: Flow): Plan {
  const tasks: PlanTask[] = [];
  const byId = new Map<string, number>();

  function number(
    name: string,
    list: readonly Task[],
    parent: number,
    inherited: Retry | undefined,
  ): readonly number[] {
    const numbers: number[] = [];
    for (const task of list) {
      if (task.disabled) continue;
      const n = tasks.length;
      const retry = task.retry ?? inherited;
      const lists: Record<string, readonly number[]> = {};
      tasks.push({ n, id: task.id, type: task.type, parent, list: name, slot: numbers.length, task, lists, retry });
      byId.set(task.id, n);
      for (const [nested, children] of Object.entries(task.lists)) lists[nested] = number(nested, children, n, retry);
      numbers.push(n);
    }
    return numbers;
  }

  const lists = {
    tasks: number("tasks", flow.tasks, -1, flow.retry),
    errors: number("errors", flow.errors, -1, flow.retry),
    finally: number("finally", flow.finally, -1, flow.retry),
    afterExecution: number("afterExecution", flow.afterExecution, -1, flow.retry),
  };
  return {
    tasks,
    lists,
    byId,
    hasOutputs: flow.outputs.length > 0,
    concurrency: flow.concurrency,
    slas: flow.sla ?? [],
  };
}
