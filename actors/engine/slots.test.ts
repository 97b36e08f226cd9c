import { describe, expect, test } from "vitest";
import type { Effect } from "#schema/effect.ts";
import type { EventOf } from "#schema/event.ts";
import { ADOPTED } from "#schema/slot.ts";
import { CURRENT_FLAGS } from "./flags.ts";
import { Driver, flowOf, SUBFLOW, task } from "./testing.ts";

const PARENT = { executionId: "parent", effect: "0:1", depth: 1, ancestors: ["grandparent"] };

function limited(behavior: "QUEUE" | "CANCEL" | "FAIL" = "QUEUE", more = {}): Driver {
  return new Driver(flowOf([task("a"), task("b")], { concurrency: { limit: 1, behavior }, ...more }));
}

type Created = Partial<EventOf<"execution-created">>;
const flagged = (d: Driver, more: Created = {}) => d.create({ flags: [...CURRENT_FLAGS], ...more });

function answer(
  d: Driver,
  kind: "granted" | "queued" | "refused",
  more: Partial<EventOf<"slot-answered">> = {},
): Driver {
  d.apply({ kind: "slot-answered", at: d.now, effect: d.state.slot?.effect ?? "", answer: kind, ...more });
  return d;
}

const kinds = (effects: readonly Effect[]) => effects.filter(({ kind }) => kind !== "log").map(({ kind }) => kind);
const asked = (d: Driver, kind: Effect["kind"]) => d.asked.filter((effect) => effect.kind === kind);
const logs = (d: Driver) =>
  d.asked.flatMap((effect) => (effect.kind === "log" ? [`${effect.level} ${effect.message}`] : []));
const history = (d: Driver) => d.state.histories.map(({ state }) => state);
const unqueue = (d: Driver, state: "RUNNING" | "CANCELLED" | "FAILED") =>
  d.apply({ kind: "unqueue-requested", at: d.now, state });
const forceRun = (d: Driver) => d.apply({ kind: "force-run-requested", at: d.now });

/** Everything acknowledged that waits for it. */
function acknowledge(d: Driver): void {
  for (const { id, kind } of d.state.pending)
    if (kind === "release-slot") d.apply({ kind: "effect-acknowledged", at: d.now, effect: id });
}

describe("before it runs", () => {
  test("[Q1] an execution of a limited flow asks, and starts nothing until it is granted", () => {
    const d = flagged(limited());
    expect(kinds(d.asked)).toEqual(["acquire-slot"]);
    expect(d.state).toMatchObject({ status: "CREATED", slot: { state: "asked" } });
    answer(d, "granted");
    expect(d.state).toMatchObject({ status: "RUNNING", slot: { state: "held" }, pending: [] });
    expect(d.states()).toEqual({ a: "CREATED" });
    expect(logs(d)).toEqual(["INFO Flow started"]);
  });

  test("[E1] a log from before the flag, and a flow without a limit, ask for nothing", () => {
    expect(limited().create().state).toMatchObject({ status: "RUNNING", slot: undefined });
    expect(flagged(new Driver(flowOf([task("a")]))).state).toMatchObject({ status: "RUNNING", slot: undefined });
  });

  test("[Q2] an older revision without a limit asks when the newest has one", () => {
    const d = flagged(new Driver(flowOf([task("a")])), { limited: true });
    expect(d.state.slot?.state).toBe("asked");
  });

  test("[Q4] it is QUEUED with a line that says how many run, then granted by the same effect", () => {
    const d = answer(flagged(limited()), "queued", { running: 3 });
    expect(d.state).toMatchObject({ status: "QUEUED", slot: { state: "queued" }, pending: [] });
    expect(logs(d)).toEqual(["INFO Flow is queued due to concurrency limit exceeded, 3 running(s)"]);
    expect(d.changes(() => answer(d, "queued"))).toBe(false);
    answer(d, "granted");
    expect(history(d)).toEqual(["CREATED", "QUEUED", "RUNNING"]);
    expect(d.changes(() => answer(d, "granted"))).toBe(false);
    expect(d.changes(() => answer(d, "queued"))).toBe(false);
    expect(d.changes(() => answer(d, "refused"))).toBe(false);
  });

  test("[Q4] an answer to another effect changes nothing", () => {
    const d = flagged(limited());
    expect(d.changes(() => answer(d, "granted", { effect: "x:99" }))).toBe(false);
    expect(
      d.changes(() => d.apply({ kind: "effect-acknowledged", at: d.now, effect: d.state.slot?.effect ?? "" })),
    ).toBe(false);
  });

  test.each([
    ["CANCEL", "CANCELLED"],
    ["FAIL", "FAILED"],
  ] as const)("behaviour %s ends it %s, with nothing run and nothing given back", (behavior, state) => {
    const d = answer(flagged(limited(behavior, { afterExecution: [task("after")] })), "refused", { running: 1 });
    expect(d.state).toMatchObject({ status: state, slot: undefined, pending: [] });
    expect(d.state.runs.size).toBe(0);
    expect(logs(d)[0]).toBe(`ERROR Flow is ${state} due to concurrency limit exceeded`);
    expect(asked(d, "release-slot")).toEqual([]);
  });

  test("the behaviour of the newest revision wins over that of the one that runs", () => {
    expect(answer(flagged(limited("QUEUE")), "refused", { behavior: "CANCEL" }).state.status).toBe("CANCELLED");
  });

  test("[H7] a refusal with a reason fails it with that reason, also later, and tells its parent", () => {
    const d = answer(flagged(limited("CANCEL"), { parent: PARENT }), "queued");
    answer(d, "refused", { reason: "It would wait for ever" });
    expect(d.state.status).toBe("FAILED");
    expect(logs(d)).toContain("ERROR It would wait for ever");
    expect(asked(d, "notify-parent")).toHaveLength(1);
  });

  test("a scheduled one asks at its date, not before", () => {
    const d = flagged(limited(), { scheduleAt: 5_000 });
    expect(kinds(d.asked)).toEqual(["wake-at"]);
    d.advance(4_000);
    expect(d.state.slot?.state).toBe("asked");
    expect(answer(d, "granted").state.status).toBe("RUNNING");
  });

  test("a failure of a check ends it FAILED at once, with the message and no slot", () => {
    const d = flagged(limited("QUEUE", { afterExecution: [task("after")] }), {
      failure: "Not on Fridays",
      parent: PARENT,
    });
    expect(history(d)).toEqual(["CREATED", "FAILED"]);
    expect(logs(d)[0]).toBe("ERROR Not on Fridays");
    expect(kinds(d.asked)).toEqual(["notify-parent"]);
  });
});

describe("the end gives the slot back", () => {
  const released = (d: Driver, effect: string) => {
    expect(asked(d, "release-slot")).toMatchObject([{ acquired: effect }]);
    expect(d.state.slot).toBeUndefined();
    expect(d.state.pending).toMatchObject([{ kind: "release-slot" }]);
    acknowledge(d);
    expect(d.state.pending).toEqual([]);
  };
  const effectOf = (d: Driver) => d.state.slot?.effect ?? "";

  test.each([
    ["SUCCESS", {}],
    ["FAILED", { state: "FAILED", error: "boom" }],
  ] as const)("[Q3] %s", (state, outcome) => {
    const d = answer(flagged(limited()), "granted");
    const effect = effectOf(d);
    d.finish("a", outcome);
    if (state === "SUCCESS") d.finish("b");
    expect(d.state.status).toBe(state);
    released(d, effect);
  });

  test("[Q3] a kill while asked, while queued, and after both nothing wakes it", () => {
    for (const queued of [false, true]) {
      const d = flagged(limited());
      const effect = effectOf(d);
      if (queued) answer(d, "queued");
      d.kill();
      expect(d.state.status).toBe("KILLED");
      released(d, effect);
      expect(d.changes(() => answer(d, "granted", { effect }))).toBe(false);
    }
  });

  test("[Q3] a kill keeps the slot while something has to stop", () => {
    const d = answer(flagged(limited()), "granted");
    const effect = effectOf(d);
    d.dispatch("a").kill();
    expect(d.state).toMatchObject({ status: "KILLING", slot: { state: "held" } });
    expect(asked(d, "release-slot")).toEqual([]);
    d.stopped("a");
    expect(d.state.status).toBe("KILLED");
    released(d, effect);
  });

  test("[Q3] a pause keeps it", () => {
    const d = answer(flagged(limited()), "granted").expand("a", { kind: "pause" });
    expect(d.state).toMatchObject({ status: "PAUSED", slot: { state: "held" } });
    expect(d.resume().state).toMatchObject({ status: "RUNNING", slot: { state: "held" } });
  });

  test("a release is asked for again until it is acknowledged, and once", () => {
    const d = answer(flagged(limited()), "granted");
    d.finish("a").finish("b");
    const [effect] = d.state.pending;
    acknowledge(d);
    expect(d.changes(() => d.apply({ kind: "effect-acknowledged", at: d.now, effect: effect?.id ?? "" }))).toBe(false);
  });
});

describe("a restart", () => {
  function failed(): Driver {
    const d = answer(flagged(limited()), "granted");
    d.finish("a").fail("b");
    acknowledge(d);
    d.asked.length = 0;
    return d;
  }

  test("[Q1, Q2] asks again under a new effect; what it brings back is held until then", () => {
    const d = failed().restart();
    expect(kinds(d.asked)).toEqual(["acquire-slot"]);
    expect(d.state.status).toBe("RESTARTED");
    expect(d.run("b")).toMatchObject({ state: "RESTARTED", waiting: { kind: "held" } });
    answer(d, "queued");
    expect(d.state.status).toBe("QUEUED");
    answer(d, "granted");
    expect(d.state.status).toBe("RUNNING");
    d.finish("b");
    expect(d.state.status).toBe("SUCCESS");
    expect(asked(d, "acquire-slot")).toHaveLength(1);
    expect(asked(d, "release-slot")).toHaveLength(1);
  });

  test("asks also where the flow had no limit when it was saved", () => {
    const d = flagged(new Driver(flowOf([task("a")])));
    d.fail("a").restart();
    expect(d.state.slot?.state).toBe("asked");
  });

  test.each([
    ["CANCEL", "CANCELLED"],
    ["FAIL", "FAILED"],
  ] as const)("that is refused by %s ends %s with all of its task runs, and can be restarted", (behavior, state) => {
    const d = answer(failed().restart(), "refused", { behavior });
    expect(d.state).toMatchObject({ status: state, live: 0, slot: undefined });
    expect(d.run("b").state).toBe("KILLED");
    answer(d.restart(), "granted");
    expect(d.finish("b").state.status).toBe("SUCCESS");
  });

  test("killed while it waits, leaves nothing alive", () => {
    const d = answer(failed().restart(), "queued");
    d.kill();
    expect(d.state).toMatchObject({ status: "KILLED", live: 0, slot: undefined });
  });
});

describe("let through by hand", () => {
  test("[Q5] an unqueued execution runs at once, and tells so by force", () => {
    const d = answer(flagged(limited()), "queued");
    const before = d.state.slot?.effect;
    unqueue(d, "RUNNING");
    expect(d.state).toMatchObject({ status: "RUNNING", slot: { state: "held" } });
    expect(asked(d, "acquire-slot").at(-1)).toMatchObject({ force: true, id: d.state.slot?.effect });
    expect(d.state.slot?.effect).not.toBe(before);
    answer(d, "granted");
    expect(d.state.pending).toEqual([]);
    d.finish("a").finish("b");
    expect(asked(d, "release-slot")).toHaveLength(1);
  });

  test.each(["CANCELLED", "FAILED"] as const)("unqueued as %s it ends, and leaves the queue", (state) => {
    const d = answer(flagged(limited()), "queued");
    unqueue(d, state);
    expect(d.state).toMatchObject({ status: state, slot: undefined });
    expect(asked(d, "release-slot")).toHaveLength(1);
  });

  test("[E2] what is not queued is not unqueued", () => {
    const d = answer(flagged(limited()), "granted");
    expect(d.changes(() => unqueue(d, "RUNNING"))).toBe(false);
  });

  test.each([
    ["asked", (d: Driver) => flagged(d)],
    ["queued", (d: Driver) => answer(flagged(d), "queued")],
    ["scheduled", (d: Driver) => flagged(d, { scheduleAt: 900_000 })],
  ] as const)("force-run starts one that is %s, once", (_, make) => {
    const d = make(limited());
    forceRun(d);
    expect(d.state.status).toBe("RUNNING");
    expect(d.states()).toEqual({ a: "CREATED" });
    expect(d.state.pending).toMatchObject([{ kind: "acquire-slot", force: true }]);
    answer(d, "granted");
    expect(d.changes(() => d.advance(1_000_000))).toBe(false);
    expect(d.changes(() => forceRun(d))).toBe(false);
  });

  test("force-run of a scheduled one of an unlimited flow needs no more", () => {
    const d = new Driver(flowOf([task("a")])).create({ scheduleAt: 900_000 });
    forceRun(d);
    expect(d.state).toMatchObject({ status: "RUNNING", pending: [] });
  });

  test("force-run resumes what is paused, as a person would", () => {
    const d = answer(flagged(limited()), "granted").expand("a", { kind: "pause" });
    forceRun(d);
    expect(d.state.status).toBe("RUNNING");
    expect(d.run("a").state).toBe("SUCCESS");
  });

  test("an execution that is ended by force after a restart is not left with live runs", () => {
    const d = answer(flagged(limited()), "granted");
    answer(d.fail("a").restart(), "queued");
    unqueue(d, "FAILED");
    expect(d.state).toMatchObject({ status: "FAILED", live: 0 });
  });
});

describe("adopted", () => {
  test("an execution that runs without a slot takes one it is given, and gives it back", () => {
    const d = new Driver(flowOf([task("a")])).create();
    d.apply({ kind: "slot-answered", at: d.now, effect: ADOPTED, answer: "granted" });
    expect(d.state.slot).toEqual({ state: "held", effect: ADOPTED });
    d.finish("a");
    expect(asked(d, "release-slot")).toMatchObject([{ acquired: ADOPTED }]);
  });

  test("[E2] one that has its own, one that has ended, and one that has not begun do not", () => {
    const adopt = (d: Driver) => d.apply({ kind: "slot-answered", at: d.now, effect: ADOPTED, answer: "granted" });
    const own = answer(flagged(limited()), "granted");
    expect(own.changes(() => adopt(own))).toBe(false);
    const ended = new Driver(flowOf([task("a")])).create().finish("a");
    expect(ended.changes(() => adopt(ended))).toBe(false);
    const dated = new Driver(flowOf([task("a")])).create({ scheduleAt: 9_000 });
    expect(dated.changes(() => adopt(dated))).toBe(false);
  });
});

describe("ancestors", () => {
  const ancestors = (d: Driver) => {
    const effect = d.asked.findLast((one) => one.kind === "start-subflow");
    return effect?.kind === "start-subflow" ? effect.request.ancestors : undefined;
  };
  const calling = (more: Created = {}) => new Driver(flowOf([task("a")])).create(more).expand("a", SUBFLOW);

  test("[H7] a subflow is told who waits for whom, nearest first", () => {
    expect(ancestors(calling({ parent: PARENT }))).toEqual(["parent", "grandparent"]);
    expect(ancestors(calling())).toBeUndefined();
  });

  test("[H7] nobody waits for an execution that ended and was restarted", () => {
    const d = new Driver(flowOf([task("a")])).create({ parent: PARENT });
    d.fail("a").restart().expand("a", SUBFLOW);
    expect(ancestors(d)).toBeUndefined();
  });
});

test("[Q1, Q3] granted while it is being killed, it begins nothing, and gives the slot back at the end", () => {
  const d = new Driver(
    flowOf([task("p", { lists: { tasks: [task("a"), task("b")] } })], { concurrency: { limit: 1, behavior: "QUEUE" } }),
  );
  answer(flagged(d), "granted").expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
  d.dispatch("a").fail("b").restart().kill();
  expect(d.state).toMatchObject({ status: "KILLING", slot: { state: "asked" } });
  const before = d.asked.length;
  answer(d, "granted");
  expect(d.state).toMatchObject({ status: "KILLING", slot: { state: "held" } });
  expect(d.asked.length).toBe(before);
  d.stopped("a");
  expect(d.state).toMatchObject({ status: "KILLED", slot: undefined });
});

test("[Q1] an ended execution whose task run is said to have ended otherwise waits for a slot before it goes on", () => {
  const d = answer(flagged(limited()), "granted").fail("a");
  acknowledge(d);
  expect([d.state.status, d.state.slot]).toEqual(["FAILED", undefined]);
  d.apply({ kind: "task-state-set", at: d.now, run: d.run("a").index, state: "SUCCESS" });
  expect([d.state.status, d.state.slot?.state, d.run("b").waiting?.kind]).toEqual(["RESTARTED", "asked", "held"]);
  answer(d, "granted");
  expect([d.state.status, d.run("b").waiting?.kind]).toEqual(["RUNNING", "start"]);
});

test("[Q1] so does one that was killed before its fork began: it goes on from that task run, not from the fork", () => {
  const d = flagged(limited(), { forked: { executionId: "old" } });
  const copied = {
    taskId: "a",
    parent: -1,
    stage: "main",
    lane: 0,
    state: "FAILED",
    histories: [],
    attempts: [],
  } as const;
  d.apply({ kind: "runs-copied", at: d.now, runs: [{ ...copied, histories: [], attempts: [] }] });
  d.apply({ kind: "fork-completed", at: d.now, from: "failed" });
  d.kill();
  d.apply({ kind: "task-state-set", at: d.now, run: 0, state: "SUCCESS" });
  answer(d, "granted");
  expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "SUCCESS", b: "CREATED" }]);
  expect(d.run("b").waiting?.kind).toBe("start");
});

test("[K6] a restarted execution that waits for its slot is not paused: it would be held for ever once it has one", () => {
  const d = answer(flagged(limited("CANCEL")), "refused");
  d.restart();
  expect(d.state.status).toBe("RESTARTED");
  expect(d.changes(() => d.apply({ kind: "pause-requested", at: d.now }))).toBe(false);
  answer(d, "granted");
  expect([d.state.status, d.run("a").waiting?.kind]).toEqual(["RUNNING", "start"]);
});
