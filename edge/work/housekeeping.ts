import { flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import { isTerminal } from "#schema/state.ts";
import type { Housekeeping, TriggerSwitches } from "#tasks/define.ts";
import { actorByName, type Env } from "../env.ts";
import { executionFolder, valuesFolder } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { cellOfExecution } from "./other-executions.ts";

/** What is taken away of executions of this tenant. */
export function housekeeping(env: Env, tenant: string): Housekeeping {
  const { files } = portsOf(env);
  const ended = async (executionId: string) => {
    const found = await cellOfExecution(env, tenant, executionId);
    if (found === undefined || !isTerminal(found.execution.state)) return undefined;
    const { namespace, flowId } = found.execution;
    return { cell: found.cell, place: { tenant, namespace, flowId, executionId } };
  };
  return {
    async removeExecution(id, options) {
      const found = await ended(id);
      if (found === undefined) return undefined;
      const metrics = (await found.cell.metrics(id, {}))?.length ?? 0;
      const logs = (await found.cell.removeLogs(id, {})) ?? 0;
      if (!(await found.cell.remove(id))) return undefined;
      // Values that were too large for the log are a part of it, not files of the user's.
      await files.deleteFolder(options.files ? executionFolder(found.place) : valuesFolder(found.place));
      return { logs, metrics };
    },
    async removeFiles(id) {
      const found = await ended(id);
      if (found === undefined) return 0;
      const values = `${valuesFolder(found.place)}/`;
      const paths = (await files.list(executionFolder(found.place))).filter((path) => !path.startsWith(values));
      for (const path of paths) await files.delete(path);
      return paths.length;
    },
    async removeLogs(id, which) {
      return (await (await ended(id))?.cell.removeLogs(id, which)) ?? 0;
    },
  };
}

/** Triggers of flows of this tenant. */
export function triggerSwitches(env: Env, tenant: string): TriggerSwitches {
  return {
    toggle: (namespace, flowId, triggerId, enabled) =>
      actorByName(env.FLOW, flowActorName({ tenant, namespace, flowId })).toggleTrigger(triggerId, enabled),
  };
}
