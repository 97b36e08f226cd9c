import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import { Random } from "../sim/random.ts";
import { hasEnded } from "../support/api.ts";
import { poll } from "../support/poll.ts";
import { Server } from "../support/server.ts";
import { type Sink, startSink } from "../support/sink.ts";
import { fulfil, newOrder, type Order } from "./client.ts";
import { flowSources, KINDS, NAMESPACE } from "./flows.ts";
import { judge } from "./verdict.ts";

const SEED = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9));
const KILLS = Number(process.env.CRASH_KILLS ?? 22);
const EXECUTIONS = Number(process.env.CRASH_EXECUTIONS ?? 500);
/** A life lasts this long from the start of its processes: the shortest ones end while the server still boots. */
const LIFE_MS = { from: 150, to: 1_900 };
/** An order that is never answered is a finding, not a reason to wait for ever. */
const GIVE_UP_MS = 120_000;
const QUIET_WITHIN_MS = 30_000;

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
    for (const source of flowSources(sink.url)) await server.api.saveFlow(source);

    const random = new Random(SEED);
    const orders = makeOrders(EXECUTIONS, random);
    await workThroughLives(server, orders, random);
    const { list, truth } = await readAll(server, orders);
    const verdict = judge({ orders, list, truth, sink, kills: KILLS });
    const repeated = sink.all().filter(({ step, times }) => step !== "flaky" && times > 1).length;
    const askedAgain = orders.filter(({ asked, kind }) => asked > (kind.killed ? 2 : 1)).length;
    console.log(
      `CRASH_SEED=${SEED}: ${orders.length} executions, ${list.length} in the list, ${KILLS} kills, ` +
        `${askedAgain} asked for again, ${repeated} outside effects repeated by a kill`,
    );
    expect(verdict).toEqual({ lost: [], doubled: [], stuck: [], wrongEnd: [], listDiffers: [], wrongAnswers: [] });
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

function makeOrders(count: number, random: Random): Order[] {
  const kinds = KINDS.flatMap((kind) =>
    Array.from({ length: Math.round((count * kind.weight) / 100) }, () => ({ kind, place: random.next() })),
  );
  return kinds.toSorted((a, b) => a.place - b.place).map(({ kind }, number) => newOrder(number, kind));
}

/** Sends the orders while the server is killed and started again; it is up when this resolves, and all are answered. */
async function workThroughLives(server: Server, orders: readonly Order[], random: Random): Promise<void> {
  const patience = { seed: SEED, untilMs: performance.now() + GIVE_UP_MS };
  const sent: Promise<void>[] = [];
  const perLife = Math.ceil(orders.length / KILLS);
  for (let kill = 0; kill < KILLS; kill++) {
    const lifeMs = random.int(LIFE_MS.from, LIFE_MS.to);
    for (const order of orders.slice(kill * perLife, (kill + 1) * perLife)) {
      const delayMs = random.int(0, lifeMs);
      sent.push(sleep(delayMs).then(() => fulfil(order, server.api, patience)));
    }
    if (kill > 0) server.spawn();
    await sleep(lifeMs);
    await server.kill();
  }
  await server.start();
  await Promise.all(sent);
}

/** The list and the truth, once all has ended or time is up. */
async function readAll(server: Server, orders: readonly Order[]) {
  const { api } = server;
  const truth = new Map<string, ExecutionJson | undefined>();
  const endMs = performance.now() + QUIET_WITHIN_MS;
  const accepted = new Set(orders.flatMap(({ ids }) => ids));
  for (const id of accepted) {
    const timeoutMs = Math.max(0, endMs - performance.now());
    await api.executionWhen(id, { timeoutMs }).catch(() => undefined);
  }
  // The list may lag behind the truth, but not for long.
  const list = await poll(
    async () => {
      const found = await api.searchAll(NAMESPACE);
      const listed = new Set(found.filter(hasEnded).map(({ id }) => id));
      const agrees = listed.size === found.length && [...accepted].every((id) => listed.has(id));
      return agrees || performance.now() > endMs ? found : undefined;
    },
    { timeoutMs: 2 * QUIET_WITHIN_MS, everyMs: 200, what: "the list" },
  );
  for (const id of new Set([...accepted, ...list.map((one) => one.id)])) {
    const answer = await api.send({ path: `/executions/${id}` });
    truth.set(id, answer.status === 200 ? (JSON.parse(answer.text) as ExecutionJson) : undefined);
  }
  return { list, truth };
}
