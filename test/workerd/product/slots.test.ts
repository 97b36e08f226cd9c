import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import {
  execute,
  flow,
  json,
  messages,
  NAMESPACE,
  saveFlow,
  send,
  settled,
  start,
  TYPES,
  until,
} from "../support/client.ts";

// Flows that limit their executions, over the real actors.

type Slots = {
  limit?: number;
  holders: { executionId: string; forced: boolean }[];
  queue: { executionId: string; position: number }[];
};

const narrow = (id: string, behavior = "QUEUE") =>
  flow(id, `concurrency:\n  limit: 1\n  behavior: ${behavior}\ntasks:\n  - id: hold\n    type: ${TYPES.pause}\n`);
const slotsOf = (id: string) => json<Slots>(`/flows/${NAMESPACE}/${id}/concurrency`);
const resume = (id: string) => send(`/api/v1/executions/${id}/resume`, { method: "POST", body: new FormData() });
const kill = (id: string) => send(`/api/v1/executions/${id}/kill`, { method: "DELETE" });
const nobody = (id: string) =>
  until(`end of all slots of ${id}`, async () => ((await slotsOf(id)).holders.length === 0 ? true : undefined));

test("limit 1: the next one waits, is shown in the queue, and runs when the first has ended", async () => {
  const name = `narrow_${env.CELLS}`;
  const first = await start(narrow(name));
  await settled(first.id, "PAUSED");
  const second = await execute(name);
  await settled(second.id, "QUEUED");
  const third = await execute(name);
  await settled(third.id, "QUEUED");
  expect(await messages(second.id)).toContain("Flow is queued due to concurrency limit exceeded, 1 running(s)");
  expect(await slotsOf(name)).toMatchObject({
    limit: 1,
    holders: [{ executionId: first.id, forced: false }],
    queue: [
      { executionId: second.id, position: 1 },
      { executionId: third.id, position: 2 },
    ],
  });
  await kill(second.id);
  expect((await settled(second.id)).state.current).toBe("KILLED");
  await resume(first.id);
  expect((await settled(first.id)).state.current).toBe("SUCCESS");
  expect((await settled(third.id, "PAUSED")).state.current).toBe("PAUSED");
  await resume(third.id);
  const ended = await settled(third.id);
  expect(ended.state.histories.map(({ state }) => state)).toEqual([
    "CREATED",
    "QUEUED",
    "RUNNING",
    "PAUSED",
    "RESTARTED",
    "RUNNING",
    "SUCCESS",
  ]);
  await nobody(name);
});

test("a deleted holder makes room, and a raised limit lets the queue move", async () => {
  const name = `deleted_${env.CELLS}`;
  const first = await start(narrow(name));
  await settled(first.id, "PAUSED");
  const others = [await execute(name), await execute(name)];
  for (const { id } of others) await settled(id, "QUEUED");
  expect((await send(`/api/v1/executions/${first.id}`, { method: "DELETE" })).status).toBe(204);
  await settled(others[0]?.id ?? "", "PAUSED");
  const source = narrow(name).replace("limit: 1", "limit: 2");
  const headers = { "content-type": "application/x-yaml" };
  await json(`/flows/${NAMESPACE}/${name}`, { method: "PUT", body: source, headers });
  await settled(others[1]?.id ?? "", "PAUSED");
  for (const { id } of others) await kill(id);
  await nobody(name);
});

test.each([
  ["CANCEL", "CANCELLED"],
  ["FAIL", "FAILED"],
])("%s ends one more %s", async (behavior, state) => {
  const name = `${behavior.toLowerCase()}_${env.CELLS}`;
  const first = await start(narrow(name, behavior));
  await settled(first.id, "PAUSED");
  const second = await settled((await execute(name)).id);
  expect(second.state.current).toBe(state);
  expect(second.taskRunList).toBeUndefined();
  expect(await messages(second.id)).toContain(`Flow is ${state} due to concurrency limit exceeded`);
  await kill(first.id);
});

test("a subflow that would wait on its own caller's slot fails, with what to do", async () => {
  const [outer, inner] = [`outer_${env.CELLS}`, `inner_${env.CELLS}`];
  const call = (flowId: string) =>
    `tasks:\n  - id: call\n    type: ${TYPES.subflow}\n    namespace: ${NAMESPACE}\n    flowId: ${flowId}\n    transmitFailed: true\n`;
  await saveFlow(flow(inner, call(outer)));
  const top = await start(flow(outer, `concurrency:\n  limit: 1\n${call(inner)}`));
  expect((await settled(top.id)).state.current).toBe("FAILED");
  const { results } = await until("three executions", async () => {
    const page = await json<{ results: ExecutionJson[] }>(`/executions/search?flowId=${outer}&size=10`);
    return page.results.filter(({ state }) => state.current === "FAILED").length === 2 ? page : undefined;
  });
  const below = results.find(({ id }) => id !== top.id);
  const lines = await messages(below?.id ?? "");
  expect(lines.some((line) => line.includes("wait for ever") && line.includes("concurrency.limit"))).toBe(true);
  await nobody(outer);
});

test("a check that fails the start gives an execution that FAILED with the message", async () => {
  const name = `checked_${env.CELLS}`;
  const checks = `checks:\n  - when: "{{ false }}"\n    message: Not today\n    behavior: FAIL_EXECUTION\n`;
  const { id } = await start(flow(name, `${checks}tasks:\n  - id: one\n    type: ${TYPES.return}\n    format: x\n`));
  const ended = await settled(id);
  expect(ended.state.current).toBe("FAILED");
  expect(ended.taskRunList).toBeUndefined();
  expect(await messages(id)).toContain("Not today");
});

test("a subflow that a check blocks is not started: its task fails, with the message", async () => {
  const [child, parent] = [`blocked_${env.CELLS}`, `blocked_parent_${env.CELLS}`];
  const checks = `checks:\n  - condition: "{{ trigger.executionId is not defined }}"\n    message: Never below another\n`;
  await saveFlow(flow(child, `${checks}tasks:\n  - id: one\n    type: ${TYPES.return}\n    format: x\n`));
  const call = `tasks:\n  - id: call\n    type: ${TYPES.subflow}\n    namespace: ${NAMESPACE}\n    flowId: ${child}\n`;
  const { id } = await start(flow(parent, call));
  expect((await settled(id)).state.current).toBe("FAILED");
  expect((await messages(id)).join("\n")).toContain("Never below another");
});
