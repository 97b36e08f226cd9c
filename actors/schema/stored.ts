import type { Json, JsonObject } from "./json.ts";
import { jsonSize } from "./value-size.ts";

// Outputs too large for the event log are kept as files; where they stood, the log and the state have a marker. What may grow is moved value
// by value, the largest first: `outputs.request.code` then costs nothing though `outputs.request.body` is somewhere else.
//
// W1. A marker is a map with the one key STORED_KEY. Whatever comes from outside and has that key anywhere is moved itself, of whatever
//     size, so a marker in a state is always one of ours; and what a file holds is never looked at for markers.
// W2. A marker names a file of the execution in whose state it stands. Whoever carries outputs to another execution copies the files.
// W3. Nothing but the outputs of a task run and of an execution has markers: at their top, or below where outputs of a subflow stand.

/** Outputs up to this long, in characters of their JSON, stay in the event. */
export const MAX_INLINE_CHARACTERS = 65_536;
/** Outputs longer than this, in characters of their JSON, are refused. */
export const MAX_OUTPUT_CHARACTERS = 32_000_000;

export const STORED_KEY = "\u0001stored";

/** A value in a file. `size` in characters of its JSON. */
export type Stored = { uri: string; size: number };

/** More than a marker takes, in characters of its JSON. */
const MARKER_CHARACTERS = 600;
/** A shorter value is not worth a file. */
const WORTH_CHARACTERS = 2_000;

export function markerOf({ uri, size }: Stored): JsonObject {
  return { [STORED_KEY]: { uri, size } };
}

/** The value that `value` is a marker of; undefined when it is none. */
export function storedIn(value: unknown): Stored | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, STORED_KEY)) return undefined;
  const stored: unknown = Reflect.get(value, STORED_KEY);
  if (typeof stored !== "object" || stored === null || Object.keys(value).length !== 1) return undefined;
  const { uri, size } = stored as Partial<Stored>;
  return typeof uri === "string" && typeof size === "number" ? { uri, size } : undefined;
}

/** True when STORED_KEY is a key anywhere within. */
export function holdsMarker(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsMarker);
  return Object.hasOwn(value, STORED_KEY) || Object.values(value).some(holdsMarker);
}

/** Every marker within, in order. */
export function markersIn(value: unknown): Stored[] {
  const stored = storedIn(value);
  if (stored !== undefined) return [stored];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(markersIn) : [];
}

/** `value` with each marker replaced by what `of` gives for it. */
export function replaceMarkers(value: Json, of: (stored: Stored) => Json): Json {
  const stored = storedIn(value);
  if (stored !== undefined) return of(stored);
  if (Array.isArray(value)) return value.map((item) => replaceMarkers(item, of));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceMarkers(item, of)]));
}

/** What is to be moved into files, as JSON texts, and the outputs once that is done. */
export type Move = { readonly texts: readonly string[]; readonly join: (kept: readonly Stored[]) => JsonObject };

/** How outputs from outside are made fit for the log: undefined when they are; a message when they cannot be. */
export function moveOf(outputs: JsonObject): Move | { message: string } | undefined {
  const isSuspect = holdsMarker(outputs);
  if (!isSuspect && jsonSize(outputs, MAX_INLINE_CHARACTERS) <= MAX_INLINE_CHARACTERS) return undefined;
  const entries = Object.entries(outputs).map(([name, value]) => ({ name, value, text: JSON.stringify(value) }));
  const total = entries.reduce((sum, { name, text }) => sum + JSON.stringify(name).length + text.length + 2, 1);
  if (total > MAX_OUTPUT_CHARACTERS) return { message: tooLarge(total) };
  const moved = new Set(isSuspect ? entries.filter(({ value }) => holdsMarker(value)).map(({ name }) => name) : []);
  let rest = total;
  for (const { name, text } of entries.toSorted((a, b) => b.text.length - a.text.length)) {
    const isWorth = rest > MAX_INLINE_CHARACTERS && text.length > WORTH_CHARACTERS;
    if (!isWorth && !moved.has(name)) continue;
    moved.add(name);
    rest -= text.length - MARKER_CHARACTERS;
  }
  if (rest > MAX_INLINE_CHARACTERS || Object.hasOwn(outputs, STORED_KEY))
    return { texts: [JSON.stringify(outputs)], join: ([kept]) => (kept === undefined ? {} : markerOf(kept)) };
  const leaving = entries.filter(({ name }) => moved.has(name));
  const join = (kept: readonly Stored[]) => {
    const markers = new Map(leaving.map(({ name }, index) => [name, kept[index]]));
    return Object.fromEntries(
      entries.map(({ name, value }) => {
        const stored = markers.get(name);
        return [name, stored === undefined ? value : markerOf(stored)];
      }),
    );
  };
  return { texts: leaving.map(({ text }) => text), join };
}

function tooLarge(total: number): string {
  return `The outputs take ${total} characters, ${MAX_OUTPUT_CHARACTERS} are allowed: write large values to a file (outputFiles, or a task that stores its result) and pass its URI.`;
}

/** Outputs fit for the log, once `keep` has stored what is too large; a message when they cannot be. */
export async function keptOutputs(
  outputs: JsonObject,
  keep: (texts: readonly string[]) => Promise<readonly Stored[]>,
): Promise<{ outputs: JsonObject } | { message: string }> {
  const move = moveOf(outputs);
  if (move === undefined) return { outputs };
  return "message" in move ? move : { outputs: move.join(await keep(move.texts)) };
}
