import { describe, expect, test } from "vitest";
import type { Expansion, Label } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import type { State } from "#schema/state.ts";
import { CURRENT_FLAGS } from "./flags.ts";
import { MAX_DEPTH } from "./structure.ts";
import { CONSTANT_RETRY, Driver, flowOf, SUBFLOW, task } from "./testing.ts";

describe("Subflow", () => {
  type Line = readonly [child: State, plain: State, allowFailure: State, allowBoth: State];
  // child state → state of the task: with nothing, with allowFailure, with allowFailure and allowWarning
  const TRANSMITTED: readonly Line[] = [
    ["SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS"],
    ["WARNING", "WARNING", "WARNING", "SUCCESS"],
    ["FAILED", "FAILED", "WARNING", "SUCCESS"],
    ["KILLED", "KILLED", "KILLED", "KILLED"],
    ["CANCELLED", "SUCCESS", "SUCCESS", "SUCCESS"],
  ];

  test.for(TRANSMITTED)(
    "[I12] a child that ends %s makes its task %s, with allowFailure %s, with allowWarning too %s",
    (line) => {
      const [child, plain, soft, softest] = line;
      const outcome = (more: object) =>
        new Driver(flowOf([task("s", more)])).create().expand("s", SUBFLOW).started("s", "c").ended("s", child).run("s")
          .state;
      expect([
        outcome({}),
        outcome({ allowFailure: true }),
        outcome({ allowFailure: true, allowWarning: true }),
      ]).toEqual([plain, soft, softest]);
    },
  );

  test.for(TRANSMITTED)("[I12] without transmitFailed a child that ends %s leaves its task SUCCESS", ([child]) => {
    const d = new Driver(flowOf([task("s")])).create().expand("s", { ...SUBFLOW, transmitFailed: false });
    d.started("s", "c").ended("s", child);
    expect([d.run("s").state, d.run("s").outputs?.state]).toEqual(["SUCCESS", child]);
  });

  test("allowWarning alone makes a WARNING of the child SUCCESS and leaves its failure", () => {
    const outcome = (child: State) =>
      new Driver(flowOf([task("s", { allowWarning: true })])).create().expand("s", SUBFLOW).ended("s", child).run("s")
        .state;
    expect([outcome("WARNING"), outcome("FAILED")]).toEqual(["SUCCESS", "FAILED"]);
  });

  test("its end may be told before its start", () => {
    const d = new Driver(flowOf([task("s")])).create().expand("s", SUBFLOW);
    const effect = d.effect("s");
    d.ended("s", "SUCCESS", { x: 1 });
    expect(d.run("s").outputs).toEqual({ executionId: "child", state: "SUCCESS", outputs: { x: 1 } });
    const late = () => d.apply({ kind: "subflow-started", at: d.now, effect, executionId: "child" });
    expect(d.changes(late)).toBe(false);
  });

  test("[I12] its end told twice counts once", () => {
    const d = new Driver(flowOf([task("s"), task("b")])).create().expand("s", SUBFLOW);
    const effect = d.effect("s");
    d.ended("s", "FAILED");
    const again = { kind: "subflow-finished", at: d.now, effect, executionId: "child", state: "SUCCESS" } as const;
    expect(d.changes(() => d.apply(again))).toBe(false);
    expect(d.state.status).toBe("FAILED");
  });

  test("without wait is SUCCESS once started, with the id alone", () => {
    const d = new Driver(flowOf([task("s"), task("b")])).create().expand("s", { ...SUBFLOW, wait: false });
    expect(d.asked).toContainEqual(
      expect.objectContaining({ kind: "start-subflow", request: expect.objectContaining({ wait: false }) }),
    );
    d.started("s", "c");
    expect([d.run("s").state, d.run("s").outputs, d.has("b")]).toEqual(["SUCCESS", { executionId: "c" }, true]);
  });

  test("that could not be started fails its task and follows its retry", () => {
    const d = new Driver(flowOf([task("s", { retry: CONSTANT_RETRY })])).create().expand("s", SUBFLOW);
    const first = d.effect("s");
    d.fail("s");
    expect(d.run("s").state).toBe("RETRYING");
    d.advance(1_000).expand("s", SUBFLOW);
    expect(d.effect("s")).not.toBe(first);
    d.started("s", "c").ended("s", "SUCCESS");
    expect([d.state.status, d.run("s").attempts.length]).toEqual(["SUCCESS", 2]);
  });

  test("takes system labels along, all labels when asked to, and then its own", () => {
    const labels: Label[] = [
      { key: "team", value: "x" },
      { key: "system.correlationId", value: "c" },
    ];
    const own = { key: "mine", value: "1" };
    const asked = (inheritLabels: boolean) => {
      const d = new Driver(flowOf([task("s")])).create({ labels });
      d.expand("s", { ...SUBFLOW, inheritLabels, labels: [own] });
      const start = d.asked.find((effect) => effect.kind === "start-subflow");
      return start?.kind === "start-subflow" ? start.request.labels : undefined;
    };
    expect(asked(false)).toEqual([labels[1], own]);
    expect(asked(true)).toEqual([...labels, own]);
  });

  test("hands on its request as it was rendered, one level deeper", () => {
    const parent = { executionId: "p", effect: "0:1", depth: 3 };
    const d = new Driver(flowOf([task("s")])).create({ parent });
    d.expand("s", { ...SUBFLOW, revision: 7, inputs: { a: 1 }, scheduleAt: 99 });
    expect(d.asked.find((effect) => effect.kind === "start-subflow")).toMatchObject({
      request: {
        namespace: "test",
        flowId: "child",
        revision: 7,
        inputs: { a: 1 },
        depth: 4,
        scheduleAt: 99,
        wait: true,
      },
    });
  });

  test("[I18] deeper than MAX_DEPTH fails with the name of the flow, and starts nothing", () => {
    const parent = { executionId: "p", effect: "0:1", depth: MAX_DEPTH };
    const d = new Driver(flowOf([task("s")])).create({ parent }).expand("s", SUBFLOW);
    expect(d.run("s").error).toContain("test.child");
    expect([d.state.status, d.asked.some((effect) => effect.kind === "start-subflow")]).toEqual(["FAILED", false]);
    const deepest = new Driver(flowOf([task("s")])).create({ parent: { ...parent, depth: MAX_DEPTH - 1 } });
    expect(deepest.expand("s", SUBFLOW).state.status).toBe("RUNNING");
  });

  test.for([
    [2, "RUNNING"],
    [3, "FAILED"],
  ] as const)("[I18] at depth %i of an execution that was told how deep it may be is %s", ([depth, state]) => {
    const d = new Driver(flowOf([task("s")])).create({ depth, maxDepth: 3 }).expand("s", SUBFLOW);
    expect(d.state.status).toBe(state);
  });

  test("[K1] of a killed parent whose child's start was answered late has the child killed, once", () => {
    const d = new Driver(flowOf([task("s")])).create().expand("s", SUBFLOW);
    const effect = d.effect("s");
    d.kill();
    d.apply({ kind: "subflow-started", at: d.now, effect, executionId: "c" });
    const kills = d.state.pending.filter((pending) => pending.kind === "kill-execution");
    expect(kills).toMatchObject([{ executionId: "c" }]);
    d.apply({ kind: "effect-acknowledged", at: d.now, effect: kills[0]?.id ?? "" });
    d.apply({ kind: "subflow-finished", at: d.now, effect, executionId: "c", state: "SUCCESS" });
    expect([d.state.status, d.run("s").state, d.state.pending]).toEqual(["KILLED", "KILLED", []]);
  });
});

describe("Pause", () => {
  test.for([
    ["RESUME", "SUCCESS", true],
    ["WARN", "WARNING", true],
    ["FAIL", "FAILED", false],
    ["CANCEL", "KILLED", false],
  ] as const)("[K3] that elapses with %s ends %s", ([behavior, state, goesOn]) => {
    const d = new Driver(flowOf([task("p"), task("b")]))
      .create()
      .expand("p", { kind: "pause", until: 2_000, behavior });
    d.advance(999);
    expect([d.state.status, d.run("p").state]).toEqual(["PAUSED", "PAUSED"]);
    d.advance(1);
    expect([d.run("p").state, d.has("b")]).toEqual([state, goesOn]);
  });

  test("[K3] a resume in time is a success whatever its behavior, and its timer then changes nothing", () => {
    for (const behavior of ["RESUME", "WARN", "FAIL", "CANCEL"] as const) {
      const d = new Driver(flowOf([task("p")])).create().expand("p", { kind: "pause", until: 2_000, behavior });
      d.resume();
      expect(d.run("p").state).toBe("SUCCESS");
      expect(d.changes(() => d.advance(5_000))).toBe(false);
    }
  });

  test("that elapses with FAIL fails at once: a policy retries attempts, not waiting", () => {
    const d = new Driver(flowOf([task("p", { retry: CONSTANT_RETRY })])).create();
    d.expand("p", { kind: "pause", until: 2_000, behavior: "FAIL" }).advance(1_000);
    expect(d.run("p").state).toBe("FAILED");
  });

  test("keeps a branch beside it running, and what it starts after its resume too", () => {
    const s = task("s", { lists: { tasks: [task("x"), task("y")] } });
    const d = new Driver(flowOf([task("p", { lists: { tasks: [task("w"), s] } })])).create();
    d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("s", { kind: "sequence", list: "tasks" });
    d.expand("w", { kind: "pause" }).finish("x");
    expect([d.state.status, d.run("y").waiting?.kind]).toEqual(["PAUSED", "start"]);
    d.finish("y").resume();
    expect(d.state.status).toBe("SUCCESS");
  });

  test("within a Parallel that fails is over with it, and the execution is not PAUSED any more", () => {
    const d = new Driver(
      flowOf([task("p", { lists: { tasks: [task("w"), task("x")] } })], { errors: [task("e")] }),
    ).create();
    d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("w", { kind: "pause" }).fail("x");
    expect([d.run("w").state, d.state.paused]).toEqual(["KILLED", 0]);
    d.finish("e");
    expect(d.state.status).toBe("FAILED");
  });
});

describe("Sleep", () => {
  test("ends SUCCESS at its time, with one attempt", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create().expand("a", { kind: "sleep", until: 3_000 });
    d.advance(1_999);
    expect(d.run("a").state).toBe("RUNNING");
    d.advance(1);
    expect([d.run("a").state, d.run("a").attempts, d.has("b")]).toEqual([
      "SUCCESS",
      [{ state: "SUCCESS", from: 1_000, to: 3_000 }],
      true,
    ]);
  });

  test("goes on while the execution is paused by hand, and holds back what follows", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create().expand("a", { kind: "sleep", until: 2_000 });
    d.apply({ kind: "pause-requested", at: d.now });
    d.advance(1_000);
    expect([d.run("a").state, d.run("b").waiting]).toEqual(["SUCCESS", { kind: "held" }]);
  });
});

describe("an expansion", () => {
  test("brings outputs that stay, whatever its children give", () => {
    const d = new Driver(flowOf([task("s", { lists: { tasks: [task("x")] } })])).create();
    const effect = d.effect("s");
    const expansion = { kind: "sequence", list: "tasks" } as const;
    d.apply({ kind: "task-expanded", at: d.now, effect, expansion, outputs: { value: "v" } });
    expect(d.run("s").outputs).toEqual({ value: "v" });
    d.finish("x");
    expect(d.run("s").outputs).toEqual({ value: "v" });
  });

  test("of a list that the flowable does not have is an empty one", () => {
    const d = new Driver(flowOf([task("s")])).create().expand("s", { kind: "sequence", list: "else" });
    expect(d.state.status).toBe("SUCCESS");
    const hostile = new Driver(flowOf([task("s")])).create().expand("s", { kind: "sequence", list: "constructor" });
    expect(hostile.state.status).toBe("SUCCESS");
  });

  test("to nothing is a success, or a failure that follows the retry policy", () => {
    const d = new Driver(flowOf([task("s", { retry: CONSTANT_RETRY })])).create();
    d.expand("s", { kind: "nothing", state: "FAILED" });
    expect(d.run("s").state).toBe("RETRYING");
    d.advance(1_000).expand("s", { kind: "nothing", state: "SUCCESS" });
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[E2] told a second time changes nothing", () => {
    const d = new Driver(flowOf([task("s", { lists: { tasks: [task("x")] } })])).create();
    const effect = d.effect("s");
    d.expand("s", { kind: "sequence", list: "tasks" });
    const again = () => d.apply({ kind: "task-expanded", at: d.now, effect, expansion: { kind: "pause" } });
    expect(d.changes(again)).toBe(false);
  });
});

describe("a Subflow whose execution is restarted with its parent", () => {
  const RESTARTS: typeof SUBFLOW = { ...SUBFLOW, restarts: true };
  const failed = (expansion = RESTARTS) =>
    new Driver(flowOf([task("s"), task("z")]))
      .create()
      .expand("s", expansion)
      .started("s", "child")
      .ended("s", "FAILED");
  const requests = (d: Driver) =>
    d.asked.flatMap((effect) => (effect.kind === "start-subflow" ? [effect.request.restarts] : []));

  test("[A1] asks for its restart under a fresh effect, and waits for its end again", () => {
    const d = failed();
    const before = d.asked.find((effect) => effect.kind === "start-subflow");
    d.restart();
    expect([d.run("s").state, requests(d)]).toEqual(["RUNNING", [undefined, "child"]]);
    expect(d.effect("s")).not.toBe(before && "id" in before ? before.id : "");
    d.started("s", "child").ended("s", "SUCCESS", { x: 1 });
    expect(d.run("s").outputs).toEqual({ executionId: "child", state: "SUCCESS", outputs: { x: 1 } });
    expect(d.run("s").attempts).toHaveLength(2);
    expect(d.finish("z").state.status).toBe("SUCCESS");
  });

  test("[E2] a late doubled end of the first time changes nothing", () => {
    const d = failed();
    const first = { kind: "subflow-finished", at: d.now, executionId: "child", state: "FAILED" } as const;
    d.restart();
    expect(d.changes(() => d.apply({ ...first, effect: "0:2" }))).toBe(false);
    expect(d.run("s").state).toBe("RUNNING");
  });

  test("is restarted again when it failed again, and after it was KILLED", () => {
    const d = failed().restart().started("s", "child").ended("s", "KILLED");
    expect(requests(d.restart())).toEqual([undefined, "child", "child"]);
  });

  test("that could only be started anew is waited for under its new id", () => {
    const d = failed().restart().started("s", "other");
    d.kill();
    expect(d.asked.at(-1)).toMatchObject({ kind: "kill-execution", executionId: "other" });
  });

  test("is started anew when nothing says otherwise, and when a retry tries it again", () => {
    expect(requests(failed(SUBFLOW).restart().expand("s", SUBFLOW))).toEqual([undefined, undefined]);
    const d = new Driver(flowOf([task("s", { retry: CONSTANT_RETRY })])).create().expand("s", RESTARTS);
    d.started("s", "child").ended("s", "FAILED").advance(1_000).expand("s", RESTARTS);
    expect(requests(d)).toEqual([undefined, undefined]);
  });

  test("the restarted execution tells its new waiting task, by the link that came with the restart", () => {
    const parent = { executionId: "p", effect: "4:9", depth: 2 };
    const d = new Driver(flowOf([task("a")])).create({ parent: { ...parent, effect: "4:2" } }).fail("a");
    d.apply({ kind: "effect-acknowledged", at: d.now, effect: d.state.pending[0]?.id ?? "" });
    d.apply({ kind: "restart-requested", at: d.now, parent });
    d.finish("a");
    expect(d.state.pending).toMatchObject([{ kind: "notify-parent", parent, state: "SUCCESS" }]);
  });
});

describe("how deep executions start each other", () => {
  const request = (facts: Parameters<Driver["create"]>[0]) => {
    const d = new Driver(flowOf([task("s")])).create(facts).expand("s", SUBFLOW);
    const effect = d.asked.find((asked) => asked.kind === "start-subflow");
    return effect?.kind === "start-subflow" ? effect.request : undefined;
  };

  test("is counted from what its own start said, waited for or not", () => {
    expect(request({})?.depth).toBe(1);
    expect(request({ depth: 3 })?.depth).toBe(4);
    expect(request({ parent: { executionId: "p", effect: "1:1", depth: 2 } })?.depth).toBe(3);
  });

  test("goes with the executions that wait for this one, nearest first", () => {
    expect(request({})?.ancestors).toBeUndefined();
    const parent = { executionId: "p", effect: "1:1", depth: 2, ancestors: ["g"] };
    expect(request({ parent })?.ancestors).toEqual(["p", "g"]);
  });

  test("ends at MAX_DEPTH also when nobody waits", () => {
    const d = new Driver(flowOf([task("s")])).create({ depth: MAX_DEPTH }).expand("s", { ...SUBFLOW, wait: false });
    expect(d.run("s").state).toBe("FAILED");
  });
});

describe("a Pause that has something to do first", () => {
  const BEFORE: Expansion = { kind: "pause", before: "onPause", until: 3_000, behavior: "FAIL" };
  const asked = (more: Partial<Task> = {}, expansion = BEFORE) =>
    new Driver(flowOf([task("p", { lists: { onPause: [task("t")] }, ...more }), task("z")]))
      .create()
      .expand("p", expansion);

  test("waits when that is done, and its time runs from then", () => {
    const d = asked();
    expect([d.run("p").state, d.state.status]).toEqual(["RUNNING", "RUNNING"]);
    d.now += 500;
    d.finish("t");
    expect([d.run("p").state, d.run("p").waiting, d.state.status]).toMatchObject([
      "PAUSED",
      { kind: "pause", until: 3_500 },
      "PAUSED",
    ]);
    d.resume(undefined, { a: 1 });
    expect([d.run("p").state, d.run("p").outputs]).toEqual(["SUCCESS", { onResume: { a: 1 } }]);
    expect(d.finish("z").state.status).toBe("SUCCESS");
  });

  test("does not wait when that fails, and waits when a restart has done it", () => {
    const d = asked().fail("t");
    expect(d.states()).toEqual({ p: "FAILED", t: "FAILED" });
    d.restart().finish("t");
    expect(d.run("p").state).toBe("PAUSED");
  });

  test("that its time made FAILED begins anew at a restart", () => {
    const d = asked().finish("t").advance(5_000);
    expect(d.run("p").state).toBe("FAILED");
    d.restart();
    expect([d.run("p").waiting?.kind, d.has("t")]).toEqual(["start", false]);
    d.expand("p", { ...BEFORE, until: d.now + 1_000 }).finish("t");
    expect(d.run("p").state).toBe("PAUSED");
  });

  test("[K1] killed it ends at once, before and while it waits", () => {
    const before = asked();
    before.kill();
    expect(before.states()).toEqual({ p: "KILLED", t: "KILLED" });
    const d = asked().finish("t");
    d.kill();
    expect([d.state.status, d.state.paused, d.run("p").state]).toEqual(["KILLED", 0, "KILLED"]);
  });

  test("[C6] ends KILLED when its container fails while it waits", () => {
    const p = task("p", { lists: { onPause: [task("t")] } });
    const d = new Driver(flowOf([task("both", { lists: { tasks: [p, task("w")] } })])).create();
    d.expand("both", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("p", BEFORE).finish("t").fail("w");
    expect(d.states()).toEqual({ both: "FAILED", p: "KILLED", w: "FAILED", t: "SUCCESS" });
  });
});

describe("with the flags of today", () => {
  const flags = [...CURRENT_FLAGS];

  test("a Pause says when it was resumed, and by whom", () => {
    const d = new Driver(flowOf([task("p")])).create({ flags }).expand("p", { kind: "pause" });
    d.apply({ kind: "resume-requested", at: 5_000, by: "jane" });
    const resumed = { by: "jane", on: "1970-01-01T00:00:05.000Z", to: "RUNNING" };
    expect(d.run("p").outputs).toEqual({ resumed });
    const old = new Driver(flowOf([task("p")])).create().expand("p", { kind: "pause" }).resume();
    expect(old.run("p").outputs).toEqual({});
  });

  test("a flowable that fails before it has children is not retried; a task and a Subflow are", () => {
    const failing = (more: Partial<Task>, given = flags) => {
      const d = new Driver(flowOf([task("s", { retry: CONSTANT_RETRY, ...more })])).create({ flags: given });
      return d.expand("s", { kind: "nothing", state: "FAILED", message: "no case" }).run("s").state;
    };
    const lists = { "case:a": [task("x")] };
    expect([failing({ lists }), failing({}), failing({ lists }, [])]).toEqual(["FAILED", "RETRYING", "RETRYING"]);
    const d = new Driver(flowOf([task("s", { retry: CONSTANT_RETRY })])).create({ flags }).expand("s", SUBFLOW);
    expect(d.started("s", "c").ended("s", "FAILED").run("s").state).toBe("RETRYING");
  });

  test("an execution whose only pause its container cut off goes on RUNNING", () => {
    const p = task("p", { lists: { tasks: [task("a"), task("w")] }, allowFailure: true });
    const status = (given: number[]) => {
      const d = new Driver(flowOf([p, task("z")])).create({ flags: given });
      d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("a", { kind: "pause" }).fail("w");
      return [d.run("z").state, d.state.status];
    };
    expect([status(flags), status([])]).toEqual([
      ["CREATED", "RUNNING"],
      ["CREATED", "PAUSED"],
    ]);
  });
});

describe("a sleep", () => {
  test("that its timeout cuts short fails, by its retry policy", () => {
    const asleep = { kind: "sleep", until: 2_000, timedOut: true } as const;
    const d = new Driver(flowOf([task("s", { retry: CONSTANT_RETRY })])).create().expand("s", asleep).advance(1_000);
    expect([d.run("s").state, d.run("s").error]).toEqual(["RETRYING", "The task did not finish within its timeout."]);
  });
});
