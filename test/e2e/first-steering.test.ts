import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import { expectAccessible, expectNoOverflow, openPage, PHONE, screenshot, useBrowser } from "./browser.ts";
import { readEvents } from "./events.ts";
import { flow, NAMESPACE, run, taskRun, useServer } from "./fixture.ts";

// How somebody who has never steered an execution comes to it: one test for each way, from the pages as far as they go.

const server = useServer();
const browser = useBrowser();

const RETURN = "io.kestra.plugin.core.debug.Return";
const PAUSED_FLOW = (id: string, head = "") =>
  flow(id, `${head}tasks:\n  - id: hold\n    type: io.kestra.plugin.core.flow.Pause\n`);
/** Fails at its second task for as long as the first one says "bad". */
const CHOOSY = flow(
  "choosy",
  `tasks:
  - {id: read, type: ${RETURN}, format: bad}
  - id: check
    type: io.kestra.plugin.core.execution.Fail
    condition: "{{ outputs.read.value == 'bad' }}"
  - {id: write, type: ${RETURN}, format: "wrote {{ outputs.read.value }}"}
`,
);

const status = (page: Page, flowId: string) => page.getByRole("status").filter({ hasText: `${flowId}:` });
const when = (id: string, state: string) =>
  server().api.executionWhen(id, { until: ({ state: { current } }) => current === state });
const executionOf = (page: Page) => /\/executions\/[^/]+\/[^/]+\/([^/]+)/.exec(page.url())?.[1] ?? "";

/** Starts the flow from its page; the page is then the one of the execution. */
async function execute(page: Page, flowId: string): Promise<string> {
  await page.goto(`/ui/flows/edit/${NAMESPACE}/${flowId}/overview`);
  await page.getByRole("button", { name: "Execute", exact: true }).click();
  await page
    .getByRole("dialog", { name: `Execute ${flowId}` })
    .getByRole("button", { name: "Execute" })
    .click();
  await page.waitForURL(`**/ui/executions/${NAMESPACE}/${flowId}/*/gantt`);
  return executionOf(page);
}

test("the second of two executions waits for the slot, says so, and is taken out of the queue", async () => {
  await server().api.saveFlow(PAUSED_FLOW("narrow", "concurrency:\n  limit: 1\n"));
  const { page, context, troubles } = await openPage(browser(), server().url);
  const first = await execute(page, "narrow");
  await status(page, "narrow").filter({ hasText: "Paused" }).waitFor();
  const second = await execute(page, "narrow");
  await status(page, "narrow").filter({ hasText: "Queued" }).waitFor();
  await page.getByText("It waits for its turn").waitFor();
  await expectAccessible(page, "queued");
  await screenshot(page, "first-queued-1440");
  await page.setViewportSize(PHONE);
  await expectNoOverflow(page, "queued");
  await screenshot(page, "first-queued-390");
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: "Take out of the queue…" }).click();
  const dialog = page.getByRole("dialog", { name: "Take it out of the queue" });
  await expectAccessible(page, "unqueue");
  await dialog.getByRole("button", { name: "Take it out" }).click();
  await status(page, "narrow").filter({ hasText: "Paused" }).waitFor();
  await page.goto(`/ui/flows/edit/${NAMESPACE}/narrow/concurrency`);
  await page.getByText("2 run where the limit is 1").waitFor();
  const holders = page.getByRole("region", { name: "Holders" });
  await holders
    .getByRole("row")
    .filter({ hasText: first.slice(0, 8) })
    .getByText("regular")
    .waitFor();
  await holders
    .getByRole("row")
    .filter({ hasText: second.slice(0, 8) })
    .getByText("above the limit")
    .waitFor();
  await screenshot(page, "first-unqueued-390");
  expect(troubles).toEqual([]);
  await context.close();
});

test("a failed run is replayed from its failed task, with what it should have read", async () => {
  const before = await run(server(), CHOOSY);
  expect(before.state.current).toBe("FAILED");
  const { page, context, troubles } = await openPage(browser(), server().url);
  await page.goto(`/ui/executions/${NAMESPACE}/choosy/${before.id}/gantt`);
  await page.getByRole("button", { name: "Actions of check" }).click();
  await page.getByRole("button", { name: "Replay from here" }).click();
  const dialog = page.getByRole("dialog", { name: "Replay as a new execution" });
  await dialog.getByText("Other outputs of the tasks that are kept").click();
  await dialog.getByLabel("Change the outputs of a task").selectOption({ label: "read" });
  await dialog.getByRole("textbox", { name: "read" }).fill('{"value": "good"}');
  await screenshot(page, "first-replay-1440");
  await page.setViewportSize(PHONE);
  await expectNoOverflow(page, "replay");
  await screenshot(page, "first-replay-390");
  await dialog.getByRole("button", { name: "Replay" }).click();
  await page.waitForURL((url) => url.pathname.includes("/choosy/") && !url.pathname.includes(before.id));
  await status(page, "choosy").filter({ hasText: "Success" }).waitFor();
  const after = await server().api.execution(executionOf(page));
  expect(after).toMatchObject({ originalId: before.id, state: { current: "SUCCESS" } });
  expect(taskRun(after, "write").outputs).toMatchObject({ value: "wrote good" });
  expect(taskRun(await server().api.execution(before.id), "read").outputs).toMatchObject({ value: "bad" });
  expect(troubles).toEqual([]);
  await context.close();
});

test("all executions that a query finds are counted first, then killed", async () => {
  const { api } = server();
  await api.saveFlow(PAUSED_FLOW("crowd"));
  const ids = await Promise.all([1, 2, 3].map(async () => (await api.execute(NAMESPACE, "crowd")).id));
  for (const id of ids) await when(id, "PAUSED");
  const query = { namespace: NAMESPACE, flowId: "crowd", state: "PAUSED" };
  await listed(query, 3);
  const kill = (more: Readonly<Record<string, string>>) =>
    api.json<{ count: number }>({
      method: "DELETE",
      path: `/executions/kill/by-query?${new URLSearchParams({ ...query, ...more })}`,
    });
  expect(await kill({ dryRun: "true" })).toMatchObject({ count: 3 });
  for (const id of ids) expect((await api.execution(id)).state.current).toBe("PAUSED");
  expect(await kill({})).toMatchObject({ count: 3 });
  for (const id of ids) await when(id, "KILLED");
  await listed(query, 0);
  expect(await kill({ dryRun: "true" })).toMatchObject({ count: 0 });
});

/** The list lags a moment behind the executions. */
async function listed(query: Readonly<Record<string, string>>, total: number): Promise<void> {
  await expect.poll(async () => (await server().api.search(query)).total, { timeout: 10_000 }).toBe(total);
}

test("the stream of events and the states of the past tell the same story", async () => {
  const { id, state } = await run(server(), CHOOSY);
  const url = `${server().url}/api/v1/executions/${id}`;
  const { events } = await server().api.json<{ events: { kind: string }[] }>({ path: `/executions/${id}/events` });
  const [end, ...streamed] = (await readEvents(`${url}/events`, ({ event }) => event === "end")).reverse();
  streamed.reverse();
  expect(JSON.parse(end?.data ?? "")).toEqual({ state: "FAILED" });
  expect(streamed.map((event) => event.id)).toEqual(events.map((_, at) => String(at + 1)));
  expect(streamed.map(({ data }) => JSON.parse(data))).toEqual(events);
  const past: ExecutionJson[] = [];
  for (let at = 1; at <= events.length; at++)
    past.push(await server().api.json({ path: `/executions/${id}?at=${at}` }));
  // What is once in a list of the past stays in it: a state is only ever gone on from.
  for (const [at, { state: before }] of past.slice(0, -1).entries()) {
    expect(past[at + 1]?.state.histories.slice(0, before.histories.length)).toEqual(before.histories);
  }
  expect(past[0]?.state.current).toBe("RUNNING");
  expect(past.at(-1)?.state).toEqual(state);
});
