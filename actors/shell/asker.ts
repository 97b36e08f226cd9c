import type { Live } from "./live.ts";
import type { Asker } from "./world.ts";

/** Who asks, for look-ups and files. */
export function askerOf(live: Live): Asker {
  const { facts } = live.state;
  if (facts === undefined) throw new Error("An execution that was never created asks for nothing.");
  const { tenant, namespace, flowId, id, trigger } = facts;
  return { tenant, namespace, flowId, executionId: id, trigger };
}
