import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent, Expansion } from "#schema/event.ts";
import type { Flow, Task } from "#schema/flow.ts";
import { isTerminal, TERMINAL_STATES } from "#schema/state.ts";
import { toExecutionJson, toSummary } from "./json.ts";
import { compilePlan, type Plan } from "./plan.ts";
import { createReducer } from "./reduce.ts";
import { freeze, thaw } from "./snapshot.ts";
import { type ExecutionState, initialState } from "./state.ts";
import { CONSTANT_RETRY, flowOf, SUBFLOW, task } from "./testing.ts";

// Random flows under random events: answers, timers and commands in any order, late, twice, and for what never was.

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
      ...(choices.next(4) === 0 ? { retry: CONSTANT_RETRY } : {}),
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
    { ...SUBFLOW, wait: choices.next(3) > 0, transmitFailed: choices.next(2) === 0 },
    { kind: "items", total: choices.next(4), wait: choices.next(3) > 0, transmitFailed: choices.next(2) === 0 },
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

/** Some event about one of the effects asked for so far, or a command. */
function randomEvent(choices: Choices, asked: readonly Effect[], at: number): ExecutionEvent {
  const ids = asked.flatMap((effect) => ("id" in effect ? [effect.id] : []));
  const recent = ids.slice(-8);
  const from = choices.next(5) === 0 ? ids : recent;
  const effect =
    choices.next(25) === 0
      ? (["9:9", "x:99", "no", "-1:3"][choices.next(4)] ?? "")
      : (from[choices.next(from.length)] ?? "");
  switch (choices.next(16)) {
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
      const commands: readonly ExecutionEvent[] = [
        { kind: "kill-requested", at, cascade: choices.next(2) === 0 },
        { kind: "pause-requested", at },
        { kind: "resume-requested", at, ...(choices.next(2) === 0 ? { run: choices.next(6) } : {}) },
        { kind: "restart-requested", at },
        { kind: "labels-set", at, labels: [{ key: "k", value: String(at) }] },
      ];
      return commands[choices.next(commands.length)] ?? { kind: "pause-requested", at };
    }
    default:
      return {
        kind: "task-finished",
        at,
        effect,
        answer: { state: ANSWERS[choices.next(ANSWERS.length)] ?? "FAILED", outputs: { at } },
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
    const event: ExecutionEvent = step === 0 ? { ...CREATED, at } : randomEvent(choices, asked, at);
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

  test("[I2] a terminal state is left by a restart alone", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        run(given, 120, (before, event, after) => {
          if (isTerminal(before.status) && event.kind !== "restart-requested") expect(after.status).toBe(before.status);
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
          isKilling = after.status === "KILLING" || (isKilling && event.kind !== "restart-requested");
          if (!isKilling) return;
          expect(effects.filter((effect) => effect.kind === "run-task")).toEqual([]);
          expect(["KILLING", "KILLED", "CANCELLED"]).toContain(after.status);
        });
      }),
      OPTIONS,
    );
  });

  test("the count of paused runs is the number of runs that are PAUSED, and PAUSED means something is", () => {
    fc.assert(
      fc.property(numbers, (given) => {
        run(given, 120, (_, __, after) => {
          const paused = [...after.runs].filter((each) => each.state === "PAUSED" && !each.dropped).length;
          expect(after.paused).toBe(paused);
          if (after.status === "PAUSED") expect(after.held || paused > 0).toBe(true);
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

/** Runs that are not terminal and that nothing will move. */
function stuck(state: ExecutionState): string[] {
  if (state.facts === undefined || state.root === undefined) return [];
  const live = new Set<number>();
  const found: string[] = [];
  for (const run of state.runs) if (!run.dropped && !isTerminal(run.state)) live.add(run.parent);
  for (const run of state.runs) {
    if (run.dropped || isTerminal(run.state) || run.waiting !== undefined) continue;
    if (run.container === undefined || !live.has(run.index)) found.push(`run ${run.index} is ${run.state}`);
  }
  const rests = isTerminal(state.status) || live.has(-1) || state.ending !== undefined;
  return rests ? found : [...found, `the execution is ${state.status}`];
}

test("a snapshot of another version is not read", () => {
  expect(thaw(JSON.stringify({ version: 0, state: {} }))).toBeUndefined();
});
