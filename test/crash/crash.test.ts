import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { poll } from "../support/poll.ts";
import { Server } from "../support/server.ts";
import { type Sink, startSink } from "../support/sink.ts";
import { stormOverFiles } from "./files.ts";
import { flowSources, NAMESPACE } from "./flows.ts";
import { summary, weather } from "./storm.ts";

const SEED = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9));
const KILLS = Number(process.env.CRASH_KILLS ?? 22);
const FILE_KILLS = Number(process.env.CRASH_FILE_KILLS ?? 3);
const EXECUTIONS = Number(process.env.CRASH_EXECUTIONS ?? 500);
describe(`the server killed with -9 (CRASH_SEED=${SEED})`, () => {
  let server: Server | undefined;
  let sink: Sink | undefined;
  afterEach(async () => {
    await server?.remove();
    await sink?.close();
    server = undefined;
    sink = undefined;
  });

  test(`loses, doubles and forgets nothing in ${EXECUTIONS} executions and ${KILLS} kills`, async () => {
    sink = await startSink();
    server = await Server.start({ env: { WINDHOVER_ALLOW_PRIVATE: "private,local" } });
    const storm = { seed: SEED, kills: KILLS, executions: EXECUTIONS };
    const aftermath = await weather(server, sink, storm);
    console.log(summary(storm, aftermath));
    const { verdict } = aftermath;
    expect(verdict).toEqual({ lost: [], doubled: [], stuck: [], wrongEnd: [], listDiffers: [], wrongAnswers: [] });
  });

  test("keeps the uploads and keys that it acknowledged, whole, and no file that belongs to nobody", async () => {
    server = await Server.start();
    const { acknowledged, unknown, swept, ...findings } = await stormOverFiles(server, {
      seed: SEED,
      kills: FILE_KILLS,
    });
    console.log(
      `CRASH_SEED=${SEED}: ${acknowledged} writes acknowledged, ${unknown} unknown, ${FILE_KILLS} kills, ${swept} files swept`,
    );
    expect(findings).toEqual({ lost: [], torn: [], orphans: [] });
    expect(acknowledged).toBeGreaterThan(20);
  });

  test("fires a timer that came due while the server was dead", async () => {
    sink = await startSink();
    server = await Server.start();
    for (const source of flowSources(sink.url)) await server.api.saveFlow(source);
    const { id } = await server.api.execute(NAMESPACE, "pausing");
    await server.api.executionWhen(id, { until: ({ state }) => state.current === "PAUSED" });
    await server.kill();
    await sleep(700); // The pause lasts 500 ms: real time is the subject here.
    await server.start();
    const execution = await server.api.executionWhen(id, { timeoutMs: 10_000 });
    expect(execution.state.current).toBe("SUCCESS");
    expect(execution.taskRunList?.map(({ taskId }) => taskId)).toEqual(["before", "hold", "after"]);
  });

  test("ends a command whose agent was killed with the server", async () => {
    server = await Server.start({ agent: true });
    const file = join(server.dataDir, "times-run");
    const source = `id: command
namespace: ${NAMESPACE}
tasks:
  - id: work
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - echo once >> ${file}
      - sleep 1
`;
    await server.api.saveFlow(source);
    const { id } = await server.api.execute(NAMESPACE, "command");
    await poll(() => existsSync(file) || undefined, { what: "the command to run" });
    await server.kill();
    await server.start();
    const execution = await server.api.executionWhen(id, { timeoutMs: 40_000 });
    expect(execution.state.current).toBe("SUCCESS");
    expect(execution.taskRunList).toHaveLength(1);
    // What was under way when everything died is done again, once.
    expect(readFileSync(file, "utf8")).toBe("once\nonce\n");
  });

  test("finds flows, executions, logs and list of the first start in the second", async () => {
    server = await Server.start();
    const source = `id: kept\nnamespace: ${NAMESPACE}\ntasks:\n  - id: say\n    type: io.kestra.plugin.core.log.Log\n    message: kept for ever\n`;
    await server.api.saveFlow(source);
    const before = await server.api.execute(NAMESPACE, "kept", { wait: true });
    expect(before.state.current).toBe("SUCCESS");
    await server.stop();

    await server.start();
    const flow = await server.api.json<{ source: string }>({ path: `/flows/${NAMESPACE}/kept?source=true` });
    expect(flow.source).toBe(source);
    const after = await server.api.execution(before.id);
    expect(after.state).toEqual(before.state);
    expect((await server.api.logs(before.id)).map(({ message }) => message)).toContain("kept for ever");
    await expect.poll(() => server?.api.searchAll(NAMESPACE), { timeout: 5_000 }).toMatchObject([{ id: before.id }]);
  });
});
