import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import {
  cellOf,
  flow,
  json,
  messages,
  NAMESPACE,
  OUTSIDE,
  run,
  saveFlow,
  send,
  settled,
  TYPES,
  taskRun,
} from "./support/client.ts";

// The platform's limits that the local runtime does not enforce: 2 MB for a row, 32 MiB for a call.

const ROW_MAX_BYTES = 2_000_000;

/** Bytes of all rows of the execution's cell, and of the largest one. */
function rowsOf(id: string): Promise<{ total: number; largest: number }> {
  return runInDurableObject(cellOf(id), (_, { storage }) => {
    const sizes: number[] = [];
    for (const { name } of storage.sql.exec(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    ))
      for (const row of storage.sql.exec(`SELECT * FROM ${name}`))
        sizes.push(Object.values(row).reduce((sum: number, value) => sum + bytesOf(value), 0));
    return { total: sizes.reduce((sum, size) => sum + size, 0), largest: Math.max(...sizes) };
  });
}

function bytesOf(value: unknown): number {
  return typeof value === "string" ? new TextEncoder().encode(value).length : 8;
}

async function expectWithinLimits(id: string): Promise<number> {
  const { total, largest } = await rowsOf(id);
  expect(largest).toBeLessThan(ROW_MAX_BYTES);
  return total;
}

const text = (name: string) => `inputs:\n  - id: ${name}\n    type: STRING\n`;

test("steps that together hold more than a row are split into rows, and read back whole", async () => {
  const ended = await run(
    flow(
      "wide",
      `
${text("text")}tasks:
  - id: each
    type: ${TYPES.forEach}
    values: "{{ range(1, 40) }}"
    concurrencyLimit: 0
    tasks:
      - id: keep
        type: ${TYPES.return}
        format: "{{ taskrun.value }} {{ inputs.text }}"
`,
    ),
    { text: "äöü€".repeat(15_000) },
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(await expectWithinLimits(ended.id)).toBeGreaterThan(2 * ROW_MAX_BYTES);
  const kept = ended.taskRunList?.filter(({ taskId }) => taskId === "keep").map(({ outputs }) => outputs?.value);
  expect(kept).toHaveLength(40);
  for (const value of kept ?? []) expect(String(value).slice(-60_000)).toBe("äöü€".repeat(15_000));
});

test("log lines that together hold more than a row are split into rows, and read back whole", async () => {
  const ended = await run(
    flow(
      "talkative",
      `
${text("text")}tasks:
  - id: each
    type: ${TYPES.forEach}
    values: "{{ range(1, 60) }}"
    concurrencyLimit: 0
    tasks:
      - id: talk
        type: ${TYPES.log}
        message: "{{ taskrun.value }} {{ inputs.text }}"
`,
    ),
    { text: "€".repeat(30_000) },
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(await expectWithinLimits(ended.id)).toBeGreaterThan(2 * ROW_MAX_BYTES);
  const lines = (await messages(ended.id)).filter((line) => line.includes("€"));
  expect(lines.map((line) => Number.parseInt(line, 10)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 60 }, (_, index) => index + 1),
  );
  for (const line of lines) expect(line).toHaveLength(30_000 + line.indexOf("€"));
});

/** What the rows of a small execution take at most, with room: none of its large values. */
const SMALL_BYTES = 100_000;

test("an answer from outside above the inline limit takes no room in the rows, and is read back whole", async () => {
  const ended = await run(
    flow("heavy", `tasks:\n  - id: call\n    type: ${TYPES.request}\n    uri: ${OUTSIDE}/bytes/900000?as=heavy\n`),
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(taskRun(ended, "call").outputs).toMatchObject({ code: 200, body: expect.stringMatching(/^.{900000}$/s) });
  expect(await expectWithinLimits(ended.id)).toBeLessThan(SMALL_BYTES);
});

test("so does an output that only its escapes make too large, and one of the flow", async () => {
  const given = "\u0001".repeat(40_000);
  const ended = await run(
    flow(
      "escaped",
      `
${text("text")}tasks:
  - id: keep
    type: ${TYPES.return}
    format: "{{ inputs.text }}"
outputs:
  - id: twice
    type: STRING
    value: "{{ outputs.keep.value }}{{ inputs.text }}"
`,
    ),
    { text: given },
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(taskRun(ended, "keep").outputs?.value === given).toBe(true);
  expect(ended.outputs?.twice === given + given).toBe(true);
  // The input stands in the rows as it is, each of its characters as an escape of six.
  const inputBytes = given.length * 6;
  expect(await expectWithinLimits(ended.id)).toBeLessThan(2 * inputBytes + SMALL_BYTES);
});

test("inputs, a webhook's body and a resume above the limit are refused, and nothing starts", async () => {
  await saveFlow(
    flow(
      "too_much",
      `
${text("text")}tasks:
  - id: hold
    type: ${TYPES.pause}
    onResume:
      - id: reason
        type: STRING
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: hook-key
    inputs:
      text: short
`,
    ),
  );
  const large = "x".repeat(3_000_000);
  const form = (name: string, value: string) => {
    const body = new FormData();
    body.set(name, value);
    return { method: "POST", body };
  };
  async function expectRefused(response: Response): Promise<void> {
    expect(response.status).toBe(413);
    expect(await response.text()).toMatch(/500000 .*file/);
  }
  await expectRefused(await send(`/api/v1/executions/${NAMESPACE}/too_much`, form("text", large)));
  await expectRefused(
    await send(`/api/v1/executions/webhook/${NAMESPACE}/too_much/hook-key`, { method: "POST", body: large }),
  );
  const { id } = await json<ExecutionJson>(`/executions/${NAMESPACE}/too_much`, form("text", "short"));
  await settled(id, "PAUSED");
  await expectRefused(await send(`/api/v1/executions/${id}/resume`, form("reason", large)));
  await json(`/executions/${id}/resume`, form("reason", "short"));
  const ended = await settled(id);
  expect(taskRun(ended, "hold").outputs).toMatchObject({ onResume: { reason: "short" } });
  await expectWithinLimits(id);
});
