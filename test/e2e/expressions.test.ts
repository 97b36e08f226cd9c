import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import {
  expectAccessible,
  expectNoOverflow,
  openPage,
  PHONE,
  screenshot,
  settled,
  useBrowser,
  WIDE,
} from "./browser.ts";
import { errorOf, flow, NAMESPACE, run, useServer } from "./fixture.ts";

const server = useServer();
const browser = useBrowser();
const LOG = "io.kestra.plugin.core.log.Log";

const SOURCE = (message: string) => `id: expressions
namespace: ${NAMESPACE}
inputs:
  - id: name
    type: STRING
    defaults: Ada
    description: Whom to greet
tasks:
  - id: my-task
    type: io.kestra.plugin.core.debug.Return
    format: x
  - id: say
    type: ${LOG}
    message: >-
      hello
      ${message}
`;

async function write(page: Page, source: string): Promise<void> {
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(source);
}

/** Types at the end of the text, as a writer does. */
async function typeAtEnd(page: Page, text: string): Promise<void> {
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.type(text, { delay: 30 });
}

const options = (page: Page) => page.locator(".cm-tooltip-autocomplete li");

describe("the reference of expressions", () => {
  test("is found from every page, searched, linked to, and tried", async () => {
    const { page, context, troubles } = await openPage(browser(), server().url);
    await page.goto("/ui/flows");
    await page.getByRole("link", { name: "Expressions", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Expressions" }).waitFor();
    await page.getByRole("heading", { name: "value | upper" }).waitFor();

    await page.getByLabel("Search the reference").fill("timezone");
    await page.getByRole("heading", { name: "value | upper" }).waitFor({ state: "detached" });
    expect(page.url()).toContain("q=timezone");
    await page.goto("/ui/expressions#filter.replace");
    const entry = page.locator("article.target");
    await entry.waitFor();
    expect(await entry.getByRole("heading").innerText()).toContain("replace");
    expect(await entry.evaluate((element) => element.getBoundingClientRect().top)).toBeLessThan(WIDE.height);

    await entry.getByRole("button", { name: /^Try/ }).first().click();
    const playground = page.getByRole("region", { name: "Try an expression" });
    await playground.getByLabel("Result").filter({ hasText: "jane doe" }).waitFor();

    await playground.getByLabel("Expression").fill("one\n{{ inputs.nmae | upper }}");
    await playground.getByText("EXPR_UNDEFINED").waitFor();
    await playground.getByText("Did you mean").waitFor();
    expect(await playground.innerText()).toMatch(/at 2:11/);
    await screenshot(page, "expression-problem");
    await playground.getByLabel("Context, JSON").fill("{");
    await playground.getByText("The context is not JSON").waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });

  test("fits a phone, where the place to try is above the entries", async () => {
    const { page, context } = await openPage(browser(), server().url, { viewport: PHONE });
    await page.goto("/ui/expressions#function.now");
    await settled(page);
    await page.locator("article.target").waitFor();
    await expectNoOverflow(page, "expressions");
    await expectAccessible(page, "expressions on a phone");
    await screenshot(page, "expression-entry-390");
    await context.close();
  });
});

describe("the editor, in an expression", () => {
  test("completes filters, tests and what the flow declares", async () => {
    const { page, context, troubles } = await openPage(browser(), server().url);
    await page.goto("/ui/flows/new");
    await write(page, SOURCE(""));
    await page.getByRole("region", { name: "Problems" }).getByText("Valid").waitFor();
    await typeAtEnd(page, "{{ inputs.");
    await options(page).filter({ hasText: "name" }).first().waitFor();
    await screenshot(page, "expression-completion");
    await options(page).filter({ hasText: "name" }).first().click();
    await page.keyboard.type(" | abbr", { delay: 30 });
    await options(page).filter({ hasText: "abbreviate" }).first().click();
    await page.keyboard.type("5) ~ outputs.my", { delay: 30 });
    await options(page).filter({ hasText: "my-task" }).first().click();
    expect(await page.locator(".cm-content").innerText()).toContain("inputs.name | abbreviate(5) ~ outputs['my-task']");
    expect(troubles).toEqual([]);
    await context.close();
  });

  test("underlines a mistake in a folded block with the text that the execution's evaluation gives", async () => {
    const { id } = await run(server(), SOURCE("{{ inputs.name }}"));
    const { error, problem } = await server().api.json<{ error: string; problem: object }>({
      method: "POST",
      path: `/executions/${id}/eval`,
      headers: { "content-type": "text/plain" },
      body: "hello {{ inputs.nmae }}",
    });
    expect(problem).toMatchObject({ code: "EXPR_UNDEFINED", line: 1, column: 17 });

    const { page, context } = await openPage(browser(), server().url);
    await page.goto("/ui/flows/new");
    await write(page, SOURCE("{{ inputs.nmae }}"));
    const problems = page.getByRole("region", { name: "Problems" });
    const mistake = problems.getByRole("button").filter({ hasText: "nmae" });
    await mistake.waitFor();
    expect(await mistake.innerText()).toContain("16:17");
    const shown = (await mistake.locator(".message").innerText()).replace(/\s+/g, " ");
    expect(shown).toBe(String(error).replaceAll("`", "").replace(/\s+/g, " "));
    expect(await page.locator(".cm-lintRange-error").innerText()).toBe("nmae");
    expect(await page.getByRole("button", { name: "Create" }).isDisabled()).toBe(true);
    await page.locator(".cm-lintRange-error").hover();
    await page.locator(".cm-diagnostic").waitFor();
    await screenshot(page, "expression-underlined");
    await context.close();
  });

  test("explains the filter and the input under the pointer, with a link to the reference", async () => {
    const { page, context } = await openPage(browser(), server().url);
    await page.goto("/ui/flows/new");
    await write(page, SOURCE("{{ inputs.name | upper }}"));
    await page.getByRole("region", { name: "Problems" }).getByText("Valid").waitFor();
    const line = page.locator(".cm-line").filter({ hasText: "| upper" });
    const box = await line.evaluate((element) => {
      const range = document.createRange();
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const at = node.textContent?.indexOf("upper") ?? -1;
        if (at < 0) continue;
        range.setStart(node, at);
        range.setEnd(node, at + 5);
        return range.getBoundingClientRect().toJSON();
      }
      throw new Error("the word is not there");
    });
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const help = page.locator(".cm-help");
    await help.waitFor();
    expect(await help.innerText()).toContain("value | upper");
    expect(await help.getByRole("link").getAttribute("href")).toBe("/ui/expressions#filter.upper");
    await screenshot(page, "expression-hover");
    await context.close();
  });
});

test("a flow whose expression no execution can evaluate is refused by the API with the place in the YAML", async () => {
  const answer = await server().api.send({
    method: "POST",
    path: "/flows",
    headers: { "content-type": "application/x-yaml" },
    body: flow("refused", `tasks:\n  - id: say\n    type: ${LOG}\n    message: |\n      a\n      {{ 'x' | uper }}\n`),
  });
  const { problems } = errorOf(answer, 422);
  expect(problems).toMatchObject([
    {
      code: "EXPR_UNKNOWN_NAME",
      message: "Filter [uper] does not exist. Did you mean `upper`?",
      path: "tasks[0].message",
      at: { line: 8, column: 16 },
    },
  ]);
});
