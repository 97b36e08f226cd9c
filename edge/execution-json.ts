import { formatDuration } from "#schema/duration.ts";
import type { ExecutionJson, ExecutionSummary } from "#schema/execution.ts";

/** An execution as lists show it: what the projection knows of it, in the shape of the API. */
export function executionFromSummary(summary: ExecutionSummary, now: number): ExecutionJson {
  const { id, tenant, namespace, flowId, flowRevision, state, startAt, endAt, durationMs, labels, parentId } = summary;
  const startDate = new Date(startAt).toISOString();
  const endDate = endAt === null ? undefined : new Date(endAt).toISOString();
  const histories: ExecutionJson["state"]["histories"] = [{ state: "CREATED", date: startDate }];
  if (state !== "CREATED") histories.push({ state, date: endDate ?? startDate });
  return {
    id,
    tenantId: tenant,
    namespace,
    flowId,
    flowRevision,
    labels: [...labels],
    state: {
      current: state,
      histories,
      duration: formatDuration(durationMs ?? (endAt ?? now) - startAt),
      startDate,
      ...(endDate === undefined ? {} : { endDate }),
    },
    originalId: parentId ?? id,
    ...(parentId === null ? {} : { parentId }),
    ...(summary.triggerId === null
      ? {}
      : { trigger: { id: summary.triggerId, type: summary.triggerType ?? "", variables: triggerVariables(summary) } }),
    deleted: false,
    metadata: { attemptNumber: 1, originalCreatedDate: startDate },
  };
}

function triggerVariables({ triggerExecutionId }: ExecutionSummary): { executionId?: string } {
  return triggerExecutionId === null ? {} : { executionId: triggerExecutionId };
}
