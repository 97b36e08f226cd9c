/** The heavy half of the page (parser, task types, reducer), loaded when a page first needs it. */
export type Engine = typeof import("../model/engine.ts");

let engine: Promise<Engine> | undefined;

export function loadEngine(): Promise<Engine> {
  engine ??= import("../model/engine.ts").catch((cause: unknown) => {
    engine = undefined;
    throw cause;
  });
  return engine;
}
