import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { taskRunId } from "#schema/ids.ts";
import { askerOf } from "./asker.ts";
import type { Live } from "./live.ts";
import type { Host, RunOfPlace, World } from "./world.ts";

// Directories that tasks share, as the world makes and collects them.

type Of<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;

/** True while the task run waits for this very answer. */
export function isClosing(live: Live, { run, id }: Of<"close-place">): boolean {
  const waiting = live.state.runs.get(run)?.waiting;
  return waiting?.kind === "place-close" && waiting.effect === id;
}

/** Makes the directory; undefined when nobody waits for it any more. */
export async function openPlace(
  world: World,
  host: Host,
  live: Live,
  effect: Of<"open-place">,
): Promise<ExecutionEvent | undefined> {
  const waiting = live.state.runs.get(effect.run)?.waiting;
  if (waiting?.kind !== "place-open" || waiting.effect !== effect.id) return undefined;
  const { files } = waiting.expansion;
  const opened = await world.openPlace(askerOf(live), runOf(live, effect.run, effect.id), files);
  const event = { kind: "place-opened", at: host.now(), effect: effect.id } as const;
  if (!opened.ok) return { ...event, error: opened.message };
  return opened.manifest === undefined ? event : { ...event, manifest: opened.manifest };
}

/** Keeps what is to be kept of it. */
export async function closePlace(
  world: World,
  host: Host,
  live: Live,
  effect: Of<"close-place">,
): Promise<ExecutionEvent> {
  const place = live.state.runs.get(effect.run)?.container?.place;
  const { manifest, outputFiles = [] } = place ?? {};
  const closed = await world.closePlace(askerOf(live), runOf(live, effect.run), manifest, outputFiles);
  const event = { kind: "place-closed", at: host.now(), effect: effect.id } as const;
  return closed.ok ? { ...event, outputs: { outputFiles: closed.outputFiles } } : { ...event, error: closed.message };
}

/** The task runs that may have stored something for it: its own, under the effect that opened it, and those in it. */
export function runsOfPlace(live: Live, effect: Of<"close-place">): RunOfPlace[] {
  const container = live.state.runs.get(effect.run)?.container;
  const own = runOf(live, effect.run, effect.place ?? container?.place?.id);
  if (container === undefined) return [own];
  const lists = [...container.lanes, container.errors, container.finally];
  return [own, ...lists.flatMap((list) => Array.from(list, (index) => runOf(live, index)))];
}

function runOf(live: Live, index: number, opened?: string): RunOfPlace {
  const task = live.program.plan.tasks[live.state.runs.get(index)?.task ?? -1];
  const run = { taskId: task?.id ?? "", taskRunId: taskRunId(live.id, index) };
  return opened === undefined ? run : { ...run, opened };
}
