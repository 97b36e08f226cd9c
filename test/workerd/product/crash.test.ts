import {
  abortAllDurableObjects,
  evictAllDurableObjects,
  evictDurableObject,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import {
  callsOf,
  cellOf,
  execute,
  execution,
  flow,
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
import { useClock, wakeAfter, wakeWithoutAsking } from "../support/time.ts";

// Every actor is torn down in the middle, as a new version of the Worker or a failing machine does it, and the execution
// ends as if nothing had been.

useClock();

const named = (name: string) => `${name}-${env.CELLS}`;
const RETURNS = (ids: readonly string[]) =>
  ids.map((id) => `  - id: ${id}\n    type: ${TYPES.return}\n    format: "{{ execution.id }}"\n`).join("");

test("a paused execution goes on after a crash, by its alarm", async () => {
  const { id } = await start(
    flow("hold", `tasks:\n  - id: hold\n    type: ${TYPES.pause}\n    pauseDuration: PT1H\n${RETURNS(["after"])}`),
  );
  await settled(id, "PAUSED");
  await abortAllDurableObjects();
  await wakeAfter(3_600_000, id);
  const ended = await settled(id);
  expect(ended.state.current).toBe("SUCCESS");
  expect(taskRun(ended, "after").attempts).toHaveLength(1);
  await listed(id, "SUCCESS");
});

test("a call that is under way when its cell dies is answered to the next one, and made once", async () => {
  const { id } = await start(
    flow(
      "calling",
      `tasks:\n  - id: call\n    type: ${TYPES.request}\n    uri: ${OUTSIDE}/slow/600?as=${named("calling")}\n${RETURNS(["after"])}`,
    ),
  );
  await until("call", async () => ((await callsOf(named("calling"))) === 1 ? true : undefined));
  await abortAllDurableObjects();
  const ended = await settled(id);
  expect(ended.state.current).toBe("SUCCESS");
  expect(taskRun(ended, "call").attempts).toHaveLength(1);
  expect(await callsOf(named("calling"))).toBe(1);
});

test("a loop of calls ends with each of them once, though every actor dies again and again", async () => {
  const { id } = await start(
    flow(
      "looping",
      `
tasks:
  - id: each
    type: ${TYPES.forEach}
    values: [a, b, c, d, e, f]
    concurrencyLimit: 2
    tasks:
      - id: call
        type: ${TYPES.request}
        uri: ${OUTSIDE}/slow/60?as=${named("looping")}
      - id: step
        type: ${TYPES.return}
        format: "{{ outputs.call[taskrun.value].body }}"
`,
    ),
  );
  for (let crash = 0; crash < 5; crash++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await abortAllDurableObjects();
    await execution(id);
  }
  const ended = await settled(id);
  expect(ended.state.current).toBe("SUCCESS");
  const runs = (taskId: string) => ended.taskRunList?.filter((one) => one.taskId === taskId) ?? [];
  expect(runs("call").map(({ attempts }) => attempts.length)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(runs("step").map(({ outputs }) => outputs?.value)).toEqual(Array(6).fill("at last"));
});

test("a parent hears of its child's end though both died before", async () => {
  await saveFlow(flow("slow_child", `tasks:\n  - id: hold\n    type: ${TYPES.pause}\n    pauseDuration: PT10M\n`));
  const { id } = await start(
    flow(
      "crash_parent",
      `tasks:\n  - id: child\n    type: ${TYPES.subflow}\n    namespace: ${NAMESPACE}\n    flowId: slow_child\n${RETURNS(["after"])}`,
    ),
  );
  const child = await until("child", async () => taskRun(await execution(id), "child").outputs?.executionId);
  await settled(String(child), "PAUSED");
  await abortAllDurableObjects();
  await wakeAfter(600_000, String(child));
  const ended = await settled(id);
  expect(ended.state.current).toBe("SUCCESS");
  expect(taskRun(ended, "child").outputs).toMatchObject({ executionId: child, state: "SUCCESS" });
});

test("a retry that waits survives its cell", async () => {
  const { id } = await start(
    flow(
      "crash_retry",
      `
tasks:
  - id: fail
    type: ${TYPES.fail}
    retry:
      type: constant
      interval: PT1M
      maxAttempt: 3
`,
    ),
  );
  for (const attempt of [1, 2]) {
    await until(`attempt ${attempt}`, async () => {
      const { state, attempts } = taskRun(await execution(id), "fail");
      return state.current === "RETRYING" && attempts.length === attempt ? true : undefined;
    });
    await abortAllDurableObjects();
    await wakeAfter(60_000, id);
  }
  const ended = await settled(id);
  expect(ended.state.current).toBe("FAILED");
  expect(taskRun(ended, "fail").attempts).toHaveLength(3);
});

test("a killed execution stays killed over a crash, and a late answer changes nothing", async () => {
  const { id } = await start(
    flow(
      "crash_kill",
      `tasks:\n  - id: call\n    type: ${TYPES.request}\n    uri: ${OUTSIDE}/slow/500?as=${named("kill")}\n`,
    ),
  );
  await until("call", async () => ((await callsOf(named("kill"))) === 1 ? true : undefined));
  expect((await send(`/api/v1/executions/${id}/kill`, { method: "DELETE" })).status).toBe(202);
  await abortAllDurableObjects();
  expect((await settled(id)).state.current).toBe("KILLED");
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect((await execution(id)).state.current).toBe("KILLED");
  await listed(id, "KILLED");
});

test("who waits for the end is told of it though the cell died meanwhile", async () => {
  await saveFlow(
    flow(
      "waited",
      `tasks:\n  - id: call\n    type: ${TYPES.request}\n    uri: ${OUTSIDE}/slow/500?as=${named("waited")}\n`,
    ),
  );
  const answer = execute("waited", {}, true);
  await until("call", async () => ((await callsOf(named("waited"))) === 1 ? true : undefined));
  await abortAllDurableObjects();
  expect((await answer).state.current).toBe("SUCCESS");
  expect(await callsOf(named("waited"))).toBe(1);
});

test("the list hears of an end though the cell died right after it, and nobody asks it again", async () => {
  await saveFlow(flow("unheard", `tasks:\n${RETURNS(["one"])}`));
  const { id } = await execute("unheard", {}, true);
  await abortAllDurableObjects();
  await wakeWithoutAsking(10_000, id);
  await listed(id, "SUCCESS");
  if (env.CELLS !== "each") return;
  await wakeWithoutAsking(10_000, id);
  expect(await runInDurableObject(cellOf(id), (_, { storage }) => storage.getAlarm())).toBeNull();
});

test("an evicted cell answers as before, and its lists keep one row", async () => {
  const ended = await run(flow("evicted", `tasks:\n${RETURNS(["one", "two"])}`));
  await listed(ended.id, "SUCCESS");
  await evictDurableObject(cellOf(ended.id));
  expect(await execution(ended.id)).toMatchObject({ state: ended.state, taskRunList: ended.taskRunList });
  await evictAllDurableObjects();
  const again = await execution(ended.id);
  expect(again.state).toEqual(ended.state);
});
