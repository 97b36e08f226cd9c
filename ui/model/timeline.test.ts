import { describe, expect, test } from "vitest";
import { executionOf, runOf, startMs, stateOf } from "./testing.ts";
import { computeBar, computeTicks, computeTimeline } from "./timeline.ts";

const done = stateOf(["CREATED", 0], ["RUNNING", 100], ["SUCCESS", 400]);

describe("computeTimeline", () => {
  test("[T1] children stand under their parent, in the order of creation", () => {
    const { rows } = computeTimeline(
      executionOf(done, [
        runOf("a", done),
        runOf("b", done),
        runOf("a1", done, { parent: "a" }),
        runOf("a2", done, { parent: "a" }),
      ]),
    );
    expect(rows.map(({ id, depth }) => [id, depth])).toEqual([
      ["a", 0],
      ["a1", 1],
      ["a2", 1],
      ["b", 0],
    ]);
  });

  test("[T1] the turns of a loop stay together", () => {
    const child = (id: string, value: string) => runOf(id, done, { parent: "loop", value });
    const { rows } = computeTimeline(
      executionOf(done, [runOf("loop", done), child("x1", "x"), child("y1", "y"), child("x2", "x"), child("y2", "y")]),
    );
    expect(rows.map(({ id }) => id)).toEqual(["loop", "x1", "x2", "y1", "y2"]);
  });

  test("[T2] a task run that is not finished has no end, and its last segment is open", () => {
    const running = stateOf(["CREATED", 0], ["RUNNING", 50]);
    const { rows, toMs } = computeTimeline(executionOf(running, [runOf("a", running)]));
    expect(toMs).toBeUndefined();
    expect(rows[0]?.toMs).toBeUndefined();
    expect(rows[0]?.segments).toEqual([
      { state: "CREATED", fromMs: startMs, toMs: startMs + 50 },
      { state: "RUNNING", fromMs: startMs + 50 },
    ]);
  });

  test("[T3] a task run whose parent is unknown stands at the top", () => {
    const { rows } = computeTimeline(executionOf(done, [runOf("a", done, { parent: "gone" })]));
    expect(rows.map(({ id, depth }) => [id, depth])).toEqual([["a", 0]]);
  });

  test("children of a folded task run are left out, and counted", () => {
    const { rows } = computeTimeline(
      executionOf(done, [runOf("a", done), runOf("b", done, { parent: "a" })]),
      new Set(["a"]),
    );
    expect(rows.map(({ id, childCount }) => [id, childCount])).toEqual([["a", 1]]);
  });

  test("tasks after the end make the timeline longer", () => {
    const late = stateOf(["CREATED", 400], ["RUNNING", 500], ["SUCCESS", 900]);
    expect(computeTimeline(executionOf(done, [runOf("after", late)])).toMs).toBe(startMs + 900);
  });

  test("nesting of ten thousand levels does not overflow the stack", () => {
    const runs = Array.from({ length: 10_000 }, (_, i) => runOf(`r${i}`, done, i === 0 ? {} : { parent: `r${i - 1}` }));
    expect(computeTimeline(executionOf(done, runs)).rows.at(-1)?.depth).toBe(9999);
  });
});

describe("computeTicks", () => {
  test.each([
    [1000, 6, [0, 200, 400, 600, 800, 1000]],
    [20_000, 5, [0, 5000, 10_000, 15_000, 20_000]],
    [3_600_000, 4, [0, 1_800_000, 3_600_000]],
    [0, 5, [0]],
  ])("of %d ms, at most %d", (span, most, ticks) => {
    expect(computeTicks(span, most)).toEqual(ticks);
  });

  test("never more than asked for, also over weeks", () => {
    for (const span of [3, 77, 12_345, 999_999, 86_400_000 * 40])
      expect(computeTicks(span, 6).length).toBeLessThanOrEqual(6);
  });
});

test("a bar is cut to the span it is drawn in", () => {
  const span = { fromMs: 1000, toMs: 2000 };
  expect(computeBar({ fromMs: 1250, toMs: 1500 }, span)).toEqual({ left: 0.25, width: 0.25, end: 0.5 });
  expect(computeBar({ fromMs: 500 }, span)).toEqual({ left: 0, width: 1, end: 1 });
  expect(computeBar({ fromMs: 1500 }, { fromMs: 1500, toMs: 1500 }).width).toBe(0);
});
