import { describe, expect, test } from "vitest";
import { CURRENT_FLAGS, copyRuns } from "#engine/index.ts";
import type { Command, StartRequest } from "#schema/cell.ts";
import { taskRunId } from "#schema/ids.ts";
import { Bench } from "#test/flows/harness.ts";
import { Removed } from "./cell.ts";
import { stateAt } from "./history.ts";
import type { Live } from "./live.ts";

const flow = (body: string, id = "flow") => `id: ${id}\nnamespace: company.team\n${body}`;
const RETURN = (id: string, format = id) =>
  `  - {id: ${id}, type: io.kestra.plugin.core.debug.Return, format: "${format}"}\n`;
const SHELL = (id: string, more = "") =>
  `  - {id: ${id}, type: io.kestra.plugin.scripts.shell.Commands, commands: [ls]${more}}\n`;
const PAUSE = "  - {id: p, type: io.kestra.plugin.core.flow.Pause}\n";
const FAILED = { state: "FAILED", error: "boom" } as const;
const SUCCESS = { state: "SUCCESS" } as const;

const statesOf = ({ state, program }: Live) =>
  Object.fromEntries(
    [...state.runs].filter(({ dropped }) => !dropped).map((run) => [program.plan.tasks[run.task]?.id, run.state]),
  );
const linesOf = (bench: Bench, { id }: Live, level = "WARN") =>
  bench.store.lines(id, 0).flatMap((line) => (line.level === level ? line.message : []));

describe("a command", () => {
  test("[I19] given twice has one effect and the same answer, also after a crash", async () => {
    const bench = new Bench();
    const live = bench.start(flow(`tasks:\n${PAUSE}  - {id: q, type: io.kestra.plugin.core.flow.Pause}\n`));
    const resume: Command = { kind: "resume", commandId: "c1" };
    expect(bench.cell.command(live, resume)).toMatchObject({ ok: true });
    expect(statesOf(live)).toEqual({ p: "SUCCESS", q: "PAUSED" });
    bench.restartAs("b2");
    expect(bench.cell.command(bench.again(live), resume)).toMatchObject({ ok: true });
    expect(statesOf(bench.again(live))).toEqual({ p: "SUCCESS", q: "PAUSED" });
  });

  test("[I19] a kill of a child that comes late does not kill what was restarted since", async () => {
    const bench = new Bench();
    bench.add(flow(`tasks:\n${SHELL("a")}`, "child"));
    bench.worker = () => undefined;
    const subflow = "  - {id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: company.team, flowId: child}\n";
    const parent = bench.start(flow(`tasks:\n${subflow}`, "parent"));
    await bench.run(1_000);
    bench.cell.command(parent, { kind: "kill", cascade: true });
    await bench.run(30_000);
    const [id, kill] = bench.world.of("command").at(-1) as [string, Command];
    const child = bench.again({ id });
    expect(child.state.status).toBe("KILLED");
    bench.cell.command(child, { kind: "restart" });
    await bench.run();
    bench.cell.command(child, kill);
    expect(child.state.status).toBe("RUNNING");
  });

  test("sets labels: given keys win, others stay, empty ones are no labels", () => {
    const bench = new Bench();
    const live = bench.start(flow(`labels: {team: data, stage: test}\ntasks:\n${RETURN("a")}`));
    const labels = [
      { key: "team", value: "ops" },
      { key: "", value: "" },
      { key: "new", value: "1" },
    ];
    expect(bench.cell.command(live, { kind: "set-labels", labels })).toMatchObject({
      ok: true,
      execution: {
        labels: [
          { key: "team", value: "ops" },
          { key: "stage", value: "test" },
          { key: "new", value: "1" },
        ],
      },
    });
  });

  test("changes the state of a task run by its id", async () => {
    const bench = new Bench();
    bench.worker = () => FAILED;
    const live = bench.start(flow(`tasks:\n${SHELL("a")}${RETURN("b")}`));
    await bench.run(1_000);
    const change = (taskRun: string): Command => ({ kind: "change-state", taskRunId: taskRun, state: "SUCCESS" });
    expect(bench.cell.command(live, change("x-0"))).toMatchObject({ ok: false, status: 404 });
    expect(bench.cell.command(live, change(taskRunId(live.id, 0)))).toMatchObject({
      ok: true,
      execution: { state: { current: "SUCCESS" } },
    });
    expect(statesOf(live)).toEqual({ a: "SUCCESS", b: "SUCCESS" });
    expect(bench.cell.command(live, { kind: "resume", taskRunId: "x-0" })).toMatchObject({ ok: false, status: 409 });
  });

  test("goes on from a breakpoint, after a crash too", async () => {
    const bench = new Bench();
    const live = bench.start(flow(`tasks:\n${RETURN("a")}${RETURN("b")}`), {}, { breakpoints: ["b"] });
    expect(live.state.status).toBe("BREAKPOINT");
    bench.restartAs("b2");
    await bench.run(1_000);
    expect(bench.again(live).state.status).toBe("BREAKPOINT");
    bench.cell.command(bench.again(live), { kind: "resume-from-breakpoint" });
    expect(bench.again(live).state.status).toBe("SUCCESS");
  });
});

describe("an execution that goes on from another one", () => {
  const forkOf = (live: Live, from: "failed" | number): NonNullable<StartRequest["fork"]> => ({
    executionId: live.id,
    seq: live.state.seq,
    runs: copyRuns(live.state, live.program.plan).runs,
    from,
  });

  test("sees the outputs it took over, and runs the rest", async () => {
    const bench = new Bench();
    bench.worker = () => FAILED;
    const source = flow(
      `tasks:\n${RETURN("a", "{{ execution.id }}")}${SHELL("b")}${RETURN("c", "{{ outputs.a.value }}")}`,
    );
    const old = bench.start(source);
    await bench.run(1_000);
    bench.worker = () => SUCCESS;
    const fork = bench.start(
      source,
      {},
      { id: "9".repeat(22), fork: forkOf(old, "failed"), attempt: 2, parentId: old.id },
    );
    await bench.run(1_000);
    expect(statesOf(fork)).toEqual({ a: "SUCCESS", b: "SUCCESS", c: "SUCCESS" });
    expect(fork.state.runs.get(2)?.outputs).toEqual({ value: old.id });
    expect(bench.cell.json(fork)).toMatchObject({ parentId: old.id, metadata: { attemptNumber: 2 } });
    expect([old.state.status, bench.store.events(fork.id, 0)[0]]).toMatchObject([
      "FAILED",
      { flags: [...CURRENT_FLAGS] },
    ]);
  });

  test("[I9] [I22] is told in rows of a bearable size, and is the same after a crash", async () => {
    const bench = new Bench();
    const each = `  - id: f\n    type: io.kestra.plugin.core.flow.ForEach\n    values: "{{ range(1, 6) }}"\n    tasks:\n    ${RETURN("r", `{{ '0123456789' ~ taskrun.value }}`).trimStart()}`;
    const source = flow(`tasks:\n${each.replace("    - {id: r", "      - {id: r")}${PAUSE}`);
    const old = bench.start(source);
    const runs = copyRuns(old.state, old.program.plan).runs.map((run) =>
      run.taskId === "r" ? { ...run, outputs: { value: "x".repeat(150_000) } } : run,
    );
    const fork = bench.start(source, {}, { id: "9".repeat(22), fork: { ...forkOf(old, runs.length - 1), runs } });
    await bench.run();
    const events = bench.store.events(fork.id, 0);
    expect(events.map(({ kind }) => kind).filter((kind) => kind === "runs-copied").length).toBeGreaterThan(4);
    for (const { body } of bench.database.prepare("SELECT body FROM journal").all())
      expect(String(body).length).toBeLessThan(600_000);
    expect(fork.state.status).toBe("PAUSED");
    const before = fork.state;
    bench.restartAs("b2");
    expect(bench.again(fork).state).toEqual(before);
  });

  test("is what the other was at any of its events", async () => {
    const bench = new Bench();
    const live = bench.start(flow(`tasks:\n${RETURN("a")}${PAUSE}${RETURN("b")}`));
    bench.cell.command(live, { kind: "resume" });
    const seen = Array.from({ length: live.state.seq + 2 }, (_, seq) => stateAt(bench.store, live, seq));
    expect(seen.map(({ seq }) => seq)).toEqual([
      ...Array.from({ length: live.state.seq + 1 }, (_, seq) => seq),
      live.state.seq,
    ]);
    expect(seen.map(({ status }) => status)).toEqual([
      "CREATED",
      "RUNNING",
      "RUNNING",
      "PAUSED",
      "RUNNING",
      "SUCCESS",
      "SUCCESS",
    ]);
    expect(seen.at(-1)).toEqual(live.state);
  });
});

describe("a retry as a new execution", () => {
  const RETRY = ", retry: {type: constant, interval: PT10S, maxAttempts: 3, behavior: CREATE_NEW_EXECUTION}";

  test("[R2] starts with the same inputs and labels, and the last of the chain tells the parent", async () => {
    const bench = new Bench();
    bench.add(
      flow(`inputs:\n  - {id: n, type: INT}\ntasks:\n${SHELL("a", RETRY)}${RETURN("b", "{{ inputs.n }}")}`, "child"),
    );
    let count = 0;
    bench.worker = () => (++count < 3 ? FAILED : SUCCESS);
    const subflow =
      "  - {id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: company.team, flowId: child, inputs: {n: 7}, transmitFailed: true}\n";
    const parent = bench.start(flow(`tasks:\n${subflow}`, "parent"));
    await bench.run(5_000);
    expect(parent.state.status).toBe("RUNNING");
    bench.restartAs("b2");
    await bench.run(60_000);
    expect(bench.again(parent).state.status).toBe("SUCCESS");
    const chain = bench.world.of("startRetry").map(([id]) => bench.again({ id: String(id) }));
    expect(chain.map(({ state }) => [state.status, state.attempt])).toEqual([
      ["RETRIED", 1],
      ["RETRIED", 2],
    ]);
    const last = bench.again({ id: chain[1]?.state.retriedAs ?? "" });
    expect(bench.cell.json(last)).toMatchObject({
      originalId: chain[0]?.id,
      parentId: chain[1]?.id,
      inputs: { n: 7 },
      metadata: { attemptNumber: 3 },
      state: { current: "SUCCESS" },
    });
    expect(bench.cell.json(last).metadata.originalCreatedDate).toBe(bench.cell.json(chain[0] ?? last).state.startDate);
  });

  test("[R2] is started once although the call is refused and the process dies", async () => {
    const bench = new Bench();
    bench.worker = () => FAILED;
    bench.world.refusals.set("startRetry", 2);
    const first = bench.start(flow(`tasks:\n${SHELL("a", RETRY)}`));
    await bench.run(10_100);
    bench.restartAs("b2");
    await bench.run(60_000);
    const ids = new Set(bench.world.of("startRetry").map(([id]) => id));
    expect(ids.size).toBe(2);
    const second = bench.again({ id: bench.again(first).state.retriedAs ?? "" });
    expect(bench.again({ id: second.state.retriedAs ?? "" }).state).toMatchObject({ status: "FAILED", attempt: 3 });
  });

  test("[R3] a kill of the parent reaches the execution that runs now", async () => {
    const bench = new Bench();
    bench.add(flow(`tasks:\n${SHELL("a", RETRY)}`, "child"));
    bench.worker = (job) => (job.executionId === firstId ? FAILED : undefined);
    let firstId = "";
    const onSubflow = bench.world.onSubflow;
    bench.world.onSubflow = async (...given) => {
      const started = await onSubflow(...given);
      if (started.ok) firstId = started.executionId;
      return started;
    };
    const subflow = "  - {id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: company.team, flowId: child}\n";
    const parent = bench.start(flow(`tasks:\n${subflow}`, "parent"));
    await bench.run(15_000);
    const next = bench.again({ id: bench.again({ id: firstId }).state.retriedAs ?? "" });
    expect(next.state.status).toBe("RUNNING");
    bench.cell.command(parent, { kind: "kill", cascade: true });
    await bench.run(60_000);
    expect([bench.again(next).state.status, bench.again(parent).state.status]).toEqual(["KILLED", "KILLED"]);
  });
});

describe("an SLA", () => {
  const assertion = (assert: string, behavior = "FAIL", labels = "{sla: broken}") =>
    `sla:\n  - {id: good, type: EXECUTION_ASSERTION, assert: "${assert}", behavior: ${behavior}, labels: ${labels}}\n`;

  test("[Y1] that asserts something is looked at after each batch of events", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    const live = bench.start(
      flow(`${assertion("{{ outputs.a.value == 'fine' }}")}tasks:\n${RETURN("a", "fine")}${SHELL("b")}`),
    );
    expect([live.state.status, linesOf(bench, live)]).toEqual(["RUNNING", []]);
    const bad = bench.start(
      flow(`${assertion("{{ outputs.a.value == 'fine' }}")}tasks:\n${RETURN("a", "bad")}${SHELL("b")}`, "bad"),
    );
    expect([bad.state.status, statesOf(bad)]).toEqual(["FAILED", { a: "SUCCESS", b: "FAILED" }]);
    expect(linesOf(bench, bad)).toEqual(["SLA 'good' violated: assertion is false: {{ outputs.a.value == 'fine' }}."]);
    expect(bench.cell.json(bad).labels).toContainEqual({ key: "sla", value: "broken" });
  });

  test("that cannot be evaluated is ignored, and says so once", async () => {
    const bench = new Bench();
    const source = flow(`${assertion("{{ labels.nobody.value }}")}tasks:\n${RETURN("a")}${PAUSE}`);
    const live = bench.start(source);
    bench.cell.command(live, { kind: "pause" });
    bench.cell.command(live, { kind: "resume" });
    expect([live.state.status, linesOf(bench, live).length]).toEqual(["SUCCESS", 1]);
    expect(linesOf(bench, live)[0]).toMatch(/^Ignoring SLA 'good': /);
  });

  test("that asks the world first is judged by its answer", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    bench.world.onLookup = () => ({ ok: true, value: "no" });
    bench.world.refusals.set("lookup", 1);
    const live = bench.start(flow(`${assertion("{{ kv('open') == 'yes' }}", "CANCEL")}tasks:\n${SHELL("a")}`));
    expect(live.state.status).toBe("RUNNING");
    await bench.run(5_000);
    expect(live.state.status).toBe("CANCELLED");
  });

  test("[Y2] on the duration ends what runs too long, after a crash too, and looks at nothing meanwhile", async () => {
    const bench = new Bench();
    const sla = "sla:\n  - {id: quick, type: MAX_DURATION, duration: PT1H, behavior: CANCEL}\n";
    const live = bench.start(flow(`${sla}tasks:\n${PAUSE}`));
    expect(bench.store.open()).toMatchObject([{ due: live.state.at + 3_600_000 }]);
    bench.restartAs("b2");
    await bench.run(3_599_000);
    expect(bench.again(live).state.status).toBe("PAUSED");
    await bench.run(2_000);
    expect(bench.again(live).state.status).toBe("CANCELLED");
  });
});

describe("[T3] a removed execution", () => {
  test("does not come back by a late start, answer, child or command", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    const source = flow(`tasks:\n${SHELL("a")}`);
    const live = bench.start(source);
    await bench.run(1_000);
    bench.cell.remove(live);
    expect(() => bench.start(source)).toThrow(Removed);
    bench.restartAs("b2");
    expect(() => bench.start(source)).toThrow(Removed);
    expect(bench.cell.find(live.id)).toBeUndefined();
    await bench.run(60_000);
    expect([bench.store.load(live.id), bench.world.rows.get(live.id)?.deleted]).toEqual([undefined, true]);
  });

  test("that was to be tried again is not, and its parent hears of the end", async () => {
    const bench = new Bench();
    const retry = ", retry: {type: constant, interval: PT1H, maxAttempts: 3, behavior: CREATE_NEW_EXECUTION}";
    bench.add(flow(`tasks:\n${SHELL("a", retry)}`, "child"));
    bench.worker = () => FAILED;
    const subflow = "  - {id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: company.team, flowId: child}\n";
    const parent = bench.start(flow(`tasks:\n${subflow}`, "parent"));
    await bench.run(1_000);
    const waiting = parent.state.runs.get(0)?.waiting;
    const child = bench.again({ id: (waiting?.kind === "subflow" && waiting.executionId) || "" });
    expect(child.state.status).toBe("RETRIED");
    bench.cell.remove(child);
    await bench.run(7_200_000);
    expect([parent.state.status, bench.world.of("startRetry")]).toEqual(["KILLED", []]);
  });
});
