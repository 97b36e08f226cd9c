import { describe, expect, test } from "vitest";
import { expectAccessible, expectNoOverflow, openPage, PHONE, screenshot, useBrowser, WIDE } from "./browser.ts";
import { flow, NAMESPACE, run, useServer } from "./fixture.ts";

const server = useServer();
const browser = useBrowser();

const LOG = "io.kestra.plugin.core.log.Log";
const PAUSE = "io.kestra.plugin.core.flow.Pause";
const STEPS = (id: string) =>
  flow(
    id,
    `tasks:
  - {id: one, type: ${LOG}, message: first}
  - {id: two, type: io.kestra.plugin.core.execution.Fail}
  - {id: three, type: ${LOG}, message: last}
`,
  );
const HOLD = (id: string) => flow(id, `tasks:\n  - id: hold\n    type: ${PAUSE}\n`);

async function hold(id: string, count: number): Promise<string[]> {
  const { api } = server();
  await api.saveFlow(HOLD(id));
  const ids: string[] = [];
  for (let at = 0; at < count; at++) ids.push((await api.execute(NAMESPACE, id)).id);
  for (const one of ids) await api.executionWhen(one, { until: ({ state }) => state.current === "PAUSED" });
  return ids;
}

describe("going through a run in time", () => {
  test("shows each event's state, by button, slider and key, and comes back to now", async () => {
    const { id } = await run(server(), STEPS("travelled"));
    const { page, context, troubles } = await openPage(browser(), server().url);
    await page.goto(`/ui/executions/${NAMESPACE}/travelled/${id}/gantt`);
    const status = page.getByRole("status").filter({ hasText: "travelled:" });
    await status.filter({ hasText: "Failed" }).waitFor();
    await page.getByRole("button", { name: "Time travel" }).click();
    const slider = page.getByRole("slider", { name: "Event" });
    const last = Number(await slider.getAttribute("max"));
    expect(await slider.inputValue()).toBe(String(last));
    await page.getByRole("button", { name: "First event" }).click();
    await status.filter({ hasText: "Running" }).waitFor();
    const rows = page.getByRole("listitem");
    expect(await rows.filter({ hasText: "one" }).count()).toBe(1);
    expect(await rows.filter({ hasText: "two" }).count()).toBe(0);
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press(".");
    await rows.filter({ hasText: "two" }).waitFor();
    await page.keyboard.press(",");
    await rows.filter({ hasText: "two" }).waitFor({ state: "detached" });
    await slider.focus();
    await page.keyboard.press("End");
    await status.filter({ hasText: "Failed" }).waitFor();
    await page.keyboard.press("Home");
    await page.getByRole("navigation", { name: "Execution" }).getByRole("link", { name: /Logs/ }).click();
    await page.getByRole("slider", { name: "Event" }).waitFor();
    await expectAccessible(page, "time travel");
    await page.getByRole("button", { name: "Back to now" }).click();
    await status.filter({ hasText: "Failed" }).waitFor();
    await page.getByRole("log", { name: "Log" }).getByText("first").waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });

  test("the server knows every past state too", async () => {
    const { id } = await run(server(), STEPS("remembered"));
    const { events } = await (await fetch(`${server().url}/api/v1/executions/${id}/events`)).json();
    const page = await (await fetch(`${server().url}/api/v1/executions/${id}/events?after=1&limit=1`)).json();
    expect(page).toMatchObject({ after: 1, events: [events[1]], next: 2 });
    const aborted = new AbortController();
    const stream = await fetch(`${server().url}/api/v1/executions/${id}/events/follow`, {
      headers: { "last-event-id": String(events.length - 1) },
      signal: aborted.signal,
    });
    const { value } = (await stream.body?.pipeThrough(new TextDecoderStream()).getReader().read()) ?? {};
    expect(value).toContain(`id: ${events.length}\n`);
    aborted.abort();
  });
});

test("the menu offers what the engine takes, and a killed run is restarted in place", async () => {
  const [id = ""] = await hold("steered", 1);
  const { page, context, troubles } = await openPage(browser(), server().url);
  await page.goto(`/ui/executions/${NAMESPACE}/steered/${id}`);
  const status = page.getByRole("status").filter({ hasText: "steered:" });
  await page.getByRole("button", { name: "Resume", exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Pause", exact: true }).count()).toBe(0);
  await page.getByRole("button", { name: "Kill" }).click();
  const kill = page.getByRole("dialog", { name: "Kill this execution?" });
  await kill.getByRole("checkbox", { name: /subflows/ }).uncheck();
  await kill.getByRole("button", { name: "Kill" }).click();
  await status.filter({ hasText: "Killed" }).waitFor();
  expect(await page.getByRole("button", { name: "Kill" }).count()).toBe(0);
  await page.getByRole("button", { name: "Restart failed tasks" }).click();
  const restart = page.getByRole("dialog", { name: "Restart from the failed tasks" });
  await restart.getByLabel("Revision of the flow").waitFor();
  await restart.getByRole("button", { name: "Restart" }).click();
  await status.filter({ hasText: "Paused" }).waitFor();
  expect(troubles).toEqual([]);
  await context.close();
});

test("an execution is deleted from its page", async () => {
  const [id = ""] = await hold("deleted", 1);
  const { page, context } = await openPage(browser(), server().url);
  await page.goto(`/ui/executions/${NAMESPACE}/deleted/${id}`);
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("dialog", { name: "Delete this execution?" }).getByRole("button", { name: "Delete" }).click();
  await page.waitForURL("**/ui/executions");
  expect((await fetch(`${server().url}/api/v1/executions/${id}`)).status).toBe(404);
  await context.close();
});

describe("many at once", () => {
  test("chosen ones are killed after the server has counted them; those that have ended are left", async () => {
    const ids = await hold("many", 3);
    await run(server(), STEPS("many_ended"));
    const { page, context, troubles } = await openPage(browser(), server().url);
    await page.goto("/ui/executions?q=many");
    await page.getByRole("row").filter({ hasText: "many_ended" }).waitFor();
    await page.getByRole("checkbox", { name: "Choose all on this page" }).check();
    await page.getByRole("region", { name: "Chosen executions" }).getByText("4 chosen").waitFor();
    await page.getByRole("button", { name: "Actions for the chosen executions" }).click();
    await page.getByRole("button", { name: "Kill…" }).click();
    const dialog = page.getByRole("dialog", { name: "Kill" });
    await dialog.getByText("3 executions will be stopped.").waitFor();
    await dialog.getByText("1 will be left as they are: execution already finished").waitFor();
    await expectAccessible(page, "bulk dialog");
    await dialog.getByRole("button", { name: "Kill: 3" }).click();
    await dialog.waitFor({ state: "detached" });
    for (const id of ids) await server().api.executionWhen(id, { until: ({ state }) => state.current === "KILLED" });
    expect(troubles).toEqual([]);
    await context.close();
  });

  test("all that match a filter are resumed, whatever page they are on", async () => {
    const ids = await hold("matching", 12);
    const { page, context } = await openPage(browser(), server().url);
    await page.goto("/ui/executions?q=matching&state=PAUSED&size=10");
    await page
      .getByRole("checkbox", { name: /^Choose execution/ })
      .first()
      .check();
    await page.getByRole("button", { name: "Choose all 12 that match" }).click();
    await page.getByRole("button", { name: "Actions for the chosen executions" }).click();
    await page.getByRole("button", { name: "Resume…" }).click();
    const dialog = page.getByRole("dialog", { name: "Resume" });
    await dialog.getByText("12 executions will go on.").waitFor();
    await dialog.getByRole("button", { name: "Resume: 12" }).click();
    for (const id of ids) await server().api.executionWhen(id, { until: ({ state }) => state.current === "SUCCESS" });
    await context.close();
  });

  test("the API refuses all when one does not allow it", async () => {
    const [id = ""] = await hold("refusing", 1);
    const ended = await run(server(), STEPS("refusing_ended"));
    const send = (query: string) =>
      fetch(`${server().url}/api/v1/executions/resume/by-ids${query}`, {
        method: "POST",
        body: JSON.stringify([id, ended.id]),
        headers: { "content-type": "application/json" },
      });
    const refused = await send("");
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      message: "invalid bulk resume",
      invalids: [{ message: "execution not in state PAUSED", invalidValue: ended.id }],
    });
    expect(await (await send("?dryRun=true")).json()).toMatchObject({ count: 1 });
    expect((await server().api.execution(id)).state.current).toBe("PAUSED");
  });
});

test.each([WIDE, PHONE])("menus and dialogs are readable and fit at $width pixels", async (viewport) => {
  const { id } = await run(server(), STEPS("looked_at"));
  const { page, context, troubles } = await openPage(browser(), server().url, { viewport });
  const check = async (name: string) => {
    await expectAccessible(page, `${name} ${viewport.width}`);
    await expectNoOverflow(page, `${name} ${viewport.width}`);
    await screenshot(page, `steering-${name}-${viewport.width}`);
  };
  await page.goto(`/ui/executions/${NAMESPACE}/looked_at/${id}/gantt`);
  await page.getByRole("button", { name: "More actions" }).click();
  await check("menu");
  await page.getByRole("button", { name: "Replay…" }).click();
  const replay = page.getByRole("dialog", { name: "Replay as a new execution" });
  await replay.getByLabel("Start from").selectOption({ index: 2 });
  for (const summary of await replay.locator("summary").all()) await summary.click();
  await replay.getByLabel("Change the outputs of a task").selectOption({ index: 1 });
  await replay.getByRole("textbox", { name: "one" }).fill("{");
  await replay.getByRole("alert").filter({ hasText: "not JSON" }).waitFor();
  expect(await replay.getByRole("button", { name: "Replay" }).isDisabled()).toBe(true);
  await check("replay");
  await replay.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Actions of two" }).click();
  await check("task");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Time travel" }).click();
  await page.getByRole("slider", { name: "Event" }).waitFor();
  await check("past");
  await page.goto("/ui/executions?q=looked_at");
  await page
    .getByRole("checkbox", { name: /^Choose execution/ })
    .first()
    .check();
  await page.getByRole("button", { name: "Actions for the chosen executions" }).click();
  await check("bulk");
  expect(troubles).toEqual([]);
  await context.close();
});
