import { beforeEach, describe, expect, test } from "vitest";
import { createTestServer, HELLO, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";

const SECRETS = JSON.stringify({ SECRET_HOOK_KEY: btoa("a-long-webhook-key") });
let server: TestServer;
beforeEach(() => {
  server = createTestServer({ SECRETS });
});

describe("webhooks", () => {
  const hook = "/api/v1/executions/webhook/company.team/hello";
  beforeEach(() => server.request("/api/v1/flows", yaml(HELLO)));

  test.each(["GET", "POST", "PUT"])("%s with the key starts an execution", async (method) => {
    const body = method === "GET" ? {} : { body: '{"order": 7}' };
    const response = await server.request(`${hook}/a-long-webhook-key?a=1&a=2`, { method, ...body });
    expect(response.status).toBe(200);
    const [request] = startedIn(server);
    expect(request?.trigger).toMatchObject({
      id: "hook",
      type: "io.kestra.plugin.core.trigger.Webhook",
      variables: { body: method === "GET" ? null : { order: 7 }, parameters: { a: ["1", "2"] } },
    });
    expect(request?.labels).toContainEqual({ key: "from", value: "hook" });
    expect(request?.inputs).toMatchObject({ name: "World" });
  });

  test("a body that is no JSON stays text", async () => {
    for (const body of ["plain", "{half", "12"])
      await server.request(`${hook}/a-long-webhook-key`, { method: "POST", body });
    expect(
      startedIn(server)
        .map(({ trigger }) => trigger?.variables.body)
        .sort(),
    ).toEqual(["12", "plain", "{half"]);
  });

  test("the checks, in Kestra's order", async () => {
    const post = (path: string) => server.request(path, { method: "POST" });
    const unknown = await post("/api/v1/executions/webhook/company.team/none/a-long-webhook-key");
    expect([unknown.status, (await unknown.json()).message]).toEqual([404, "Not Found: Flow not found"]);
    for (const key of ["wrong", "a-long-webhook-ke", "a-long-webhook-keyx", "%20", "{{ secret('HOOK_KEY') }}"]) {
      const wrong = await post(`${hook}/${encodeURIComponent(key)}`);
      expect([wrong.status, (await wrong.json()).message], key).toEqual([404, "Not Found: Webhook not found"]);
    }
    await server.request("/api/v1/flows/company.team/hello", yaml(`${HELLO}disabled: true\n`, "PUT"));
    const disabled = await post(`${hook}/wrong`);
    expect([disabled.status, (await disabled.json()).message]).toEqual([
      409,
      "Illegal state: Cannot execute a disabled flow",
    ]);
    expect(startedIn(server)).toEqual([]);
  });

  test("one with conditions starts nothing and says why", async () => {
    const guarded = "    conditions: [{type: io.kestra.plugin.core.condition.Weekend}]\n";
    const source = HELLO.replace(/( {4}type: io\.kestra\.plugin\.core\.trigger\.Webhook\n)/, `$1${guarded}`);
    expect((await server.request("/api/v1/flows/company.team/hello", yaml(source, "PUT"))).status).toBe(200);
    const refused = await server.request(`${hook}/a-long-webhook-key`, { method: "POST" });
    expect([refused.status, (await refused.json()).message]).toEqual([409, expect.stringContaining("conditions")]);
    expect(startedIn(server)).toEqual([]);
  });

  test("a key whose secret is missing opens nothing", async () => {
    const poor = createTestServer();
    await poor.request("/api/v1/flows", yaml(HELLO));
    for (const key of ["a-long-webhook-key", "null", "undefined", "x"]) {
      expect((await poor.request(`${hook}/${key}`)).status).toBe(404);
    }
  });

  test("a namespace called webhook opens nothing", async () => {
    const closed = createTestServer({ AUTH_BASIC: "a:b" });
    expect((await closed.request("/api/v1/executions/webhook/hello", { method: "POST" })).status).toBe(401);
  });
});

describe("what the server says of itself", () => {
  test("ping, health and configs", async () => {
    expect(await (await server.request("/ping")).text()).toBe("pong");
    expect(await (await server.request("/health")).json()).toEqual({ status: "UP" });
    expect(await (await server.request("/api/v1/configs")).json()).toMatchObject({
      isBasicAuthEnabled: false,
      systemNamespace: "system",
    });
  });

  test("types, their documentation and the schema of flows", async () => {
    const plugins = await (await server.request("/api/v1/plugins")).json();
    const classes = plugins.flatMap(({ tasks }: { tasks: { cls: string }[] }) => tasks.map(({ cls }) => cls));
    expect(classes).toContain("io.kestra.plugin.core.log.Log");
    const docs = await (await server.request("/api/v1/plugins/io.kestra.core.tasks.log.Log")).json();
    expect(docs.markdown).toContain("# Log");
    expect(docs.schema.properties.properties).toHaveProperty("message");
    expect((await server.request("/api/v1/plugins/no.Such")).status).toBe(404);
    const schema = await (await server.request("/api/v1/schemas/flow.json")).json();
    expect(schema).toMatchObject({ $schema: expect.stringContaining("json-schema.org") });
    expect(await (await server.request("/api/v1/plugins/schemas/flow")).json()).toEqual(schema);
    expect((await server.request("/api/v1/plugins/schemas/dashboard")).status).toBe(422);
  });

  test("OpenAPI names every route but the internal ones, each with an answer and unique", async () => {
    const { paths } = await (await server.request("/api/openapi.json")).json();
    const operations: { operationId: string; responses: Record<string, unknown>; security: unknown[] }[] =
      Object.values(paths).flatMap((path) => Object.values(path as object));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(["/api/v1/flows", "/api/v1/executions/{executionId}/eval/{taskRunId}", "/ping"]),
    );
    expect(Object.keys(paths).filter((path) => path.includes("internal"))).toEqual([]);
    for (const { responses } of operations) expect(Object.keys(responses)[0]).toMatch(/^2\d\d$/);
  });
});

describe("the launcher's calls", () => {
  const call = (path: string) =>
    server.request(path, { method: "POST", headers: { "x-windhover-internal": "internal-secret" } });

  test("boot wakes every long-lived cell", async () => {
    expect(await (await call("/internal/boot")).json()).toEqual({ asked: 4, failures: [] });
    expect([...server.cells.values()].map(({ boots }) => boots)).toEqual([1, 1, 1, 1]);
  });

  test("the sweep wakes cells, dispatch and flows whose triggers are overdue", async () => {
    const schedule = "  - id: every\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: '0 * * * *'\n";
    await server.request("/api/v1/flows", yaml(HELLO + schedule));
    server.clock.now += 3_700_000;
    expect(await (await call("/internal/sweep")).json()).toEqual({ asked: 7, failures: [] });
    expect(server.dispatch.sweeps).toBe(1);
    expect([...server.cells.values()].map(({ sweeps }) => sweeps)).toEqual([1, 1, 1, 1]);
    expect(startedIn(server)).toMatchObject([
      { trigger: { id: "every", variables: { date: "2026-01-01T01:00:00Z" } } },
    ]);
  });

  test("one actor that fails does not keep the others asleep, and is told", async () => {
    await call("/internal/boot");
    const [first] = server.cells.values();
    if (first) first.sweep = () => Promise.reject(new Error("broken"));
    const response = await call("/internal/sweep");
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ asked: 6, failures: ["broken"] });
    expect(server.dispatch.sweeps).toBe(1);
  });
});

describe("triggers", () => {
  test("are listed with definition and state", async () => {
    const schedule = "  - id: every\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: '0 * * * *'\n";
    await server.request("/api/v1/flows", yaml(HELLO + schedule));
    const found = await (await server.request("/api/v1/triggers/search?namespace=company&sort=triggerId:asc")).json();
    expect(found).toMatchObject({
      total: 1,
      results: [
        {
          abstractTrigger: { id: "every", cron: "0 * * * *" },
          triggerContext: { triggerId: "every", nextExecutionDate: "2026-01-01T01:00:00.000Z", disabled: false },
        },
      ],
    });
    const ofFlow = await (await server.request("/api/v1/triggers/company.team/hello")).json();
    expect(ofFlow).toMatchObject({ total: 1, results: [{ triggerId: "every" }] });
  });
});
