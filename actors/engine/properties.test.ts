import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent, Expansion, Updates } from "#schema/event.ts";
import type { Flow, Sla, Task } from "#schema/flow.ts";
import { isTerminal, STATES, TERMINAL_STATES } from "#schema/state.ts";
import { CURRENT_FLAGS } from "./flags.ts";
import { copyRuns, forkProblem, notKept } from "./fork-source.ts";
import { toExecutionJson, toSummary } from "./json.ts";
import { compilePlan, type Plan } from "./plan.ts";
import { createReducer } from "./reduce.ts";
import { freeze, thaw } from "./snapshot.ts";
import { type ExecutionState, initialState, type TaskRun } from "./state.ts";
import { CONSTANT_RETRY, flowOf, SUBFLOW, task } from "./testing.ts";

// Random flows under random events: answers, timers and commands in any order, late, twice, and for what never was.

const NEW_EXECUTION = { ...CONSTANT_RETRY, behavior: "CREATE_NEW_EXECUTION" } as const;
const SLAS: readonly Sla[] = (["FAIL", "CANCEL", "NONE"] as const).flatMap((behavior, index): Sla[] => [
  { id: `d${behavior}`, type: "MAX_DURATION", durationMs: 1_500 * (index + 1), behavior, labels: [] },
  { id: `a${behavior}`, type: "EXECUTION_ASSERTION", assert: "x", behavior, labels: [{ key: "sla", value: behavior }] },
]);

/** A source of choices that fast-check can shrink. */
type Choices = { next(below: number): number };

function choicesFrom(numbers: readonly number[]): Choices {
  let index = 0;
  return {
    next(below) {
      const number = numbers[index % Math.max(1, numbers.length)] ?? 0;
      index += 1;
      return number % Math.max(1, below);
    },
  };
}

function randomTasks(choices: Choices, depth: number, prefix: string): Task[] {
  return Array.from({ length: 1 + choices.next(3) }, (_, index) => {
    const id = `${prefix}${index}`;
    const policy = {
      ...(choices.next(4) === 0 ? { retry: choices.next(3) === 0 ? NEW_EXECUTION : CONSTANT_RETRY } : {}),
      ...(choices.next(6) === 0 ? { allowFailure: true } : {}),
      ...(choices.next(9) === 0 ? { disabled: true } : {}),
    };
    if (depth === 0 || choices.next(2) === 0) return task(id, policy);
    const lists: Record<string, readonly Task[]> = { tasks: randomTasks(choices, depth - 1, `${id}t`) };
    if (choices.next(4) === 0) lists.errors = randomTasks(choices, 0, `${id}e`);
    if (choices.next(4) === 0) lists.finally = randomTasks(choices, 0, `${id}f`);
    return task(id, { ...policy, lists });
  });
}

function randomFlow(choices: Choices): Flow {
  return flowOf(randomTasks(choices, 2, "t"), {
    errors: choices.next(3) === 0 ? randomTasks(choices, 1, "e") : [],
    finally: choices.next(3) === 0 ? randomTasks(choices, 1, "f") : [],
    afterExecution: choices.next(3) === 0 ? randomTasks(choices, 1, "z") : [],
    outputs: choices.next(3) === 0 ? [{ id: "o", type: "STRING", value: "x" }] : [],
    sla: choices.next(4) === 0 ? SLAS.slice(choices.next(SLAS.length)) : [],
  });
}

function randomExpansion(choices: Choices, at: number): Expansion {
  const options: readonly Expansion[] = [
    { kind: "sequence", list: "tasks" },
    { kind: "parallel", list: "tasks", concurrency: choices.next(3) },
    { kind: "each", list: "tasks", values: ["a", "b", "c"].slice(choices.next(4)), concurrency: choices.next(3) },
    { kind: "each", list: "tasks", values: ["a", "b"], concurrency: choices.next(3), spread: true },
    { kind: "nothing", state: choices.next(2) === 0 ? "SUCCESS" : "FAILED" },
    { kind: "pause", until: at + 1_000, behavior: (["RESUME", "WARN", "FAIL", "CANCEL"] as const)[choices.next(4)] },
    { kind: "pause" },
    { kind: "sleep", until: at + 500 },
    { ...SUBFLOW, wait: choices.next(3) > 0, transmitFailed: choices.next(2) === 0, restarts: choices.next(2) === 0 },
    { kind: "items", total: choices.next(4), wait: choices.next(3) > 0, transmitFailed: choices.next(2) === 0 },
    { kind: "dag", list: "tasks", concurrency: choices.next(3), dependsOn: [[], [0].slice(choices.next(2)), [1, 0]] },
    {
      kind: "each",
      list: "tasks",
      values: ["a", "a", "b"].slice(choices.next(4)),
      concurrency: choices.next(3),
      scoped: true,
      tolerant: choices.next(2) === 0,
      gives: choices.next(2) === 0,
    },
    {
      kind: "loop-until",
      list: "tasks",
      intervalMs: choices.next(3) * 200,
      failOnMaxReached: choices.next(2) === 0,
      ...(choices.next(2) === 0 ? { maxIterations: 1 + choices.next(3) } : {}),
      ...(choices.next(3) === 0 ? { deadlineAt: at + 900 } : {}),
    },
    { kind: "pause", before: "tasks", ...(choices.next(2) === 0 ? { until: at + 700, behavior: "FAIL" } : {}) },
    { kind: "sleep", until: at + 400, timedOut: true },
    { kind: "place", list: "tasks", files: {}, outputFiles: ["*"] },
    { kind: "place", list: "tasks", files: {}, outputFiles: [] },
  ];
  return options[choices.next(options.length)] ?? { kind: "pause" };
}

const ANSWERS = [
  "SUCCESS",
  "SUCCESS",
  "SUCCESS",
  "WARNING",
  "FAILED",
  "FAILED",
  "KILLED",
  "SKIPPED",
  "CANCELLED",
] as const;

const EXITS = ["SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED"] as const;

/** Some event about one of the effects asked for so far, or a command. */
function randomEvent(choices: Choices, asked: readonly Effect[], at: number): ExecutionEvent {
  const ids = asked.flatMap((effect) => ("id" in effect ? [effect.id] : []));
  const recent = ids.slice(-8);
  const from = choices.next(5) === 0 ? ids : recent;
  const effect =
    choices.next(25) === 0
      ? (["9:9", "x:99", "no", "-1:3"][choices.next(4)] ?? "")
      : (from[choices.next(from.length)] ?? "");
  switch (choices.next(22)) {
    case 0:
    case 1:
    case 2:
      return { kind: "task-expanded", at, effect, expansion: randomExpansion(choices, at) };
    case 3:
      return { kind: "timer-fired", at, effect };
    case 4:
      return { kind: "task-dispatched", at, effect, leaseUntil: at + 300, deadlineAt: at + 200, worker: "w" };
    case 5:
      return { kind: "task-lost", at, effect, reason: "gone" };
    case 6:
      return { kind: "subflow-started", at, effect, executionId: "child" };
    case 7:
      return {
        kind: "subflow-finished",
        at,
        effect,
        executionId: "child",
        state: TERMINAL_STATES[choices.next(5)] ?? "FAILED",
      };
    case 8:
      return choices.next(3) === 0
        ? { kind: "item-refused", at, effect, message: "no" }
        : { kind: "effect-acknowledged", at, effect };
    case 9:
      return {
        kind: "outputs-rendered",
        at,
        effect,
        ...(choices.next(2) === 0 ? { outputs: { o: "x" } } : { error: "no" }),
      };
    case 10: {
      const state = STATES[choices.next(STATES.length)] ?? "SUCCESS";
      const breakpoints = ["t0", "t1", "t2", "t1t0", "t0t1.a"].slice(choices.next(6));
      const commandId = `c${choices.next(40)}`;
      const commands: readonly ExecutionEvent[] = [
        { kind: "task-state-set", at, run: choices.next(9), state },
        { kind: "task-state-set", at, run: choices.next(9), state: "SUCCESS", commandId },
        { kind: "status-set", at, state },
        { kind: "force-run-requested", at, commandId },
        { kind: "unqueue-requested", at, state: "RUNNING" },
        { kind: "breakpoint-resumed", at },
        { kind: "breakpoint-resumed", at, breakpoints, commandId },
        { kind: "sla-violated", at, sla: SLAS[choices.next(SLAS.length)]?.id ?? "", reason: "x" },
        { kind: "kill-requested", at, cascade: true, commandId },
        { kind: "kill-requested", at, cascade: choices.next(2) === 0 },
        { kind: "pause-requested", at },
        { kind: "resume-requested", at, ...(choices.next(2) === 0 ? { run: choices.next(6) } : {}) },
        { kind: "restart-requested", at },
        { kind: "labels-set", at, labels: [{ key: "k", value: String(at) }] },
      ];
      return commands[choices.next(commands.length)] ?? { kind: "pause-requested", at };
    }
    case 11:
    case 12: {
      const said = [{ done: true }, { done: false }, { done: false }, { done: true, error: "no" }] as const;
      return { kind: "loop-evaluated", at, effect, ...(said[choices.next(said.length)] ?? { done: true }) };
    }
    case 13: {
      const updates: Updates = {
        labels: [{ key: "k", value: String(at) }],
        variables: { a: { [`v${choices.next(3)}`]: at } },
        ...(choices.next(3) === 0 ? { unset: ["a"] } : {}),
        ...(choices.next(3) === 0 ? { exit: EXITS[choices.next(EXITS.length)] ?? "SUCCESS" } : {}),
      };
      return { kind: "task-finished", at, effect, answer: { state: "SUCCESS", updates } };
    }
    case 14:
      return {
        kind: "place-opened",
        at,
        effect,
        ...(choices.next(6) === 0 ? { error: "no" } : { manifest: `m${at}` }),
      };
    case 15:
      return { kind: "place-closed", at, effect, ...(choices.next(6) === 0 ? { error: "no" } : { outputs: { at } }) };
    default:
      return {
        kind: "task-finished",
        at,
        effect,
        answer: {
          state: ANSWERS[choices.next(ANSWERS.length)] ?? "FAILED",
          outputs: { at },
          ...(choices.next(3) === 0 ? { place: `p${at}` } : {}),
        },
      };
  }
}

const CREATED = {
  kind: "execution-created" as const,
  id: "0123456789012345678900",
  tenant: "main",
  namespace: "test",
  flowId: "flow",
  flowRevision: 1,
  inputs: {},
  labels: [],
  flags: [...CURRENT_FLAGS],
};

type Run = { plan: Plan; log: ExecutionEvent[]; state: ExecutionState; asked: Effect[] };

/** Runs random events; `check` sees every step. */
function run(
  numbers: readonly number[],
  length: number,
  check?: (before: ExecutionState, event: ExecutionEvent, after: ExecutionState, effects: readonly Effect[]) => void,
): Run {
  const choices = choicesFrom(numbers);
  const plan = compilePlan(randomFlow(choices));
  const reduce = createReducer(plan);
  const log: ExecutionEvent[] = [];
  const asked: Effect[] = [];
  let state = initialState();
  for (let step = 0; step < length; step++) {
    const at = 1_000 + step * 100;
    const breakpoints = choices.next(3) === 0 ? ["t1", "t0t0", "t0t1.b"] : [];
    const event: ExecutionEvent = step === 0 ? { ...CREATED, at, breakpoints } : randomEvent(choices, asked, at);
    const result = reduce(state, event);
    check?.(state, event, result.state, result.effects);
    if (result.state !== state) log.push(event);
    state = result.state;
    asked.push(...result.effects);
  }
  return { plan, log, state, asked };
}

const numbers = fc.array(fc.nat(1_000_000), { minLength: 20, maxLength: 400 });
const OPTIONS = { numRuns: 300 };

/** Freezes what is plain of a state: an attempt to change it in place then throws. */
function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) deepFreeze(item);
  if (Symbol.iterator in value && !Array.isArray(value))
    for (const item of value as Iterable<unknown>) deepFreeze(item);
}

function isAfterEnd(state: ExecutionState, run: TaskRun): boolean {
  const parent = state.runs.get(run.parent);
  return parent === undefined ? run.stage === "afterExecution" : isAfterEnd(state, parent);
}

describe("random flows under random events", () => {
  test("[E1] never throw, never change a state that was handed out, and always have a JSON", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        run(given, 60, (before, event, after) => {
          deepFreeze(after);
          deepFreeze(event);
          if (before.facts === undefined) return;
          const text = freeze(before);
          expect(freeze(before)).toBe(text);
        });
        const { state, plan } = run(given, 60);
        toExecutionJson(state, plan);
        toSummary(state);
      }),
      OPTIONS,
    );
  });

  test("[E1] a state is the same text before and after a step was made from it", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        const texts: [ExecutionState, string][] = [];
        run(given, 60, (_, __, after) => texts.push([after, freeze(after)]));
        for (const [state, text] of texts) expect(freeze(state)).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test("[E2] a step without a new state asks for nothing, and an answer counts once", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        const finished = new Set<string>();
        run(given, 80, (before, event, after, effects) => {
          if (before === after) return expect(effects).toEqual([]);
          expect(after.seq).toBe(before.seq + 1);
          if (event.kind !== "task-finished") return;
          expect(finished.has(event.effect)).toBe(false);
          finished.add(event.effect);
        });
      }),
      OPTIONS,
    );
  });

  test("[E3] no effect id is used twice", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        const ids = run(given, 120).asked.flatMap((effect) => ("id" in effect ? [effect.id] : []));
        expect(new Set(ids).size).toBe(ids.length);
      }),
      OPTIONS,
    );
  });

  test("[E4] whatever is not terminal waits for something", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        run(given, 80, (_, __, after) => expect(stuck(after)).toEqual([]));
      }),
      OPTIONS,
    );
  });

  test("[D3][D4] a directory whose task run is over was asked to be closed, whatever ended it", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        const { state, asked } = run(given, 150);
        const closed = new Set(asked.flatMap((effect) => (effect.kind === "close-place" ? [effect.place] : [])));
        for (const effect of asked) {
          if (effect.kind !== "open-place") continue;
          const owner = state.runs.get(effect.run);
          const wasMade = owner?.container?.place?.id === effect.id;
          if (wasMade && owner !== undefined && (isTerminal(owner.state) || owner.dropped))
            expect(closed.has(effect.id)).toBe(true);
        }
      }),
      OPTIONS,
    );
  });

  test("[I2] a terminal state is left by a command alone", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        run(given, 120, (before, event, after) => {
          const isCommand = ["restart-requested", "task-state-set", "status-set"].includes(event.kind);
          if (
            !isTerminal(before.status) ||
            isCommand ||
            (event.kind === "kill-requested" && before.status === "RETRIED")
          )
            return;
          expect(after.status).toBe(before.status);
        });
      }),
      OPTIONS,
    );
  });

  test("[I3] no attempt is asked for between a kill and the next restart, and it ends KILLED or CANCELLED", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        let isKilling = false;
        run(given, 120, (_, event, after, effects) => {
          const isCommand = ["restart-requested", "task-state-set", "status-set"].includes(event.kind);
          isKilling = after.status === "KILLING" || (isKilling && !isCommand);
          if (!isKilling) return;
          const asked = effects.flatMap((effect) =>
            effect.kind === "run-task" ? (after.runs.get(effect.run) ?? []) : [],
          );
          // What runs after the end of one that a broken SLA stopped is the end's own.
          expect(asked.filter((run) => !isAfterEnd(after, run))).toEqual([]);
          expect(["KILLING", "KILLED", "CANCELLED", "FAILED", "RETRIED"]).toContain(after.status);
        });
      }),
      OPTIONS,
    );
  });

  test("the counts are the numbers of runs that are so, and a state that says what is waited for is true", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        run(given, 120, (_, __, after) => {
          const count = countsOf(after);
          const { live, paused, retrying, atBreakpoint, status, held } = after;
          expect({ live, paused, retrying, atBreakpoint }).toEqual(count);
          if (status === "KILLING") expect(after.stopping).toBe(stoppingOf(after));
          if (status === "PAUSED") expect(held || paused > 0).toBe(true);
          expect(status === "BREAKPOINT" && atBreakpoint === 0).toBe(false);
          if (status === "RUNNING") expect([retrying, atBreakpoint]).toEqual([0, 0]);
        });
      }),
      OPTIONS,
    );
  });

  test("[I9] reducing a log in two parts gives what reducing the whole gives, wherever it is cut", () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (given, cut) => {
        const { plan, log, state } = run(given, 80);
        const reduce = createReducer(plan);
        const replay = (from: ExecutionState, events: readonly ExecutionEvent[]) =>
          events.reduce((current, event) => reduce(current, event).state, from);
        const at = cut % (log.length + 1);
        expect(freeze(replay(replay(initialState(), log.slice(0, at)), log.slice(at)))).toBe(freeze(state));
      }),
      OPTIONS,
    );
  });

  test("[I27] a snapshot taken at any point continues as if it had never been taken, down to the effects", () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (given, cut) => {
        const { plan, log } = run(given, 80);
        const reduce = createReducer(plan);
        let straight = initialState();
        let thawed = initialState();
        const at = cut % (log.length + 1);
        for (const [index, event] of log.entries()) {
          if (index === at) thawed = thaw(freeze(straight)) ?? initialState();
          const a = reduce(straight, event);
          straight = a.state;
          if (index < at) continue;
          const b = reduce(thawed, event);
          thawed = b.state;
          expect(JSON.stringify(b.effects)).toBe(JSON.stringify(a.effects));
        }
        if (at < log.length) expect(freeze(thawed)).toBe(freeze(straight));
      }),
      OPTIONS,
    );
  });
});

describe("random forks", () => {
  /** The flow with some of its tasks left out, and some new ones. */
  const changed = (tasks: readonly Task[], choices: Choices): Task[] =>
    tasks.flatMap((old) => {
      if (choices.next(8) === 0) return [];
      const lists = Object.fromEntries(Object.entries(old.lists).map(([name, list]) => [name, changed(list, choices)]));
      return choices.next(8) === 0 ? [task(`new${old.id}`), { ...old, lists }] : [{ ...old, lists }];
    });

  const forkAt = (given: readonly number[]) => {
    const choices = choicesFrom(given.toReversed());
    const flow = randomFlow(choicesFrom(given));
    const old = run(given, 20 + choices.next(80));
    const { runs } = copyRuns(old.state, old.plan);
    const isSame = choices.next(2) === 0;
    const plan = isSame ? old.plan : compilePlan({ ...flow, tasks: changed(flow.tasks, choices) });
    const from = choices.next(3) === 0 || runs.length === 0 ? ("failed" as const) : choices.next(runs.length);
    return { old, runs, plan, isSame, from, choices };
  };

  test("[E1] [E4] begin wherever they are taken, whatever has become of the flow, and come to an end", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        const { plan, runs, from, choices } = forkAt(given);
        const reduce = createReducer(plan);
        const at = 50_000;
        let state = initialState();
        const asked: Effect[] = [];
        const apply = (event: ExecutionEvent) => {
          const step = reduce(state, event);
          state = step.state;
          asked.push(...step.effects);
          expect(stuck(state)).toEqual([]);
          expect(pick(state)).toEqual(countsOf(state));
        };
        apply({ ...CREATED, at, forked: { executionId: "old" } });
        apply({ kind: "runs-copied", at, runs });
        apply({ kind: "fork-completed", at, from });
        const { slot } = state;
        if (slot !== undefined) apply({ kind: "slot-answered", at, effect: slot.effect, answer: "granted" });
        expect(state.status).not.toBe("CREATED");
        const ids = asked.flatMap((effect) => ("id" in effect ? effect.id : []));
        expect(new Set(ids).size).toBe(ids.length);
        for (let step = 0; step < 60; step++) apply(randomEvent(choices, asked, at + step * 100));
        for (let step = 0; step < 500 && !isTerminal(state.status); step++) {
          const [effect] = asked.splice(0, 1);
          if (effect === undefined) break;
          if (effect.kind === "run-task" || effect.kind === "start-subflow")
            apply({ kind: "task-finished", at: at + 10_000, effect: effect.id, answer: { state: "SUCCESS" } });
        }
        toExecutionJson(state, plan);
      }),
      OPTIONS,
    );
  });

  test("[F1] into the same revision have a place for everything", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        const { old, runs, from } = forkAt(given);
        expect(forkProblem(old.plan, runs, from)).toBeUndefined();
      }),
      OPTIONS,
    );
  });

  test("[F1] keep the task runs that they are said to keep, and no others", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        const { old, runs, from } = forkAt(given);
        const reduce = createReducer(old.plan);
        const events: readonly ExecutionEvent[] = [
          { ...CREATED, at: 1, forked: { executionId: "old" } },
          { kind: "runs-copied", at: 1, runs },
          { kind: "fork-completed", at: 1, from },
        ];
        let state = events.reduce((before, event) => reduce(before, event).state, initialState());
        const { slot } = state;
        if (slot !== undefined)
          state = reduce(state, { kind: "slot-answered", at: 1, effect: slot.effect, answer: "granted" }).state;
        for (const [index, run] of runs.entries()) {
          if (run.state !== "SUCCESS" || run.expansion !== undefined) continue;
          const after = state.runs.get(index);
          const isKept = after?.dropped === undefined && after?.state === "SUCCESS";
          expect(isKept).toBe(!notKept(runs, from).has(index));
        }
      }),
      OPTIONS,
    );
  });

  test("[F1] that have no problem lose nothing but what comes after", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        const { plan, runs, from } = forkAt(given);
        if (forkProblem(plan, runs, from) !== undefined || from === "failed") return;
        const reduce = createReducer(plan);
        let state = reduce(initialState(), { ...CREATED, at: 1, forked: { executionId: "old" } }).state;
        state = reduce(state, { kind: "runs-copied", at: 1, runs }).state;
        for (let index = from; index >= 0; index = runs[index]?.parent ?? -1)
          expect(state.runs.get(index)?.dropped).toBeUndefined();
        state = reduce(state, { kind: "fork-completed", at: 1, from }).state;
        expect(state.runs.get(from)?.dropped).toBeUndefined();
      }),
      OPTIONS,
    );
  });
});

function stoppingOf({ runs }: ExecutionState): number {
  return [...runs].filter(({ dropped, waiting }) => !dropped && waiting?.kind === "cancel").length;
}

function countsOf({ runs }: ExecutionState) {
  const shown = [...runs].filter(({ dropped }) => !dropped);
  const count = (state: string) => shown.filter((each) => each.state === state).length;
  return {
    live: shown.filter(({ state }) => !isTerminal(state)).length,
    paused: count("PAUSED"),
    retrying: count("RETRYING"),
    atBreakpoint: count("BREAKPOINT"),
  };
}

function pick({ live, paused, retrying, atBreakpoint }: ExecutionState) {
  return { live, paused, retrying, atBreakpoint };
}

/** Runs that are not terminal and that nothing will move. */
function stuck(state: ExecutionState): string[] {
  if (state.facts === undefined || state.root === undefined) return [];
  const live = new Set<number>();
  const found: string[] = [];
  for (const run of state.runs) if (!run.dropped && !isTerminal(run.state)) live.add(run.parent);
  // A killed execution, and each of its flowables, also waits for attempts that a container had left behind.
  const isStopping = state.status === "KILLING" && stoppingOf(state) > 0;
  for (const run of state.runs) {
    if (run.dropped || isTerminal(run.state) || run.waiting !== undefined) continue;
    if (isStopping && run.state === "KILLING" && run.container !== undefined) continue;
    if (run.container === undefined || !live.has(run.index)) found.push(`run ${run.index} is ${run.state}`);
  }
  const waitsForSlot = state.slot !== undefined && state.slot.state !== "held";
  const rests = isTerminal(state.status) || live.has(-1) || state.ending !== undefined || isStopping || waitsForSlot;
  return rests ? found : [...found, `the execution is ${state.status}`];
}

test("a snapshot of another version is not read", () => {
  expect(thaw(JSON.stringify({ version: 0, state: {} }))).toBeUndefined();
});
