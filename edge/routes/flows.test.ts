import { beforeEach, describe, expect, test } from "vitest";
import { createTestServer, HELLO, type TestServer, yaml } from "#test/support/fake-env.ts";

let server: TestServer;
beforeEach(() => {
  server = createTestServer();
});

const named = (id: string) => HELLO.replace("id: hello", `id: ${id}`);

describe("flows", () => {
  test("are created, read, updated and deleted as Kestra's clients do", async () => {
    const created = await server.request("/api/v1/flows", yaml(HELLO));
    expect(created.status).toBe(200);
    expect(await created.json()).toMatchObject({
      id: "hello",
      namespace: "company.team",
      tenantId: "main",
      revision: 1,
      disabled: false,
      deleted: false,
      labels: [{ key: "team", value: "red" }],
      source: HELLO,
    });
    const read = await (await server.request("/api/v1/main/flows/company.team/hello")).json();
    expect(read).not.toHaveProperty("source");
    const changed = HELLO.replace("World", "Moon");
    const updated = await server.request("/api/v1/flows/company.team/hello", yaml(changed, "PUT"));
    expect(await updated.json()).toMatchObject({ revision: 2, source: changed });
    const same = await server.request("/api/v1/flows/company.team/hello", yaml(changed, "PUT"));
    expect(await same.json()).toMatchObject({ revision: 2 });
    const first = await server.request("/api/v1/flows/company.team/hello?source=true&revision=1");
    expect(await first.json()).toMatchObject({ revision: 1, source: HELLO });
    expect((await server.request("/api/v1/flows/company.team/hello", { method: "DELETE" })).status).toBe(204);
    expect((await server.request("/api/v1/flows/company.team/hello", { method: "DELETE" })).status).toBe(404);
    expect((await server.request("/api/v1/flows/company.team/hello")).status).toBe(404);
    const kept = await server.request("/api/v1/flows/company.team/hello?allowDeleted=true&source=true");
    expect(await kept.json()).toMatchObject({ deleted: true, source: changed });
    const again = await server.request("/api/v1/flows", yaml(HELLO));
    expect(await again.json()).toMatchObject({ revision: 4 });
    const revisions: { revision: number }[] = await (
      await server.request("/api/v1/flows/company.team/hello/revisions")
    ).json();
    expect(revisions.map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
  });

  test("every mistake is named with its place", async () => {
    const wrong = HELLO.replace("log.Log", "log.Lag").replace("key:", "kex:");
    const response = await server.request("/api/v1/flows", yaml(wrong));
    expect(response.status).toBe(422);
    const { message, problems } = await response.json();
    expect(message).toMatch(/^Invalid entity: Invalid Flow: /);
    expect(problems).toContainEqual(
      expect.objectContaining({ code: "UNKNOWN_TYPE", at: { line: expect.any(Number), column: expect.any(Number) } }),
    );
  });

  test("an id is taken once, and neither id nor namespace can be changed", async () => {
    await server.request("/api/v1/flows", yaml(HELLO));
    const twice = await server.request("/api/v1/flows", yaml(HELLO));
    expect(twice.status).toBe(422);
    expect(await twice.json()).toMatchObject({ message: "Invalid entity: Flow id already exists" });
    const renamed = await server.request("/api/v1/flows/company.team/hello", yaml(named("other"), "PUT"));
    expect(await renamed.json()).toMatchObject({ message: "Invalid entity: Illegal flow id update" });
    const moved = HELLO.replace("company.team", "company.other");
    const response = await server.request("/api/v1/flows/company.team/hello", yaml(moved, "PUT"));
    expect(await response.json()).toMatchObject({ message: "Invalid entity: Illegal namespace update" });
    expect((await server.request("/api/v1/flows/company.team/none", yaml(named("none"), "PUT"))).status).toBe(404);
  });

  test("wrong content type, text that is no UTF-8, and more than 1 MiB are refused", async () => {
    const json = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
    expect((await server.request("/api/v1/flows", json)).status).toBe(415);
    const bytes = new Uint8Array([0x69, 0xff, 0xfe]);
    expect((await server.request("/api/v1/flows", { ...yaml(""), body: bytes })).status).toBe(422);
    const large = `${HELLO}# ${"x".repeat(1024 * 1024)}`;
    expect((await server.request("/api/v1/flows", yaml(large))).status).toBe(413);
    const streamed = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(large));
        controller.close();
      },
    });
    const init = { ...yaml(""), body: streamed, duplex: "half" };
    expect((await server.request("/api/v1/flows", init)).status).toBe(413);
    expect((await server.request("/ping")).status).toBe(200);
  });

  test("validation answers 200 with one entry for each document", async () => {
    const text = `${HELLO}---\n${named("bad").replace("log.Log", "nothing.There")}`;
    const response = await server.request("/api/v1/flows/validate", yaml(text));
    expect(response.status).toBe(200);
    const [good, bad] = await response.json();
    expect(good).toMatchObject({ index: 0, flow: "hello", namespace: "company.team", outdated: false });
    expect(good).not.toHaveProperty("constraints");
    expect(bad).toMatchObject({ index: 1, flow: "bad", constraints: expect.stringContaining("nothing.There") });
    const broken = await server.request("/api/v1/flows/validate", yaml("id: [a"));
    expect(await broken.json()).toMatchObject([{ index: 0, constraints: expect.any(String) }]);
  });

  test("are found by words, namespace and labels, in pages", async () => {
    for (const id of ["b_report", "a_report", "import"]) await server.request("/api/v1/flows", yaml(named(id)));
    const search = async (query: string) => {
      const response = await server.request(`/api/v1/flows/search?${query}`);
      const { results, total } = await response.json();
      return { ids: results.map(({ id }: { id: string }) => id), total };
    };
    expect(await search("sort=id:asc")).toEqual({ ids: ["a_report", "b_report", "import"], total: 3 });
    expect(await search("sort=id:desc&size=2&page=2")).toEqual({ ids: ["a_report"], total: 3 });
    expect(await search("q=report&sort=id:asc")).toEqual({ ids: ["a_report", "b_report"], total: 2 });
    expect((await search("labels=team:blue")).total).toBe(0);
    expect((await search("labels=team:red&namespace=company")).total).toBe(3);
    expect((await search("filters[namespace][PREFIX]=comp")).total).toBe(0);
    expect((await search("filters[flowId][IN]=[import, a_report]")).total).toBe(2);
    expect((await search("filters[labels][EQUALS][team]=red")).total).toBe(3);
    const list = await server.request("/api/v1/flows/company.team");
    expect(await list.json()).toHaveLength(3);
    expect(await (await server.request("/api/v1/flows/distinct-namespaces?q=TEAM")).json()).toEqual(["company.team"]);
    const namespaces = await (await server.request("/api/v1/namespaces/search?sort=id:asc")).json();
    expect(namespaces.results.map(({ id }: { id: string }) => id)).toEqual(["company", "company.team", "system"]);
  });

  test.each([
    ["sort=id", 422],
    ["sort=labels:asc", 422],
    ["page=0", 422],
    ["size=x", 422],
    ["size=100000", 422],
    ["labels=nocolon", 422],
    ["scope=NOBODY", 422],
    ["filters[state][EQUALS]=x", 422],
    ["filters[q][NEAR]=x", 422],
  ])("the search refuses %s", async (query, status) => {
    const response = await server.request(`/api/v1/flows/search?${query}`);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toMatch(/SELECT|sqlite/i);
  });

  test("names that no flow can have are 404", async () => {
    for (const path of ["UPPER/hello", "a.b/..hidden", "__proto__/constructor", "a/%20"]) {
      expect((await server.request(`/api/v1/flows/${path}`)).status).toBe(404);
    }
  });
});
