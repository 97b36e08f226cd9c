import { answerTo, type LazyMap, type LookupAnswer, lazyMap, unsealLookup } from "#expr/index.ts";
import type { JsonObject } from "#schema/json.ts";
import { holdsSealed, sealedIn } from "#schema/sealed.ts";
import { holdsMarker, type Stored, storedIn } from "#schema/stored.ts";

// Inputs and outputs as expressions see them: where the state has a marker they read what the file holds, where it has a sealed text they
// read that, both fetched when something asks for it.

/** Outputs or inputs, or a part of them, as an expression sees it. */
export type ReadOutputs = (outputs: JsonObject) => unknown;

type Answers = ReadonlyMap<string, LookupAnswer> | undefined;

const withMarkers = new WeakMap<object, boolean>();

/** States are never changed, so what a value holds is found out once. */
function hasMarker(value: object): boolean {
  let known = withMarkers.get(value);
  if (known === undefined) {
    known = holdsMarker(value);
    withMarkers.set(value, known);
  }
  return known;
}

export function readerOf(answers: Answers): ReadOutputs {
  /** What a file holds has no markers of files, but it may have sealed texts. */
  const opened = (value: unknown): unknown => (holdsSealed(value) ? read(value) : value);
  const read = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || !(hasMarker(value) || holdsSealed(value))) return value;
    const stored = storedIn(value);
    if (stored !== undefined) return opened(answerTo(storedLookup(stored), answers));
    const sealed = sealedIn(value);
    if (sealed !== undefined) return answerTo(unsealLookup(sealed.cipher), answers);
    return Array.isArray(value) ? value.map(read) : readMap(value as JsonObject, read);
  };
  return read;
}

/** What asks the world for the value. */
export function storedLookup({ uri, size }: Stored): { kind: "stored"; args: JsonObject } {
  return { kind: "stored", args: { uri, size } };
}

function readMap(map: JsonObject, read: (value: unknown) => unknown): LazyMap {
  return lazyMap(
    (key) => (Object.hasOwn(map, key) ? read(map[key]) : undefined),
    () => Object.keys(map),
  );
}
