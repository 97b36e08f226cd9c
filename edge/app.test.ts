import { describe, expect, test, vi } from "vitest";
import { createTestServer, HOST } from "#test/support/fake-env.ts";
import { createApp, fullPath } from "./app.ts";
import type { Env } from "./env.ts";
import { HttpError } from "./http-error.ts";
import type { Guard, Route } from "./route.ts";
import { agentRoutes } from "./routes/agents.ts";
import { allRoutes } from "./routes/all.ts";

const AGENT = "agent-token";
const BASIC = `Basic ${btoa("admin:password")}`;
const PRINCIPALS = {
  anonymous: {},
  "basic user": { authorization: BASIC },
  "bearer user": { authorization: "Bearer token-two" },
  "wrong basic": { authorization: `Basic ${btoa("admin:other")}` },
  "wrong bearer": { authorization: "Bearer token-three" },
  "malformed credentials": { authorization: "Basic ***" },
  agent: { authorization: `Bearer ${AGENT}` },
  launcher: { "x-windhover-internal": "internal-secret" },
} satisfies Record<string, Record<string, string>>;
type Principal = keyof typeof PRINCIPALS;

const ADMITTED: Readonly<Record<Guard, readonly Principal[]>> = {
  public: Object.keys(PRINCIPALS) as Principal[],
  webhook: Object.keys(PRINCIPALS) as Principal[],
  user: ["basic user", "bearer user"],
  agent: ["agent"],
  internal: ["launcher"],
};

const REACHED = 299;

/** The real routes with handlers that only say they were reached. */
function markedRoutes(): Route[] {
  const { parts } = createTestServer();
  const handler = () => new Response(null, { status: REACHED });
  return allRoutes(parts, agentRoutes).map((route) => ({ ...route, handler }));
}

function sample(route: Route): string {
  return fullPath(route).replaceAll(/:\w+/g, "x");
}

function call(routes: readonly Route[], env: Env, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { host: HOST, ...(init.headers as Record<string, string>) };
  return Promise.resolve(createApp(routes).fetch(new Request(`http://${HOST}${path}`, { ...init, headers }), env));
}

const secured = { AUTH_BASIC: "admin:password", AUTH_TOKENS: "token-one, token-two", AGENT_TOKEN: AGENT };

describe("guards", () => {
  const routes = markedRoutes();
  const app = createApp(routes);
  const table = routes.flatMap((route) =>
    (Object.keys(PRINCIPALS) as Principal[]).map((principal) => ({ route, principal })),
  );

  test("[H1] a route without a guard, or there twice, stops the start", () => {
    const route: Route = { method: "GET", path: "/x/:a", guard: "user", summary: "", handler: () => new Response() };
    const { guard: _, ...open } = route;
    expect(() => createApp([open as Route])).toThrow(/no guard/);
    expect(() => createApp([route, { ...route, path: "/x/:b" }])).toThrow(/twice/);
  });

  test("every route says what it is for", () => {
    for (const route of routes) expect(route.summary, fullPath(route)).not.toBe("");
  });

  test.each(["local", "cloudflare"] as const)(
    "each route admits exactly its principals (%s, configured)",
    async (RUNTIME) => {
      const { env } = createTestServer({ ...secured, RUNTIME });
      const wrong: string[] = [];
      for (const { route, principal } of table) {
        const headers = { host: "any.example", ...PRINCIPALS[principal] };
        const response = await app.fetch(
          new Request(`http://any.example${sample(route)}`, { method: route.method, headers }),
          env,
        );
        const admitted = ADMITTED[route.guard].includes(principal);
        const expected = admitted ? REACHED : route.guard === "internal" ? 403 : 401;
        if (response.status !== expected)
          wrong.push(`${route.method} ${fullPath(route)} ${principal}: ${response.status}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test("[A3] a deployed server that knows nobody opens public routes alone, and says how to set it up", async () => {
    const { env } = createTestServer({ RUNTIME: "cloudflare", AGENT_TOKEN: AGENT });
    for (const route of routes) {
      const response = await call(routes, env, sample(route), { method: route.method });
      expect(response.status, fullPath(route)).toBe(route.guard === "public" ? REACHED : 401);
      if (route.guard !== "public") expect(await response.text()).toContain("AUTH_BASIC");
    }
  });

  test("[A2] a local server that knows nobody answers to its own names alone, on every route", async () => {
    const { env } = createTestServer();
    for (const route of routes) {
      const headers = { host: "evil.example", ...PRINCIPALS.launcher };
      const response = await call(routes, env, sample(route), { method: route.method, headers });
      expect(response.status, fullPath(route)).toBe(403);
    }
  });

  test("[A4] a page of another site reaches nothing but webhooks", async () => {
    const { env } = createTestServer({ ...secured });
    for (const origin of ["https://evil.example", "null", `http://${HOST}.evil.example`]) {
      for (const route of routes) {
        const headers = { origin, authorization: BASIC };
        const response = await call(routes, env, sample(route), { method: route.method, headers });
        expect(response.status, fullPath(route)).toBe(route.guard === "webhook" ? REACHED : 403);
      }
    }
    const own = await call(routes, env, "/api/v1/flows/search", {
      headers: { origin: `http://${HOST}`, authorization: BASIC },
    });
    expect(own.status).toBe(REACHED);
  });

  test("[A5] without a secret its guard is closed, whatever is sent", async () => {
    const { env } = createTestServer({ AUTH_BASIC: "a:b", INTERNAL_SECRET: "", AGENT_TOKEN: "" });
    for (const path of ["/internal/sweep", "/internal/boot"]) {
      const headers = { "x-windhover-internal": "" };
      expect((await call(routes, env, path, { method: "POST", headers })).status).toBe(403);
    }
    const headers = { authorization: "Bearer " };
    expect((await call(routes, env, "/api/v1/agents/claim", { method: "POST", headers })).status).toBe(401);
  });

  test("401 asks for credentials", async () => {
    const { env } = createTestServer(secured);
    const response = await call(routes, env, "/api/v1/flows/search");
    expect(response.headers.get("www-authenticate")).toMatch(/^Basic /);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("Unauthorized") });
  });
});

describe("paths", () => {
  const route = (path: string): Route => ({
    method: "GET",
    path,
    guard: "user",
    summary: "s",
    handler: (c) => c.json({ path, params: c.req.param() }),
  });
  const routes = [
    route("/things/:a/:b"),
    route("/things/search"),
    route("/things/:a"),
    route("/things/:a/files"),
    route("/flows/:a/:b"),
  ];
  const { env } = createTestServer();
  const get = (path: string) => call(routes, env, path);

  test("[U2] the tenant segment is taken out, and no root is a tenant", async () => {
    for (const prefix of ["/api/v1", "/api/v1/main"]) {
      expect(await (await get(`${prefix}/things/x`)).json()).toEqual({ path: "/things/:a", params: { a: "x" } });
    }
    expect(await (await get("/api/v1/flows/main/x")).json()).toMatchObject({ params: { a: "main", b: "x" } });
    expect((await get("/api/v1/other/things/x")).status).toBe(404);
  });

  test("[H3] the earlier literal segment wins", async () => {
    expect(await (await get("/api/v1/things/search")).json()).toMatchObject({ path: "/things/search" });
    expect(await (await get("/api/v1/things/search/files")).json()).toMatchObject({ path: "/things/:a/files" });
  });

  test("[U1] a segment is decoded once", async () => {
    const answer = await (await get("/api/v1/things/a%20b%2525")).json();
    expect(answer).toMatchObject({ params: { a: "a b%25" } });
    expect(await (await get("/api/v1/things/%C3%A4")).json()).toMatchObject({ params: { a: "ä" } });
  });

  test.each([
    "/api/v1/things//x",
    "/api/v1/things/x/",
    "/api/v1/things/a%2Fb",
    "/api/v1/things/a%2fb",
    "/api/v1/things/a%5Cb",
    "/api/v1/things/%00",
    "/api/v1/things/a%0Ab",
    "/api/v1/things/%E0%A4",
    "/api/v1/things/%",
    "/api/v1/things/%7F",
    "//api/v1/things/x",
    "/api//v1/things/x",
    "/ui//x",
    "/ui/%5C..%5Cx",
  ])("[U1] %s is refused", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("Bad Request") });
  });

  test("no path that ends like a public route is public", async () => {
    const server = createTestServer({ AUTH_BASIC: "a:b" });
    for (const path of ["/api/v1/flows/x/configs", "/api/v1/executions/x/ping", "/api/v1/main/executions/webhook"]) {
      expect([401, 404]).toContain((await server.request(path)).status);
    }
  });
});

describe("answers", () => {
  const failing = (error: unknown, method: Route["method"] = "GET"): Route => ({
    method,
    path: "/fails",
    guard: "user",
    summary: "s",
    body: "json",
    handler: () => {
      throw error;
    },
  });
  const { env } = createTestServer();

  test("[H4] an unexpected error tells nothing of itself, and is logged under the request id", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const headers = { "x-request-id": "my-request" };
    const response = await call([failing(new Error("secret SQL text"))], env, "/api/v1/fails?x=1", { headers });
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain("SQL");
    expect(JSON.parse(text)).toMatchObject({ _links: { self: { href: "/api/v1/fails?x=1", templated: false } } });
    expect(response.headers.get("x-request-id")).toBe("my-request");
    expect(log.mock.calls[0]?.[0]).toContain("my-request");
    log.mockRestore();
  });

  test("[H4] a refusal has Kestra's shape, problems with places, and the security headers", async () => {
    const problem = {
      code: "INVALID_VALUE",
      message: "wrong",
      path: "tasks[0].id",
      at: { line: 3, column: 7 },
    } as const;
    const response = await call(
      [failing(new HttpError(422, "Invalid entity: wrong", { problems: [problem] }))],
      env,
      "/api/v1/fails",
    );
    expect(await response.json()).toEqual({
      message: "Invalid entity: wrong",
      _links: { self: { href: "/api/v1/fails", templated: false } },
      _embedded: { errors: [{ message: "wrong", path: "tasks[0].id" }] },
      problems: [problem],
    });
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
  });

  test("[H2] a body that says it is too long is refused before it is read, after the guard", async () => {
    const headers = { "content-length": String(10 * 1024 * 1024 + 1) };
    const init = { method: "POST", body: "x", headers };
    const route = failing(new Error("was read"), "POST");
    expect((await call([route], env, "/api/v1/fails", init)).status).toBe(413);
    const guarded = createTestServer({ AUTH_BASIC: "a:b" }).env;
    expect((await call([route], guarded, "/api/v1/fails", init)).status).toBe(401);
  });

  test("too long a path is refused", async () => {
    expect((await call([failing(new Error())], env, `/api/v1/fails?x=${"y".repeat(9000)}`)).status).toBe(414);
  });

  test("what is not there is a 404 with the same shape", async () => {
    for (const init of [{}, { method: "POST" }, { method: "PATCH" }]) {
      const response = await call([], env, "/api/v1/nothing", init);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ message: expect.stringContaining("Not Found") });
    }
  });
});
