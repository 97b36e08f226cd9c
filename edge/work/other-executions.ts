import { executionOf } from "#schema/execution.ts";
import { cellName } from "#schema/ids.ts";
import type { ExecutionFacts, ExecutionQuery, OtherExecutions } from "#tasks/define.ts";
import type { CellRpc } from "../cells.ts";
import type { Condition } from "../db/filter.ts";
import { actorByName, type Env } from "../env.ts";
import { portsOf } from "../ports/ports.ts";

const PAGE = 500;

/** The cell of an execution of this tenant; undefined when there is none. One of another tenant is not there. */
export async function cellOfExecution(env: Pick<Env, "CELL">, tenant: string, id: string) {
  const name = cellName(id);
  const cell: CellRpc | undefined = name === undefined ? undefined : actorByName(env.CELL, name);
  const execution = await cell?.get(id);
  return cell !== undefined && execution?.tenant === tenant ? { cell, execution } : undefined;
}

/** Executions of this tenant. */
export function otherExecutions(env: Env, tenant: string): OtherExecutions {
  return {
    async find(id): Promise<ExecutionFacts | undefined> {
      const found = await cellOfExecution(env, tenant, id);
      if (found === undefined) return undefined;
      const { namespace, flowId, state, taskRunList = [] } = executionOf(found.execution);
      const failed = taskRunList.findLast((run) => run.state.current === "FAILED");
      return {
        namespace,
        flowId,
        state: state.current,
        startedAt: Date.parse(state.startDate),
        endedAt: state.endDate === undefined ? undefined : Date.parse(state.endDate),
        ...(failed === undefined ? {} : { failedTaskId: failed.taskId }),
      };
    },
    async command(id, command) {
      const found = await cellOfExecution(env, tenant, id);
      if (found === undefined) return { ok: false, status: 404, message: `Unable to find execution '${id}'` };
      return found.cell.command(id, command);
    },
    async count(query) {
      const paging = { page: 1, size: 1, sort: [] };
      return (await portsOf(env).projection.searchExecutions(tenant, conditionsOf(query), paging)).total;
    },
    search: (query) => search(env, tenant, query),
    async logs(id, filter) {
      const found = await cellOfExecution(env, tenant, id);
      return (await found?.cell.logs(id, filter)) ?? undefined;
    },
  };
}

/** In the order of ids: what is taken away on the way moves nothing that is still to come. */
async function* search(env: Env, tenant: string, query: ExecutionQuery): AsyncGenerator<readonly string[]> {
  for (let last = ""; ; ) {
    const behind: Condition[] = last === "" ? [] : [{ field: "id", op: "GREATER_THAN", values: [last] }];
    const paging = { page: 1, size: PAGE, sort: [{ field: "id", descending: false }] };
    const conditions = [...conditionsOf(query), ...behind];
    const { results } = await portsOf(env).projection.searchExecutions(tenant, conditions, paging);
    const ids = results.map(({ id }) => id);
    if (ids.length > 0) yield ids;
    if (ids.length < PAGE) return;
    last = ids.at(-1) ?? "";
  }
}

function conditionsOf({ namespace, flowId, states, from, to }: ExecutionQuery): Condition[] {
  const conditions: Condition[] = [];
  if (namespace !== undefined) {
    const op = flowId === undefined ? "PREFIX" : "EQUALS";
    conditions.push({ field: "namespace", op, values: [namespace] });
  }
  if (flowId !== undefined) conditions.push({ field: "flowId", op: "EQUALS", values: [flowId] });
  if (states !== undefined) conditions.push({ field: "state", op: "IN", values: states });
  if (from !== undefined) conditions.push({ field: "startAt", op: "GREATER_THAN_OR_EQUAL_TO", value: from });
  if (to !== undefined) conditions.push({ field: "startAt", op: "LESS_THAN_OR_EQUAL_TO", value: to });
  return conditions;
}
