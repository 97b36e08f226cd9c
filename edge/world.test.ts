import { beforeEach, describe, expect, test } from "vitest";
import type { FakeCell } from "#test/support/fake-cell.ts";
import { createTestServer, HELLO, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";
import { runJob } from "./work/run-job.ts";
import { worldOf } from "./world.ts";

const ASKER = {
  tenant: "main",
  namespace: "company.team",
  flowId: "parent",
  executionId: "0123456789012345678900",
  trigger: undefined,
};
const TRIGGER = { id: "call", type: "x", variables: {} };
const REQUEST = {
  namespace: "company.team",
  flowId: "hello",
  revision: undefined,
  inputs: {},
  labels: [],
  depth: 3,
  wait: true,
  scheduleAt: undefined,
};

let server: TestServer;
beforeEach(async () => {
  server = createTestServer();
  await server.request("/api/v1/flows", yaml(HELLO));
});

const start = (effect: string, more: object = {}) =>
  worldOf(server.env, server.parts).startSubflow(ASKER, effect, { ...REQUEST, ...more }, TRIGGER);
const cells = (): FakeCell[] => [...server.cells.values()];

async function started(effect: string, more: object = {}): Promise<string> {
  const answer = await start(effect, more);
  if (!answer.ok) throw new Error(answer.message);
  return answer.executionId;
}

describe("a subflow", () => {
  test("knows how deep it is, whether somebody waits for it or not", async () => {
    await started("1:1", { wait: false });
    expect(startedIn(server).map(({ depth, parent }) => [depth, parent])).toEqual([[3, undefined]]);
  });

  test("that is waited for knows by whom, and who waits for that one in turn", async () => {
    await started("1:2", { ancestors: ["a", "b"], outputs: { x: "{{ 1 }}" } });
    expect(startedIn(server)[0]?.parent).toEqual({
      executionId: ASKER.executionId,
      effect: "1:2",
      depth: 3,
      ancestors: ["a", "b"],
      outputs: { x: "{{ 1 }}" },
    });
  });

  test("is restarted under the new effect, and no other is started", async () => {
    const id = await started("1:2");
    expect(await started("1:9", { restarts: id })).toBe(id);
    const parent = { executionId: ASKER.executionId, effect: "1:9", depth: 3 };
    expect(cells().flatMap(({ commands }) => commands)).toEqual([{ kind: "restart", parent }]);
    expect(startedIn(server)).toHaveLength(1);
  });

  test.each(["refused", "gone", "no execution"])("whose restart is not possible (%s) is started anew", async (why) => {
    const id = await started("1:2");
    if (why === "refused") for (const cell of cells()) cell.state = "SUCCESS";
    if (why === "gone") for (const cell of cells()) cell.started.length = 0;
    const again = await started("1:9", { restarts: why === "no execution" ? "x" : id });
    expect(again).not.toBe(id);
  });
});

describe("a task that acts on another execution", () => {
  const kill = (executionId: string, tenant = "main") =>
    runJob(
      server.env,
      {
        id: `${ASKER.executionId}/1:1`,
        epoch: 0,
        ...ASKER,
        tenant,
        taskId: "kill",
        taskRunId: "r",
        attempt: 0,
        type: "io.kestra.plugin.kestra.executions.Kill",
        properties: { executionId, propagateKill: true },
      },
      () => {
        throw new Error("no sandbox");
      },
      new AbortController().signal,
      () => {},
    );

  test("reaches it by its id", async () => {
    const id = await started("1:2");
    expect(await kill(id)).toEqual({ state: "SUCCESS" });
    expect(cells().flatMap(({ commands }) => commands)).toEqual([{ kind: "kill", cascade: true }]);
  });

  test("does not find one of another tenant, nor one that is not there", async () => {
    const id = await started("1:2");
    for (const answer of [await kill(id, "other"), await kill("nowhere")])
      expect(answer).toMatchObject({ state: "FAILED", error: expect.stringContaining("Unable to find execution") });
    expect(cells().flatMap(({ commands }) => commands)).toEqual([]);
  });
});
