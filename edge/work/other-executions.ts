import { cellName } from "#schema/ids.ts";
import type { OtherExecutions } from "#tasks/define.ts";
import type { CellRpc } from "../cells.ts";
import { actorByName, type Env } from "../env.ts";

/** Executions of this tenant; one of another is not there. */
export function otherExecutions(env: Pick<Env, "CELL">, tenant: string): OtherExecutions {
  const cellOf = (id: string): CellRpc | undefined => {
    const name = cellName(id);
    return name === undefined ? undefined : actorByName(env.CELL, name);
  };
  const find = async (id: string) => {
    const found = await cellOf(id)?.get(id);
    return found?.tenant === tenant ? { namespace: found.namespace, flowId: found.flowId } : undefined;
  };
  return {
    find,
    async command(id, command) {
      const cell = (await find(id)) === undefined ? undefined : cellOf(id);
      if (cell === undefined) return { ok: false, status: 404, message: `Unable to find execution '${id}'` };
      return cell.command(id, command);
    },
  };
}
