import { describe, expect, test } from "vitest";
import { freeze } from "#engine/index.ts";
import { flowOf, SUBFLOW, task } from "#engine/testing.ts";
import type { ExecutionEvent, Expansion } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import { Live, type Program, programOf } from "./live.ts";
import { Residents } from "./residents.ts";
import type { Stored } from "./store.ts";

const retry = {
  type: "constant" as const,
  intervalMs: 1_000,
  maxIntervalMs: undefined,
  minIntervalMs: undefined,
  delayFactor: 2,
  maxAttempts: 3,
  maxDurationMs: undefined,
  warningOnRetry: false,
  behavior: "RETRY_FAILED_TASK" as const,
};

const CREATED = {
  kind: "execution-created" as const,
  at: 1_000,
  id: "0123456789012345678900",
  tenant: "main",
  namespace: "test",
  flowId: "flow",
  flowRevision: 1,
  inputs: {},
  labels: [],
};

function program(flow: Flow = flowOf([task("a", { retry }), task("b")])): Program {
  return programOf("name", 1, "source", flow);
}

function live(made: Program, events: readonly ExecutionEvent[] = []): Live {
  const fresh = Live.create(CREATED.id, made);
  for (const event of [CREATED, ...events]) fresh.apply(event);
  return fresh;
}

/** As a cell finds it after a crash, with the snapshot it may have made. */
function reloaded(before: Live, made: Program, snapshotAfter?: number): Live {
  const commit = before.takeCommit(undefined, undefined, snapshotAfter);
  const { snapshot, events, head } = commit;
  const stored: Stored = {
    head,
    lines: commit.lineCount,
    projected: 0,
    source: "source",
    sourceName: "name",
    revision: 1,
    snapshot,
    events: snapshot === undefined ? [...events] : [...events].slice(snapshot.seq),
    log: () => [...events],
  };
  return Live.load(before.id, made, stored);
}

const asked = (from: Live) => {
  const found = [];
  for (let next = from.asked.shift(); next !== undefined; next = from.asked.shift()) found.push(next);
  return found;
};
const expand = (expansion: Expansion): ExecutionEvent => ({
  kind: "task-expanded",
  at: 1_000,
  effect: "0:1",
  expansion,
});

const UNTIL: Expansion = { kind: "loop-until", list: "tasks", intervalMs: 5_000, failOnMaxReached: false };

describe("[S3] what an execution still waits for is found again after a crash", () => {
  type Case = { name: string; events: readonly ExecutionEvent[]; asks: readonly object[]; timer?: number; flow?: Flow };
  const answer = { kind: "task-dispatched", at: 1_000, effect: "0:1" } as const;
  const cases: readonly Case[] = [
    { name: "start", events: [], asks: [{ kind: "run-task", id: "0:1", run: 0, attempt: 0 }] },
    { name: "answer with a lease", events: [{ ...answer, leaseUntil: 5_000 }], asks: [], timer: 5_000 },
    {
      name: "answer with both timers",
      events: [{ ...answer, leaseUntil: 5_000, deadlineAt: 4_000 }],
      asks: [],
      timer: 4_000,
    },
    { name: "answer of an agent", events: [answer], asks: [] },
    {
      name: "retry",
      events: [{ kind: "task-finished", at: 1_000, effect: "0:1", answer: { state: "FAILED" } }],
      asks: [],
      timer: 2_000,
    },
    { name: "sleep", events: [expand({ kind: "sleep", until: 9_000 })], asks: [], timer: 9_000 },
    {
      name: "the condition of a loop",
      flow: flowOf([task("l", { lists: { tasks: [task("x")] } })]),
      events: [expand(UNTIL), { kind: "task-finished", at: 1_000, effect: "1:2", answer: { state: "SUCCESS" } }],
      asks: [{ kind: "evaluate-loop", id: "0:3", run: 0 }],
    },
    {
      name: "the next turn of a loop",
      flow: flowOf([task("l", { lists: { tasks: [task("x")] } })]),
      events: [
        expand(UNTIL),
        { kind: "task-finished", at: 1_000, effect: "1:2", answer: { state: "SUCCESS" } },
        { kind: "loop-evaluated", at: 1_000, effect: "0:3", done: false },
      ],
      asks: [],
      timer: 6_000,
    },
    { name: "pause with a time", events: [expand({ kind: "pause", until: 8_000 })], asks: [], timer: 8_000 },
    { name: "pause without one", events: [expand({ kind: "pause" })], asks: [] },
    { name: "subflow asked for", events: [expand(SUBFLOW)], asks: [{ kind: "start-subflow", id: "0:2", run: 0 }] },
    {
      name: "subflow that runs",
      events: [expand(SUBFLOW), { kind: "subflow-started", at: 1_000, effect: "0:2", executionId: "c" }],
      asks: [],
    },
    {
      name: "cancel",
      events: [answer, { kind: "kill-requested", at: 1_000, cascade: true }],
      asks: [{ kind: "cancel-task", run: 0, target: "0:1" }],
      timer: 21_000,
    },
    {
      name: "cancel of a subflow",
      events: [
        expand(SUBFLOW),
        { kind: "subflow-started", at: 1_000, effect: "0:2", executionId: "c" },
        { kind: "kill-requested", at: 1_000, cascade: true },
      ],
      asks: [{ kind: "kill-execution", executionId: "c" }],
      timer: 21_000,
    },
    {
      name: "held",
      events: [
        { kind: "pause-requested", at: 1_000 },
        { kind: "task-finished", at: 1_000, effect: "0:1", answer: { state: "SUCCESS" } },
      ],
      asks: [],
    },
    {
      name: "outputs to be rendered",
      flow: flowOf([task("a")], { outputs: [{ id: "o", type: "STRING", value: "x" }] }),
      events: [{ kind: "task-finished", at: 1_000, effect: "0:1", answer: { state: "SUCCESS" } }],
      asks: [{ kind: "render-outputs" }],
    },
  ];

  test.for(cases)("waiting for: $name", ({ events, asks, timer, flow }) => {
    for (const snapshotAfter of [undefined, 1]) {
      const made = program(flow);
      const before = live(made, events);
      const after = reloaded(before, made, snapshotAfter);
      expect(freeze(after.state)).toBe(freeze(before.state));
      expect(asked(after)).toEqual(asks.map((ask) => expect.objectContaining(ask)));
      expect(after.nextTimer).toBe(timer);
    }
  });

  test("a schedule date that has not come", () => {
    const made = program();
    const before = Live.create(CREATED.id, made);
    before.apply({ ...CREATED, scheduleAt: 60_000 });
    const after = reloaded(before, made);
    expect([asked(after), after.nextTimer]).toEqual([[], 60_000]);
  });

  test("a parent that was not told, and the tries there were of a run that starts again", () => {
    const made = program(flowOf([task("a", { retry })]));
    const before = Live.create(CREATED.id, made);
    before.apply({ ...CREATED, parent: { executionId: "p", effect: "0:1", depth: 1 } });
    before.apply({ kind: "task-finished", at: 1_000, effect: "0:1", answer: { state: "FAILED" } });
    before.apply({ kind: "timer-fired", at: 2_000, effect: before.takeDue(9_999)[0] ?? "" });
    expect(asked(reloaded(before, made))).toEqual([expect.objectContaining({ kind: "run-task", attempt: 1 })]);
    before.apply({ kind: "task-finished", at: 2_000, effect: effectOf(before), answer: { state: "SUCCESS" } });
    expect(asked(before).map((effect) => effect.kind)).toContain("notify-parent");
  });
});

function effectOf(from: Live): string {
  const waiting = from.state.runs.get(0)?.waiting;
  return waiting?.kind === "start" ? waiting.effect : "none";
}

describe("an execution in memory", () => {
  test("[G3] takes no event from before its last one: time in the log never goes back", () => {
    const one = live(program());
    one.apply({ kind: "pause-requested", at: 5_000 });
    one.apply({ kind: "resume-requested", at: 400 });
    expect(one.takeCommit(undefined, undefined).events.map((event) => event.at)).toEqual([1_000, 5_000, 5_000]);
  });

  test("[G2] stores no event that changed nothing", () => {
    const one = live(program());
    expect(one.apply({ kind: "resume-requested", at: 2_000 })).toBe(false);
    expect(one.takeCommit(undefined, undefined).events).toHaveLength(1);
  });

  test("[G1] gives each event and line to one commit, numbered without a gap", () => {
    const one = live(program());
    const first = one.takeCommit(7, "b1");
    expect(first).toMatchObject({ head: 1, due: 7, boot: "b1", source: { name: "name", revision: 1, body: "source" } });
    expect([first.lines.length, first.lineCount]).toEqual([1, 1]);
    one.say([{ at: 1, level: "INFO", message: "x" }]);
    one.apply({ kind: "pause-requested", at: 1_500 });
    const second = one.takeCommit(undefined, undefined);
    expect([second.head, second.events.length, second.lineCount, "source" in second]).toEqual([2, 1, 2, false]);
    expect(one.hasChanges).toBe(false);
  });

  test("cuts and masks every line it is given", () => {
    const one = live(program());
    one.masker.add("s3cret");
    one.say([{ at: 1, level: "INFO", message: `s3cret ${"x".repeat(50_000)}` }]);
    const [, said] = one.takeCommit(undefined, undefined).lines;
    expect(said?.message.startsWith("****** xxx")).toBe(true);
    expect(said?.message.length).toBeLessThan(33_000);
  });

  test("makes a snapshot after so many events, and then after as many again", () => {
    const one = live(program());
    const taken: number[] = [];
    for (let at = 2; at <= 40; at++) {
      one.apply(at % 2 === 0 ? { kind: "pause-requested", at } : { kind: "resume-requested", at });
      if (one.takeCommit(undefined, undefined, 5).snapshot !== undefined) taken.push(at);
    }
    expect(taken).toEqual([5, 10, 20, 40]);
  });

  test("[T2] replays its whole log when its snapshot is of another version", () => {
    const made = program();
    const before = live(made, [{ kind: "pause-requested", at: 2_000 }]);
    const { events } = before.takeCommit(undefined, undefined);
    const snapshot = { seq: 2, body: JSON.stringify({ version: 0, state: {} }) };
    const stored = {
      head: 2,
      lines: 0,
      projected: 0,
      source: "source",
      sourceName: "name",
      revision: 1,
      snapshot,
      events: [],
      log: () => [...events],
    };
    expect(freeze(Live.load(CREATED.id, made, stored).state)).toBe(freeze(before.state));
  });
});

describe("the executions in memory", () => {
  const many = (count: number, made = program()) =>
    Array.from({ length: count }, (_, index) => Live.create(`id${index}`, made));

  test("are forgotten in the order in which they were not used, above a limit", () => {
    const residents = new Residents();
    const lives = many(70);
    for (const one of lives.slice(0, 64)) residents.add(one);
    residents.get("id0");
    for (const one of lives.slice(64)) residents.add(one);
    expect(residents.get("id0")).toBe(lives[0]);
    expect([1, 2, 3, 4, 5, 6].map((index) => residents.get(`id${index}`))).toEqual(Array(6).fill(undefined));
    expect(residents.get("id7")).toBe(lives[7]);
  });

  test("[S3] stay while something of them is under way, however many there are", () => {
    const residents = new Residents();
    const lives = many(100);
    for (const one of lives) {
      one.underway.add("0:1");
      residents.add(one);
    }
    for (const one of lives) expect(residents.get(one.id)).toBe(one);
    for (const one of lives) one.underway.clear();
    residents.add(Live.create("last", program()));
    expect(lives.filter((one) => residents.get(one.id) !== undefined)).toHaveLength(63);
  });

  test("are forgotten sooner once they have ended, unless something of them is under way again", () => {
    const residents = new Residents();
    const made = program(flowOf([task("a")]));
    const rest = (id: string) => {
      const one = Live.create(id, made);
      one.apply(CREATED);
      one.apply({ kind: "task-finished", at: 1_000, effect: "0:1", answer: { state: "SUCCESS" } });
      one.takeCommit(undefined, undefined);
      while (one.asked.size > 0) one.asked.shift();
      residents.add(one);
      residents.rested(one);
      return one;
    };
    const lives = ["a", "b", "c", "d", "e"].map(rest);
    expect(lives.map(({ id }) => residents.get(id))).toEqual([undefined, ...lives.slice(1)]);
    residents.get("b");
    lives[2]?.underway.add("restarted");
    for (const id of ["f", "g"]) rest(id);
    expect(lives.map(({ id }) => residents.get(id)?.id)).toEqual([undefined, "b", "c", undefined, "e"]);
  });

  test("stay while they have something that is not stored", () => {
    const residents = new Residents();
    const unsaved = live(program());
    residents.add(unsaved);
    for (const one of many(100)) residents.add(one);
    expect(residents.get(unsaved.id)).toBe(unsaved);
  });
});

test.for([
  [undefined, 1],
  ["INFO", 1],
  ["WARN", 0],
  ["TRACE", 1],
] as const)("a task's logLevel of %s keeps %i of its lines at INFO, whoever said them", ([logLevel, count]) => {
  const one = live(program(flowOf([task("a", logLevel === undefined ? {} : { logLevel })])));
  one.takeCommit(undefined, undefined);
  one.say([{ at: 1, level: "INFO", message: "x", taskId: "a" }]);
  expect(one.takeCommit(undefined, undefined).lines).toHaveLength(count);
});
