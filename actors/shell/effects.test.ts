import { describe, expect, test } from "vitest";
import { renderTyped } from "#expr/index.ts";
import { markersIn } from "#schema/stored.ts";
import { Bench, LONG_MS } from "#test/flows/harness.ts";

const flow = (tasks: string, more = "") => `id: flow\nnamespace: company.team\n${more}tasks:\n${tasks}`;
const RETURN = (format: string, id = "a") =>
  `  - id: ${id}\n    type: io.kestra.plugin.core.debug.Return\n    format: "${format}"\n`;
const SHELL = `  - id: a\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [ls]\n`;
const HTTP = `  - id: a\n    type: io.kestra.plugin.core.http.Request\n    uri: https://example.com\n`;
const messages = (bench: Bench, id: string) => bench.store.lines(id, 0).map((line) => line.message);

describe("look-ups", () => {
  test("are fetched and the task is rendered again until it asks for nothing more", async () => {
    const bench = new Bench();
    bench.world.onLookup = (_, args) => ({
      ok: true,
      value: args.key === "first" ? "second" : `value of ${String(args.key)}`,
    });
    const live = bench.start(flow(RETURN("{{ kv(kv('first')) }}")));
    await bench.run(100);
    expect(live.state.runs.get(0)?.outputs).toEqual({ value: "value of second" });
    expect(bench.world.of("lookup").map(([, lookup]) => lookup)).toMatchObject([
      { args: { key: "first" } },
      { args: { key: "second" } },
    ]);
  });

  test("that never end fail the task and say so", async () => {
    const bench = new Bench();
    let count = 0;
    bench.world.onLookup = () => {
      count += 1;
      return { ok: true, value: String(count) };
    };
    const chain = Array.from({ length: 25 }).reduce<string>((inner) => `kv(${inner})`, "'k'");
    const live = bench.start(flow(RETURN(`{{ ${chain} }}`)));
    await bench.run(LONG_MS);
    expect(live.state.status).toBe("FAILED");
    expect(live.state.runs.get(0)?.error).toContain("20 answers");
    expect(count).toBe(20);
  });

  test("that the world refuses are asked again, later and later", async () => {
    const bench = new Bench();
    bench.world.refusals.set("lookup", 3);
    bench.world.onLookup = () => ({ ok: true, value: "v" });
    const live = bench.start(flow(RETURN("{{ kv('k') }}")));
    await bench.run(1_300);
    expect([bench.world.of("lookup").length, live.state.status]).toEqual([3, "RUNNING"]);
    await bench.run(200);
    expect(live.state.status).toBe("SUCCESS");
  });

  test("of a task that was killed meanwhile are not used", async () => {
    const bench = new Bench();
    bench.world.refusals.set("lookup", 5);
    const live = bench.start(flow(RETURN("{{ kv('k') }}")));
    await bench.run(10);
    bench.cell.command(live, { kind: "kill", cascade: true });
    await bench.run(LONG_MS);
    expect([live.state.status, live.state.runs.get(0)?.outputs]).toEqual(["KILLED", undefined]);
  });
});

describe("[I21] a secret", () => {
  const secretly = (format: string) => {
    const bench = new Bench();
    bench.world.onLookup = () => ({ ok: true, value: 'pass"word\n99' });
    return {
      bench,
      live: bench.start(flow(`  - id: a\n    type: io.kestra.plugin.core.log.Log\n    message: "${format}"\n`)),
    };
  };

  test("is masked in what a task logs", async () => {
    const { bench, live } = secretly("it is {{ secret('K') }}");
    await bench.run(100);
    expect(live.state.status).toBe("SUCCESS");
    expect(messages(bench, live.id)).toContain("it is ******");
    expect(JSON.stringify(bench.database.prepare("SELECT body FROM journal WHERE kind = 1").all())).not.toContain(
      "pass",
    );
  });

  test("is masked in what is evaluated, also deep in a value, in a name, and where JSON would write it otherwise", async () => {
    const { bench, live } = secretly("x");
    await bench.run(100);
    const evaluate = (expression: string) =>
      bench.cell.evaluate(live, undefined, (context) => renderTyped(expression, context));
    expect(await evaluate("{{ secret('K') }}")).toEqual({ ok: true, value: "******" });
    expect(await evaluate("{{ {'a': [secret('K'), 1], 'b': true} }}")).toEqual({
      ok: true,
      value: { a: ["******", 1], b: true },
    });
    const failed = await evaluate("{{ secret('K') | nosuchfilter }}");
    expect(JSON.stringify(failed)).not.toContain("pass");
  });

  test("that looks like a number or a word of JSON does not break the answer that holds it", async () => {
    const bench = new Bench();
    bench.world.onLookup = () => ({ ok: true, value: "true" });
    const live = bench.start(flow(RETURN("x")));
    const value = await bench.cell.evaluate(live, undefined, (context) =>
      renderTyped("{{ {'a': secret('K'), 'b': true} }}", context),
    );
    expect(value).toEqual({ ok: true, value: { a: "******", b: "******" } });
  });

  test("is masked in why the outputs could not be rendered", async () => {
    const bench = new Bench();
    bench.world.onLookup = () => ({ ok: true, value: "s3cret99" });
    const outputs = `outputs:\n  - id: n\n    type: INT\n    value: "{{ secret('K') }}"\n`;
    const live = bench.start(flow(RETURN("x"), outputs));
    await bench.run(100);
    expect(live.state.status).toBe("FAILED");
    const rows = bench.database.prepare("SELECT body FROM journal").all();
    expect(JSON.stringify(rows)).not.toContain("s3cret99");
  });
});

describe("a job for an agent", () => {
  test("is enqueued for its group once its event is stored, again until it is taken, and runs when claimed", async () => {
    const bench = new Bench();
    bench.world.refusals.set("enqueue", 2);
    const source = flow(`${SHELL}    workerGroup: { key: gpu }\n    timeout: PT5M\n`);
    const live = bench.start(source);
    await bench.run(5_000);
    expect(bench.world.of("enqueue").map(([, group]) => group)).toEqual(["gpu", "gpu", "gpu"]);
    expect(bench.world.jobs[0]).toMatchObject({ taskId: "a", attempt: 0, timeoutMs: 300_000, executionId: live.id });
    expect(live.state.status).toBe("SUCCESS");
  });

  test("goes to the group of its flow, else to the default one", async () => {
    for (const [more, group] of [
      ["workerGroup: { key: ours }\n", "ours"],
      ["", "default"],
    ] as const) {
      const bench = new Bench();
      bench.start(flow(SHELL, more));
      await bench.run(10);
      expect(bench.world.of("enqueue")[0]?.[1]).toBe(group);
    }
  });

  test("[K1] that was killed while the queue could not be reached is never enqueued", async () => {
    const bench = new Bench();
    bench.world.refusals.set("enqueue", 1);
    const live = bench.start(flow(SHELL));
    await bench.run(10);
    bench.cell.command(live, { kind: "kill", cascade: true });
    await bench.run(LONG_MS);
    expect([live.state.status, bench.world.jobs]).toEqual(["KILLED", []]);
  });

  test("[K1] that waits in the queue when its execution is killed is taken out of it", async () => {
    const bench = new Bench();
    bench.world.onEnqueue = () => {};
    const live = bench.start(flow(SHELL));
    await bench.run(10);
    bench.cell.command(live, { kind: "kill", cascade: true });
    await bench.run(10);
    expect(bench.world.of("cancel").map(([job]) => job)).toMatchObject([
      { id: bench.world.jobs[0]?.id, group: "default" },
    ]);
    expect(live.state.status).toBe("KILLED");
  });

  test("[K2] that runs when its execution is killed is told to stop, and ends it by its answer", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    bench.world.onCancel = () => "told";
    const live = bench.start(flow(SHELL));
    await bench.run(10);
    bench.cell.command(live, { kind: "kill", cascade: true });
    await bench.run(10);
    expect([live.state.status, bench.world.of("cancel").length]).toEqual(["KILLING", 1]);
    const effect = bench.world.jobs[0]?.id.split("/")[1] ?? "";
    expect(bench.cell.answer(live, effect, { state: "SUCCESS" }, [])).toBe(true);
    expect(live.state.status).toBe("KILLED");
  });

  test("that nobody has any more when it is killed ends the execution without an answer", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    const live = bench.start(flow(SHELL));
    await bench.run(10);
    bench.cell.command(live, { kind: "kill", cascade: true });
    await bench.run(10);
    expect(live.state.status).toBe("KILLED");
  });
});

describe("a job for a stateless invocation", () => {
  test("is dispatched with a lease and its timeout before it leaves", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    const live = bench.start(flow(`${HTTP}    timeout: PT1M\n`));
    const at = bench.host.now();
    await bench.run(10);
    expect(live.state.runs.get(0)).toMatchObject({
      state: "RUNNING",
      waiting: { kind: "answer", worker: "local:b1", deadline: { at: at + 60_000 }, lease: { at: at + 90_000 } },
    });
  });

  test("[K1] that was stopped in the turn that made it is not handed on", async () => {
    const bench = new Bench();
    const retry = `    retry:\n      type: constant\n      interval: PT1S\n      maxAttempt: 2\n      behavior: CREATE_NEW_EXECUTION\n`;
    const indent = (text: string) => text.replace(/^/gm, "    ").trimEnd();
    const fail = `  - id: b\n    type: io.kestra.plugin.core.execution.Fail\n${retry}`;
    const both = `  - id: p\n    type: io.kestra.plugin.core.flow.Parallel\n    tasks:\n${indent(HTTP)}\n${indent(fail)}\n`;
    const live = bench.start(flow(both));
    expect(live.state.status).toBe("KILLING");
    expect(bench.world.of("run")).toEqual([]);
  });

  test("[A2] that could not be handed on is asked for again at once, one that is lost when its lease is over", async () => {
    const bench = new Bench();
    bench.world.refusals.set("run", 1);
    bench.start(flow(HTTP));
    await bench.run(1_000);
    expect(bench.world.of("run")).toHaveLength(2);

    const silent = new Bench();
    silent.worker = () => undefined;
    const live = silent.start(flow(HTTP));
    await silent.run(620_000);
    expect(silent.world.jobs).toHaveLength(1);
    await silent.run(20_000);
    expect(silent.world.jobs.map((job) => job.attempt)).toEqual([0, 0]);
    expect(live.state.runs.get(0)?.losses).toBe(1);
  });

  test("[A2] that could not be handed on is asked for again although its execution has left the memory meanwhile", async () => {
    const bench = new Bench();
    bench.world.refusals.set("run", 1);
    const { id } = bench.start(flow(HTTP));
    await bench.run(10);
    for (let count = 0; count < 100; count++) bench.start(flow(RETURN("x")).replace("id: flow", `id: other${count}`));
    await bench.run(1_000);
    expect([bench.world.of("run").length, bench.again({ id }).state.status]).toEqual([2, "SUCCESS"]);
  });

  test("fails at its deadline and is told to stop; its late answer is refused", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    const live = bench.start(flow(`${HTTP}    timeout: PT1M\n`));
    await bench.run(61_000);
    expect(live.state.status).toBe("FAILED");
    expect(bench.world.of("cancel")).toHaveLength(1);
    const effect = bench.world.jobs[0]?.id.split("/")[1] ?? "";
    expect(bench.cell.answer(live, effect, { state: "SUCCESS" }, [])).toBe(false);
  });
});

describe("a subflow", () => {
  const PARENT = `  - id: s\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: company.team\n    flowId: child\n`;
  const CHILD = `id: child\nnamespace: company.team\ntasks:\n${RETURN("hello")}outputs:\n  - id: said\n    type: STRING\n    value: "{{ outputs.a.value }}"\n`;

  test("is started once under an id of its own, and its outputs come back", async () => {
    const bench = new Bench();
    bench.add(CHILD);
    bench.world.refusals.set("startSubflow", 2);
    bench.world.refusals.set("tellParent", 2);
    const live = bench.start(flow(PARENT));
    await bench.run(10_000);
    expect(live.state.status).toBe("SUCCESS");
    expect(live.state.runs.get(0)?.outputs).toMatchObject({ state: "SUCCESS", outputs: { said: "hello" } });
    expect(bench.database.prepare("SELECT count(*) AS n FROM execution").get()?.n).toBe(2);
  });

  test("that is refused fails its task with the reason in the log", async () => {
    const bench = new Bench();
    const live = bench.start(flow(PARENT));
    await bench.run(1_000);
    expect(live.state.runs.get(0)).toMatchObject({ state: "FAILED", error: "Unable to find flow child" });
    expect(messages(bench, live.id)).toContain("Unable to find flow child");
  });

  test("sees who started it", async () => {
    const bench = new Bench();
    bench.add(CHILD);
    const live = bench.start(flow(PARENT));
    await bench.run(10);
    const [, , , trigger] = bench.world.of("startSubflow")[0] ?? [];
    expect(trigger).toEqual({
      id: "s",
      type: "io.kestra.plugin.core.flow.Subflow",
      variables: { executionId: live.id, namespace: "company.team", flowId: "flow", flowRevision: 1 },
    });
  });
});

test("a trigger that waits for the end is told until it has heard", async () => {
  const bench = new Bench();
  bench.world.refusals.set("tellTrigger", 2);
  const trigger = { id: "every", type: "io.kestra.plugin.core.trigger.Schedule", variables: {} };
  const live = bench.start(flow(RETURN("x")), {}, { trigger });
  await bench.run(10);
  expect(live.state.pending).toMatchObject([{ kind: "notify-trigger", triggerId: "every", state: "SUCCESS" }]);
  await bench.run(5_000);
  expect([live.state.pending, bench.world.of("tellTrigger").length]).toEqual([[], 3]);
});

describe("[I22] what is more than a row holds", () => {
  test("as an answer from elsewhere fails the task; a long error alone is cut", async () => {
    const bench = new Bench();
    bench.worker = () => ({ state: "SUCCESS", outputs: { big: "x".repeat(600_000) } });
    const live = bench.start(flow(HTTP));
    await bench.run(10);
    expect(live.state.runs.get(0)?.error).toContain("600");

    const loud = new Bench();
    loud.worker = () => ({ state: "FAILED", error: "x".repeat(3_000_000) });
    const failed = loud.start(flow(HTTP));
    await loud.run(10);
    expect(failed.state.status).toBe("FAILED");
    expect(failed.state.runs.get(0)?.error?.length).toBeLessThan(40_000);
  });

  test("as outputs of the flow is moved: the row has a marker", async () => {
    const bench = new Bench();
    const output = `outputs:\n  - id: o\n    type: STRING\n    value: "{{ inputs.big }}{{ inputs.big }}"\n`;
    const live = bench.start(flow(RETURN("x"), `inputs:\n  - id: big\n    type: STRING\n${output}`), {
      big: "x".repeat(300_000),
    });
    await bench.run(10);
    expect([live.state.status, markersIn(live.state.outputs).map(({ size }) => size)]).toEqual(["SUCCESS", [600_002]]);
  });
});
