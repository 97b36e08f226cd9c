import { createScheduledController, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env } from "#edge/env.ts";
import worker from "#edge/index.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import {
  callsOf,
  cellOf,
  execution,
  flow,
  json,
  listed,
  NAMESPACE,
  OUTSIDE,
  run,
  saveFlow,
  send,
  settled,
  start,
  TYPES,
  taskRun,
  until,
} from "../support/client.ts";
import { pass, useClock, wakeAfter } from "../support/time.ts";

// Everything that waits, moved on by its alarm, by a person, or by the minute's sweep.

useClock();

const HOUR = 3_600_000;
const paused = (id: string, more = "") => flow(id, `tasks:\n  - id: hold\n    type: ${TYPES.pause}\n${more}`);

async function sweep(): Promise<void> {
  await worker.scheduled(createScheduledController({ cron: "* * * * *" }), env as unknown as Env);
}

test("a pause is over when the alarm says so, and not before", async () => {
  const { id } = await start(paused("hold_hour", "    pauseDuration: PT1H\n"));
  await settled(id, "PAUSED");
  expect((await wakeAfter(HOUR - 1_000, id)).state.current).toBe("PAUSED");
  await wakeAfter(1_000, id);
  const ended = await settled(id);
  expect(ended.state.current).toBe("SUCCESS");
  await listed(id, "SUCCESS");
});

test("a pause without an end waits for a person, and needs no alarm", async () => {
  const { id } = await run(paused("hold_on"));
  await listed(id, "PAUSED");
  // The one for the list; in a shared cell there may be others'.
  await wakeAfter(10_000, id);
  if (env.CELLS === "each") await expect(wakeAfter(30 * 24 * HOUR, id)).rejects.toThrow("No alarm");
  const response = await send(`/api/v1/executions/${id}/resume`, { method: "POST", body: new FormData() });
  expect(response.status).toBe(204);
  expect((await settled(id)).state.current).toBe("SUCCESS");
});

test("a retry waits for its alarm", async () => {
  const source = flow(
    "retrying",
    `
tasks:
  - id: call
    type: ${TYPES.request}
    uri: ${OUTSIDE}/flaky/2?as=retrying-${env.CELLS}
    retry:
      type: constant
      interval: PT10M
      maxAttempt: 5
`,
  );
  const { id } = await start(source);
  const attempts = (count: number) =>
    until(`attempt ${count}`, async () => {
      const found = await execution(id);
      return taskRun(found, "call").attempts.length === count && taskRun(found, "call").state.current === "RETRYING"
        ? found
        : undefined;
    });
  await attempts(1);
  await wakeAfter(HOUR / 6, id);
  await attempts(2);
  expect(await callsOf(`retrying-${env.CELLS}`)).toBe(2);
  await wakeAfter(HOUR / 6, id);
  const ended = await settled(id);
  expect(ended.state.current).toBe("SUCCESS");
  expect(taskRun(ended, "call").attempts).toHaveLength(3);
});

test("a task that takes longer than its timeout fails though its answer never comes", async () => {
  const { id } = await start(
    flow(
      "too_long",
      `
tasks:
  - id: call
    type: ${TYPES.request}
    uri: ${OUTSIDE}/slow/3000?as=too_long-${env.CELLS}
    timeout: PT5M
`,
    ),
  );
  await until("call", async () => ((await callsOf(`too_long-${env.CELLS}`)) === 1 ? true : undefined));
  await wakeAfter(5 * 60_000 + 1, id);
  const ended = await settled(id);
  expect(ended.state.current).toBe("FAILED");
});

test("an execution with a date starts when it has come", async () => {
  await saveFlow(flow("dated", `tasks:\n  - id: one\n    type: ${TYPES.return}\n    format: now\n`));
  const date = new Date(Date.now() + HOUR).toISOString();
  const { id, state } = await json<ExecutionJson>(`/executions/${NAMESPACE}/dated?scheduleDate=${date}`, {
    method: "POST",
    body: new FormData(),
  });
  expect(state.current).toBe("CREATED");
  await wakeAfter(HOUR, id);
  expect((await settled(id)).state.current).toBe("SUCCESS");
});

test("the minute's sweep moves on what lost its alarm", async () => {
  const { id } = await start(paused("swept", "    pauseDuration: PT1H\n"));
  await listed(id, "PAUSED");
  await runInDurableObject(cellOf(id), (_, { storage }) => storage.deleteAlarm());
  pass(HOUR);
  await sweep();
  expect((await settled(id)).state.current).toBe("SUCCESS");
});

test("a schedule starts its execution once at its minute, though sweep and alarm come both", async () => {
  await saveFlow(
    flow(
      "each_hour",
      `
tasks:
  - id: say
    type: ${TYPES.return}
    format: "{{ trigger.date }}"
triggers:
  - id: hourly
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 * * * *"
`,
    ),
  );
  pass(HOUR + 61_000);
  await sweep();
  await sweep();
  const found = await until("scheduled execution", async () => {
    const page = await json<{ results: ExecutionJson[] }>("/executions/search?flowId=each_hour");
    return page.results.length > 0 ? page.results : undefined;
  });
  expect(found).toHaveLength(1);
  const ended = await settled(found[0]?.id ?? "");
  expect(ended.state.current).toBe("SUCCESS");
  expect(ended.trigger?.id).toBe("hourly");
});

test("a kill ends what waits, and a kill of a parent ends its child in another cell", async () => {
  const { id } = await run(paused("to_kill"));
  expect((await send(`/api/v1/executions/${id}/kill`, { method: "DELETE" })).status).toBe(202);
  expect((await settled(id)).state.current).toBe("KILLED");
  const parent = await start(
    flow(
      "kill_parent",
      `tasks:\n  - id: child\n    type: ${TYPES.subflow}\n    namespace: ${NAMESPACE}\n    flowId: to_kill\n`,
    ),
  );
  const child = await until("child", async () => {
    const uri = taskRun(await execution(parent.id), "child").outputs?.executionId;
    return uri === undefined ? undefined : String(uri);
  });
  await settled(child, "PAUSED");
  expect((await send(`/api/v1/executions/${parent.id}/kill`, { method: "DELETE" })).status).toBe(202);
  expect((await settled(parent.id)).state.current).toBe("KILLED");
  expect((await settled(child)).state.current).toBe("KILLED");
});
