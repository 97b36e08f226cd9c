import { describe, expect, test } from "vitest";
import type { Command, CommandKind } from "#schema/cell.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { isTerminal, STATES, type State } from "#schema/state.ts";
import { COMMANDS, refusal, verdictOf } from "./command-table.ts";
import { CURRENT_FLAGS } from "./flags.ts";
import { CONSTANT_RETRY, Driver, flowOf, task } from "./testing.ts";

const ID = "0123456789012345678900";
const KINDS = Object.keys(COMMANDS) as CommandKind[];

/** An execution that rests in the state. RESTARTED is left within the event that enters it, QUEUED is the slots' to reach, SKIPPED is no execution's. */
const RESTING: Partial<Record<State, () => Driver>> = {
  CREATED: () => new Driver(flowOf([task("a")])).create({ scheduleAt: 9_000 }),
  RUNNING: () => running(),
  PAUSED: () => running().expand("a", { kind: "pause" }),
  RETRYING: () => new Driver(flowOf([task("a", { retry: CONSTANT_RETRY })])).create().fail("a"),
  BREAKPOINT: () => new Driver(flowOf([task("a")])).create({ breakpoints: ["a"] }),
  KILLING: () => {
    const d = running().dispatch("a");
    d.kill();
    return d;
  },
  SUCCESS: () => ended("SUCCESS"),
  WARNING: () => ended("WARNING"),
  FAILED: () => ended("FAILED"),
  KILLED: () => ended("KILLED"),
  CANCELLED: () => running().expand("a", { kind: "pause", until: 2_000, behavior: "CANCEL" }).advance(5_000),
  RETRIED: () => {
    const retry = { ...CONSTANT_RETRY, behavior: "CREATE_NEW_EXECUTION" } as const;
    const d = new Driver(flowOf([task("a", { retry })])).create({ flags: [...CURRENT_FLAGS] }).fail("a");
    return d.advance(1_000).acknowledge("start-retry", "next");
  },
};

function running(): Driver {
  return new Driver(flowOf([task("a")])).create();
}

function ended(state: "SUCCESS" | "WARNING" | "FAILED" | "KILLED"): Driver {
  const d = running();
  if (state === "KILLED") d.kill();
  else d.finish("a", { state });
  return d;
}

function commandOf(kind: CommandKind): Command {
  switch (kind) {
    case "kill":
      return { kind, cascade: true };
    case "unqueue":
      return { kind, state: "RUNNING" };
    case "change-state":
      return { kind, taskRunId: "a", state: "SUCCESS" };
    case "change-status":
      return { kind, state: "CANCELLED" };
    case "set-labels":
      return { kind, labels: [{ key: "k", value: "v" }] };
    default:
      return { kind };
  }
}

function eventOf(command: Command, at: number): ExecutionEvent {
  switch (command.kind) {
    case "kill":
      return { kind: "kill-requested", at, cascade: command.cascade };
    case "pause":
      return { kind: "pause-requested", at };
    case "resume":
      return { kind: "resume-requested", at };
    case "restart":
      return { kind: "restart-requested", at };
    case "unqueue":
      return { kind: "unqueue-requested", at, state: command.state };
    case "force-run":
      return { kind: "force-run-requested", at };
    case "change-state":
      return { kind: "task-state-set", at, run: 0, state: command.state };
    case "change-status":
      return { kind: "status-set", at, state: command.state };
    case "set-labels":
      return { kind: "labels-set", at, labels: [...command.labels] };
    case "resume-from-breakpoint":
      return { kind: "breakpoint-resumed", at };
  }
}

const PAIRS = STATES.flatMap((state) => KINDS.map((kind) => [state, kind] as const));

describe("each command in each state", () => {
  test.for(PAIRS)("[K5] %s: %s is taken, kept or refused, and nothing else", ([state, kind]) => {
    const { taken, kept, status, sentence } = COMMANDS[kind];
    const verdict = verdictOf(kind, state);
    expect([taken.includes(state), kept.includes(state)]).toEqual([verdict === "taken", verdict === "kept"]);
    expect([400, 409, 422]).toContain(status);
    expect(sentence).not.toBe("");
  });

  test.for(PAIRS.filter(([state]) => RESTING[state] !== undefined))(
    "[K6] %s: %s does what the table says",
    ([state, kind]) => {
      const d = RESTING[state]?.() ?? running();
      expect(d.state.status).toBe(state);
      const command = commandOf(kind);
      const refused = refusal(d.state, command, () => d.state.runs.get(0));
      const isChanged = d.changes(() => d.apply(eventOf(command, d.now)));
      const verdict = verdictOf(kind, state);
      if (refused !== undefined) expect(isChanged).toBe(false);
      if (verdict === "refused") {
        const message = COMMANDS[kind].sentence.replace("{id}", ID).replace("{state}", state);
        const expected = kind === "change-state" && state === "CREATED" ? { status: 404 } : { message };
        expect(refused).toMatchObject(expected);
      } else if (verdict === "kept") {
        expect(refused).toBeUndefined();
        // A kill of what was replaced goes on to what replaced it.
        expect(isChanged).toBe(state === "RETRIED" && kind === "kill");
      } else {
        const idle =
          (kind === "change-status" && state === "CANCELLED") || (kind === "restart" && refused?.status === 422);
        expect(isChanged).toBe(!idle);
      }
    },
  );
});

describe("what is refused, and how it is said", () => {
  const said = (d: Driver, command: Command) => {
    const refused = refusal(d.state, command, () => d.state.runs.get(0));
    return refused && [refused.status, refused.message];
  };

  test("a kill after the end is refused without cascade only", () => {
    const message = "Execution is already finished, can't kill it";
    expect(said(ended("SUCCESS"), { kind: "kill", cascade: false })).toEqual([409, message]);
    expect(said(ended("SUCCESS"), { kind: "kill", cascade: true })).toBeUndefined();
  });

  test("a restart needs something to start again", () => {
    expect(said(ended("SUCCESS"), { kind: "restart" })).toEqual([422, "No task found to restart execution from!"]);
    expect(said(ended("FAILED"), { kind: "restart" })).toBeUndefined();
    const early = new Driver(flowOf([task("a")])).create({ scheduleAt: 9_000 });
    early.kill();
    expect(said(early, { kind: "restart" })).toBeUndefined();
  });

  test("both states of a change of status are terminal", () => {
    const target = "You can only change the status of an execution to a terminal state.";
    expect(said(ended("FAILED"), { kind: "change-status", state: "RUNNING" })).toEqual([422, target]);
    expect(said(running(), { kind: "change-status", state: "SUCCESS" })).toEqual([
      422,
      "You can only change the status of a terminated execution.",
    ]);
    expect(said(ended("FAILED"), { kind: "change-status", state: "RETRIED" })?.[0]).toBe(422);
  });

  test("labels of the system stay as they are", () => {
    const d = running().finish("a");
    d.apply({ kind: "labels-set", at: d.now, labels: [{ key: "system.correlationId", value: "x" }] });
    const set = (value: string) => said(d, { kind: "set-labels", labels: [{ key: "system.correlationId", value }] });
    expect(set("x")).toBeUndefined();
    expect(set("y")).toEqual([
      422,
      "System labels can only be set by Kestra itself, offending label: system.correlationId=y",
    ]);
  });

  test("a task run is found, lives or can be gone back to, and its new state is an end", () => {
    const change = (state: State) => ({ kind: "change-state", taskRunId: "x", state }) as const;
    expect(refusal(running().state, change("SUCCESS"))).toEqual({
      status: 404,
      message: "Unable to find the task run x",
    });
    expect(said(running(), change("RUNNING"))?.[0]).toBe(422);
    expect(said(ended("SUCCESS"), change("RETRIED"))?.[0]).toBe(422);
    const d = new Driver(flowOf([task("a"), task("b")])).create().finish("a");
    expect(said(d, change("FAILED"))?.[0]).toBe(409);
    expect(said(d.finish("b"), change("FAILED"))).toBeUndefined();
  });
});

describe("[I19] [K7] a command with a name", () => {
  test("given twice has one effect", () => {
    const d = running();
    const pause = { kind: "pause-requested", at: d.now, commandId: "c" } as const;
    d.apply(pause);
    d.resume();
    expect(d.changes(() => d.apply(pause))).toBe(false);
    expect(d.changes(() => d.apply({ ...pause, commandId: "d" }))).toBe(true);
  });

  test("that changed nothing when it came does nothing when it comes again", () => {
    const d = ended("FAILED");
    const kill = { kind: "kill-requested", at: d.now, cascade: true, commandId: "c" } as const;
    expect(d.changes(() => d.apply(kill))).toBe(true);
    d.restart();
    expect([d.changes(() => d.apply(kill)), d.state.status]).toEqual([false, "RUNNING"]);
  });

  test("that was refused leaves no trace", () => {
    const d = running();
    expect(d.changes(() => d.apply({ kind: "restart-requested", at: d.now, commandId: "c" }))).toBe(false);
  });

  test("is remembered while fifty others come", () => {
    const d = ended("FAILED");
    const named = (index: number) => d.apply({ kind: "labels-set", at: d.now, labels: [], commandId: `c${index}` });
    for (let index = 0; index <= 50; index++) named(index);
    expect(d.state.commandIds).toHaveLength(50);
    expect(d.changes(() => named(1))).toBe(false);
    expect(d.changes(() => named(0))).toBe(true);
  });
});

test("every state of the table is one an execution can be in", () => {
  for (const { taken, kept } of Object.values(COMMANDS))
    expect(new Set([...taken, ...kept]).size).toBe(taken.length + kept.length);
  expect(verdictOf("set-labels", "SKIPPED")).toBe(isTerminal("SKIPPED") ? "taken" : "refused");
});
