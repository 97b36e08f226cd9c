import {
  createScheduledController,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { CellRpc } from "#edge/cells.ts";
import type { Env } from "#edge/env.ts";
import worker from "#edge/index.ts";
import { cellName, newExecutionId } from "#schema/ids.ts";
import { cellOf, execution, flow, listed, NAMESPACE, settled, start, TYPES } from "./support/client.ts";
import { pass, useClock, wakeWithoutAsking } from "./support/time.ts";

// Alarms that fail. The platform gives one up after six failures and forgets the count in a crash, so a cell never lets it come
// to that: what goes wrong is written down as a time to look again, and what is lost all the same, the minute's sweep finds.

useClock();

const HOUR = 3_600_000;
const LOOK_AGAIN_MS = 10_000;
const hold = (id: string) => flow(id, `tasks:\n  - id: hold\n    type: ${TYPES.pause}\n    pauseDuration: PT1H\n`);

function alarmOf(id: string): Promise<number | null> {
  return runInDurableObject(cellOf(id), (_, { storage }) => storage.getAlarm());
}

function inStorage(id: string, statement: string): Promise<void> {
  return runInDurableObject(cellOf(id), (_, { storage }) => void storage.sql.exec(statement));
}

async function sweep(): Promise<void> {
  await worker.scheduled(createScheduledController({ cron: "* * * * *" }), env as unknown as Env);
}

test("a turn that cannot be committed is tried again by the alarm, more often than the platform would", async () => {
  const { id } = await start(hold("unwritable"));
  await settled(id, "PAUSED");
  await inStorage(id, "CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT raise(ABORT, 'full'); END");
  pass(HOUR);
  for (let attempt = 0; attempt < 10; attempt++) {
    await wakeWithoutAsking(LOOK_AGAIN_MS, id);
    expect(await alarmOf(id)).toBe(Date.now() + LOOK_AGAIN_MS);
    expect((await execution(id)).state.current).toBe("PAUSED");
  }
  await inStorage(id, "DROP TRIGGER full");
  await wakeWithoutAsking(LOOK_AGAIN_MS, id);
  expect((await settled(id)).state.current).toBe("SUCCESS");
  await listed(id, "SUCCESS");
});

test("an execution that cannot be read does not stop the others of its cell, and goes on when it can", async () => {
  const place = async (flowId: string, tail: string) => {
    const id = newExecutionId((length) => crypto.getRandomValues(new Uint8Array(length)), 1, Date.now());
    const cell = env.CELL.get(env.CELL.idFromName(cellName(id) ?? "")) as unknown as CellRpc;
    const source = hold(flowId) + tail;
    const names = { tenant: "main", namespace: NAMESPACE, flowId };
    await cell.start({ id, ...names, revision: 1, source, inputs: {}, labels: [] });
    return id;
  };
  const broken = await place("broken", "variables:\n  mark: broken\n");
  const sound = await place("sound", "variables:\n  mark: sound\n");
  expect(cellOf(broken).id.equals(cellOf(sound).id)).toBe(true);
  await inStorage(broken, "UPDATE source SET body = replace(body, 'tasks:', 'taks:') WHERE body LIKE '%mark: broken%'");
  await evictDurableObject(cellOf(broken));
  pass(HOUR);
  expect(await runDurableObjectAlarm(cellOf(broken))).toBe(true);
  expect((await settled(sound)).state.current).toBe("SUCCESS");
  expect(await alarmOf(broken)).toBe(Date.now() + LOOK_AGAIN_MS);
  await inStorage(broken, "UPDATE source SET body = replace(body, 'taks:', 'tasks:')");
  await wakeWithoutAsking(LOOK_AGAIN_MS, broken);
  expect((await settled(broken)).state.current).toBe("SUCCESS");
});

test("an alarm handler that throws until the platform gives up is survived: the sweep does its work", async () => {
  const { id } = await start(hold("thrown"));
  await settled(id, "PAUSED");
  await listed(id, "PAUSED");
  await runInDurableObject(cellOf(id), (cell) => {
    Object.assign(cell, {
      alarm() {
        throw new Error("an alarm that fails");
      },
    });
  });
  pass(HOUR);
  await runDurableObjectAlarm(cellOf(id)).catch(() => undefined);
  await runInDurableObject(cellOf(id), (_, { storage }) => storage.deleteAlarm());
  expect((await execution(id)).state.current).toBe("PAUSED");
  await sweep();
  expect((await settled(id)).state.current).toBe("SUCCESS");
});

test("the sweep sets an alarm again that is gone before its time", async () => {
  const { id } = await start(hold("rearmed"));
  await settled(id, "PAUSED");
  await listed(id, "PAUSED");
  pass(LOOK_AGAIN_MS);
  await runDurableObjectAlarm(cellOf(id));
  const at = await alarmOf(id);
  await runInDurableObject(cellOf(id), (_, { storage }) => storage.deleteAlarm());
  await sweep();
  expect(await alarmOf(id)).toBe(at);
});
