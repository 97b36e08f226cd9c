import { beforeEach, describe, expect, test } from "vitest";
import { createTestServer, type TestServer } from "#test/support/fake-env.ts";

let server: TestServer;
beforeEach(() => {
  server = createTestServer();
});

const KV = "/api/v1/namespaces/company.team/kv";
const put = (key: string, body: string, headers: Record<string, string> = {}, namespace = "company.team") =>
  server.request(`/api/v1/namespaces/${namespace}/kv/${key}`, { method: "PUT", body, headers });
const json = async (path: string, init?: RequestInit & { headers?: Record<string, string> }) =>
  (await server.request(path, init)).json();

describe("values", () => {
  test.each([
    ['"text"', "STRING", "text"],
    ['"12"', "STRING", "12"],
    ["12.5", "NUMBER", 12.5],
    ["true", "BOOLEAN", true],
    ["2024-05-05", "DATE", "2024-05-05"],
    ["2024-05-05T10:00:00Z", "DATETIME", "2024-05-05T10:00:00Z"],
    ["2024-05-05T10:00:00+02:00", "DATETIME", "2024-05-05T08:00:00Z"],
    ["PT5M", "DURATION", "PT5M"],
    ['{"a": [1]}', "JSON", { a: [1] }],
    ["[1, 2]", "JSON", [1, 2]],
  ])("%s is a %s", async (body, type, value) => {
    expect((await put("k", body)).status).toBe(200);
    expect(await json(`${KV}/k`)).toEqual({ type, value, revision: 1, updated: "2026-01-01T00:00:00.000Z" });
  });

  test.each([
    ["STRING", "12", "12"],
    ["NUMBER", " 4.5 ", 4.5],
    ["BOOLEAN", "TRUE", true],
    ["DATETIME", "2024-05-05T10:00:00+02:00", "2024-05-05T08:00:00Z"],
    ["DATE", "2024-05-05", "2024-05-05"],
    ["DURATION", "PT1H", "PT1H"],
    ["JSON", '"text"', "text"],
  ])("a body that is said to be %s is read as one", async (type, body, value) => {
    expect((await server.request(`${KV}/k?type=${type}`, { method: "PUT", body })).status).toBe(200);
    expect(await json(`${KV}/k`)).toMatchObject({ type, value });
  });

  test("a raw body needs no content type, and one that claims another is read all the same", async () => {
    const types: Record<string, string>[] = ["application/x-www-form-urlencoded", "text/plain"].map((type) => ({
      "content-type": type,
    }));
    for (const headers of [{}, ...types]) expect((await put("k", '"a=b&c"', headers)).status).toBe(200);
    const bytes = new TextEncoder().encode("42");
    expect((await server.request(`${KV}/k`, { method: "PUT", body: bytes })).status).toBe(200);
    expect(await json(`${KV}/k`)).toMatchObject({ type: "NUMBER", value: 42, revision: 4 });
  });

  test("several are set at once, all or none", async () => {
    const many = (entries: unknown) => server.request(KV, { method: "PUT", body: JSON.stringify(entries) });
    const entries = [
      { key: "a", value: "x", description: "first", ttl: "PT1M" },
      { key: "b", value: "PT5M", type: "DURATION" },
      { key: "c", value: [1] },
    ];
    expect(await (await many(entries)).json()).toEqual({ count: 3 });
    expect(await json(`${KV}/b`)).toMatchObject({ type: "DURATION", value: "PT5M" });
    for (const wrong of [
      { key: "a b", value: 1 },
      { key: "d", value: null },
      { key: "d", value: "x", type: "NUMBER" },
      { key: "d" },
      { key: "d", value: 1, ttl: "soon" },
    ])
      expect((await many([{ key: "new", value: 1 }, wrong])).status, JSON.stringify(wrong)).toBe(422);
    expect((await server.request(`${KV}/new`)).status).toBe(404);
  });

  test("what a key has held is told", async () => {
    for (const body of ["1", '"two"', "[3]"]) await put("k", body);
    const updated = "2026-01-01T00:00:00.000Z";
    expect(await json(`${KV}/k/history`)).toEqual([
      { type: "JSON", value: [3], revision: 3, updated },
      { type: "STRING", value: "two", revision: 2, updated },
      { type: "NUMBER", value: 1, revision: 1, updated },
    ]);
    expect((await server.request(`${KV}/none/history`)).status).toBe(404);
  });
});

describe("lists", () => {
  test("expiry and deletion", async () => {
    await put("short", "1", { ttl: "PT1M", description: "soon gone" });
    await put("long", "2");
    const date = "2026-01-01T00:00:00.000Z";
    const base = { namespace: "company.team", type: "NUMBER", version: 1, creationDate: date, updateDate: date };
    expect(await json(KV)).toEqual([
      { ...base, key: "long" },
      { ...base, key: "short", description: "soon gone", expirationDate: "2026-01-01T00:01:00.000Z" },
    ]);
    server.clock.now += 60_000;
    expect((await server.request(`${KV}/short`)).status).toBe(410);
    expect(await json(KV)).toHaveLength(1);
    const missing = await server.request(`${KV}/none`);
    expect([missing.status, (await missing.json()).message]).toEqual([
      404,
      "Not Found: No value found for key 'none' in namespace 'company.team'",
    ]);
    expect(await json(`${KV}/none`, { method: "DELETE" })).toBe(false);
    expect(await json(`${KV}/long`, { method: "DELETE" })).toBe(true);
    await put("a", "1");
    expect(await json(KV, { method: "DELETE", body: JSON.stringify({ keys: ["a", "b"] }) })).toEqual({ keys: ["a"] });
  });

  test("are narrowed, sorted and paged", async () => {
    for (const key of ["b", "a", "c"]) {
      await put(key, "1", key === "c" ? { description: "The last" } : {});
      server.clock.now += 1_000;
    }
    const keys = async (query: string) =>
      ((await json(`${KV}?${query}`)) as { key: string }[]).map(({ key }) => key).join();
    expect(await keys("")).toBe("a,b,c");
    expect(await keys("sort=updateDate:desc")).toBe("c,a,b");
    expect(await keys("page=2&size=2")).toBe("c");
    expect(await keys("q=LAST")).toBe("c");
    const paged = await server.request(`${KV}?page=1&size=1`);
    expect(paged.headers.get("x-total-count")).toBe("3");
    expect((await server.request(`${KV}?sort=value:asc`)).status).toBe(422);
    expect((await server.request(`${KV}?page=0`)).status).toBe(422);
  });

  test("more keys than one page are listed whole", async () => {
    const entries = Array.from({ length: 200 }, (_, index) => index);
    for (let batch = 0; batch < 6; batch++) {
      const body = JSON.stringify(entries.map((index) => ({ key: `k${batch}-${index}`, value: index })));
      await server.request(KV, { method: "PUT", body });
    }
    expect(await json(KV)).toHaveLength(1_200);
  });

  test("those of several namespaces are one list", async () => {
    await put("b", "1");
    await put("a", "1", {}, "company");
    await put("c", "1", {}, "other");
    const list = async (query: string) => {
      const { results, total } = await json(`/api/v1/kv?${query}`);
      return [
        results.map(({ namespace, key }: { namespace: string; key: string }) => `${namespace}/${key}`).join(),
        total,
      ];
    };
    expect(await list("")).toEqual(["company/a,company.team/b,other/c", 3]);
    expect(await list("namespace=company&sort=key:desc")).toEqual(["company.team/b,company/a", 2]);
    expect(await list("size=1&page=2")).toEqual(["company.team/b", 3]);
    expect(await list("q=c")).toEqual(["other/c", 1]);
  });

  test("what comes from parents is listed without what the namespace has itself", async () => {
    await put("both", "1");
    await put("both", "2", {}, "company");
    await put("above", "3", {}, "company");
    expect(await json(`${KV}/inheritance`)).toMatchObject([{ key: "above", namespace: "company" }]);
  });
});

describe("bad input", () => {
  test.each(["text", "", "{", "null", "'x'"])("%j is no value", async (body) => {
    expect((await put("k", body)).status).toBe(422);
  });

  test.each(["_x", "a%20b", "-", "x".repeat(300), "%7B%7Binputs.key%7D%7D"])("%s is no key", async (key) => {
    for (const method of ["GET", "PUT", "DELETE"])
      expect(
        (await server.request(`${KV}/${key}`, { method, ...(method === "PUT" ? { body: "1" } : {}) })).status,
      ).toBe(422);
  });

  test("a template in a key is told apart from a wrong letter", async () => {
    expect((await (await put("%7B%7Bx%7D%7D", "1")).json()).message).toContain("not rendered here");
  });

  test.each([
    ["NUMBER", '"x"'],
    ["BOOLEAN", "yes"],
    ["DATETIME", "2024-05-05"],
    ["DATE", "05/05/2024"],
    ["DURATION", "5 minutes"],
    ["JSON", "{a: 1}"],
    ["TEXT", "x"],
  ])("what is no %s is refused as one", async (type, body) => {
    const refused = await server.request(`${KV}/k?type=${type}`, { method: "PUT", body });
    expect(refused.status).toBe(422);
    expect((await server.request(`${KV}/k`)).status).toBe(404);
  });

  test("times to live, namespaces, long values and wrong bodies are refused", async () => {
    for (const ttl of ["soon", "PT0S", "-PT1M"]) expect((await put("k", "1", { ttl })).status, ttl).toBe(422);
    expect((await server.request("/api/v1/namespaces/UPPER/kv")).status).toBe(422);
    expect((await put("k", `"${"x".repeat(1_500_000)}"`)).status).toBe(413);
    expect((await put("k", `"${"ä".repeat(749_999)}"`)).status).toBe(200);
    for (const body of ["", "{}", "[1]", '{"keys": [1]}'])
      expect((await server.request(KV, { method: "DELETE", body })).status, body).toBe(422);
    expect((await server.request(`${KV}/k`, { method: "PUT", body: new Uint8Array([0xff, 0xfe]) })).status).toBe(422);
  });
});
