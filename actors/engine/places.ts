import type { EventOf } from "#schema/event.ts";
import type { Draft } from "./draft.ts";
import type { Handler } from "./handler.ts";
import { openContainer } from "./lanes.ts";
import { attemptFailed, endRun } from "./runs.ts";
import type { PlaceExpansion, TaskRun } from "./state.ts";

// Containers whose tasks share one directory. To the lanes they are a sequence.
//
// D1. The first task starts once the directory is there; when it cannot be made, the attempt has failed.
// D2. What it holds is named by a list of its files. An attempt is given the list, and its answer may name the next one; so an answer that
//     comes too late changes the directory of nobody.
// D3. After the tasks, `errors` and `finally`, what is to be kept of it is collected; only then it ends. A failure of that is its own.
// D4. Whatever ends it without collecting (a kill, its own container's end) asks to remove it, and waits for nobody.
// D5. A restart starts it over, with an empty directory and none of its task runs.

/** The flowable asks for a directory before its tasks start. */
export function openPlace(draft: Draft, run: TaskRun, expansion: PlaceExpansion): void {
  const effect = draft.effectId(run.index);
  draft.update(run.index, { waiting: { kind: "place-open", effect, expansion } });
  draft.ask({ kind: "open-place", id: effect, run: run.index });
}

/** The directory was made, or collected and removed. */
export function placeAnswered(run: TaskRun, event: EventOf<"place-opened" | "place-closed">): Handler | undefined {
  const { waiting, index } = run;
  if (run.state === "KILLING") return undefined;
  if (event.kind === "place-opened") {
    if (waiting?.kind !== "place-open" || waiting.effect !== event.effect) return undefined;
    return (draft) => placeOpened(draft, index, waiting.expansion, event);
  }
  if (waiting?.kind !== "place-close" || waiting.effect !== event.effect) return undefined;
  return (draft) => placeClosed(draft, run, waiting.state, event);
}

function placeOpened(draft: Draft, index: number, expansion: PlaceExpansion, event: EventOf<"place-opened">): void {
  const { error, effect, manifest } = event;
  if (error !== undefined) {
    draft.log("ERROR", error, index);
    return attemptFailed(draft, index, error, {});
  }
  draft.update(index, { waiting: undefined });
  const { outputFiles, cache } = expansion;
  const place = {
    id: effect,
    outputFiles,
    ...(manifest === undefined ? {} : { manifest }),
    ...(cache === undefined ? {} : { cache }),
  };
  openContainer(draft, index, { kind: "sequence", list: expansion.list }, { place });
}

function placeClosed(
  draft: Draft,
  { index, outputs = {} }: TaskRun,
  state: "SUCCESS" | "WARNING" | "FAILED" | "KILLED",
  event: EventOf<"place-closed">,
): void {
  const { error } = event;
  const change = { outputs: { ...outputs, ...event.outputs } };
  if (error === undefined) return endRun(draft, index, state, change);
  draft.log("ERROR", error, index);
  endRun(draft, index, "FAILED", { ...change, error });
}
