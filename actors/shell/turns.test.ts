import { describe, expect, test } from "vitest";
import { Bench, LONG_MS } from "#test/flows/harness.ts";

const RETURN = "io.kestra.plugin.core.debug.Return";
const loop = (type: string, properties: string, format = "x") =>
  `id: flow
namespace: company.team
tasks:
  - id: loop
    type: io.kestra.plugin.core.flow.${type}
${properties
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
    tasks:
      - id: turn
        type: ${RETURN}
        format: "${format}"
`;
const OUTPUTS = (value: string) => `outputs:\n  - id: o\n    type: STRING\n    value: "${value}"`;

describe("the condition of a loop", () => {
  test("may ask the world, and is asked anew after each turn", async () => {
    const bench = new Bench();
    let asked = 0;
    bench.world.onLookup = () => {
      asked += 1;
      return { ok: true, value: asked >= 3 };
    };
    const live = bench.start(loop("LoopUntil", `condition: "{{ kv('ready') }}"\ncheckFrequency: { interval: PT1S }`));
    await bench.run(10_000);
    expect([live.state.status, asked, live.state.runs.get(0)?.outputs]).toEqual(["SUCCESS", 3, { iterationCount: 3 }]);
  });

  test("[S3] is asked again by the next start of a process that died over it", async () => {
    const bench = new Bench();
    bench.world.refusals.set("lookup", 2);
    bench.world.onLookup = () => ({ ok: true, value: true });
    const live = bench.start(loop("LoopUntil", `condition: "{{ kv('ready') }}"`));
    await bench.run(10);
    expect(live.state.runs.get(0)?.waiting?.kind).toBe("condition");
    bench.restartAs("b2");
    await bench.run(60_000);
    expect(bench.again(live).state.status).toBe("SUCCESS");
  });

  test("[S3] a loop goes on at its time although the process died while it waited", async () => {
    const bench = new Bench();
    const properties = `condition: "{{ outputs.loop.iterationCount == 2 }}"`;
    const live = bench.start(loop("LoopUntil", properties));
    await bench.run(1_000);
    expect(live.state.status).toBe("PAUSED");
    bench.restartAs("b2");
    await bench.run(60_000);
    expect(bench.again(live).state.status).toBe("SUCCESS");
  });

  test("that a killed loop had asked for is not used", async () => {
    const bench = new Bench();
    bench.world.refusals.set("lookup", 5);
    const live = bench.start(loop("LoopUntil", `condition: "{{ kv('ready') }}"`));
    await bench.run(10);
    bench.cell.command(live, { kind: "kill", cascade: true });
    await bench.run(LONG_MS);
    expect(live.state.status).toBe("KILLED");
  });
});

describe("what the turns of a Loop give", () => {
  test("may ask the world, all turns at once", async () => {
    const bench = new Bench();
    bench.world.onLookup = (_, args) => ({ ok: true, value: `v-${String(args.key)}` });
    const live = bench.start(loop("Loop", `values: [a, b]\n${OUTPUTS("{{ kv(item.value) }}")}`));
    await bench.run(1_000);
    expect(live.state.runs.get(0)?.outputs).toMatchObject({
      outputs: [{ outputs: { o: "v-a" } }, { outputs: { o: "v-b" } }],
    });
    expect(bench.world.of("lookup")).toHaveLength(2);
  });

  test("fails the loop with the number of the turn that cannot be rendered", async () => {
    const bench = new Bench();
    const live = bench.start(loop("Loop", `values: [a, b]\n${OUTPUTS("{{ item.value == 'b' ? nothing : 1 }}")}`));
    await bench.run(100);
    expect([live.state.status, live.state.runs.get(0)?.error]).toEqual([
      "FAILED",
      expect.stringContaining("outputs of turn 1: `o`"),
    ]);
  });

  test("goes to a file when it is large", async () => {
    const bench = new Bench();
    const live = bench.start(
      loop("Loop", `values: [1, 2, 3]\n${OUTPUTS("{{ outputs.turn.value }}")}`, "y".repeat(60_000)),
    );
    await bench.run(1_000);
    expect(live.state.status).toBe("SUCCESS");
    expect(bench.world.of("keepValues").length).toBeGreaterThan(0);
  });

  test("keeps a thousand turns within a few seconds", async () => {
    const bench = new Bench();
    const values = JSON.stringify(Array.from({ length: 1_000 }, (_, index) => index));
    const startedAt = performance.now();
    const live = bench.start(
      loop(
        "Loop",
        `values: '${values}'\nconcurrencyLimit: 0\n${OUTPUTS("{{ outputs.turn.value }}")}`,
        "{{ item.index }}",
      ),
    );
    await bench.run(1_000);
    expect(live.state.status).toBe("SUCCESS");
    const outputs: unknown = JSON.parse([...bench.world.kept.values()].at(-1) ?? "");
    expect(Array.isArray(outputs) ? [outputs.length, outputs[999]] : outputs).toEqual([
      1_000,
      { item: { value: "999", index: 999, iteration: 999 }, outputs: { o: "999" } },
    ]);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe("the values of a Loop", () => {
  test("are the lines of a file that its URI names", async () => {
    const bench = new Bench();
    bench.world.onLookup = (kind, args) => ({
      ok: true,
      value: kind === "read" ? `one\ntwo of ${String(args.path)}\n` : "",
    });
    const live = bench.start(loop("Loop", `values: "kestra:///some/file.ion"`, "{{ item.value }}"));
    await bench.run(100);
    expect([...live.state.runs].slice(1).map((run) => run.outputs?.value)).toEqual([
      "one",
      "two of kestra:///some/file.ion",
    ]);
  });

  test("of a file that cannot be read fail the loop, with the reason", async () => {
    const bench = new Bench();
    bench.world.onLookup = () => ({ ok: false, message: "There is no such file." });
    const live = bench.start(loop("Loop", `values: "kestra:///some/file.ion"`));
    await bench.run(100);
    expect([live.state.status, live.state.runs.get(0)?.error]).toEqual(["FAILED", "There is no such file."]);
  });
});

describe("a restarted subflow", () => {
  const CHILD = `id: child\nnamespace: company.team\ntasks:\n  - id: once\n    type: ${RETURN}\n    format: x\n  - id: weak\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [run]\n`;
  const parent = (more = "") =>
    `id: parent\nnamespace: company.team\ntasks:\n  - id: call\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: company.team\n    flowId: child\n${more}`;

  async function restarted(more = "") {
    const bench = new Bench();
    bench.add(CHILD);
    let count = 0;
    bench.worker = () => {
      count += 1;
      return count === 1 ? { state: "FAILED", error: "weak" } : { state: "SUCCESS" };
    };
    const live = bench.start(parent(more));
    await bench.run(100);
    const first = String(live.state.runs.get(0)?.outputs?.executionId);
    expect(live.state.status).toBe("FAILED");
    expect(bench.cell.command(live, { kind: "restart" }).ok).toBe(true);
    await bench.run(100);
    return { bench, live, first, second: String(live.state.runs.get(0)?.outputs?.executionId) };
  }

  test("is the same execution, whose tasks that succeeded do not run again", async () => {
    const { bench, live, first, second } = await restarted();
    expect([live.state.status, second]).toEqual(["SUCCESS", first]);
    const child = bench.again({ id: first });
    expect([child.state.status, child.state.attempt, child.state.runs.get(0)?.attempts.length]).toEqual([
      "SUCCESS",
      2,
      1,
    ]);
  });

  test("is another execution with NEW_EXECUTION, or when the failed one is gone", async () => {
    const { live, first, second } = await restarted("    restartBehavior: NEW_EXECUTION\n");
    expect([live.state.status, second === first]).toEqual(["SUCCESS", false]);
    const bench = new Bench();
    bench.add(CHILD);
    bench.worker = () => ({ state: "FAILED", error: "weak" });
    const again = bench.start(parent());
    await bench.run(100);
    const gone = bench.again({ id: String(again.state.runs.get(0)?.outputs?.executionId) });
    bench.cell.remove(gone);
    bench.cell.command(again, { kind: "restart" });
    await bench.run(100);
    expect(again.state.runs.get(0)?.outputs?.executionId).not.toBe(gone.id);
  });

  test("asked for twice by the same task it is restarted once", async () => {
    const { bench, first } = await restarted();
    const child = bench.again({ id: first });
    const link = child.state.facts?.parent;
    const { seq } = child.state;
    expect(link && bench.cell.command(child, { kind: "restart", parent: link }).ok).toBe(true);
    expect(child.state.seq).toBe(seq);
  });
});
