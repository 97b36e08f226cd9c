import { beforeEach, describe, expect, test } from "vitest";
import type { FakeCell } from "#test/support/fake-cell.ts";
import { createTestServer, HELLO, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";
import { otherExecutions } from "./work/other-executions.ts";
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
  worldOf(server.env, server.parts).startSubflow(ASKER, effect, { ...REQUEST, ...more }, TRIGGER, []);
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
  const executions = (tenant = "main") => otherExecutions(server.env, tenant);

  test("reaches it by its id", async () => {
    const id = await started("1:2");
    expect(await executions().find(id)).toMatchObject({ namespace: "company.team", flowId: "hello" });
    expect((await executions().command(id, { kind: "kill", cascade: true })).ok).toBe(true);
    expect(cells().flatMap(({ commands }) => commands)).toEqual([{ kind: "kill", cascade: true }]);
  });

  test("does not find one of another tenant, nor one that is not there", async () => {
    const id = await started("1:2");
    for (const [tenant, wanted] of [
      ["other", id],
      ["main", "nowhere"],
      ["main", ASKER.executionId],
    ] as const) {
      expect(await executions(tenant).find(wanted)).toBeUndefined();
      const answer = await executions(tenant).command(wanted, { kind: "kill", cascade: true });
      expect(answer).toMatchObject({ ok: false, status: 404 });
    }
    expect(cells().flatMap(({ commands }) => commands)).toEqual([]);
  });
});
