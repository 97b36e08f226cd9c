import { describe, expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import type { State } from "#schema/state.ts";
import type { Sink } from "../support/sink.ts";
import { newOrder, type Order } from "./client.ts";
import { KINDS, type Kind } from "./flows.ts";
import { type Findings, judge, type Verdict } from "./verdict.ts";

// The crash test proves nothing if its judge is blind.

const GOOD: Verdict = { lost: [], doubled: [], stuck: [], wrongEnd: [], listDiffers: [], wrongAnswers: [] };

function kind(flowId: string): Kind {
  const found = KINDS.find((one) => one.flowId === flowId);
  if (!found) throw new Error(`No kind ${flowId}`);
  return found;
}

function execution(
  id: string,
  flowId: string,
  ledger: number,
  runs: readonly [string, State, number?][],
): ExecutionJson {
  const state = (current: State) => ({ current, histories: [], duration: "PT0S", startDate: "" });
  return {
    id,
    flowId,
    labels: [{ key: "ledger", value: String(ledger) }],
    state: state("SUCCESS"),
    taskRunList: runs.map(([taskId, current, attempts = 1]) => ({
      taskId,
      attempts: Array(attempts).fill({}),
      outputs: null,
      state: state(current),
    })),
  } as unknown as ExecutionJson;
}

function noSink(effects: readonly { execution: string; step: string; times: number }[] = []): Sink {
  const times = (execution: string, step: string) =>
    effects.find((one) => one.execution === execution && one.step === step)?.times ?? 0;
  return { count: times, all: () => effects } as unknown as Sink;
}

const TWO = execution("x1", "two", 1, [
  ["first", "SUCCESS"],
  ["second", "SUCCESS"],
]);

function accepted(flowId: string, ...ids: string[]): Order {
  return { ...newOrder(1, kind(flowId)), ids };
}

function findings(more: Partial<Findings>): Findings {
  return {
    orders: [accepted("two", "x1")],
    list: [TWO],
    truth: new Map([["x1", TWO]]),
    sink: noSink(),
    kills: 1,
    ...more,
  };
}

describe("the judge of the crash test", () => {
  test("finds nothing where nothing is wrong", () => {
    expect(judge(findings({}))).toEqual(GOOD);
  });

  test("finds an accepted execution that is gone", () => {
    const verdict = judge(findings({ truth: new Map([["x1", undefined]]), list: [] }));
    expect(verdict.lost).toHaveLength(1);
    expect(verdict.listDiffers).toEqual(["x1 (undefined) is not in the list"]);
  });

  test("finds an order that became two executions", () => {
    const other = { ...TWO, id: "x2" };
    const truth = new Map([
      ["x1", TWO],
      ["x2", other],
    ]);
    expect(judge(findings({ list: [TWO, other], truth })).doubled).toHaveLength(2);
  });

  test("finds a task run that is there twice, attempts beyond the allowed and a run that is missing", () => {
    const broken = execution("x1", "two", 1, [
      ["first", "SUCCESS", 2],
      ["first", "SUCCESS"],
    ]);
    const verdict = judge(findings({ list: [broken], truth: new Map([["x1", broken]]) }));
    expect(verdict.doubled).toHaveLength(3);
    expect(verdict.lost).toEqual(["x1 (two): 0 of 1 runs of second"]);
  });

  test("finds what has not ended, and what ended wrongly", () => {
    const running = { ...TWO, state: { ...TWO.state, current: "RUNNING" as State } };
    expect(judge(findings({ list: [running], truth: new Map([["x1", running]]) })).stuck).toHaveLength(1);
    const failed = { ...TWO, state: { ...TWO.state, current: "FAILED" as State } };
    expect(judge(findings({ list: [failed], truth: new Map([["x1", failed]]) })).wrongEnd).toHaveLength(1);
  });

  test("finds a list that lags behind or shows something twice", () => {
    const old = { ...TWO, state: { ...TWO.state, current: "RUNNING" as State } };
    expect(judge(findings({ list: [old] })).listDiffers).toEqual(["x1 (two): RUNNING in the list, SUCCESS in truth"]);
    expect(judge(findings({ list: [TWO, TWO] })).listDiffers).toEqual(["x1 is in the list twice"]);
  });

  test("finds an effect that never came, came too often, or came from nobody", () => {
    const outside = execution("x1", "two_outside", 1, [
      ["first", "SUCCESS"],
      ["call", "SUCCESS"],
    ]);
    const base = { orders: [accepted("two_outside", "x1")], list: [outside], truth: new Map([["x1", outside]]) };
    const effect = (id: string, times: number) => noSink([{ execution: id, step: "call", times }]);
    expect(judge(findings({ ...base, sink: effect("x1", 2) }))).toEqual(GOOD);
    expect(judge(findings(base)).lost).toEqual(["x1 (two_outside): effect of call"]);
    expect(judge(findings({ ...base, sink: effect("x1", 3) })).doubled).toHaveLength(1);
    expect(judge(findings({ sink: effect("x9", 1) })).doubled).toHaveLength(1);
  });

  test("finds a child that no parent knows", () => {
    const child = execution("c1", "child", 9, []);
    const list = [TWO, child];
    const truth = new Map([
      ["x1", TWO],
      ["c1", child],
    ]);
    expect(judge(findings({ list, truth })).doubled.join()).toContain("a child that no parent knows");
  });
});
