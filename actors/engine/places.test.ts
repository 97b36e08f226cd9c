import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import { freeze, thaw } from "./snapshot.ts";
import { CONSTANT_RETRY, Driver, flowOf, task } from "./testing.ts";

const PLACE: Expansion = { kind: "place", list: "tasks", files: {}, outputFiles: ["*.txt"] };

function placed(more: object = {}, flow: Partial<Flow> = {}): Driver {
  const lists = { tasks: [task("a"), task("b")] };
  return new Driver(flowOf([task("w", { lists, ...more })], flow)).create().expand("w", PLACE);
}

function opened(d: Driver, more: { manifest?: string; error?: string } = {}, value?: string): Driver {
  d.apply({ kind: "place-opened", at: d.now, effect: d.effect("w", value), ...more });
  return d;
}

function closed(d: Driver, more: { outputs?: Record<string, string>; error?: string } = {}, value?: string): Driver {
  d.apply({ kind: "place-closed", at: d.now, effect: d.effect("w", value), ...more });
  return d;
}

const asked = (d: Driver, kind: string) => d.asked.filter((effect) => effect.kind === kind).length;

describe("a shared directory", () => {
  test("[D1] is asked for when the task is expanded, and the first task starts once it is there", () => {
    const d = placed();
    expect([asked(d, "open-place"), d.has("a")]).toEqual([1, false]);
    opened(d);
    expect(d.states()).toEqual({ w: "RUNNING", a: "CREATED" });
  });

  test("[D1] that cannot be made fails the task, by its retry policy first", () => {
    expect(opened(placed(), { error: "no space" }).run("w")).toMatchObject({ state: "FAILED", error: "no space" });
    const d = opened(placed({ retry: CONSTANT_RETRY }), { error: "no space" });
    expect(d.run("w").state).toBe("RETRYING");
    opened(d.advance(1_000).expand("w", PLACE));
    expect(d.has("a")).toBe(true);
  });

  test("[D1] is not opened twice by an answer that comes twice", () => {
    const d = placed();
    const event = { kind: "place-opened", at: d.now, effect: d.effect("w") } as const;
    expect([d.changes(() => d.apply(event)), d.changes(() => d.apply(event))]).toEqual([true, false]);
  });

  test("[D2] is named by the list that the last answer left, also by that of a failed attempt", () => {
    const d = opened(placed({ lists: { tasks: [task("a", { retry: CONSTANT_RETRY }), task("b")] } }), {
      manifest: "m0",
    });
    const manifest = () => d.run("w").container?.place?.manifest;
    expect(manifest()).toBe("m0");
    d.finish("a", { state: "FAILED", place: "m1" });
    expect(manifest()).toBe("m1");
    d.advance(1_000).finish("a");
    expect(manifest()).toBe("m1");
    d.finish("b", { place: "m2" });
    expect(manifest()).toBe("m2");
  });

  test("[D2] an attempt that nobody waits for changes it no more", () => {
    const d = opened(placed()).dispatch("a");
    const effect = d.effect("a");
    d.apply({ kind: "task-lost", at: d.now, effect, reason: "gone" });
    const late = { kind: "task-finished", at: d.now, effect, answer: { state: "SUCCESS", place: "late" } } as const;
    expect(d.changes(() => d.apply(late))).toBe(false);
    expect(d.run("w").container?.place?.manifest).toBeUndefined();
  });

  test("[D3] is collected after the last task, and its task ends then", () => {
    const d = opened(placed()).finish("a").finish("b");
    expect([d.run("w").state, asked(d, "close-place"), d.state.status]).toEqual(["RUNNING", 1, "RUNNING"]);
    closed(d, { outputs: { outputFiles: "x" } });
    expect(d.run("w")).toMatchObject({ state: "SUCCESS", outputs: { outputFiles: "x" } });
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[D3] is collected after errors and finally, and stays failed", () => {
    const lists = { tasks: [task("a"), task("b")], errors: [task("e")], finally: [task("f")] };
    const d = opened(placed({ lists })).fail("a").finish("e");
    expect(asked(d, "close-place")).toBe(0);
    closed(d.finish("f"), { outputs: {} });
    expect([d.run("w").state, d.has("b"), d.state.status]).toEqual(["FAILED", false, "FAILED"]);
  });

  test("[D3] a failure to collect it fails the task", () => {
    const d = closed(opened(placed()).finish("a").finish("b"), { error: "no such folder" });
    expect(d.run("w")).toMatchObject({ state: "FAILED", error: "no such folder" });
    const soft = closed(
      opened(placed({ allowFailure: true }))
        .finish("a")
        .finish("b"),
      { error: "x" },
    );
    expect(soft.run("w").state).toBe("WARNING");
  });

  test("[D4] a kill removes it, while its tasks run, before they start and while it is collected", () => {
    const running = opened(placed()).dispatch("a");
    running.kill();
    expect(asked(running, "close-place")).toBe(0);
    running.stopped("a");
    expect([running.state.status, asked(running, "close-place")]).toEqual(["KILLED", 1]);

    const opening = placed();
    const effect = opening.effect("w");
    opening.kill();
    expect([opening.state.status, asked(opening, "close-place")]).toEqual(["KILLED", 1]);
    expect(opening.changes(() => opening.apply({ kind: "place-opened", at: opening.now, effect }))).toBe(false);

    const closing = opened(placed()).finish("a").finish("b");
    const close = closing.effect("w");
    closing.kill();
    expect(closing.state.status).toBe("KILLED");
    expect(closing.changes(() => closing.apply({ kind: "place-closed", at: closing.now, effect: close }))).toBe(false);
  });

  test("[D4] the end of its own container removes it", () => {
    const w = task("w", { lists: { tasks: [task("a")] } });
    const group = task("p", { lists: { tasks: [w, task("x")] } });
    const d = new Driver(flowOf([group])).create().expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
    opened(d.expand("w", PLACE));
    d.fail("x");
    expect(d.states()).toMatchObject({ p: "FAILED", w: "KILLED", a: "KILLED" });
    expect(asked(d, "close-place")).toBe(1);
  });

  test("[D5] a restart runs all of it again in a new one", () => {
    const d = closed(opened(placed(), { manifest: "m0" }).finish("a", { place: "m1" }).fail("b"));
    const first = d.run("a").index;
    d.restart();
    expect(d.states()).toEqual({ w: "RESTARTED" });
    opened(d.expand("w", PLACE), { manifest: "n0" });
    expect(d.run("a").index).not.toBe(first);
    expect(d.run("w").container?.place?.manifest).toBe("n0");
    closed(d.finish("a").finish("b"));
    expect(d.state.status).toBe("SUCCESS");
  });

  test("each iteration has one of its own", () => {
    const w = task("w", { lists: { tasks: [task("a")] } });
    const d = new Driver(flowOf([task("each", { lists: { tasks: [w] } })])).create();
    d.expand("each", { kind: "each", list: "tasks", values: ["x", "y"], concurrency: 0 });
    for (const value of ["x", "y"]) opened(d.expand("w", PLACE, value), { manifest: `m-${value}` }, value);
    expect(d.run("w", "x").container?.place).toMatchObject({ manifest: "m-x" });
    expect(d.run("w", "y").container?.place).toMatchObject({ manifest: "m-y" });
    expect(d.run("w", "x").container?.place?.id).not.toBe(d.run("w", "y").container?.place?.id);
  });

  test("without an enabled task it is made and collected all the same", () => {
    const d = opened(placed({ lists: { tasks: [task("a", { disabled: true })] } }));
    expect(asked(d, "close-place")).toBe(1);
    expect(closed(d).state.status).toBe("SUCCESS");
  });

  test("a state with one in it survives a snapshot", () => {
    const d = placed();
    expect(thaw(freeze(d.state))).toEqual(d.state);
    opened(d, { manifest: "m" });
    expect(thaw(freeze(d.state))).toEqual(d.state);
    d.finish("a").finish("b");
    expect(thaw(freeze(d.state))).toEqual(d.state);
  });
});
