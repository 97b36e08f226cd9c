import { beforeEach, describe, expect, test } from "vitest";
import { createTestServer, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";

const KEYS = `k1:${btoa("0".repeat(32))}`;
let server: TestServer;
beforeEach(() => {
  server = createTestServer({ ENCRYPTION_KEYS: KEYS });
});

async function call(method: string, path: string, body?: unknown) {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await server.request(`/api/v1${path}`, init);
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}
const log = (id: string, more = "") => `id: ${id}
namespace: company.team
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
${more}`;
const LOG = "io.kestra.plugin.core.log.Log";

describe("namespaces", () => {
  test("are created, read, changed and deleted", async () => {
    const body = {
      id: "company.team",
      description: "The team",
      variables: { a: 1 },
      allowedNamespaces: [{ namespace: "x" }],
    };
    expect(await call("POST", "/namespaces", body)).toMatchObject({ status: 200, body: { ...body, disabled: false } });
    expect((await call("POST", "/namespaces", body)).status).toBe(422);
    expect((await call("GET", "/namespaces/company.team")).body).toEqual({ ...body, disabled: false, deleted: false });
    expect((await call("PUT", "/namespaces/company.team", { id: "company.team" })).status).toBe(200);
    expect((await call("GET", "/namespaces/company.team")).body.variables).toBeUndefined();
    expect((await call("PUT", "/namespaces/company.team", { id: "other" })).status).toBe(422);
    expect((await call("PUT", "/namespaces/nobody", { id: "nobody" })).status).toBe(404);
    expect((await call("DELETE", "/namespaces/company.team")).status).toBe(204);
    expect((await call("DELETE", "/namespaces/company.team")).status).toBe(404);
    expect((await call("GET", "/namespaces/company.team")).body).toEqual({
      id: "company.team",
      disabled: true,
      deleted: false,
    });
  });

  test("one with flows stays; one that goes takes its values and secrets along", async () => {
    await call("POST", "/namespaces", { id: "company.team" });
    await server.request("/api/v1/flows", yaml(log("a", "    message: x\n")));
    await server.request("/api/v1/namespaces/company.team/kv/k", { method: "PUT", body: "1" });
    await call("PUT", "/namespaces/company.team/secrets", { key: "K", value: "v" });
    expect(await call("DELETE", "/namespaces/company.team")).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining("1 flows") },
    });
    await call("DELETE", "/flows/company.team/a");
    expect((await call("DELETE", "/namespaces/company.team")).status).toBe(204);
    expect((await call("GET", "/namespaces/company.team/kv")).body).toEqual([]);
    expect((await call("GET", "/namespaces/company.team/secrets")).body.total).toBe(0);
  });

  test("are listed with their parents, by what is in them", async () => {
    await call("POST", "/namespaces", { id: "made.here", description: "d" });
    await server.request("/api/v1/flows", yaml(log("a", "    message: x\n")));
    await server.request("/api/v1/namespaces/only.values/kv/k", { method: "PUT", body: "1" });
    const { body } = await call("GET", "/namespaces/search?size=50");
    const made = { id: "made.here", disabled: false, description: "d" };
    const others = ["company", "company.team", "made", "only", "only.values", "system"].map((id) => ({
      id,
      disabled: true,
    }));
    expect(body.results).toEqual([...others.slice(0, 3), made, ...others.slice(3)]);
    expect((await call("GET", "/namespaces/search?existing=true")).body).toEqual({ results: [made], total: 1 });
    expect((await call("GET", "/namespaces/search?q=ONLY&sort=id:desc&size=1")).body).toMatchObject({
      results: [{ id: "only.values" }],
      total: 2,
    });
    expect((await call("POST", "/namespaces/autocomplete", { q: "made", existingOnly: true })).body).toEqual([
      "made.here",
    ]);
  });

  test.each<[string, Record<string, unknown>]>([
    ["a name that is none", { id: "Not A Name" }],
    ["no name", {}],
    ["variables that are no map", { id: "a", variables: [1] }],
    ["an allowed namespace that is none", { id: "a", allowedNamespaces: [{ namespace: "A B" }] }],
    ["a property that it does not have", { id: "a", storageType: "s3" }],
    ["defaults without values", { id: "a", pluginDefaults: [{ type: LOG }] }],
    [
      "defaults of a property that the type does not have",
      { id: "a", pluginDefaults: [{ type: LOG, values: { massage: "x" } }] },
    ],
  ])("refuses %s", async (_, body) => {
    expect((await call("POST", "/namespaces", body)).status).toBe(422);
  });

  test("what it says is bounded", async () => {
    expect((await call("POST", "/namespaces", { id: "a", variables: { x: "y".repeat(100_001) } })).status).toBe(413);
  });
});

describe("variables and plugin defaults of namespaces", () => {
  const source = () => startedIn(server).at(-1)?.source ?? "";
  const parsed = () => server.parts.language.parse(source()).flow;
  const start = () => call("POST", "/executions/company.team/flow");
  const messages = () => parsed()?.tasks.map(({ properties }) => properties.message);

  test("come from parents too; the nearer one counts, and a change is seen at the next start", async () => {
    await call("POST", "/namespaces", { id: "company", variables: { a: { x: 1, y: 1 }, b: "above" } });
    await call("POST", "/namespaces", { id: "company.team", variables: { a: { y: 2 } } });
    await server.request("/api/v1/flows", yaml(log("flow", "    message: x\n")));
    await start();
    expect(parsed()?.namespaceVariables).toEqual({ a: { x: 1, y: 2 }, b: "above" });
    await call("PUT", "/namespaces/company", { id: "company", variables: { b: "changed" } });
    await start();
    expect(parsed()?.namespaceVariables).toEqual({ a: { y: 2 }, b: "changed" });
    expect((await call("GET", "/namespaces/company.team/inherited-variables")).body).toEqual({ b: "changed" });
    expect((await call("GET", "/flows/company.team/flow?source=true")).body.source).not.toContain("pinnedNamespace");
  });

  test("a flow may leave out what they give, and is validated, saved and started so", async () => {
    const bare = log("flow");
    expect((await server.request("/api/v1/flows", yaml(bare))).status).toBe(422);
    await call("POST", "/namespaces", {
      id: "company",
      pluginDefaults: [{ type: LOG, values: { message: "from above" } }],
    });
    const [validated] = await (await server.request("/api/v1/flows/validate", yaml(bare))).json();
    expect(validated.constraints).toBeUndefined();
    expect((await server.request("/api/v1/flows", yaml(bare))).status).toBe(200);
    await start();
    expect(messages()).toEqual(["from above"]);
  });

  // What each level says, and which of them the task gets. `!`: forced.
  test.each<[string, { server?: string; parent?: string; own?: string; flow?: string; task?: string }, string]>([
    ["the task over the flow", { flow: "flow", task: "task" }, "task"],
    ["the flow over its namespace", { own: "own", flow: "flow" }, "flow"],
    ["the namespace over its parent", { parent: "parent", own: "own" }, "own"],
    ["the parent over the server", { server: "server", parent: "parent" }, "parent"],
    ["the server when nobody else says anything", { server: "server" }, "server"],
    ["forced by the server over the task", { server: "!server", task: "task" }, "server"],
    ["forced by the flow over what the server forces", { server: "!server", flow: "!flow" }, "flow"],
    ["forced by the namespace over what the flow forces", { own: "!own", flow: "!flow", task: "task" }, "own"],
    ["forced by the parent over what the namespace forces", { parent: "!parent", own: "!own" }, "parent"],
    [
      "forced anywhere over what is not",
      { server: "!server", parent: "parent", own: "own", flow: "flow", task: "task" },
      "server",
    ],
  ])("%s", async (_, says, expected) => {
    // A part of a name stands for all types that begin with it.
    const list = (text: string) => [
      { type: "io.kestra.plugin.core.log.", forced: text.startsWith("!"), values: { message: text.replace("!", "") } },
    ];
    server = createTestServer(says.server === undefined ? {} : { PLUGIN_DEFAULTS: JSON.stringify(list(says.server)) });
    if (says.parent) await call("POST", "/namespaces", { id: "company", pluginDefaults: list(says.parent) });
    if (says.own) await call("POST", "/namespaces", { id: "company.team", pluginDefaults: list(says.own) });
    const task = says.task === undefined ? "" : `    message: ${says.task}\n`;
    const flow = says.flow === undefined ? "" : `pluginDefaults: ${JSON.stringify(list(says.flow))}\n`;
    expect((await server.request("/api/v1/flows", yaml(log("flow", task + flow)))).status).toBe(200);
    await start();
    expect(messages()).toEqual([expected]);
  });

  test("a flow cannot pin what is its namespace's", async () => {
    const own = `${log("flow", "    message: x\n")}---\npinnedNamespace: {variables: {}, pluginDefaults: []}\n`;
    expect((await server.request("/api/v1/flows", yaml(own))).status).toBe(422);
  });

  test("those from above are listed, the nearest first", async () => {
    server = createTestServer({ PLUGIN_DEFAULTS: `- type: ${LOG}\n  values: {message: server}` });
    await call("POST", "/namespaces", { id: "a", pluginDefaults: [{ type: LOG, values: { message: "a" } }] });
    await call("POST", "/namespaces", { id: "a.b", pluginDefaults: [{ type: LOG, values: { message: "b" } }] });
    const { body } = await call("GET", "/namespaces/a.b.c/inherited-plugindefaults");
    expect(body.map(({ values }: { values: { message: string } }) => values.message)).toEqual(["b", "a", "server"]);
  });
});
