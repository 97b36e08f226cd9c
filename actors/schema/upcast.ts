// Stored events of every version there was, as today's.
//
// U1. Rows of events carry the version they were written in; those without one are version 1.
// U2. An upcast gives one event for one event: sequence numbers are for ever.
// U3. A log that a newer Windhover wrote is refused aloud, not read halfway.

/** An event as JSON, of version `n`, as one of version `n + 1`. */
export type Upcast = (event: unknown) => unknown;

/** The version that events are written in. Grows only when an optional field or a new kind will not do. */
export const EVENT_VERSION = 1;

/** By the version they read. Version 1 is today's, so nothing is needed yet. */
export const UPCASTS: Readonly<Record<number, Upcast>> = {};

/** The event as today's version has it. Throws for one that is newer than this program. */
export function upcast(
  event: unknown,
  version: number,
  { to = EVENT_VERSION, upcasts = UPCASTS }: { to?: number; upcasts?: Readonly<Record<number, Upcast>> } = {},
): unknown {
  if (version > to)
    throw new Error(`The event log is of version ${version}, and this program reads up to ${to}: start a newer one.`);
  let current = event;
  for (let from = version; from < to; from++) {
    const step = upcasts[from];
    if (step === undefined) throw new Error(`Nothing reads events of version ${from}.`);
    current = step(current);
  }
  return current;
}
