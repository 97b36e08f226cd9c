import { beforeEach, describe, expect, test } from "vitest";
import { createTestServer, type TestServer } from "#test/support/fake-env.ts";
import { readZip } from "../zip/read-zip.ts";
import { bytesSource } from "../zip/zip-source.ts";

const LOG = { id: "say", type: "io.kestra.plugin.core.log.Log", message: "hi" };
const TEMPLATE = { id: "greeting", namespace: "company.team", tasks: [LOG] };
const use = (templateId: string) => ({
  id: `use_${templateId}`,
  type: "io.kestra.plugin.core.flow.Template",
  namespace: "company.team",
  templateId,
});
const FLOW = `id: f
namespace: company.team
tasks:
  - id: greet
    type: io.kestra.plugin.core.flow.Template
    namespace: company.team
    templateId: greeting
`;

describe("templates", () => {
  let server: TestServer;
  beforeEach(() => {
    server = createTestServer();
  });

  async function call(method: string, path: string, body?: unknown, type = "application/json") {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const headers: Record<string, string> = text === undefined ? {} : { "content-type": type };
    const response = await server.request(`/api/v1${path}`, { method, headers, ...(text ? { body: text } : {}) });
    const answer = await response.text();
    return { status: response.status, body: answer === "" ? undefined : JSON.parse(answer) };
  }

  test("are created once, read, changed, and deleted", async () => {
    expect(await call("POST", "/templates", TEMPLATE)).toMatchObject({ status: 200, body: TEMPLATE });
    expect((await call("POST", "/templates", TEMPLATE)).status).toBe(422);
    expect(await call("GET", "/templates/company.team/greeting")).toMatchObject({ status: 200, body: TEMPLATE });
    const changed = { ...TEMPLATE, description: "kind" };
    expect(await call("PUT", "/templates/company.team/greeting", changed)).toMatchObject({ body: changed });
    expect((await call("PUT", "/templates/company.team/other", { ...TEMPLATE, id: "other" })).status).toBe(404);
    expect((await call("PUT", "/templates/company.team/other", TEMPLATE)).status).toBe(422);
    expect((await call("DELETE", "/templates/company.team/greeting")).status).toBe(204);
    expect((await call("DELETE", "/templates/company.team/greeting")).status).toBe(404);
    expect((await call("GET", "/templates/company.team/greeting")).status).toBe(404);
  });

  test("are found over all namespaces", async () => {
    for (const namespace of ["company.team", "company.other", "else"])
      await call("POST", "/templates", { ...TEMPLATE, namespace });
    const ids = async (query: string) => {
      const { body } = await call("GET", `/templates/search${query}`);
      return [body.total, ...body.results.map((item: { namespace: string }) => item.namespace)];
    };
    expect(await ids("")).toEqual([3, "company.other", "company.team", "else"]);
    expect(await ids("?namespace=company&size=1&page=2")).toEqual([2, "company.team"]);
    expect(await ids("?q=ELSE")).toEqual([1, "else"]);
    expect((await call("GET", "/templates/distinct-namespaces")).body).toHaveLength(3);
    expect((await call("DELETE", "/templates/delete/by-query")).status).toBe(422);
    expect((await call("DELETE", "/templates/delete/by-query?namespace=company")).body).toEqual({ count: 2 });
    const named = [
      { namespace: "else", id: "greeting" },
      { namespace: "else", id: "none" },
    ];
    expect((await call("DELETE", "/templates/delete/by-ids", named)).body).toEqual({ count: 1 });
  });

  test("leave as a zip and come back the same", async () => {
    await call("POST", "/templates", TEMPLATE);
    const zip = await server.request("/api/v1/templates/export/by-query?namespace=company");
    const bytes = new Uint8Array(await zip.arrayBuffer());
    expect((await readZip(bytesSource(bytes))).map(({ name }) => name)).toEqual(["company.team.greeting.yml"]);
    const ids = [{ namespace: "company.team", id: "greeting" }];
    expect(
      (await server.request("/api/v1/templates/export/by-ids", { method: "POST", body: JSON.stringify(ids) })).status,
    ).toBe(200);
    await call("DELETE", "/templates/company.team/greeting");
    const importing = (name: string, content: Uint8Array | string) => {
      const body = new FormData();
      body.append("fileUpload", new File([content as BlobPart], name));
      return server.request("/api/v1/templates/import", { method: "POST", body });
    };
    expect((await importing("t.zip", bytes)).status).toBe(204);
    expect(await call("GET", "/templates/company.team/greeting")).toMatchObject({ status: 200, body: TEMPLATE });
    expect((await importing("t.yml", "id: x")).status).toBe(422);
    expect((await call("POST", "/templates/export/by-ids", [{ namespace: "a", id: "b" }])).status).toBe(404);
  });

  test("of a namespace are replaced together", async () => {
    await call("POST", "/templates", TEMPLATE);
    const other = { ...TEMPLATE, id: "other" };
    expect((await call("POST", "/templates/company.team?delete=false", [other])).body).toHaveLength(1);
    expect((await call("GET", "/templates/search")).body.total).toBe(2);
    await call("POST", "/templates/company.team", [other]);
    expect((await call("GET", "/templates/search")).body.results).toMatchObject([{ id: "other" }]);
    expect((await call("POST", "/templates/else", [other])).status).toBe(422);
  });

  test("are checked as the tasks of a flow would be", async () => {
    const wrong = { ...TEMPLATE, tasks: [{ id: "say", type: "io.kestra.plugin.core.log.Lag" }] };
    const { status, body } = await call("POST", "/templates", wrong);
    expect([status, body.message]).toEqual([422, expect.stringContaining("Unknown task type")]);
    expect((await call("POST", "/templates", { id: "x", namespace: "a" })).status).toBe(422);
    const yaml = `id: t\nnamespace: a.b\ntasks:\n  - ${JSON.stringify(use("none"))}\n---\nid: u\n`;
    const checked = await call("POST", "/templates/validate", yaml, "application/x-yaml");
    expect(checked.body).toMatchObject([
      { flow: "t", warnings: [expect.stringContaining("company.team.none")] },
      { constraints: expect.any(String) },
    ]);
  });

  test("[W2] one that comes to itself is refused by the names of the circle", async () => {
    await call("POST", "/templates", { ...TEMPLATE, id: "a", tasks: [use("b")] });
    const { status, body } = await call("POST", "/templates", { ...TEMPLATE, id: "b", tasks: [use("a")] });
    const circle = "The template comes to itself: company.team.b → company.team.a → company.team.b";
    expect([status, body.message]).toEqual([422, expect.stringContaining(circle)]);
  });

  test("a flow that stands for none that is there is warned of", async () => {
    const warnings = async () => (await call("POST", "/flows/validate", FLOW, "application/x-yaml")).body[0].warnings;
    expect(await warnings()).toEqual([expect.stringContaining("Unable to find the template company.team.greeting")]);
    await call("POST", "/templates", TEMPLATE);
    expect(await warnings()).toEqual([]);
  });

  test("an execution keeps them as they were when it started, and those inside them", async () => {
    await call("POST", "/flows", FLOW, "application/x-yaml");
    await call("POST", "/templates", { ...TEMPLATE, id: "inner" });
    await call("POST", "/templates", { ...TEMPLATE, tasks: [use("inner")] });
    const seen = new Set<string>();
    const start = async () => {
      await call("POST", "/executions/company.team/f", "", "multipart/form-data; boundary=x");
      const request = [...server.cells.values()].flatMap((cell) => cell.started).find(({ id }) => !seen.has(id));
      seen.add(request?.id ?? "");
      return request;
    };
    const first = await start();
    expect(first?.source.startsWith(`${FLOW}---\npinnedTemplates: `)).toBe(true);
    const parsed = server.parts.language.parse(first?.source ?? "").flow?.tasks[0];
    expect(parsed?.lists.tasks?.[0]?.lists.tasks?.map(({ id }) => id)).toEqual(["say"]);
    await call("PUT", "/templates/company.team/inner", { ...TEMPLATE, id: "inner", description: "changed" });
    const second = await start();
    expect(second?.sourceId).not.toBe(first?.sourceId);
    expect(second?.sourceId).toMatch(/^[0-9a-f]{32}$/);
  });
});
