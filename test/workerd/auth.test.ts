import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Env } from "#edge/env.ts";
import worker from "#edge/index.ts";
import { NAMESPACE, ORIGIN, send } from "./support/client.ts";

// Who may use a deployment. It is on the open internet from its first second.

const API = "/api/v1";
const CLOSED = [
  ["GET", `${API}/flows/search`],
  ["POST", `${API}/flows`],
  ["POST", `${API}/executions/${NAMESPACE}/hello`],
  ["GET", `${API}/executions/search`],
  ["GET", `${API}/namespaces/${NAMESPACE}/kv`],
  ["POST", "/internal/sweep"],
  ["POST", "/internal/boot"],
] as const;

/** As the Worker answers with these settings in place of the test's. */
async function sendTo(settings: Partial<Env>, path: string, init: RequestInit = {}): Promise<Response> {
  const none = { AUTH_TOKENS: undefined, AUTH_BASIC: undefined, INTERNAL_SECRET: undefined, AGENT_TOKEN: undefined };
  const context = createExecutionContext();
  const given = { ...env, ...none, ...settings } as unknown as Env;
  const response = await worker.fetch(new Request(`${ORIGIN}${path}`, init), given, context);
  await waitOnExecutionContext(context);
  return response;
}

describe("a deployment that knows nobody", () => {
  test("refuses everything, and says how to let oneself in", async () => {
    for (const [method, path] of CLOSED) {
      const response = await sendTo({}, path, { method, headers: { authorization: "Bearer anything" } });
      expect([path, response.status]).toEqual([path, 401]);
      const { message } = await response.json<{ message: string }>();
      expect(message).toContain("npx wrangler secret put AUTH_BASIC");
    }
  });

  test("refuses webhooks and agents, whatever they bring", async () => {
    const hook = await sendTo({}, `${API}/executions/webhook/${NAMESPACE}/hello/key`, { method: "POST" });
    expect(hook.status).toBe(401);
    const agent = await sendTo({ AGENT_TOKEN: "agent-token" }, `${API}/agents/claim`, {
      method: "POST",
      headers: { authorization: "Bearer agent-token" },
      body: "{}",
    });
    expect(agent.status).toBe(401);
  });

  test("is not opened by empty settings, nor by a Host that claims to be local", async () => {
    const headers = { host: "127.0.0.1:8080", authorization: "Bearer " };
    const settings = { AUTH_TOKENS: " , ", AUTH_BASIC: "", ALLOWED_HOSTS: "127.0.0.1:8080" };
    expect((await sendTo(settings, `${API}/flows/search`, { headers })).status).toBe(401);
  });

  test("says that it lives, and tells a page that somebody has to be set up", async () => {
    expect(await (await sendTo({}, "/ping")).text()).toBe("pong");
    const configs = await (await sendTo({}, `${API}/configs`)).json<Record<string, unknown>>();
    expect(configs).toMatchObject({ isBasicAuthInitialized: false });
  });
});

describe("a deployment with an administrator", () => {
  test("refuses who brings no credentials, or wrong ones, and asks for them", async () => {
    for (const token of [null, "wrong", "test-token-and-more", ""]) {
      const response = await send(`${API}/flows/search`, { token });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Basic");
    }
    expect((await send(`${API}/flows/search`)).status).toBe(200);
  });

  test("takes one of several tokens, or user and password", async () => {
    const get = (settings: Partial<Env>, authorization: string) =>
      sendTo(settings, `${API}/flows/search`, { headers: { authorization } });
    expect((await get({ AUTH_TOKENS: "one, two" }, "Bearer two")).status).toBe(200);
    const basic = `Basic ${btoa("ada:pass:word")}`;
    expect((await get({ AUTH_BASIC: "ada:pass:word" }, basic)).status).toBe(200);
    expect((await get({ AUTH_BASIC: "ada:other" }, basic)).status).toBe(401);
  });

  test("keeps the launcher's paths closed where there is no launcher", async () => {
    for (const path of ["/internal/sweep", "/internal/boot"]) {
      const headers = { "x-windhover-internal": "", authorization: "Bearer test-token" };
      expect((await sendTo({ AUTH_TOKENS: "test-token" }, path, { method: "POST", headers })).status).toBe(403);
    }
  });

  test("refuses a page of another site, though the browser brings credentials", async () => {
    const headers = { origin: "https://elsewhere.test" };
    expect((await send(`${API}/flows/search`, { headers })).status).toBe(403);
  });
});
