import type { Lookup, LookupAnswer } from "#expr/index.ts";
import type { EventOf, ExecutionEvent } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import { keptOutputs, MAX_OUTPUT_CHARACTERS, moveOf } from "#schema/stored.ts";
import { askerOf } from "./asker.ts";
import type { Live } from "./live.ts";
import type { World } from "./world.ts";

// Events whose outputs are too large for the log. Their values go to the world first; that is awaited outside of any turn.

/** Most characters of stored outputs that one evaluation may hold at a time: a cell has 128 MB for everything. */
const MAX_READ_CHARACTERS = MAX_OUTPUT_CHARACTERS + 8_000_000;

type WithOutputs = EventOf<"task-finished" | "task-expanded" | "outputs-rendered" | "place-closed" | "loop-evaluated">;

const KINDS: ReadonlySet<string> = new Set([
  "task-finished",
  "task-expanded",
  "outputs-rendered",
  "place-closed",
  "loop-evaluated",
] satisfies WithOutputs["kind"][]);

function hasOutputs(event: ExecutionEvent): event is WithOutputs {
  return KINDS.has(event.kind);
}

function outputsIn(event: WithOutputs): JsonObject | undefined {
  return event.kind === "task-finished" ? event.answer.outputs : event.outputs;
}

/** True when outputs of the event do not belong into the log as they are. */
export function isLarge(event: ExecutionEvent): boolean {
  const outputs = hasOutputs(event) ? outputsIn(event) : undefined;
  return outputs !== undefined && moveOf(outputs) !== undefined;
}

/** The event once its large outputs are kept; what cannot be kept fails what gave it. */
export async function keptEvent(
  world: World,
  live: Live,
  effect: string,
  given: ExecutionEvent,
): Promise<ExecutionEvent> {
  const event = live.sealed(given);
  const outputs = hasOutputs(event) ? outputsIn(event) : undefined;
  if (!hasOutputs(event) || outputs === undefined) return event;
  const kept = await keptOutputs(outputs, (texts) => world.keepValues(askerOf(live), effect, texts));
  return "outputs" in kept ? withOutputs(event, kept.outputs) : failing(event, kept.message);
}

function withOutputs(event: WithOutputs, outputs: JsonObject): ExecutionEvent {
  return event.kind === "task-finished" ? { ...event, answer: { ...event.answer, outputs } } : { ...event, outputs };
}

function failing(event: WithOutputs, error: string): ExecutionEvent {
  const { kind, at, effect } = event;
  if (kind === "outputs-rendered" || kind === "place-closed") return { kind, at, effect, error };
  if (kind === "loop-evaluated") return { kind, at, effect, done: true, error };
  return { kind: "task-finished", at, effect, answer: { state: "FAILED", error } };
}

/** Refusals for those of the look-ups whose stored values would be too much beside what is there. */
export function refusedByMemory(
  lookups: readonly Lookup[],
  answers: ReadonlyMap<string, LookupAnswer>,
): Map<Lookup, LookupAnswer> {
  const refused = new Map<Lookup, LookupAnswer>();
  const stored = lookups.filter(({ kind }) => kind === "stored");
  if (stored.length === 0) return refused;
  let held = 0;
  for (const key of answers.keys()) held += sizeInKey(key);
  for (const lookup of stored) {
    held += Number(lookup.args.size);
    if (held <= MAX_READ_CHARACTERS) continue;
    const message = `The expression reads more than ${MAX_READ_CHARACTERS} characters of large outputs at a time: use them in separate tasks, or pass them as files.`;
    refused.set(lookup, { ok: false, message });
  }
  return refused;
}

/** The size in the key of a look-up for a stored value; 0 for any other. */
function sizeInKey(key: string): number {
  return key.startsWith("stored:") ? Number(/"size":(\d+)/.exec(key)?.[1] ?? 0) : 0;
}
