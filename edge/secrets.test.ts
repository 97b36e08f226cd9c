import { expect, test } from "vitest";
import type { Env } from "./env.ts";
import { secretOf } from "./secrets.ts";

const env = {
  AGENT_TOKEN: "not a secret of flows",
  SECRET_API_KEY: "bound",
  SECRETS: JSON.stringify({ SECRET_LOCAL: "listed", SECRET_API_KEY: "hidden" }),
} as unknown as Env;

test("a secret is found as a binding of its own, as wrangler sets it, and in the list of the local server", () => {
  expect(secretOf(env, "api_key")).toBe("bound");
  expect(secretOf(env, "LOCAL")).toBe("listed");
});

test("nothing else of the environment is a secret", () => {
  for (const name of ["AGENT_TOKEN", "S", "", "constructor", "__proto__"]) expect(secretOf(env, name)).toBeUndefined();
});
