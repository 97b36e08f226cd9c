import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { openPage, screenshot, useBrowser } from "./browser.ts";
import { flow, NAMESPACE, run, useServer } from "./fixture.ts";

const server = useServer();
const browser = useBrowser();

const LOG = "io.kestra.plugin.core.log.Log";

/** Replaces the editor's text as a paste does. */
async function write(page: Page, source: string): Promise<void> {
  const editor = page.locator(".cm-content");
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(source);
}

const WATCHED = (type: string) =>
  flow(
    "watched",
    `inputs:
  - id: name
    type: STRING
    defaults: World
tasks:
  - id: greet
    type: ${type}
    message: "Hello {{ inputs.name }}"
  - id: hold
    type: io.kestra.plugin.core.flow.Pause
    pauseDuration: PT2S
  - id: bye
    type: ${LOG}
    message: "Bye {{ inputs.name }}"
`,
  );

describe("somebody new", () => {
  test("writes a flow, sees the mistake with its place, mends it, runs it and watches it end", async () => {
    const { page, context, troubles } = await openPage(browser(), server().url);
    await page.goto("/ui/");
    await page.getByRole("heading", { level: 1, name: "Flows" }).waitFor();
    await page.getByRole("link", { name: "getting_started", exact: true }).waitFor();

    await page.getByRole("link", { name: "Create flow" }).click();
    await page.getByRole("heading", { level: 1, name: "New flow" }).waitFor();
    await write(page, WATCHED("io.kestra.plugin.core.log.Logg"));
    const problems = page.getByRole("region", { name: "Problems" });
    const mistake = problems.getByRole("button").filter({ hasText: "Logg" });
    await mistake.waitFor();
    expect(await mistake.innerText()).toMatch(/\b9:\d+/);
    expect(await mistake.innerText()).toContain(LOG);
    expect(await page.getByRole("button", { name: "Create" }).isDisabled()).toBe(true);
    await screenshot(page, "mistake");

    await write(page, WATCHED(LOG));
    await problems.getByText("Valid").waitFor();
    await page.getByRole("button", { name: "Create" }).click();
    await page.waitForURL(`**/ui/flows/edit/${NAMESPACE}/watched/edit`);

    await page.getByRole("button", { name: "Execute", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Execute watched" });
    await dialog.getByLabel("name").fill("Ada");
    await dialog.getByRole("button", { name: "Execute" }).click();
    await page.waitForURL(`**/ui/executions/${NAMESPACE}/watched/*/gantt`);
    const status = page.getByRole("status").filter({ hasText: "watched:" });
    await status.filter({ hasText: "Paused" }).waitFor();
    await screenshot(page, "live-run");
    await status.filter({ hasText: "Success" }).waitFor();

    await page.getByRole("navigation", { name: "Execution" }).getByRole("link", { name: /Logs/ }).click();
    const log = page.getByRole("log", { name: "Log" });
    await log.getByText("Hello Ada").waitFor();
    await log.getByText("Bye Ada").waitFor();
    await screenshot(page, "logs");
    expect(troubles).toEqual([]);
    await context.close();
  });

  test("finds the execution in the list, filters by state and keeps the filter in the address", async () => {
    await run(server(), flow("listed", `tasks:\n  - id: say\n    type: ${LOG}\n    message: hi\n`));
    const { page, context, troubles } = await openPage(browser(), server().url);
    await page.goto("/ui/executions");
    const rows = page.getByRole("row").filter({ hasText: "listed" });
    await rows.first().waitFor();
    await page.getByRole("button", { name: /Filter by state/ }).click();
    await page.getByLabel("Failed").check();
    await rows.first().waitFor({ state: "detached" });
    expect(page.url()).toContain("FAILED");
    await page.reload();
    await page.getByRole("button", { name: "Filter by state: Failed" }).waitFor();
    expect(await rows.count()).toBe(0);
    expect(troubles).toEqual([]);
    await context.close();
  });

  test("is told what to give when an input is missing, and nothing is started", async () => {
    const source = `inputs:\n  - id: who\n    type: STRING\ntasks:\n  - id: say\n    type: ${LOG}\n    message: "{{ inputs.who }}"\n`;
    await server().api.saveFlow(flow("asking", source));
    const { page, context } = await openPage(browser(), server().url);
    await page.goto(`/ui/flows/edit/${NAMESPACE}/asking/overview`);
    await page.getByRole("button", { name: "Execute", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Execute asking" });
    await dialog.getByRole("button", { name: "Execute" }).click();
    await dialog.getByRole("alert").first().waitFor();
    expect((await server().api.search({ namespace: NAMESPACE, flowId: "asking" })).total).toBe(0);
    await context.close();
  });

  test("kills a run from its page", async () => {
    await server().api.saveFlow(flow("waiting", "tasks:\n  - id: hold\n    type: io.kestra.plugin.core.flow.Pause\n"));
    const { id } = await server().api.execute(NAMESPACE, "waiting");
    const { page, context } = await openPage(browser(), server().url);
    await page.goto(`/ui/executions/${NAMESPACE}/waiting/${id}`);
    await page.getByRole("button", { name: "Kill" }).click();
    await page.getByRole("dialog", { name: "Kill this execution?" }).getByRole("button", { name: "Kill" }).click();
    await page.getByRole("status").filter({ hasText: "waiting: Killed" }).waitFor();
    expect((await server().api.execution(id)).state.current).toBe("KILLED");
    await context.close();
  });

  test("is told that an address leads nowhere", async () => {
    const { page, context } = await openPage(browser(), server().url);
    await page.goto(`/ui/flows/edit/${NAMESPACE}/nobody/overview`);
    await page.getByRole("link", { name: "To the flows" }).waitFor();
    await page.goto("/ui/executions/nobody/nothing/none");
    await page.getByRole("link", { name: "To the executions" }).waitFor();
    await context.close();
  });

  test("goes from place to place by keyboard alone", async () => {
    const { page, context } = await openPage(browser(), server().url);
    await page.goto("/ui/flows");
    await page.getByRole("link", { name: "getting_started", exact: true }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await page.keyboard.press("g");
    await page.keyboard.press("e");
    await page.waitForURL("**/ui/executions");
    await page.getByRole("heading", { level: 1, name: "Executions" }).waitFor();
    await context.close();
  });
});
