import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Retry } from "#schema/flow.ts";
import { compilePlan } from "./plan.ts";
import { nextRetryAt } from "./retry.ts";
import { MAX_LOSSES } from "./runs.ts";
import type { Attempt } from "./state.ts";
import { CONSTANT_RETRY, Driver, flowOf, task } from "./testing.ts";

const attempts = (count: number, from = 1_000): Attempt[] =>
  Array.from({ length: count }, () => ({ state: "FAILED" as const, from, to: from }));
const retry = (more: Partial<Retry>): Retry => ({ ...CONSTANT_RETRY, maxAttempts: 0, ...more });
const delays = (policy: Retry, count: number) =>
  Array.from(
    { length: count },
    (_, index) => (nextRetryAt(policy, attempts(index + 1), 1_000, "s") ?? Number.NaN) - 1_000,
  );

describe("[I16] the delay", () => {
  test("of a constant policy is its interval, for ever", () => {
    expect(delays(retry({ intervalMs: 250 }), 4)).toEqual([250, 250, 250, 250]);
  });

  test("of an exponential policy grows by its factor from nothing, up to its largest", () => {
    const policy = retry({ type: "exponential", intervalMs: 100, delayFactor: 3, maxIntervalMs: 1_000 });
    expect(delays(policy, 6)).toEqual([0, 300, 600, 900, 1_000, 1_000]);
  });

  test("of an exponential policy takes the whole part of its factor, and needs no largest", () => {
    expect(delays(retry({ type: "exponential", intervalMs: 10, delayFactor: 2.9 }), 3)).toEqual([0, 20, 40]);
  });

  test("of a random policy lies between its bounds, differs from try to try, and is the same in a replay", () => {
    const policy = retry({ type: "random", minIntervalMs: 100, maxIntervalMs: 10_000 });
    const first = delays(policy, 20);
    for (const delay of first) expect(delay >= 100 && delay < 10_000).toBe(true);
    expect(new Set(first).size).toBeGreaterThan(15);
    expect(delays(policy, 20)).toEqual(first);
  });

  test("of any policy is never negative and never after its largest", () => {
    const policies = fc.record({
      type: fc.constantFrom("constant" as const, "exponential" as const, "random" as const),
      intervalMs: fc.nat(100_000),
      minIntervalMs: fc.nat(1_000),
      maxIntervalMs: fc.integer({ min: 1_000, max: 100_000 }),
      delayFactor: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 50 }), fc.string(), (policy, tries, seed) => {
        const at = nextRetryAt(retry(policy), attempts(tries), 5_000, seed);
        expect(at).toBeGreaterThanOrEqual(5_000);
        if (policy.type !== "constant") expect(at).toBeLessThanOrEqual(5_000 + policy.maxIntervalMs);
      }),
    );
  });
});

describe("[I16] the last try", () => {
  test("is the one that maxAttempts counts, the first included", () => {
    const at = (tries: number) => nextRetryAt(retry({ maxAttempts: 3 }), attempts(tries), 1_000, "s");
    expect([at(1), at(2), at(3), at(4)]).toEqual([2_000, 2_000, undefined, undefined]);
  });

  test("begins within maxDuration from the start of the first attempt, to the millisecond", () => {
    const at = (now: number) => nextRetryAt(retry({ maxDurationMs: 5_000 }), attempts(2), now, "s");
    expect([at(4_999), at(5_000), at(5_001)]).toEqual([5_999, 6_000, undefined]);
  });

  test("is the first when there is no policy", () => {
    expect(nextRetryAt(undefined, attempts(1), 1_000, "s")).toBeUndefined();
  });
});

describe("a task run", () => {
  test("is tried by the policy of the nearest flowable that has one, else the flow's", () => {
    const flow = flowOf(
      [
        task("a"),
        task("s", {
          retry: retry({ intervalMs: 7 }),
          lists: { tasks: [task("x", { lists: { tasks: [task("y")] } })] },
        }),
      ],
      { retry: retry({ intervalMs: 5 }) },
    );
    const { tasks } = compilePlan(flow);
    expect(tasks.map(({ id, retry: policy }) => [id, policy?.intervalMs])).toEqual([
      ["a", 5],
      ["s", 7],
      ["x", 7],
      ["y", 7],
    ]);
  });

  test("[A3] keeps the outputs and the error of its last attempt, and its histories tell every try", () => {
    const d = new Driver(flowOf([task("a", { retry: CONSTANT_RETRY })])).create();
    d.finish("a", { state: "FAILED", error: "one", outputs: { n: 1 } });
    expect(d.run("a")).toMatchObject({ state: "RETRYING", error: "one", outputs: { n: 1 } });
    d.advance(1_000).finish("a", { outputs: { n: 2 } });
    expect(d.run("a").outputs).toEqual({ n: 2 });
    expect(d.run("a").histories.map((entry) => entry.state)).toEqual([
      "CREATED",
      "RUNNING",
      "RETRYING",
      "CREATED",
      "RUNNING",
      "SUCCESS",
    ]);
    expect(d.run("a").attempts.map((attempt) => attempt.state)).toEqual(["FAILED", "SUCCESS"]);
  });

  test("that succeeds after a retry is WARNING when its policy says so, and SUCCESS at the first try", () => {
    const soft = { retry: { ...CONSTANT_RETRY, warningOnRetry: true } };
    expect(new Driver(flowOf([task("a", soft)])).create().finish("a").state.status).toBe("SUCCESS");
    const d = new Driver(flowOf([task("a", soft)])).create().fail("a").advance(1_000).finish("a");
    expect(d.state.status).toBe("WARNING");
  });

  test("is allowed to fail only once no try is left", () => {
    const d = new Driver(flowOf([task("a", { retry: CONSTANT_RETRY, allowFailure: true })])).create();
    d.fail("a");
    expect(d.run("a").state).toBe("RETRYING");
    d.advance(1_000).fail("a").advance(1_000).fail("a");
    expect(d.run("a").state).toBe("WARNING");
  });

  test("that passes its deadline is tried again, and the timer of the first try changes nothing", () => {
    const d = new Driver(flowOf([task("a", { retry: CONSTANT_RETRY })])).create();
    d.dispatch("a", { deadlineAt: 1_500, leaseUntil: 90_000 }).advance(500);
    expect(d.run("a").state).toBe("RETRYING");
    d.advance(1_000);
    expect(d.run("a").waiting?.kind).toBe("start");
    d.finish("a");
    expect(d.changes(() => d.advance(100_000))).toBe(false);
    expect(d.state.status).toBe("SUCCESS");
  });

  test("whose runs keep being lost fails with the reason, after which its policy counts one attempt", () => {
    const d = new Driver(flowOf([task("a", { retry: { ...CONSTANT_RETRY, maxAttempts: 2 } })])).create();
    const lose = () => d.apply({ kind: "task-lost", at: d.now, effect: d.effect("a"), reason: "node is gone" });
    d.dispatch("a");
    for (let time = 1; time < MAX_LOSSES; time++) lose();
    expect(d.run("a")).toMatchObject({ state: "RUNNING", losses: MAX_LOSSES - 1 });
    lose();
    expect(d.run("a").state).toBe("RETRYING");
    expect(d.run("a").error).toContain("node is gone");
    d.advance(1_000);
    expect(d.run("a").losses).toBe(0);
    d.finish("a");
    expect([d.state.status, d.run("a").attempts.length]).toEqual(["SUCCESS", 2]);
  });

  test("[A5] that is retrying when it is held back by a manual pause is tried after the resume", () => {
    const d = new Driver(flowOf([task("a", { retry: CONSTANT_RETRY })])).create().fail("a");
    d.apply({ kind: "pause-requested", at: d.now });
    d.advance(1_000);
    expect(d.run("a").waiting).toEqual({ kind: "held" });
    d.resume().finish("a");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("that is skipped has no attempt and lets the next go on", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create().finish("a", { state: "SKIPPED" });
    expect([d.run("a").state, d.run("a").attempts, d.has("b")]).toEqual(["SKIPPED", [], true]);
  });
});
