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
  const { files, namespaceFiles, cache } = waiting.expansion;
  const opened = await world.openPlace(askerOf(live), runOf(live, effect.run, effect.id), {
    files,
    ...(namespaceFiles === undefined ? {} : { namespaceFiles }),
    ...(cache === undefined ? {} : { cache }),
  });
  const event = { kind: "place-opened", at: host.now(), effect: effect.id } as const;
  if (!opened.ok) return { ...event, error: opened.message };
  return opened.manifest === undefined ? event : { ...event, manifest: opened.manifest };
}

/** Keeps what is to be kept of it. What a failure has left is not what a later execution should begin with. */
export async function closePlace(
  world: World,
  host: Host,
  live: Live,
  effect: Of<"close-place">,
): Promise<ExecutionEvent> {
  const { container, waiting } = live.state.runs.get(effect.run) ?? {};
  const { manifest, outputFiles = [], cache } = container?.place ?? {};
  const isGood = waiting?.kind === "place-close" && (waiting.state === "SUCCESS" || waiting.state === "WARNING");
  const closed = await world.closePlace(askerOf(live), runOf(live, effect.run), manifest, {
    patterns: outputFiles,
    ...(cache === undefined || !isGood ? {} : { cache }),
  });
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
  const { task: at = -1, value } = live.state.runs.get(index) ?? {};
  const turn = value === undefined ? {} : { value };
  const run = { taskId: live.program.plan.tasks[at]?.id ?? "", taskRunId: taskRunId(live.id, index), ...turn };
  return opened === undefined ? run : { ...run, opened };
}
