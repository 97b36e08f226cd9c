import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "#schema/bytes.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import { Bench, LONG_MS } from "#test/flows/harness.ts";
import type { Live } from "./live.ts";

const CHILD = `id: child
namespace: company.team
inputs:
  - id: text
    type: STRING
tasks:
  - id: wait
    type: io.kestra.plugin.scripts.shell.Commands
    commands: ["true"]
`;
const PARENT = `id: parent
namespace: company.team
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.ForEachItem
    items: "kestra:///files/items"
    namespace: company.team
    flowId: child
    labels:
      batch: "{{ taskrun.iteration }}"
    inputs:
      text: "{{ taskrun.items }}"
`;

function benchOf(items: number, options: ConstructorParameters<typeof Bench>[0] = {}): Bench {
  const bench = new Bench(options);
  bench.add(CHILD);
  bench.context.stored.set("kestra:///files/items", encodeUtf8("x\n".repeat(items)));
  return bench;
}

/** The ids of the executions that were asked for, in order. */
function asked(bench: Bench): string[] {
  return bench.world.of("startSubflow").map(([asker, effect]) => {
    const { executionId } = asker as { executionId: string };
    return derivedExecutionId([executionId, String(effect)], 1);
  });
}

function iterations(live: Live): unknown {
  return live.state.runs.get(2)?.outputs?.iterations;
}

describe("the execution of a batch", () => {
  test("is given what is rendered for its batch, and sees who started it", async () => {
    const bench = benchOf(2);
    const live = bench.start(PARENT);
    await bench.run(1_000);
    const [, second] = bench.world.of("startSubflow");
    expect(second?.slice(2)).toMatchObject([
      {
        flowId: "child",
        inputs: { text: expect.stringMatching(/^kestra:\/\/\/.*\/batch-1\.txt$/) },
        labels: [{ key: "batch", value: "1" }],
        outputsTo: expect.stringMatching(/\/outputs\/0000001\.ion$/),
      },
      {
        id: "each_items",
        type: "io.kestra.plugin.core.flow.ForEachItem$ForEachItemExecutable",
        variables: { executionId: live.id, namespace: "company.team", flowId: "parent", flowRevision: 1 },
      },
    ]);
    expect(iterations(live)).toEqual({ SUCCESS: 2 });
  });

  test("that cannot be rendered is refused with the reason, the others go on", async () => {
    const bench = benchOf(3);
    const live = bench.start(PARENT.replace("{{ taskrun.items }}", "{{ taskrun.iteration == 1 ? nothing : 'x' }}"));
    await bench.run(1_000);
    expect(iterations(live)).toEqual({ SUCCESS: 2, FAILED: 1 });
    const [line] = bench.store.lines(live.id, 0).filter(({ level }) => level === "ERROR");
    expect(line?.message).toContain("Batch 1: `inputs`: Unable to find `nothing`");
  });

  test("is asked for again, later, when the world does not answer", async () => {
    const bench = benchOf(3);
    bench.world.refusals.set("startSubflow", 4);
    const live = bench.start(PARENT);
    await bench.run(5_000);
    expect([live.state.status, asked(bench).length]).toEqual(["SUCCESS", 7]);
  });
});

describe("after a crash", () => {
  test.for([3, 2_000])(
    "[S3] each batch runs once, with a snapshot after %i events",
    { timeout: 30_000 },
    async (snapshotAfter) => {
      const bench = benchOf(120, { snapshotAfter });
      const live = bench.start(PARENT);
      bench.worker = () => undefined;
      await bench.run(1_000);
      for (let start = 2; start < 6; start++) {
        bench.restartAs(`b${start}`);
        bench.worker = () => (start < 5 ? undefined : { state: "SUCCESS" });
        await bench.run(start === 5 ? LONG_MS : 7);
      }
      const again = bench.again(live);
      expect([again.state.status, iterations(again)]).toEqual(["SUCCESS", { SUCCESS: 120 }]);
      expect(new Set(asked(bench)).size).toBe(120);
      expect(bench.host.errors).toEqual([]);
    },
  );

  test("[B5] a killed one finds out what it had started, starts nothing, and kills it", async () => {
    const bench = benchOf(3);
    bench.worker = () => undefined;
    // The children start, and nobody hears of it.
    const start = bench.world.onSubflow;
    bench.world.onSubflow = async (asker, effect, request, trigger) => {
      if (!effect.endsWith("8")) await start(asker, effect, request, trigger);
      return await new Promise(() => {});
    };
    const live = bench.start(PARENT);
    await bench.run(1_000);
    const begun = asked(bench).filter((id) => bench.cell.find(id) !== undefined);
    expect(begun.length).toBeGreaterThan(0);
    bench.cell.command(live, { kind: "kill", cascade: true });
    bench.world.onFind = (effect) => bench.cell.find(derivedExecutionId([live.id, effect], 1))?.id;
    const before = asked(bench).length;
    bench.restartAs("b2");
    await bench.run(LONG_MS);
    expect(bench.again(live).state.status).toBe("KILLED");
    expect(asked(bench)).toHaveLength(before);
    expect(begun.map((id) => bench.cell.find(id)?.state.status)).toEqual(begun.map(() => "KILLED"));
  });
});

describe("kill", () => {
  test("[B5] reaches every child, though one call is refused, and tells none twice", async () => {
    const bench = benchOf(150);
    bench.worker = () => undefined;
    // More than stay in memory: the parent is read again.
    const live = bench.start(PARENT);
    await bench.run(1_000);
    bench.world.refusals.set("command", 3);
    bench.cell.command(bench.again(live), { kind: "kill", cascade: true });
    await bench.run(LONG_MS);
    const children = asked(bench).map((id) => bench.cell.find(id)?.state.status);
    expect(children).toEqual(Array.from({ length: 150 }, () => "KILLED"));
    const again = bench.again(live);
    expect([again.state.status, iterations(again)]).toEqual(["KILLED", { KILLED: 150 }]);
    const heard = bench.world.of("command").map(([id]) => id);
    expect(heard).toHaveLength(153);
    expect(again.state.pending).toEqual([]);
  });
});
