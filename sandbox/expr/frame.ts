import type { Value } from "./value.ts";

/** Local variables of `set`, loops and macros; outer frames after inner ones, the context last. */
export type Frame = { readonly vars: Map<string, Value>; readonly up: Frame | undefined };

export function newFrame(up: Frame | undefined, vars: Iterable<readonly [string, Value]> = []): Frame {
  return { vars: new Map(vars), up };
}
