import { expect, test } from "vitest";
import type { Env } from "./env.ts";
import { secretOfServer, serverSecretNames } from "./secrets.ts";

const env = {
  AGENT_TOKEN: "not a secret of flows",
  SECRET_API_KEY: btoa("bound"),
  SECRET_PLAIN: "not/base64!",
  SECRET_BYTES: btoa("\xff\xfe\xfd"),
  SECRET_WRAPPED: "bGlu\nZQ==\n",
  SECRETS: JSON.stringify({ SECRET_LOCAL: btoa("listed"), SECRET_API_KEY: btoa("hidden") }),
} as unknown as Env;

test("a secret is found as a binding of its own, as wrangler sets it, and in the list of the local server", () => {
  expect(secretOfServer(env, "api_key")).toEqual({ value: "bound" });
  expect(secretOfServer(env, "LOCAL")).toEqual({ value: "listed" });
  expect(secretOfServer(env, "WRAPPED")).toEqual({ value: "line" });
  expect(serverSecretNames(env)).toEqual(["API_KEY", "BYTES", "LOCAL", "PLAIN", "WRAPPED"]);
});

test.each(["PLAIN", "BYTES"])("%s, which is no base64 of a text, is refused by its name", (name) => {
  expect(secretOfServer(env, name)).toEqual({ problem: expect.stringContaining(`SECRET_${name}`) });
});

test("nothing else of the environment is a secret", () => {
  for (const name of ["AGENT_TOKEN", "S", "", "constructor", "__proto__"])
    expect(secretOfServer(env, name)).toEqual({ value: undefined });
});
