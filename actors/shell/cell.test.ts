import { describe, expect, test } from "vitest";
import type { ExecutionEvent } from "#schema/event.ts";
import { Bench, LONG_MS } from "#test/flows/harness.ts";
import type { Live } from "./live.ts";

const flow = (tasks: string, id = "flow") => `id: ${id}\nnamespace: company.team\ntasks:\n${tasks}`;
const RETURN = `  - id: a\n    type: io.kestra.plugin.core.debug.Return\n    format: x\n`;
const PAUSE = `  - id: p\n    type: io.kestra.plugin.core.flow.Pause\n`;
const SHELL = `  - id: a\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [ls]\n`;

describe("a cell", () => {
  test("[S4] starts an execution once, however often it is asked, and never again after its end", async () => {
    const bench = new Bench();
    const first = bench.start(flow(RETURN));
    expect(bench.start(flow(RETURN))).toBe(first);
    await bench.run(LONG_MS);
    bench.restartAs("b2");
    expect(bench.start(flow(RETURN)).state.status).toBe("SUCCESS");
    expect(bench.store.events(first.id, 0).filter((event) => event.kind === "execution-created")).toHaveLength(1);
  });

  test("[S1] hands nothing on before the events that asked for it are stored", async () => {
    const bench = new Bench();
    const stored: number[] = [];
    bench.world.onEnqueue = (job) => void stored.push(bench.store.events(job.executionId, 0).length);
    bench.start(flow(SHELL));
    await bench.run(10);
    expect(stored).toEqual([1]);
  });

  test("[S2] lets others in between slices of a long turn", async () => {
    const bench = new Bench();
    const each = `  - id: f\n    type: io.kestra.plugin.core.flow.ForEach\n    concurrencyLimit: 0\n    values: "{{ range(1, 1000) }}"\n    tasks:\n      - id: a\n        type: io.kestra.plugin.core.debug.Return\n        format: x\n`;
    const long = bench.start(flow(each));
    expect(long.state.status).toBe("RUNNING");
    const short = bench.start(flow(RETURN, "short"));
    expect([short.state.status, long.state.status]).toEqual(["SUCCESS", "RUNNING"]);
    await bench.run(10);
    expect(long.state.status).toBe("SUCCESS");
  });

  test("[S3] goes on with everything after the process has died", async () => {
    const bench = new Bench();
    bench.world.onEnqueue = () => {};
    const waits = bench.start(flow(`${PAUSE}    pauseDuration: PT10M\n${RETURN}`, "waits"));
    const person = bench.start(flow(`${PAUSE}${RETURN}`, "person"));
    const queued = bench.start(flow(SHELL, "queued"));
    await bench.run(1_000);
    bench.restartAs("b2");
    await bench.run(1_000);
    expect(bench.world.of("enqueue").map(([job]) => (job as { executionId: string }).executionId)).toEqual([
      queued.id,
      queued.id,
    ]);
    expect(bench.again(person).state.status).toBe("PAUSED");
    await bench.run(LONG_MS);
    expect([bench.again(waits).state.status, bench.again(person).state.status]).toEqual(["SUCCESS", "PAUSED"]);
    expect(bench.cell.command(bench.again(person), { kind: "resume" })).toMatchObject({ ok: true });
    expect(bench.again(person).state.status).toBe("SUCCESS");
  });

  test("[A2] gives work of an earlier start of the process to another at once, but not the work of agents", async () => {
    const http = `  - id: a\n    type: io.kestra.plugin.core.http.Request\n    uri: https://example.com\n`;
    const bench = new Bench();
    bench.worker = () => undefined;
    const lost = bench.start(flow(http, "lost"));
    const kept = bench.start(flow(SHELL, "kept"));
    await bench.run(1_000);
    bench.restartAs("b2");
    await bench.run(100);
    const kinds = (id: string) => bench.store.events(id, 0).map((event) => event.kind);
    expect([kinds(lost.id).includes("task-lost"), kinds(kept.id).includes("task-lost")]).toEqual([true, false]);
  });

  test("[S1] tells lists nothing of what a start has found out and could not store", async () => {
    const http = `  - id: a\n    type: io.kestra.plugin.core.http.Request\n    uri: https://example.com\n`;
    const bench = new Bench();
    bench.worker = () => undefined;
    bench.world.refusals.set("project", 1_000);
    const live = bench.start(flow(http));
    await bench.run(1_000);
    bench.world.refusals.clear();
    bench.database.exec("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    bench.restartAs("b2");
    await bench.run(5_000);
    expect(bench.world.rows.get(live.id)?.seq ?? 0).toBeLessThanOrEqual(bench.store.load(live.id)?.head ?? 0);
  });

  test("[S5] an execution that was dropped from memory hands nothing on any more", async () => {
    const bench = new Bench();
    bench.world.refusals.set("enqueue", 1);
    const live = bench.start(flow(SHELL));
    await bench.run(10);
    bench.database.exec("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(() => bench.cell.command(live, { kind: "pause" })).toThrow("disk full");
    bench.database.exec("DROP TRIGGER full");
    bench.cell.command(bench.again(live), { kind: "kill", cascade: true });
    await bench.run(60_000);
    expect([bench.again(live).state.status, bench.world.of("enqueue").length]).toEqual(["KILLED", 1]);
  });

  test("[S5] reads an execution again that could not be stored: what is not stored did not happen", async () => {
    const bench = new Bench();
    const live = bench.start(flow(`${PAUSE}${RETURN}`));
    bench.database.exec("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(() => bench.cell.command(live, { kind: "resume" })).toThrow("disk full");
    expect(bench.again(live).state.status).toBe("PAUSED");
    bench.database.exec("DROP TRIGGER full");
    bench.cell.command(bench.again(live), { kind: "resume" });
    expect(bench.again(live).state.status).toBe("SUCCESS");
  });

  test("[S5] looks again at an execution that could not be stored, whoever had asked", async () => {
    const bench = new Bench();
    const live = bench.start(flow(`${PAUSE}${RETURN}`));
    await bench.run(1_000);
    const looks: unknown[] = [];
    const { find } = bench.cell;
    bench.cell.find = (id) => {
      looks.push(id);
      return find.call(bench.cell, id);
    };
    bench.database.exec("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(() => bench.cell.command(live, { kind: "resume" })).toThrow("disk full");
    await bench.run(15_000);
    expect(looks).toContain(live.id);
  });

  test("[S5] tries again later what could not be stored in the background, and says so", async () => {
    const bench = new Bench();
    const live = bench.start(flow(`${PAUSE}    pauseDuration: PT1M\n${RETURN}`));
    bench.database.exec("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    await bench.run(65_000);
    expect([bench.again(live).state.status, bench.host.errors.length > 0]).toEqual(["PAUSED", true]);
    bench.database.exec("DROP TRIGGER full");
    await bench.run(60_000);
    expect(bench.again(live).state.status).toBe("SUCCESS");
  });

  test("is not stopped by one execution that cannot be read", async () => {
    const bench = new Bench();
    const bad = bench.start(flow(`${PAUSE}    pauseDuration: PT1M\n`, "bad"));
    const good = bench.start(flow(`${PAUSE}    pauseDuration: PT1M\n`, "good"));
    const busy = bench.start(flow(SHELL, "busy"));
    await bench.run(1_000);
    bench.database.prepare('UPDATE journal SET body = \'[{"kind":"from-the-future"}]\' WHERE id = ?').run(bad.id);
    bench.database.prepare("UPDATE execution SET boot = 'b1' WHERE id = ?").run(bad.id);
    bench.restartAs("b2");
    await bench.run(120_000);
    expect([bench.again(good).state.status, bench.again(busy).state.status]).toEqual(["SUCCESS", "SUCCESS"]);
    expect(bench.host.errors.length).toBeGreaterThan(0);
    expect(() => bench.cell.find(bad.id)).toThrow();
  });

  test("[J2] shows in lists what happened just before a crash, also of what will not move for days", async () => {
    const bench = new Bench();
    const live = bench.start(flow(`${PAUSE}    pauseDuration: P7D\n`));
    bench.restartAs("b2");
    await bench.run(1_000);
    expect(bench.world.rows.get(live.id)).toMatchObject({ state: "PAUSED", seq: live.state.seq });
  });

  test("[I27] loads from a snapshot what it would load from the whole log, and from the log when the snapshot is too old", async () => {
    const bench = new Bench({ snapshotAfter: 2 });
    const live = bench.start(flow(`${PAUSE}${RETURN}`));
    await bench.run(1_000);
    expect(bench.database.prepare("SELECT count(*) AS n FROM snapshot").get()?.n).toBe(1);
    bench.database.exec(`UPDATE snapshot SET body = '{"version":0,"state":{}}'`);
    bench.restartAs("b2");
    expect(bench.again(live).state.status).toBe("PAUSED");
    bench.cell.command(bench.again(live), { kind: "resume" });
    expect(bench.again(live).state.status).toBe("SUCCESS");
  });
});

describe("a command", () => {
  const paused = () => {
    const bench = new Bench();
    return { bench, live: bench.start(flow(`${PAUSE}${RETURN}`)) };
  };

  test.for([
    ["kill", "SUCCESS", 409],
    ["pause", "SUCCESS", 422],
    ["resume", "SUCCESS", 409],
    ["restart", "SUCCESS", 422],
    ["pause", "PAUSED", 422],
  ] as const)("%s of an execution in %s is refused with %i", async ([kind, state, status]) => {
    const { bench, live } = paused();
    if (state === "SUCCESS") bench.cell.command(live, { kind: "resume" });
    const command = kind === "kill" ? ({ kind, cascade: false } as const) : { kind };
    expect(bench.cell.command(live, command)).toMatchObject({ ok: false, status });
  });

  test("to kill what has ended, with all below it, is no mistake", () => {
    const { bench, live } = paused();
    bench.cell.command(live, { kind: "resume" });
    expect(bench.cell.command(live, { kind: "kill", cascade: true })).toMatchObject({ ok: true });
  });

  test("to resume a task run that is not paused, or that there is not, is refused and changes nothing", () => {
    const { bench, live } = paused();
    const before = live.state;
    const resume = (taskRunId: string) => bench.cell.command(live, { kind: "resume", taskRunId });
    expect(resume(`${live.id.slice(0, 16)}-9`)).toMatchObject({ ok: false, status: 404 });
    expect(resume("other-1")).toMatchObject({ ok: false, status: 404 });
    expect(live.state).toBe(before);
    expect(resume(`${live.id.slice(0, 16)}-0`)).toMatchObject({
      ok: true,
      execution: { state: { current: "SUCCESS" } },
    });
  });
});

describe("a removed execution", () => {
  const CHILD = flow(SHELL, "child");
  const PARENT = flow(
    `  - id: s\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: company.team\n    flowId: child\n`,
    "parent",
  );

  test("is gone from memory, rows and lists, and its agent's job is stopped", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    const live = bench.start(CHILD);
    await bench.run(1_000);
    bench.cell.remove(live);
    await bench.run(1_000);
    expect([bench.cell.find(live.id), bench.store.load(live.id)]).toEqual([undefined, undefined]);
    expect(bench.world.rows.get(live.id)).toMatchObject({ deleted: true, state: "KILLED" });
    expect(bench.world.of("cancel")).toHaveLength(1);
  });

  test("leaves no parent waiting for it, although its task had not stopped", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    bench.world.onCancel = () => "told";
    bench.add(CHILD);
    const parent = bench.start(PARENT);
    await bench.run(1_000);
    const [told] = bench.world.of("startSubflow");
    expect(told).toBeDefined();
    const waiting = parent.state.runs.get(0)?.waiting;
    const child = bench.cell.find(waiting?.kind === "subflow" ? (waiting.executionId ?? "") : "");
    if (child === undefined) throw new Error("no child");
    bench.cell.remove(child);
    await bench.run(1_000);
    expect(parent.state.status).toBe("KILLED");
  });
});

test("[I8] a watcher hears of every event and every line, once and in order", async () => {
  const bench = new Bench();
  const live = bench.start(flow(`${PAUSE}${RETURN}${SHELL.replace("id: a", "id: b")}`));
  const events: ExecutionEvent[] = bench.store.events(live.id, 0);
  const lines: string[] = bench.store.lines(live.id, 0).map((line) => line.message);
  const unwatch = bench.cell.watch(live.id, {
    committed(_, more, first, said, firstLine) {
      expect([first, firstLine]).toEqual([events.length, lines.length]);
      events.push(...more);
      lines.push(...said.map((line) => line.message));
    },
  });
  bench.cell.command(live, { kind: "resume" });
  await bench.run(1_000);
  expect(live.state.status).toBe("SUCCESS");
  expect(events).toEqual(bench.store.events(live.id, 0));
  expect(lines).toEqual(bench.store.lines(live.id, 0).map((line) => line.message));
  unwatch();
  bench.cell.say(live, "", [{ at: 1, level: "INFO", message: "late" }]);
  expect(lines).not.toContain("late");
});

describe("[G4] lines that an attempt numbers", () => {
  const lines = (...messages: string[]) => messages.map((message) => ({ at: 1, level: "INFO" as const, message }));
  const told = (bench: Bench, { id }: { id: string }) =>
    bench.store.lines(id, 0).flatMap(({ level, message }) => (level === "INFO" && message.length === 1 ? message : []));

  async function running(): Promise<[Bench, Live, string]> {
    const bench = new Bench();
    bench.worker = () => undefined;
    const live = bench.start(flow(SHELL));
    await bench.run(100);
    const waiting = live.state.runs.get(0)?.waiting;
    return [bench, live, waiting?.kind === "answer" ? waiting.effect : ""];
  }

  test("are stored once, also when they come again after a crash, in other batches", async () => {
    const [bench, live, effect] = await running();
    bench.cell.say(live, effect, lines("a", "b"), { epoch: 1, from: 0 });
    bench.cell.say(live, effect, lines("a", "b"), { epoch: 1, from: 0 });
    bench.restartAs("b2");
    bench.cell.say(bench.again(live), effect, lines("a", "b", "c"), { epoch: 1, from: 0 });
    bench.cell.say(bench.again(live), effect, lines("b", "c", "d"), { epoch: 1, from: 1 });
    expect(told(bench, live)).toEqual(["a", "b", "c", "d"]);
  });

  test("are counted anew under another lease, and those of an earlier lease come too late", async () => {
    const [bench, live, effect] = await running();
    bench.cell.say(live, effect, lines("a"), { epoch: 1, from: 0 });
    bench.cell.say(live, effect, lines("b"), { epoch: 2, from: 0 });
    bench.restartAs("b2");
    bench.cell.say(bench.again(live), effect, lines("a", "x"), { epoch: 1, from: 0 });
    bench.cell.say(bench.again(live), effect, lines("b", "c"), { epoch: 2, from: 0 });
    expect(told(bench, live)).toEqual(["a", "b", "c"]);
  });

  test("come once with an answer that is told again", async () => {
    const [bench, live, effect] = await running();
    bench.cell.answer(live, effect, { state: "SUCCESS" }, lines("a"), { epoch: 1, from: 0 });
    bench.restartAs("b2");
    bench.cell.answer(bench.again(live), effect, { state: "SUCCESS" }, lines("a"), { epoch: 1, from: 0 });
    expect(told(bench, live)).toEqual(["a"]);
  });

  test("are not taken as heard when they could not be stored", async () => {
    const [bench, live, effect] = await running();
    bench.database.exec("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(() => bench.cell.say(live, effect, lines("a"), { epoch: 1, from: 0 })).toThrow("disk full");
    bench.database.exec("DROP TRIGGER full");
    bench.cell.say(bench.again(live), effect, lines("a"), { epoch: 1, from: 0 });
    expect(told(bench, live)).toEqual(["a"]);
    bench.cell.remove(bench.again(live));
    expect(bench.store.heard(live.id, effect)).toBeUndefined();
  });
});
