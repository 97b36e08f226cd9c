import { describe, expect, test } from "vitest";
import { compilePlan, createReducer, freeze, initialState } from "#engine/index.ts";
import { isTerminal } from "#schema/state.ts";
import { accepted, Bench } from "./harness.ts";
import { exampleNames, expectedOf, outcomeOf, play, sourceOf } from "./play.ts";

describe("an example flow ends as its file says", () => {
  test.for(exampleNames())("%s", async (name) => {
    const expected = expectedOf(name);
    const { bench, live } = await play(sourceOf(name), expected);
    const { inputs, files, templates, answers, steps, runsEdge, ...outcome } = expected;
    const { lines, ...seen } = outcomeOf(bench, live);
    expect("lines" in outcome ? { ...seen, lines } : seen).toEqual(outcome);
    expect(bench.host.errors).toEqual([]);
  });
});

describe("an example flow leaves nothing behind", () => {
  test.for(exampleNames())("[I9][I10][I15] %s", async (name) => {
    const { bench, live } = await play(sourceOf(name), expectedOf(name), new Bench({ snapshotAfter: 3 }));
    await bench.run(3_600_000);
    const { state } = live;
    expect([isTerminal(state.status), state.pending, live.asked.size, live.underway.size]).toEqual([true, [], 0, 0]);
    const reduce = createReducer(compilePlan(accepted(live.program.source)));
    const replayed = bench.store
      .events(live.id, 0)
      .reduce((before, event) => reduce(before, event).state, initialState());
    expect(freeze(replayed)).toBe(freeze(state));
    expect(bench.world.rows.get(live.id)).toMatchObject({ state: state.status, seq: state.seq });
    bench.cell.wake();
    bench.restartAs("b2");
    expect(freeze(bench.again(live).state)).toBe(freeze(state));
    expect(bench.store.open().filter(({ isProjected }) => !isProjected)).toEqual([]);
  });
});
