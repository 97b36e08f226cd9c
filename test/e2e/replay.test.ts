import { describe, expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import { openPage, useBrowser } from "./browser.ts";
import { flow, NAMESPACE, run, taskRun, useServer } from "./fixture.ts";

const server = useServer();
const browser = useBrowser();

const RETURN = "io.kestra.plugin.core.debug.Return";
const SOURCE = (id: string, last = "io.kestra.plugin.core.execution.Fail") =>
  flow(
    id,
    `inputs:
  - {id: name, type: STRING, defaults: Ada}
tasks:
  - {id: first, type: ${RETURN}, format: "one {{ inputs.name }}"}
  - {id: second, type: ${RETURN}, format: "two of {{ outputs.first.value }}"}
  - id: last
    type: ${last}${last === RETURN ? `\n    format: "{{ outputs.second.value }}"` : ""}
`,
  );

const post = (path: string, init: RequestInit = {}) =>
  fetch(`${server().url}/api/v1/executions/${path}`, { method: "POST", ...init });
async function ended(response: Response): Promise<ExecutionJson> {
  const answer = (await response.json()) as ExecutionJson & { message?: string };
  expect(response.status, answer.message).toBe(200);
  return server().api.executionWhen(answer.id, { until: ({ state }) => state.endDate !== undefined });
}
const value = (execution: ExecutionJson, taskId: string) => taskRun(execution, taskId).outputs?.value;

describe("running again", () => {
  test("a replay from the start is a new execution of the same chain", async () => {
    const before = await run(server(), SOURCE("again", RETURN));
    const after = await ended(await post(`${before.id}/replay`));
    expect(after).toMatchObject({ parentId: before.id, originalId: before.id, state: { current: "SUCCESS" } });
    expect(after.labels).toContainEqual({ key: "system.replay", value: "true" });
    expect(after.metadata.attemptNumber).toBe(2);
    expect(value(after, "last")).toBe("two of one Ada");
  });

  test("a replay from a task run keeps what was before, with other outputs and inputs", async () => {
    const before = await run(server(), SOURCE("changed", RETURN));
    const body = new FormData();
    body.append("name", "Grace");
    const changes = { outputs: { [taskRun(before, "first").id]: { value: "uno" } } };
    body.append("_changes", JSON.stringify(changes));
    const from = taskRun(before, "second").id;
    const after = await ended(await post(`${before.id}/replay-with-inputs?taskRunId=${from}`, { body }));
    expect(value(after, "first")).toBe("uno");
    expect(value(after, "last")).toBe("two of uno");
    expect(after.inputs).toMatchObject({ name: "Grace" });
  });

  test("skipped tasks are skipped", async () => {
    const before = await run(server(), SOURCE("skipping"));
    const body = new FormData();
    body.append("_changes", '{"skip":["last"]}');
    const after = await ended(await post(`${before.id}/replay-with-inputs`, { body }));
    expect(after.state.current).toBe("SUCCESS");
    expect(taskRun(after, "last").state.current).toBe("SKIPPED");
  });

  test("a restart with the revision that mends it goes on from what failed", async () => {
    const before = await run(server(), SOURCE("mended"));
    await server().api.saveFlow(SOURCE("mended", RETURN));
    const after = await ended(await post(`${before.id}/restart?revision=2`));
    expect(after.id).not.toBe(before.id);
    expect(after).toMatchObject({ flowRevision: 2, state: { current: "SUCCESS" } });
    expect(value(after, "last")).toBe("two of one Ada");
  });

  test("a breakpoint stops it before the task, and it goes on from there", async () => {
    await server().api.saveFlow(SOURCE("stopping", RETURN));
    const { id } = await (await post(`${NAMESPACE}/stopping?breakpoints=second`)).json();
    await server().api.executionWhen(id, { until: ({ state }) => state.current === "BREAKPOINT" });
    expect((await post(`${id}/resume-from-breakpoint`)).status).toBe(204);
    const after = await server().api.executionWhen(id, { until: ({ state }) => state.endDate !== undefined });
    expect(after.state.current).toBe("SUCCESS");
  });

  test("any past state is known, and can be gone on from", async () => {
    const before = await run(server(), SOURCE("past", RETURN));
    const at = async (seq: number) => (await fetch(`${server().url}/api/v1/executions/${before.id}?at=${seq}`)).json();
    expect((await at(1)).state.current).toBe("RUNNING");
    const { events } = await (await fetch(`${server().url}/api/v1/executions/${before.id}/events`)).json();
    expect((await at(events.length)).state.current).toBe("SUCCESS");
    expect((await fetch(`${server().url}/api/v1/executions/${before.id}?at=${events.length + 1}`)).status).toBe(422);
    const after = await ended(await post(`${before.id}/replay?at=1`));
    expect(after.state.current).toBe("SUCCESS");
    expect(value(after, "last")).toBe("two of one Ada");
  });
});

describe("saying otherwise", () => {
  test("a task run's state, and what follows runs", async () => {
    const before = await run(server(), SOURCE("allowed"));
    const body = JSON.stringify({ taskRunId: taskRun(before, "last").id, state: "SUCCESS" });
    const headers = { "content-type": "application/json" };
    const after = await ended(await post(`${before.id}/state`, { body, headers }));
    expect(after.id).toBe(before.id);
    expect(after.state.current).toBe("SUCCESS");
  });

  test("the status and the labels of what has ended; not of what runs", async () => {
    const before = await run(server(), SOURCE("relabelled"));
    expect((await ended(await post(`${before.id}/change-status?status=WARNING`))).state.current).toBe("WARNING");
    const headers = { "content-type": "application/json" };
    const labels = await post(`${before.id}/labels`, { body: '[{"key":"a","value":"b"}]', headers });
    expect((await labels.json()).labels).toEqual(
      expect.arrayContaining([
        { key: "a", value: "b" },
        { key: "system.correlationId", value: before.id },
      ]),
    );
    expect((await post(`${before.id}/unqueue`)).status).toBe(422);
    expect((await post(`${before.id}/pause`)).status).toBe(422);
  });
});

test("from its page: a task of the Gantt is replayed with other inputs", async () => {
  const before = await run(server(), SOURCE("from_page", RETURN));
  const { page, context, troubles } = await openPage(browser(), server().url);
  await page.goto(`/ui/executions/${NAMESPACE}/from_page/${before.id}/gantt`);
  await page.getByRole("button", { name: "Actions of first" }).click();
  await page.getByRole("button", { name: "Replay from here" }).click();
  const dialog = page.getByRole("dialog", { name: "Replay as a new execution" });
  await dialog.getByText("Other inputs").click();
  await dialog.getByLabel("name").fill("Grace");
  await dialog.getByRole("button", { name: "Replay" }).click();
  await page.waitForURL((url) => url.pathname.includes("/from_page/") && !url.pathname.includes(before.id));
  await page.getByRole("status").filter({ hasText: "from_page: Success" }).waitFor();
  await page.getByRole("navigation", { name: "Execution" }).getByRole("link", { name: "Overview" }).click();
  await page.getByText("Replay of").waitFor();
  await page.getByText("Grace").first().waitFor();
  expect(troubles).toEqual([]);
  await context.close();
});

test("from its page: what the engine would refuse is not offered", async () => {
  const before = await run(server(), SOURCE("offered", RETURN));
  const { page, context } = await openPage(browser(), server().url);
  await page.goto(`/ui/executions/${NAMESPACE}/offered/${before.id}`);
  await page.getByRole("button", { name: "More actions" }).click();
  const menu = page.getByRole("group", { name: "More actions" });
  expect((await menu.getByRole("button").allInnerTexts()).map((text) => text.trim())).toEqual([
    "Replay…",
    "Change the status…",
    "Set labels…",
    "Delete…",
  ]);
  for (const name of ["Pause", "Kill", "Resume", "Go on"])
    expect(await page.getByRole("button", { name, exact: true }).count(), name).toBe(0);
  await menu.getByRole("button", { name: "Change the status…" }).click();
  const dialog = page.getByRole("dialog", { name: "Change the status" });
  await dialog.getByLabel("It ended as").selectOption("FAILED");
  await dialog.getByRole("button", { name: "Change the status" }).click();
  await page.getByRole("status").filter({ hasText: "offered: Failed" }).waitFor();
  await context.close();
});
