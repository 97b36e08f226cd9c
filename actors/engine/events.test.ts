import { describe, expect, test } from "vitest";
import type { ExecutionEvent } from "#schema/event.ts";
import { CONSTANT_RETRY, Driver, flowOf, SUBFLOW, task } from "./testing.ts";

// Every event kind against every state the one task run `a` can be in: what it becomes, or "-" where the event changes nothing.

const STATES: Record<string, (d: Driver) => Driver> = {
  start: (d) => d,
  held: (d) => {
    d.apply({ kind: "pause-requested", at: d.now });
    return d.finish("0");
  },
  answer: (d) => d.dispatch("a", { leaseUntil: 5_000 }),
  deadline: (d) => d.dispatch("a", { deadlineAt: 5_000 }),
  retry: (d) => d.fail("a"),
  sleep: (d) => d.expand("a", { kind: "sleep", until: 5_000 }),
  pause: (d) => d.expand("a", { kind: "pause", until: 5_000 }),
  asked: (d) => d.expand("a", SUBFLOW),
  subflow: (d) => d.expand("a", SUBFLOW).started("a", "child"),
  flowable: (d) => d.expand("a", { kind: "sequence", list: "tasks" }),
  cancel: (d) => {
    d.dispatch("a").kill();
    return d;
  },
  orphan: (d) => {
    d.expand("a", SUBFLOW).started("a", "child").kill();
    return d;
  },
  ended: (d) => d.finish("a"),
};

/** The effect that an answer to the run's work would carry: what it was started with, whatever it waits for now. */
function workOf(d: Driver): string {
  const { waiting } = d.run("a");
  if (waiting?.kind === "cancel") return waiting.target;
  if (waiting !== undefined && "effect" in waiting) return waiting.effect;
  return [...d.asked].reverse().find((effect) => effect.kind === "run-task" && effect.run === d.run("a").index)
    ?.kind === undefined
    ? "none"
    : lastStart(d);
}

function lastStart(d: Driver): string {
  const index = d.run("a").index;
  const found = d.asked.findLast((effect) => effect.kind === "run-task" && effect.run === index);
  return found !== undefined && "id" in found ? found.id : "none";
}

/** The newest timer of the run; the newest effect of its stop for an acknowledgement. */
function timerOf(d: Driver): string {
  const { index } = d.run("a");
  const found = d.asked.findLast((effect) => effect.kind === "wake-at" && effect.id.startsWith(`${index}:`));
  return found?.kind === "wake-at" ? found.id : "none";
}

function stopOf(d: Driver): string {
  const { waiting } = d.run("a");
  return waiting?.kind === "cancel" ? waiting.effect : lastStart(d);
}

const at = 9_000;
const EVENTS: Record<string, (d: Driver) => ExecutionEvent> = {
  created: (d) => d.log[0] ?? { kind: "pause-requested", at },
  dispatched: (d) => ({ kind: "task-dispatched", at, effect: workOf(d), worker: "other" }),
  lost: (d) => ({ kind: "task-lost", at, effect: workOf(d), reason: "gone" }),
  expanded: (d) => ({ kind: "task-expanded", at, effect: workOf(d), expansion: { kind: "pause" } }),
  finished: (d) => ({ kind: "task-finished", at, effect: workOf(d), answer: { state: "SUCCESS" } }),
  failed: (d) => ({ kind: "task-finished", at, effect: workOf(d), answer: { state: "FAILED" } }),
  started: (d) => ({ kind: "subflow-started", at, effect: workOf(d), executionId: "child" }),
  childEnded: (d) => ({ kind: "subflow-finished", at, effect: workOf(d), executionId: "child", state: "SUCCESS" }),
  timer: (d) => ({ kind: "timer-fired", at, effect: timerOf(d) }),
  acknowledged: (d) => ({ kind: "effect-acknowledged", at, effect: stopOf(d) }),
  rendered: () => ({ kind: "outputs-rendered", at, effect: "x:1", outputs: {} }),
  resume: (d) => ({ kind: "resume-requested", at, run: d.run("a").index }),
  kill: () => ({ kind: "kill-requested", at, cascade: true }),
  restart: () => ({ kind: "restart-requested", at }),
  labels: () => ({ kind: "labels-set", at, labels: [{ key: "k", value: "v" }] }),
};

// columns as EVENTS; "=" is a change that leaves the run's state as it is
const TABLE = `
            created dispatched lost     expanded finished failed   started childEnded timer    acknowledged rendered resume  kill    restart labels
start       -       RUNNING    =        PAUSED   SUCCESS  RETRYING -       -          -        -            -        -       KILLED  -       -
held        -       -          -        -        -        -        -       -          -        -            -        -       KILLED  -       -
answer      -       =          =        -        SUCCESS  RETRYING -       -          =        -            -        -       KILLING -       -
deadline    -       =          =        -        SUCCESS  RETRYING -       -          RETRYING -            -        -       KILLING -       -
retry       -       -          -        -        -        -        -       -          CREATED  -            -        -       KILLED  -       -
sleep       -       -          -        -        -        -        -       -          SUCCESS  -            -        -       KILLED  -       -
pause       -       -          -        -        -        -        -       -          RUNNING  -            -        RUNNING KILLED  RESTARTED -
asked       -       -          -        -        SUCCESS  RETRYING =       SUCCESS    -        -            -        -       KILLING -       -
subflow     -       -          -        -        SUCCESS  RETRYING =       SUCCESS    -        -            -        -       KILLING -       -
flowable    -       -          -        -        -        -        -       -          -        -            -        -       KILLED  -       -
cancel      -       -          KILLED   -        KILLED   KILLED   -       KILLED     KILLED   KILLED       -        -       -       -       -
orphan      -       -          KILLED   -        KILLED   KILLED   =       KILLED     KILLED   KILLED       -        -       -       -       -
ended       -       -          -        -        -        -        -       -          -        -            -        -       KILLED? -       -
`;

function cells(): [state: string, event: string, outcome: string][] {
  const [header = "", ...rows] = TABLE.trim().split("\n");
  const names = header.trim().split(/\s+/);
  return rows.flatMap((row) => {
    const [state = "", ...outcomes] = row.trim().split(/\s+/);
    return names.map((name, index): [string, string, string] => [state, name, outcomes[index] ?? "?"]);
  });
}

function driverIn(state: string): Driver {
  const flow = flowOf([
    ...(state === "held" ? [task("0")] : []),
    task("a", { retry: CONSTANT_RETRY, lists: { tasks: [task("child")] } }),
    task("b"),
  ]);
  const d = new Driver(flow).create();
  return STATES[state]?.(d) ?? d;
}

describe("each event in each state", () => {
  test.for(cells())("[E2] of a run that is %s: %s makes it %s", ([state, event, outcome]) => {
    const d = driverIn(state);
    const before = d.run("a").state;
    const made = EVENTS[event]?.(d);
    if (made === undefined) throw new Error(`no event ${event}`);
    const changed = d.changes(() => d.apply(made));
    const after = d.run("a").state;
    const said = !changed ? "-" : after === before ? "=" : after;
    // A kill when the task has ended stops the execution, not the task.
    expect(said).toBe(outcome === "KILLED?" ? "=" : outcome);
  });

  test("the table has every event kind and every state", () => {
    const [header = "", ...rows] = TABLE.trim().split("\n");
    expect(header.trim().split(/\s+/)).toEqual(Object.keys(EVENTS));
    expect(rows.map((row) => row.trim().split(/\s+/)[0])).toEqual(Object.keys(STATES));
  });

  test.for(Object.keys(EVENTS).filter((name) => name !== "created"))(
    "[E2] before the execution was created: %s changes nothing",
    (name) => {
      const made = EVENTS[name]?.(driverIn("start"));
      const d = new Driver(flowOf([task("a")]));
      if (made !== undefined) expect(d.changes(() => d.apply(made))).toBe(false);
    },
  );

  test.for(Object.keys(STATES))("[A1] every answer of the past changes nothing any more: %s", (state) => {
    const d = driverIn(state);
    const current = new Set([workOf(d), stopOf(d), timerOf(d)]);
    for (const effect of d.asked) {
      if (!("id" in effect) || current.has(effect.id) || !effect.id.startsWith(`${d.run("a").index}:`)) continue;
      const late = { kind: "task-finished", at, effect: effect.id, answer: { state: "FAILED" } } as const;
      expect(d.changes(() => d.apply(late))).toBe(false);
      expect(d.changes(() => d.apply({ kind: "timer-fired", at, effect: effect.id }))).toBe(false);
    }
  });
});

test("[E2] that the same worker has it, told twice, changes nothing; another worker or lease does", () => {
  const d = new Driver(flowOf([task("a")])).create();
  const effect = d.effect("a");
  const told = (worker: string, leaseUntil: number) => () =>
    d.apply({ kind: "task-dispatched", at: d.now, effect, worker, leaseUntil });
  expect(d.changes(told("w", 5_000))).toBe(true);
  expect(d.changes(told("w", 5_000))).toBe(false);
  expect(d.changes(told("w", 6_000))).toBe(true);
  expect(d.changes(told("v", 6_000))).toBe(true);
  d.advance(4_000);
  expect(d.run("a").losses).toBe(0);
  d.advance(1_000);
  expect(d.run("a").losses).toBe(1);
});

test("[E2] an answer to an effect of the execution itself counts once, and for its own kind alone", () => {
  const outputs = [{ id: "o", type: "STRING" as const, value: "x" }];
  const d = new Driver(flowOf([task("a")], { outputs })).create().finish("a");
  const effect = d.state.pending[0]?.id ?? "";
  const answer = { kind: "task-finished", at, effect, answer: { state: "SUCCESS" } } as const;
  expect(d.changes(() => d.apply(answer))).toBe(false);
  const rendered = () => d.apply({ kind: "outputs-rendered", at, effect, outputs: { o: "x" } });
  expect([d.changes(rendered), d.changes(rendered)]).toEqual([true, false]);
});

test("an acknowledgement of the rendering, which nobody sends, does not end the execution", () => {
  const outputs = [{ id: "o", type: "STRING" as const, value: "x" }];
  const d = new Driver(flowOf([task("a")], { outputs })).create().finish("a");
  const effect = d.state.pending[0]?.id ?? "";
  expect(d.changes(() => d.apply({ kind: "effect-acknowledged", at, effect }))).toBe(false);
});
