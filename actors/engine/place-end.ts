import type { Draft } from "./draft.ts";

/**
 * The container `owner` is over: asks to collect its shared directory and to remove it. True when its end waits for that; of a killed one
 * nothing is kept, and nobody waits.
 */
export function askToClose(draft: Draft, owner: number, state: "SUCCESS" | "WARNING" | "FAILED" | "KILLED"): boolean {
  const effect = draft.effectId(owner);
  const place = draft.container(owner)?.place?.id;
  draft.ask({ kind: "close-place", id: effect, run: owner, ...(place === undefined ? {} : { place }) });
  if (state === "KILLED") return false;
  draft.update(owner, { waiting: { kind: "place-close", effect, state } });
  return true;
}
