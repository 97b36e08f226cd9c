import { describe, expect, test } from "vitest";
import { poll } from "../support/poll.ts";
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
import { flow, messages, NAMESPACE, useServer } from "./fixture.ts";

const server = useServer();
const browser = useBrowser();

const PAUSE = "tasks:\n  - id: hold\n    type: io.kestra.plugin.core.flow.Pause\n";
const limited = (id: string) => flow(id, `concurrency:\n  limit: 1\n${PAUSE}`);
const when = (id: string, state: string) =>
  server().api.executionWhen(id, { until: ({ state: { current } }) => current === state });
const slots = (id: string) =>
  server().api.json<{ holders: { executionId: string }[]; queue: { executionId: string }[] }>({
    path: `/flows/${NAMESPACE}/${id}/concurrency`,
  });

async function three(id: string): Promise<string[]> {
  await server().api.saveFlow(limited(id));
  const ids: string[] = [];
  for (const state of ["PAUSED", "QUEUED", "QUEUED"]) {
    const started = await server().api.execute(NAMESPACE, id);
    await when(started.id, state);
    ids.push(started.id);
  }
  return ids;
}

test("a flow with limit 1 runs one execution after another, also over a kill -9 of the server", async () => {
  const [first = "", second = "", third = ""] = await three("one_at_a_time");
  expect(await slots("one_at_a_time")).toMatchObject({
    holders: [{ executionId: first }],
    queue: [{ executionId: second }, { executionId: third }],
  });
  await server().kill();
  await server().start();
  await server().api.resume(first);
  await when(first, "SUCCESS");
  await when(second, "PAUSED");
  expect((await server().api.execution(third)).state.current).toBe("QUEUED");
  await server().api.resume(second);
  await when(third, "PAUSED");
  await server().api.resume(third);
  await when(third, "SUCCESS");
  expect(await messages(server(), third, "INFO")).toContain(
    "Flow is queued due to concurrency limit exceeded, 1 running(s)",
  );
  await poll(
    async () => {
      const { holders, queue } = await slots("one_at_a_time");
      return holders.length + queue.length === 0 ? true : undefined;
    },
    { what: "the end of all slots" },
  );
});

describe("the page", () => {
  test("shows who holds the slot and who waits, and kills from there", async () => {
    const [first = "", second = ""] = await three("shown");
    for (const viewport of [WIDE, PHONE]) {
      for (const scheme of ["light", "dark"] as const) {
        const { page, context, troubles } = await openPage(browser(), server().url, { viewport, scheme });
        await page.goto(`/ui/flows/edit/${NAMESPACE}/shown/concurrency`);
        await settled(page);
        await page.getByText("1 of 1").waitFor();
        const queue = page.getByRole("region", { name: "Queue" });
        await queue.getByRole("link", { name: second.slice(0, 8) }).waitFor();
        await expectNoOverflow(page, "concurrency");
        await expectAccessible(page, `concurrency ${scheme} ${viewport.width}`);
        await screenshot(page, `flow-concurrency-${scheme}-${viewport.width}`);
        expect(troubles).toEqual([]);
        await context.close();
      }
    }
    const { page, context } = await openPage(browser(), server().url);
    await page.goto(`/ui/flows/edit/${NAMESPACE}/shown/concurrency`);
    const holders = page.getByRole("region", { name: "Holders" });
    await holders.getByRole("button", { name: `Kill ${first.slice(0, 8)}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Kill" }).click();
    await holders.getByRole("link", { name: second.slice(0, 8) }).waitFor();
    await context.close();
  });

  test("says that there is no limit, and where to set one", async () => {
    const { page, context } = await openPage(browser(), server().url);
    await page.goto(`/ui/flows/edit/${NAMESPACE}/getting_started/concurrency`);
    await page.getByText("No limit").waitFor();
    await expectAccessible(page, "no limit");
    await context.close();
  });

  test("the execute dialog says which checks do not hold, and what comes of it", async () => {
    const checks = `inputs:\n  - id: amount\n    type: INT\n    defaults: 12\nchecks:\n  - when: "{{ inputs.amount < 10 }}"\n    message: At most nine\n    style: ERROR\n`;
    await server().api.saveFlow(flow("checked", checks + PAUSE));
    const { page, context } = await openPage(browser(), server().url);
    await page.goto(`/ui/flows/edit/${NAMESPACE}/checked/overview`);
    await page.getByRole("button", { name: "Execute" }).click();
    const dialog = page.getByRole("dialog", { name: "Execute checked" });
    await dialog.getByText("At most nine").waitFor();
    await dialog.getByText("It will not start.").waitFor();
    await expectAccessible(page, "checks");
    await screenshot(page, "execute-dialog-checks");
    await dialog.getByLabel("amount").fill("3");
    await dialog.getByText("At most nine").waitFor({ state: "detached" });
    await context.close();
  });
});
