import { describe, expect, test } from "vitest";
import { Bench, LONG_MS } from "#test/flows/harness.ts";

const FLOW = `id: flow
namespace: company.team
tasks:
  - id: dir
    type: io.kestra.plugin.core.flow.WorkingDirectory
    workerGroup: { key: big }
    inputFiles: { a.txt: "{{ 1 + 1 }}" }
    outputFiles: ["*.txt"]
    tasks:
      - id: one
        type: io.kestra.plugin.scripts.shell.Commands
        commands: [ls]
      - id: say
        type: io.kestra.plugin.core.log.Log
        message: "{{ outputs.one.exitCode }}"
      - id: two
        type: io.kestra.plugin.scripts.deno.Script
        script: "1"
`;

/** A bench whose tasks each leave a new list. */
function sharing(): Bench {
  const bench = new Bench();
  bench.worker = (job) => ({ state: "SUCCESS", outputs: { exitCode: 0 }, place: `kestra:///list-${job.taskId}` });
  bench.world.onClosePlace = (manifest) => ({ ok: true, outputFiles: { manifest: manifest ?? "none" } });
  return bench;
}

describe("a WorkingDirectory", () => {
  test("[D2] gives each task the list that the one before it left, on an agent of its own group or in the sandbox", async () => {
    const bench = sharing();
    const live = bench.start(FLOW);
    await bench.run(100);
    expect(live.state.status).toBe("SUCCESS");
    const places = bench.world.jobs.map((job) => job.place);
    expect(places).toEqual([
      { id: `${live.id}/0:2`, manifest: "kestra:///list-0" },
      { id: `${live.id}/0:2`, manifest: "kestra:///list-one" },
    ]);
    expect(bench.world.of("enqueue").map(([, group]) => group)).toEqual(["big"]);
    expect(bench.world.of("openPlace")[0]?.slice(1)).toMatchObject([
      { taskId: "dir", opened: "0:2" },
      { files: { "a.txt": "2" } },
    ]);
    expect(live.state.runs.get(0)?.outputs).toEqual({ outputFiles: { manifest: "kestra:///list-two" } });
  });

  test("[D3] is removed once what was kept is stored, with what each task stored for it", async () => {
    const bench = sharing();
    bench.start(FLOW);
    await bench.run(100);
    const [call, ...more] = bench.world.of("removePlace");
    expect(more).toEqual([]);
    expect(call?.[1]).toMatchObject([
      { taskId: "dir", opened: "0:2" },
      { taskId: "one" },
      { taskId: "say" },
      { taskId: "two" },
    ]);
    expect(bench.world.names().indexOf("removePlace")).toBeGreaterThan(bench.world.names().indexOf("closePlace"));
  });

  test("[D4] is removed by a kill, and by a kill before it was made", async () => {
    const bench = sharing();
    bench.worker = () => undefined;
    const live = bench.start(FLOW);
    await bench.run(100);
    bench.cell.command(live, { kind: "kill", cascade: true });
    await bench.run(LONG_MS);
    expect([live.state.status, bench.world.of("closePlace").length]).toEqual(["KILLED", 0]);
    expect(bench.world.of("removePlace").length).toBe(1);

    const early = sharing();
    early.world.refusals.set("openPlace", 100);
    const other = early.start(FLOW);
    await early.run(10);
    early.cell.command(other, { kind: "kill", cascade: true });
    await early.run(LONG_MS);
    expect([other.state.status, early.world.of("removePlace")[0]?.[1]]).toMatchObject([
      "KILLED",
      [{ taskId: "dir", opened: "0:2" }],
    ]);
  });

  test("[S3] that was being made or collected when the process died is made or collected by the next one", async () => {
    for (const name of ["openPlace", "closePlace"] as const) {
      const bench = sharing();
      bench.world.refusals.set(name, 1);
      const live = bench.start(FLOW);
      await bench.run(100);
      expect(live.state.status).toBe("RUNNING");
      bench.restartAs("b2");
      await bench.run(LONG_MS);
      expect(bench.again(live).state.status).toBe("SUCCESS");
    }
  });

  test("that cannot be made or collected fails its task with the reason", async () => {
    const bench = sharing();
    bench.world.onOpenPlace = () => ({ ok: false, message: "There is no file kestra:///x." });
    const live = bench.start(FLOW);
    await bench.run(100);
    expect(live.state.runs.get(0)).toMatchObject({ state: "FAILED", error: "There is no file kestra:///x." });
    const closing = sharing();
    closing.world.onClosePlace = () => ({ ok: false, message: "gone" });
    const other = closing.start(FLOW);
    await closing.run(100);
    expect([other.state.status, other.state.runs.get(0)?.error]).toEqual(["FAILED", "gone"]);
  });
});
