import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Server } from "../support/server.ts";
import { expectAccessible, expectNoOverflow, openPage, PHONE, screenshot, useBrowser, WIDE } from "./browser.ts";
import { errorOf, flow, messages, NAMESPACE, refusal, run, taskRun, useServer } from "./fixture.ts";

const server = useServer();
const browser = useBrowser();

const LOG = "io.kestra.plugin.core.log.Log";
const RETURN = "io.kestra.plugin.core.debug.Return";
const SEEDS = join(import.meta.dirname, "..", "flows", "seeds");
const TOKEN = "tok_Zq83xWvK51";
const PIN = "pin_Hh27PqLm90";

/** Files of the data folder that hold the text. */
function filesWith({ dataDir }: Server, text: string): string[] {
  const names = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return names
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => readFileSync(path).includes(text));
}

/** Everything that the API says of an execution. */
async function saidOf({ api }: Server, id: string): Promise<string> {
  const paths = ["", "/events", "/flow", "/graph"].map((end) => `/executions/${id}${end}`);
  const answers = await Promise.all([...paths, `/logs/${id}`].map((path) => api.send({ path })));
  return answers.map(({ text }) => text).join("\n");
}

function form(fields: Record<string, string>): { body: string; headers: Record<string, string> } {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { body: new URLSearchParams(fields).toString(), headers };
}

describe("a SECRET input", () => {
  const KEEPER = flow(
    "keeper",
    `
inputs:
  - id: token
    type: SECRET
    validator: tok_\\w+
tasks:
  - id: say
    type: ${LOG}
    message: "the token is {{ inputs.token }}"
  - id: bearer
    type: ${RETURN}
    format: "Bearer {{ inputs.token }}"
  - id: length
    type: ${RETURN}
    format: "{{ outputs.bearer.value | length }} {{ outputs.bearer.value == 'Bearer ' ~ inputs.token }}"
  - id: child
    type: io.kestra.plugin.core.flow.Subflow
    namespace: ${NAMESPACE}
    flowId: keeper_child
    inputs:
      token: "{{ inputs.token }}"
    wait: true
  - id: same
    type: ${RETURN}
    format: "{{ outputs.child.outputs.token == inputs.token }}"
  - id: ask
    type: io.kestra.plugin.core.flow.Pause
    onResume:
      - id: pin
        type: SECRET
  - id: pinned
    type: ${RETURN}
    format: "{{ outputs.ask.onResume.pin | length }}"
  - id: fails
    type: io.kestra.plugin.core.execution.Fail
    errorMessage: "no luck with {{ inputs.token }} and {{ outputs.ask.onResume.pin }}"
`,
  );
  const CHILD = flow(
    "keeper_child",
    `
inputs:
  - id: token
    type: SECRET
tasks:
  - id: say
    type: ${LOG}
    message: "child has {{ inputs.token }}"
outputs:
  - id: token
    type: SECRET
    value: "{{ inputs.token }}"
`,
  );

  test("is read by every task, and stands nowhere: not on disk, in no answer, log, event or error", async () => {
    await server().api.saveFlow(CHILD);
    const { id } = await run(server(), KEEPER, { inputs: { token: TOKEN } });
    await server().api.executionWhen(id, { until: ({ state }) => state.current === "PAUSED" });
    const resumed = await server().api.send({
      method: "POST",
      path: `/executions/${id}/resume`,
      ...form({ pin: PIN }),
    });
    expect(resumed.status).toBe(204);
    const ended = await server().api.executionWhen(id);
    expect(ended.state.current).toBe("FAILED");
    expect(ended.inputs).toEqual({ token: "******" });
    expect(taskRun(ended, "bearer").outputs).toEqual({ value: "Bearer ******" });
    expect(taskRun(ended, "length").outputs).toEqual({ value: `${"Bearer ".length + TOKEN.length} true` });
    expect(taskRun(ended, "same").outputs).toEqual({ value: "true" });
    expect(taskRun(ended, "ask").outputs).toMatchObject({ onResume: { pin: "******" } });
    expect(taskRun(ended, "pinned").outputs).toEqual({ value: String(PIN.length) });
    expect(await messages(server(), id, "INFO")).toContain("the token is ******");
    expect((await messages(server(), id, "ERROR")).join()).toContain("no luck with ****** and ******");
    const child = String(taskRun(ended, "child").outputs?.executionId);
    const said = (await saidOf(server(), id)) + (await saidOf(server(), child));
    for (const text of [TOKEN, PIN, "\\u0001sealed", "v1.local."]) expect(said).not.toContain(text);
    for (const text of [TOKEN, PIN]) expect(filesWith(server(), text)).toEqual([]);
  });

  test("is kept by a replay, and by one with other inputs that does not say it", async () => {
    const first = await run(server(), KEEPER, { inputs: { token: TOKEN } });
    await server().api.kill(first.id);
    await server().api.executionWhen(first.id);
    for (const path of ["replay", "replay-with-inputs"]) {
      const again = await server().api.json<ExecutionJson>({
        method: "POST",
        path: `/executions/${first.id}/${path}`,
        ...form({}),
      });
      const paused = ({ state }: ExecutionJson) => state.current === "PAUSED";
      const reached = await server().api.executionWhen(again.id, { until: paused });
      expect(taskRun(reached, "same").outputs).toEqual({ value: "true" });
    }
    expect(filesWith(server(), TOKEN)).toEqual([]);
  });

  test("is still masked and readable after the server was killed", async () => {
    const id = (await run(server(), KEEPER, { inputs: { token: TOKEN } })).id;
    await server().api.executionWhen(id, { until: ({ state }) => state.current === "PAUSED" });
    await server().kill();
    await server().start();
    await server().api.send({ method: "POST", path: `/executions/${id}/resume`, ...form({ pin: PIN }) });
    await server().api.executionWhen(id);
    expect((await messages(server(), id, "ERROR")).join()).toContain("no luck with ****** and ******");
    for (const text of [TOKEN, PIN]) expect(filesWith(server(), text)).toEqual([]);
  });

  test("is refused without being quoted", async () => {
    const start = server().api.execute(NAMESPACE, "keeper", { inputs: { token: "wrong-one-77" } });
    const error = errorOf(await refusal(start), 422);
    expect(error.message).toContain(
      "Invalid input for `token`, it must match the pattern `tok_\\w+`, but received `******`",
    );
    expect(JSON.stringify(error)).not.toContain("wrong-one-77");
  });
});

describe("the form of an execution", () => {
  async function openForm(page: Page, id: string) {
    await page.goto(`/ui/flows/edit/${NAMESPACE}/${id}/overview`);
    await page.getByRole("button", { name: "Execute", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: `Execute ${id}` });
    await dialog.getByRole("button", { name: "Execute" }).waitFor();
    return dialog;
  }

  test("asks for what depends on other values, offers what expressions give, and fills in the last run", async () => {
    const { api } = server();
    const values = {
      access_permissions: ["Admin", "Developer", "Editor"],
      saas_applications: ["Slack", "Notion"],
      cloud_vms: { AWS: ["t2.micro", "t2.small"], GCP: ["f1-micro"] },
    };
    for (const [key, value] of Object.entries(values)) {
      const path = `/namespaces/${NAMESPACE}/kv/${key}`;
      const headers = { "content-type": "text/plain" };
      expect((await api.send({ method: "PUT", path, body: JSON.stringify(value), headers })).status).toBeLessThan(300);
    }
    await api.saveFlow(readFileSync(join(SEEDS, "request-resources.yaml"), "utf8"));
    const { page, context, troubles } = await openPage(browser(), server().url);
    let dialog = await openForm(page, "request_resources");
    await dialog.getByLabel("Cloud Provider").waitFor({ state: "detached" });
    expect(await dialog.getByLabel("Access Permissions").count()).toBe(0);

    await dialog.getByLabel("Resource Type").selectOption("SaaS application");
    await dialog.getByRole("checkbox", { name: "Notion" }).check();
    await dialog.getByLabel("Resource Type").selectOption("Cloud VM");
    await dialog.getByLabel("Cloud Provider").waitFor();
    await dialog.getByRole("checkbox", { name: "Notion" }).waitFor({ state: "detached" });
    expect(await dialog.getByRole("combobox", { name: "Cloud VM" }).isDisabled()).toBe(true);
    await screenshot(page, "inputs-depending-1440");
    await dialog.getByLabel("Cloud Provider").selectOption("AWS");
    await dialog.getByRole("combobox", { name: "Cloud VM" }).selectOption("t2.small");
    await screenshot(page, "inputs-chosen-1440");
    await dialog.getByRole("button", { name: "Execute" }).click();
    await page.waitForURL(`**/ui/executions/${NAMESPACE}/request_resources/*/gantt`);
    const id = page.url().split("/").at(-2) ?? "";
    const inputs = { resource_type: "Cloud VM", cloud_provider: "AWS", cloud_vms: "t2.small" };
    expect((await api.executionWhen(id)).inputs).toEqual(inputs);

    dialog = await openForm(page, "request_resources");
    await dialog.getByRole("button", { name: "Fill in as last time" }).click();
    await dialog.getByLabel("Cloud Provider").waitFor();
    expect(await dialog.getByLabel("Cloud Provider").inputValue()).toBe("AWS");
    expect(await dialog.getByRole("combobox", { name: "Cloud VM" }).inputValue()).toBe("t2.small");
    expect(troubles).toEqual([]);
    await context.close();
  });

  test("has a control for each type, says at once what is wrong, and starts with what was given", async () => {
    const { api } = server();
    await api.saveFlow(readFileSync(join(SEEDS, "inputs.yaml"), "utf8"));
    await api.saveFlow(readFileSync(join(SEEDS, "regex-input.yaml"), "utf8"));
    for (const [size, viewport] of [
      ["1440", WIDE],
      ["390", PHONE],
    ] as const) {
      const { page, context, troubles } = await openPage(browser(), server().url, { viewport });
      const wrong = await openForm(page, "regex_input");
      await wrong.getByLabel("user").fill("studentabc");
      await wrong.getByLabel("age").fill("17");
      await wrong.getByLabel("duration").fill("PT1M");
      await wrong.getByLabel("time", { exact: false }).first().focus();
      await wrong.getByText("Enter 18 or more.").waitFor();
      await wrong.getByText("It must be more than PT5M6S.").waitFor();
      await expectAccessible(page, `wrong inputs ${size}`);
      await screenshot(page, `inputs-wrong-${size}`);

      const dialog = await openForm(page, "inputs");
      await dialog.getByRole("checkbox", { name: "VALUE_2" }).check();
      await dialog.getByLabel("A secret input").fill(TOKEN);
      await dialog
        .locator('input[type="file"]')
        .setInputFiles({ name: "a.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n") });
      await expectAccessible(page, `inputs ${size}`);
      await expectNoOverflow(page, `inputs ${size}`);
      await screenshot(page, `inputs-top-${size}`);
      await dialog.getByLabel("A nested string input").scrollIntoViewIfNeeded();
      await screenshot(page, `inputs-end-${size}`);
      await dialog.getByRole("button", { name: "Execute" }).click();
      await page.waitForURL(`**/ui/executions/${NAMESPACE}/inputs/*/gantt`);
      const execution = await api.executionWhen(page.url().split("/").at(-2) ?? "");
      expect(execution).toMatchObject({
        state: { current: "SUCCESS" },
        inputs: {
          dropdown_multi: ["VALUE_2"],
          list_of_int: [1, 2, 3],
          secret: "******",
          nested: { string: "Hello World!" },
        },
      });
      await page.goto(`/ui/executions/${NAMESPACE}/inputs/${execution.id}/overview`);
      await page.getByText("******").first().waitFor();
      await screenshot(page, `inputs-shown-${size}`);
      expect(troubles).toEqual([]);
      await context.close();
    }
  }, 60_000);
});
