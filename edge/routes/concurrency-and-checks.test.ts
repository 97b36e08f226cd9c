import { beforeEach, describe, expect, test } from "vitest";
import { flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import { executionSummary } from "#test/contract/projection.ts";
import { createTestServer, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";
import { portsOf } from "../ports/ports.ts";

let server: TestServer;
beforeEach(() => {
  server = createTestServer();
});

const KEY = { tenant: "main", namespace: "company.team", flowId: "guarded" };
const CREATE = "/api/v1/executions/company.team/guarded";

function source(more: string): string {
  return `id: guarded
namespace: company.team
inputs:
  - id: amount
    type: INT
    defaults: 1
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: hello
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: secret-key
    inputs:
      amount: "{{ trigger.body.amount }}"
${more}`;
}

function amount(value: number): { method: string; body: FormData } {
  const body = new FormData();
  body.set("amount", String(value));
  return { method: "POST", body };
}

describe("checks", () => {
  const CHECKS = `checks:
  - when: "{{ inputs.amount < 10 }}"
    message: At most nine
    style: ERROR
  - when: "{{ inputs.amount < 5 }}"
    message: Five are too many
    behavior: FAIL_EXECUTION
  - when: "{{ inputs.amount < 3 }}"
    message: That is a lot
    style: WARNING
    behavior: CREATE_EXECUTION
`;
  beforeEach(() => server.request("/api/v1/flows", yaml(source(CHECKS))));

  test("that hold let the execution be", async () => {
    expect((await server.request(CREATE, amount(1))).status).toBe(200);
    expect(startedIn(server)[0]).not.toHaveProperty("failure");
  });

  test("BLOCK_EXECUTION starts nothing, and says why", async () => {
    const response = await server.request(CREATE, amount(12));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ message: "Invalid entity: At most nine" });
    expect(startedIn(server)).toEqual([]);
  });

  test("FAIL_EXECUTION starts what fails at once, CREATE_EXECUTION lets it run", async () => {
    expect((await server.request(CREATE, amount(7))).status).toBe(200);
    expect((await server.request(CREATE, amount(3))).status).toBe(200);
    expect(startedIn(server).map(({ failure }) => failure)).toEqual(["Five are too many", undefined]);
  });

  test("the validation names all that do not hold, and starts nothing", async () => {
    const { checks } = await (await server.request(`${CREATE}/validate`, amount(12))).json();
    expect(checks).toEqual([
      { message: "At most nine", style: "ERROR", behavior: "BLOCK_EXECUTION" },
      { message: "Five are too many", style: "INFO", behavior: "FAIL_EXECUTION" },
      { message: "That is a lot", style: "WARNING", behavior: "CREATE_EXECUTION" },
    ]);
    expect(await (await server.request(`${CREATE}/validate`, amount(1))).json()).toMatchObject({ checks: [] });
    expect(startedIn(server)).toEqual([]);
  });

  test("webhooks are judged by what they bring", async () => {
    const hook = (value: number) =>
      server.request("/api/v1/executions/webhook/company.team/guarded/secret-key", {
        method: "POST",
        body: JSON.stringify({ amount: value }),
        headers: { "content-type": "application/json" },
      });
    const blocked = await hook(12);
    expect(blocked.status).toBe(422);
    expect(await blocked.json()).toMatchObject({ message: "Invalid entity: At most nine" });
    expect((await hook(7)).status).toBe(200);
    expect(startedIn(server).map(({ failure }) => failure)).toEqual(["Five are too many"]);
  });

  test("a condition that cannot be rendered does not hold, and says so", async () => {
    const broken = `checks:\n  - when: "{{ trigger.missing.deep }}"\n    message: Never\n`;
    await server.request("/api/v1/flows/company.team/guarded", yaml(source(broken), "PUT"));
    const response = await server.request(CREATE, amount(1));
    expect(response.status).toBe(422);
    expect((await response.json()).message).toMatch(/^Invalid entity: Never \(its condition cannot be rendered: /);
  });
});

describe("who holds the slots", () => {
  const actor = () => server.env.FLOW.get(server.env.FLOW.idFromName(flowActorName(KEY)));
  const show = async () => (await server.request("/api/v1/flows/company.team/guarded/concurrency")).json();
  const ask = (executionId: string, force = false) =>
    actor().acquireSlot({ executionId, effect: "x:1", force, ancestors: [] });

  test("an empty one shows the limit alone", async () => {
    await server.request("/api/v1/flows", yaml(source("concurrency:\n  limit: 2\n")));
    expect(await show()).toEqual({
      namespace: "company.team",
      flowId: "guarded",
      limit: 2,
      behavior: "QUEUE",
      holders: [],
      queue: [],
      queued: 0,
    });
  });

  test("holders with their states, and the queue in its order", async () => {
    await server.request("/api/v1/flows", yaml(source("concurrency:\n  limit: 1\n")));
    for (const id of ["a", "b", "c"]) await ask(id);
    await ask("d", true);
    await portsOf(server.env).projection.upsertExecutions([executionSummary("a", { state: "PAUSED" })]);
    const shown = await show();
    const since = "2026-01-01T00:00:00.000Z";
    expect(shown).toMatchObject({ limit: 1, queued: 2 });
    expect(shown.holders).toEqual([
      { executionId: "a", state: "PAUSED", since, forced: false },
      { executionId: "d", since, forced: true },
    ]);
    expect(shown.queue).toEqual([
      { executionId: "b", since, position: 1 },
      { executionId: "c", since, position: 2 },
    ]);
  });

  test("a flow without a limit has none to show, a deleted one what is left, an unknown one is 404", async () => {
    await server.request("/api/v1/flows", yaml(source("concurrency:\n  limit: 1\n")));
    await ask("a");
    await server.request("/api/v1/flows/company.team/guarded", { method: "DELETE" });
    expect(await show()).toMatchObject({ holders: [{ executionId: "a" }] });
    await actor().releaseSlot("a", "x:1");
    expect((await server.request("/api/v1/flows/company.team/guarded/concurrency")).status).toBe(404);
    expect((await server.request("/api/v1/flows/company.team/none/concurrency")).status).toBe(404);
    await server.request("/api/v1/flows", yaml(source("")));
    expect(await show()).not.toHaveProperty("limit");
  });

  test("an execution of an older revision is told that the newest limits it", async () => {
    await server.request("/api/v1/flows", yaml(source("")));
    await server.request("/api/v1/flows/company.team/guarded", yaml(source("concurrency:\n  limit: 1\n"), "PUT"));
    await server.request(`${CREATE}?revision=1`, amount(1));
    await server.request("/api/v1/flows/company.team/guarded", yaml(source(""), "PUT"));
    await server.request(`${CREATE}?revision=1`, amount(1));
    expect(startedIn(server).map(({ limited }) => limited)).toEqual([true, undefined]);
  });
});
