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
import { flow, messages, NAMESPACE, run, taskRun, useServer } from "./fixture.ts";

const SECRET = "s3cret-Pa55word/+=";
const server = useServer({ env: { SECRET_OF_SERVER: btoa("from-the-environment") } });
const browser = useBrowser();
const json = (body: unknown) => JSON.stringify(body);

beforeAll(async () => {
  const { api } = server();
  const call = (method: string, path: string, body: string, headers: Record<string, string> = {}) =>
    api.json({ method, path, body, headers });
  const pluginDefaults = [{ type: "io.kestra.plugin.core.http.Request", forced: true, values: { method: "POST" } }];
  await call(
    "POST",
    "/namespaces",
    json({ id: "company", variables: { region: "eu-west-1", limits: { rows: 100 } }, pluginDefaults }),
  );
  const allowedNamespaces = [{ namespace: "company.other" }];
  await call(
    "POST",
    "/namespaces",
    json({
      id: NAMESPACE,
      description: "The **team** that imports orders",
      variables: { stage: "prod" },
      allowedNamespaces,
    }),
  );
  await call("PUT", "/namespaces/company/secrets", json({ key: "ABOVE", value: "from-the-parent" }));
  await call(
    "PUT",
    `/namespaces/${NAMESPACE}/secrets`,
    json({ key: "TOKEN", value: SECRET, description: "Of the orders API", tags: [{ key: "team", value: "red" }] }),
  );
  await call("PUT", "/namespaces/company/kv/shared_limit", "100");
  await call("PUT", `/namespaces/${NAMESPACE}/kv/last_run`, "2026-01-31T08:00:00Z", {
    description: "When the import ran last",
  });
  await call("PUT", `/namespaces/${NAMESPACE}/kv/last_run`, "2026-02-01T08:00:00Z", {
    description: "When the import ran last",
    ttl: "P30D",
  });
  await call("PUT", `/namespaces/${NAMESPACE}/kv/settings`, '{"retries": 3, "hosts": ["a", "b"]}');
  await call("PUT", `/namespaces/${NAMESPACE}/kv/enabled`, "true");
});

describe("what a namespace gives its flows", () => {
  test("variables, values and secrets are read; the log, the answer and the events hide the secrets", async () => {
    const execution = await run(
      server(),
      flow(
        "reads",
        `
tasks:
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ namespace.region }} {{ namespace.stage }} {{ kv('shared_limit') }} {{ kv('settings').retries }} {{ secret('ABOVE') }}"
  - id: token
    type: io.kestra.plugin.core.debug.Return
    format: "Bearer {{ secret('TOKEN') }}"
  - id: script
    type: io.kestra.plugin.scripts.node.Script
    script: |
      console.log("header", ${"`"}{{ outputs.token.value }}${"`"});
      console.log("basic", btoa("ada:" + ${"`"}{{ secret('OF_SERVER') }}${"`"}));
`,
      ),
    );
    expect(execution.state.current).toBe("SUCCESS");
    const said = await messages(server(), execution.id, "INFO");
    expect(said).toContain("eu-west-1 prod 100 3 ******");
    // The output was sealed as a whole, so it is hidden as a whole.
    expect(said).toContain("header ******");
    expect(said.find((line) => line.startsWith("basic"))).toMatch(/^basic YWRhO.?\*{6}.?=?$/);
    expect(taskRun(execution, "token").outputs).toEqual({ value: "Bearer ******" });
    const events = await server().api.json({ path: `/executions/${execution.id}/events` });
    expect(JSON.stringify(events)).not.toContain("Pa55word");
  });

  test("secrets survive a new key and a restart of the server", async () => {
    const { api } = server();
    await server().kill();
    await server().start();
    expect(await api.json({ method: "POST", path: "/secrets/rotate" })).toEqual({
      rotated: 0,
      left: 0,
      unreadable: [],
    });
    const execution = await api.execute(NAMESPACE, "reads", { wait: true });
    expect(execution.state.current).toBe("SUCCESS");
  });
});

function pages(): Readonly<Record<string, string>> {
  const one = `/ui/namespaces/edit/${NAMESPACE}`;
  return {
    namespaces: "/ui/namespaces",
    "namespace-overview": `${one}/overview`,
    "namespace-edit": `${one}/edit`,
    "namespace-flows": `${one}/flows`,
    "namespace-kv": `${one}/kv`,
    "namespace-secrets": `${one}/secrets`,
    "namespace-empty": "/ui/namespaces/edit/nobody.here/kv",
  };
}

for (const scheme of ["light", "dark"] as const satisfies readonly Scheme[])
  for (const viewport of [WIDE, PHONE])
    test(`every page of namespaces is readable and fits, in ${scheme} at ${viewport.width} pixels`, async () => {
      const { page, context, troubles } = await openPage(browser(), server().url, { scheme, viewport });
      for (const [name, address] of Object.entries(pages())) {
        await page.goto(address);
        await settled(page);
        await expectNoOverflow(page, name);
        await expectAccessible(page, `${name} ${scheme} ${viewport.width}`);
        await screenshot(page, `${name}-${scheme}-${viewport.width}`);
      }
      await page.goto(pages()["namespace-kv"] ?? "");
      await page.getByRole("button", { name: "Edit last_run" }).click();
      await page.getByText("1 earlier version").click();
      await expectAccessible(page, `kv dialog ${scheme} ${viewport.width}`);
      await screenshot(page, `kv-dialog-${scheme}-${viewport.width}`);
      await page.goto(pages()["namespace-secrets"] ?? "");
      await page.getByRole("button", { name: "New secret" }).click();
      await expectAccessible(page, `secret dialog ${scheme} ${viewport.width}`);
      await screenshot(page, `secret-dialog-${scheme}-${viewport.width}`);
      expect(troubles).toEqual([]);
      await context.close();
    });

describe("somebody who works with a namespace", () => {
  test("creates, changes and deletes a value, and is told what is wrong with one", async () => {
    const { page, context } = await openPage(browser(), server().url);
    await page.goto(`/ui/namespaces/edit/${NAMESPACE}/kv`);
    await page.getByRole("button", { name: "New key-value" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Key" }).fill("a b");
    await dialog.getByText("Key must start").waitFor();
    await dialog.getByRole("textbox", { name: "Key" }).fill("from_page");
    await dialog.getByLabel("Type").selectOption("NUMBER");
    await dialog.getByLabel("Value", { exact: true }).fill("many");
    await dialog.getByText("This is no number").waitFor();
    expect(await dialog.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Value", { exact: true }).fill("42");
    await dialog.getByLabel("Lives").selectOption("P1D");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Edit from_page" }).click();
    await dialog.getByLabel("Type").selectOption("JSON");
    await dialog.getByLabel("Value", { exact: true }).fill('{"a": 1}');
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("version 2").first().waitFor();
    expect(await server().api.json({ path: `/namespaces/${NAMESPACE}/kv/from_page` })).toMatchObject({
      type: "JSON",
      value: { a: 1 },
    });
    await page.getByRole("button", { name: "Delete from_page" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Edit from_page" }).waitFor({ state: "detached" });
    await context.close();
  });

  test("writes a secret and never sees it again", async () => {
    const { page, context } = await openPage(browser(), server().url);
    await page.goto(`/ui/namespaces/edit/${NAMESPACE}/secrets`);
    await page.getByRole("button", { name: "New secret" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Name" }).fill("FROM_PAGE");
    await dialog.getByLabel("Value", { exact: true }).fill("written-on-the-page");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("cell", { name: "FROM_PAGE", exact: true }).waitFor();
    await page.getByRole("button", { name: "Change FROM_PAGE" }).click();
    expect(await dialog.getByLabel("New value").inputValue()).toBe("");
    expect(await page.content()).not.toContain("written-on-the-page");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Delete FROM_PAGE" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("cell", { name: "FROM_PAGE", exact: true }).waitFor({ state: "detached" });
    await context.close();
  });

  test("creates a namespace, gives it variables, and is told what is wrong with them", async () => {
    const { page, context } = await openPage(browser(), server().url);
    await page.goto("/ui/namespaces");
    await page.getByRole("button", { name: "Create namespace" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Name" }).fill("Bad Name");
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.getByText("is no namespace").waitFor();
    await dialog.getByRole("textbox", { name: "Name" }).fill("made.here");
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { level: 1, name: "made.here" }).waitFor();
    await page.getByRole("link", { name: "Variables and defaults" }).click();
    await page.getByRole("textbox", { name: "Variables" }).fill("- a list");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Variables are a map").waitFor();
    await page.getByRole("textbox", { name: "Variables" }).fill("stage: test");
    await page
      .getByRole("textbox", { name: "Plugin defaults" })
      .fill("- type: io.kestra.plugin.core.log.Log\n  values: {massage: x}");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("massage").first().waitFor();
    await page.getByRole("textbox", { name: "Plugin defaults" }).fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await expect
      .poll(() => server().api.json({ path: "/namespaces/made.here" }))
      .toMatchObject({ variables: { stage: "test" } });
    await page.getByRole("button", { name: "Delete namespace" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Namespaces" }).waitFor();
    await context.close();
  });
});
