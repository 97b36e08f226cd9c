import { effectRun } from "#engine/index.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { taskRunId } from "#schema/ids.ts";
import type { MetricEntry, MetricFilter } from "#schema/metric.ts";
import { isoInstant } from "#schema/time.ts";
import type { Live } from "#shell/live.ts";

/** What tasks have measured, in the order in which they ended. The event log is where it is kept. */
export function metricEntries(live: Live, events: readonly ExecutionEvent[], filter: MetricFilter): MetricEntry[] {
  const { state, program } = live;
  const names = {
    tenantId: state.facts?.tenant ?? "",
    namespace: state.facts?.namespace ?? "",
    flowId: state.facts?.flowId ?? "",
    executionId: live.id,
  };
  return events.flatMap((event) => {
    if (event.kind !== "task-finished" || event.answer.metrics === undefined) return [];
    const index = effectRun(event.effect);
    const run = state.runs.get(index);
    const taskId = program.plan.tasks[run?.task ?? -1]?.id;
    const runId = taskRunId(live.id, index);
    if (filter.taskId !== undefined && filter.taskId !== taskId) return [];
    if (filter.taskRunId !== undefined && filter.taskRunId !== runId) return [];
    return event.answer.metrics.map(
      ({ type, name, value, tags = {} }): MetricEntry => ({
        ...names,
        ...(taskId === undefined ? {} : { taskId }),
        taskRunId: runId,
        type,
        name,
        value,
        timestamp: isoInstant(event.at),
        tags,
        deleted: false,
      }),
    );
  });
}
