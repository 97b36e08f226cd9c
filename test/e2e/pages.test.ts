import { beforeAll, describe, expect, test } from "vitest";
import {
  expectAccessible,
  expectNoOverflow,
  openPage,
  PHONE,
  type Scheme,
  screenshot,
  settled,
  useBrowser,
  WIDE,
} from "./browser.ts";
import { NAMESPACE, useServer } from "./fixture.ts";

const server = useServer();
const browser = useBrowser();
let failedId = "";
let pausedId = "";

beforeAll(async () => {
  const { api } = server();
  await api.execute(NAMESPACE, "getting_started", { wait: true });
  for (const [path, text] of [
    ["scripts/hello.py", "print('hello')\n"],
    ["queries/orders.sql", "select 1"],
    ["readme.md", "# Team"],
  ])
    await api.upload(`/namespaces/${NAMESPACE}/files?path=/${path}`, "fileContent", text ?? "");
  failedId = (await api.execute(NAMESPACE, "retry_and_errors", { wait: true })).id;
  pausedId = (await api.execute(NAMESPACE, "approval")).id;
  await api.executionWhen(pausedId, { until: ({ state }) => state.current === "PAUSED" });
});

/** Each page with data in it, as somebody who works with it sees it. */
function pages(): Readonly<Record<string, string>> {
  const flowPage = `/ui/flows/edit/${NAMESPACE}/getting_started`;
  const failed = `/ui/executions/${NAMESPACE}/retry_and_errors/${failedId}`;
  const paused = `/ui/executions/${NAMESPACE}/approval/${pausedId}`;
  return {
    flows: "/ui/flows",
    "new-flow": "/ui/flows/new",
    "flow-overview": `${flowPage}/overview`,
    "flow-edit": `${flowPage}/edit`,
    "flow-topology": `${flowPage}/topology`,
    "flow-executions": `${flowPage}/executions`,
    "flow-concurrency": `${flowPage}/concurrency`,
    "flow-revisions": `${flowPage}/revisions`,
    executions: "/ui/executions",
    "executions-none": "/ui/executions?state=CANCELLED",
    "execution-overview": `${failed}/overview`,
    "execution-gantt": `${failed}/gantt`,
    "execution-logs": `${failed}/logs`,
    "execution-topology": `${failed}/topology`,
    "execution-outputs": `${failed}/outputs`,
    "execution-paused": `${paused}/overview`,
    files: `/ui/files/${NAMESPACE}`,
    "files-namespaces": "/ui/files",
    "files-file": `/ui/files/${NAMESPACE}?file=scripts%2Fhello.py`,
    "task-types": "/ui/plugins",
    // The whole page is looked at in expressions.test.ts.
    expressions: "/ui/expressions?q=date#filter.date",
  };
}

for (const scheme of ["light", "dark"] as const satisfies readonly Scheme[]) {
  describe(`every page in ${scheme}`, () => {
    for (const viewport of [WIDE, PHONE]) {
      test(`is readable and fits at ${viewport.width} pixels`, async () => {
        const { page, context, troubles } = await openPage(browser(), server().url, { scheme, viewport });
        for (const [name, address] of Object.entries(pages())) {
          await page.goto(address);
          await settled(page);
          await expectNoOverflow(page, name);
          await expectAccessible(page, `${name} ${scheme} ${viewport.width}`);
          await screenshot(page, `${name}-${scheme}-${viewport.width}`);
        }
        expect(troubles).toEqual([]);
        await context.close();
      });
    }

    test("opens the execute dialog without a mistake in it", async () => {
      const { page, context } = await openPage(browser(), server().url, { scheme });
      await page.goto("/ui/flows");
      await page.getByRole("button", { name: "Execute getting_started" }).click();
      const dialog = page.getByRole("dialog", { name: "Execute getting_started" });
      await dialog.getByRole("button", { name: "Execute" }).waitFor();
      await dialog.getByLabel("Your name").waitFor();
      await expectAccessible(page, "execute dialog");
      await screenshot(page, `execute-dialog-${scheme}`);
      await context.close();
    });
  });
}
