import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "#schema/json.ts";
import type { Asker } from "#shell/world.ts";
import { createTestServer, type TestServer } from "#test/support/fake-env.ts";
import { lookUp } from "../lookups.ts";

const key = (letter: string) => btoa(letter.repeat(32));
const OLD = `old:${key("a")}`;
const NEW = `new:${key("b")}`;
let server: TestServer;
beforeEach(() => {
  server = createTestServer({
    ENCRYPTION_KEYS: OLD,
    SECRET_ENV: btoa("from the environment"),
    SECRET_BAD: "%%%",
  } as never);
});

async function call(method: string, path: string, body?: unknown) {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await server.request(`/api/v1${path}`, init);
  return { status: response.status, body: await response.json() };
}
const put = (namespace: string, name: string, value: string, more = {}) =>
  call("PUT", `/namespaces/${namespace}/secrets`, { key: name, value, ...more });

const asker = (namespace: string): Asker => ({
  tenant: "main",
  namespace,
  flowId: "f",
  executionId: "",
  trigger: undefined,
});
const secret = (args: Record<string, string>, from = "company.team") =>
  lookUp(server.env, asker(from), { kind: "secret", args });
const kv = (args: Record<string, string>, from = "company.team") =>
  lookUp(server.env, asker(from), { kind: "kv", args });

describe("secrets", () => {
  test("are written and listed, and no answer ever has their value", async () => {
    const tags = [{ key: "team", value: "red" }];
    expect(await put("company", "TOKEN", "s3cret-Pa55word", { description: "of the API", tags })).toEqual({
      status: 200,
      body: [{ key: "TOKEN" }],
    });
    const listed = await call("GET", "/namespaces/company/secrets?q=api");
    expect(listed.body).toMatchObject({
      readOnly: false,
      total: 1,
      results: [{ key: "TOKEN", description: "of the API", tags }],
    });
    await call("PATCH", "/namespaces/company/secrets/TOKEN", { description: "changed" });
    const all = await call("GET", "/secrets");
    expect(all.body).toMatchObject({ results: [{ namespace: "company", key: "TOKEN", description: "changed", tags }] });
    const inherited = await call("GET", "/namespaces/company.team/inherited-secrets");
    expect(inherited.body).toEqual({ company: ["TOKEN"], "": ["BAD", "ENV"] });
    expect(JSON.stringify([listed, all, inherited])).not.toContain("Pa55word");
    expect((await call("DELETE", "/namespaces/company/secrets/TOKEN")).body).toEqual(["TOKEN"]);
    for (const method of ["DELETE", "PATCH"])
      expect((await call(method, "/namespaces/company/secrets/TOKEN", {})).status).toBe(404);
  });

  test("are looked for in the namespace, in its parents, then in the environment", async () => {
    await put("company", "K", "above");
    expect(await secret({ key: "K" })).toEqual({ ok: true, value: "above", secret: true });
    await put("company.team", "K", "own");
    expect(await secret({ key: "K" })).toMatchObject({ value: "own" });
    expect(await secret({ key: "K" }, "company.other")).toMatchObject({ value: "above" });
    expect(await secret({ key: "env" })).toMatchObject({ value: "from the environment" });
    expect(await secret({ key: "none" })).toEqual({ ok: true, value: null, secret: true });
    expect(await secret({ key: "BAD" })).toEqual({ ok: false, message: expect.stringContaining("base64") });
  });

  test("a part of one that is JSON is a secret too", async () => {
    await put("company.team", "DB", JSON.stringify({ user: "ada", port: 5432 }));
    expect(await secret({ key: "DB", subkey: "user" })).toEqual({ ok: true, value: "ada", secret: true });
    expect(await secret({ key: "DB", subkey: "port" })).toMatchObject({ value: "5432" });
    expect(await secret({ key: "DB", subkey: "none" })).toEqual({
      ok: false,
      message: expect.stringContaining("'none'"),
    });
    expect(await secret({ key: "env", subkey: "user" })).toMatchObject({ ok: false });
  });

  test("the storage holds them sealed, under their own place", async () => {
    await put("company", "K", "s3cret-Pa55word");
    const actor = server.env.NAMESPACE.get(server.env.NAMESPACE.idFromName("main/_namespaces"));
    const found = await actor.findSecret(["company"], "K");
    expect(found?.sealed).toMatch(/^v1\.old\.[A-Za-z0-9+/=]+$/);
    await actor.saveSecret({ namespace: "company", key: "OTHER", sealed: found?.sealed ?? "" });
    expect(await secret({ key: "OTHER" })).toEqual({ ok: false, message: expect.stringContaining("cannot be read") });
  });

  test("a new key seals all of them anew, and the old one can go", async () => {
    await put("company", "A", "a");
    await put("company.team", "B", "b");
    const { NAMESPACE } = server.env;
    server = createTestServer({ ENCRYPTION_KEYS: `${NEW},${OLD}`, NAMESPACE });
    expect(await secret({ key: "A" })).toMatchObject({ value: "a" });
    expect((await call("POST", "/secrets/rotate")).body).toEqual({ rotated: 2, left: 0, unreadable: [] });
    expect((await call("POST", "/secrets/rotate")).body).toEqual({ rotated: 0, left: 0, unreadable: [] });
    server = createTestServer({ ENCRYPTION_KEYS: NEW, NAMESPACE });
    expect([await secret({ key: "A" }), await secret({ key: "B" })]).toMatchObject([{ value: "a" }, { value: "b" }]);
    server = createTestServer({ ENCRYPTION_KEYS: OLD, NAMESPACE });
    expect((await call("POST", "/secrets/rotate")).body.unreadable).toEqual(["company/A", "company.team/B"]);
    expect(await secret({ key: "A" })).toEqual({ ok: false, message: expect.stringContaining("'new'") });
  });

  test("without a key nothing is kept, and it is said how to make one", async () => {
    server = createTestServer();
    const refused = await put("company", "K", "v");
    expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining("ENCRYPTION_KEYS")]);
    expect((await call("POST", "/secrets/rotate")).status).toBe(409);
  });

  test.each<[string, unknown]>([
    ["a name that is none", { key: "a b", value: "v" }],
    ["an expression for a name", { key: "{{ x }}", value: "v" }],
    ["no value", { key: "K" }],
    ["an empty value", { key: "K", value: "" }],
    ["a value that is no text", { key: "K", value: 1 }],
    ["one that is too long", { key: "K", value: "x".repeat(100_001) }],
    ["tags that are none", { key: "K", value: "v", tags: { a: 1 } }],
    ["what it does not have", { key: "K", value: "v", secret: "v" }],
  ])("refuses %s", async (_, body) => {
    expect((await call("PUT", "/namespaces/company/secrets", body)).status).toBe(422);
  });
});

describe("what flows of other namespaces may use", () => {
  const value = (namespace: string, name: string, body: string) =>
    server.request(`/api/v1/namespaces/${namespace}/kv/${name}`, { method: "PUT", body });

  test("values come from the flow's own namespace, its parents, or one that is named", async () => {
    await value("company", "k", "1");
    expect(await kv({ key: "k" })).toEqual({ ok: true, value: 1 });
    await value("company.team", "k", "2");
    expect(await kv({ key: "k", namespace: "company.team" })).toEqual({ ok: true, value: 2 });
    expect(await kv({ key: "k", namespace: "company.other" })).toEqual({ ok: true, value: null });
    expect(await kv({ key: "k", namespace: "company" }, "elsewhere")).toEqual({ ok: true, value: 1 });
    expect(await kv({ key: "k", namespace: "A B" })).toMatchObject({ ok: false });
  });

  test("a namespace that names who may use it is closed to all others, but for those below it", async () => {
    await value("vault", "k", "1");
    await put("vault", "K", "v");
    await call("POST", "/namespaces", { id: "vault", allowedNamespaces: [{ namespace: "friends" }] });
    for (const from of ["friends", "friends.close", "vault", "vault.below"]) {
      expect(await kv({ key: "k", namespace: "vault" }, from), from).toEqual({ ok: true, value: 1 });
      expect(await secret({ key: "K", namespace: "vault" }, from), from).toMatchObject({ value: "v" });
    }
    for (const from of ["company", "friendsx", "vaultx"]) {
      const refusal = { ok: false, message: expect.stringContaining("does not allow") };
      expect(await kv({ key: "k", namespace: "vault" }, from), from).toEqual(refusal);
      expect(await secret({ key: "K", namespace: "vault" }, from), from).toEqual(refusal);
      const files: JsonObject[] = [{ path: "a.txt", namespace: "vault" }, { path: "kestra:///vault/_files/a.txt" }];
      for (const args of files)
        expect(await lookUp(server.env, asker(from), { kind: "read", args }), from).toEqual(refusal);
    }
  });
});
