import type { Plan } from "#engine/plan.ts";
import type { Flow } from "#schema/flow.ts";

// The heavy half of the page (parser, task types, reducer), loaded when a page first needs it.

type Engine = {
  parse(source: string): Flow | undefined;
  plan(flow: Flow): Plan;
  EngineReplay: typeof import("../model/replay.ts").EngineReplay;
};

let engine: Promise<Engine> | undefined;

export function loadEngine(): Promise<Engine> {
  engine ??= (async () => {
    const [{ miniFlow }, { EngineReplay }, { compilePlan }] = await Promise.all([
      import("../dev/mini-flow.ts"),
      import("../model/replay.ts"),
      import("#engine/plan.ts"),
    ]);
    return { parse: miniFlow, plan: compilePlan, EngineReplay };
  })();
  return engine;
}
