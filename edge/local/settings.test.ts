import { expect, test } from "vitest";
import { parseSettings } from "./settings.ts";
import { workerVars } from "./worker-vars.ts";

const parse = (argv: string[], env: Record<string, string> = {}) =>
  parseSettings({ argv, env, resolvePath: (path) => `/home/${path}` });

test("has a default for everything", () => {
  expect(parse([])).toEqual({
    kind: "settings",
    settings: {
      port: 8080,
      dataDir: "/home/data",
      agent: true,
      cells: "16",
      allowPrivate: [],
      authBasic: undefined,
      authTokens: undefined,
      secrets: {},
    },
  });
});

test("prefers a switch to the environment", () => {
  expect(parse(["--port", "1", "--no-agent"], { PORT: "2", CELLS: "each" })).toMatchObject({
    settings: { port: 1, agent: false, cells: "each" },
  });
  expect(parse(["--port=3"])).toMatchObject({ settings: { port: 3 } });
});

test("takes networks and secrets from the environment", () => {
  const env = { WINDHOVER_ALLOW_PRIVATE: "10.0.0.0/8, private,", SECRET_A: "1", OTHER: "2" };
  expect(parse([], env)).toMatchObject({
    settings: { allowPrivate: ["10.0.0.0/8", "private"], secrets: { SECRET_A: "1" } },
  });
});

test("takes plugin defaults of all flows, and refuses what is no list of them", () => {
  const list = JSON.stringify([{ type: "a.b", values: { c: 1 } }]);
  const parsed = parse([], { WINDHOVER_PLUGIN_DEFAULTS: list });
  expect(parsed.kind === "settings" && workerVars(parsed.settings, 1)).toMatchObject({ PLUGIN_DEFAULTS: list });
  for (const wrong of ["{}", "[1]", '[{"type": 1}]', "- type: a"])
    expect(parse([], { WINDHOVER_PLUGIN_DEFAULTS: wrong })).toMatchObject({ kind: "problems" });
});

test("a new key is made when it is asked for", () => {
  expect(parse(["--new-key"])).toMatchObject({ settings: { newKey: true } });
});

test("takes how deep executions may start one another, and hands it on", () => {
  const parsed = parse([], { WINDHOVER_MAX_DEPTH: "7" });
  expect(parsed.kind === "settings" && workerVars(parsed.settings, 1)).toMatchObject({ MAX_DEPTH: "7" });
  const plain = parse([], {});
  expect(plain.kind === "settings" && "MAX_DEPTH" in workerVars(plain.settings, 1)).toBe(false);
});

test("lists every mistake, each with what is allowed", () => {
  const result = parse(["--port", "99999", "-x"], {
    CELLS: "many",
    WINDHOVER_MAX_DEPTH: "0",
    WINDHOVER_ALLOW_PRIVATE: "everything",
    WINDHOVER_AUTH_BASIC: "nobody",
  });
  expect(result.kind === "problems" && result.problems).toEqual([
    'Unknown option "-x". Known are --port N, --no-agent, --new-key and --help.',
    'The port "99999" is not a number from 0 to 65535.',
    'CELLS is "many"; use a number from 1 to 1024, or "each".',
    'WINDHOVER_MAX_DEPTH is "0"; use a number from 1 to 1000.',
    'WINDHOVER_ALLOW_PRIVATE has "everything"; use blocks such as 10.0.0.0/8, or the word private.',
    "WINDHOVER_AUTH_BASIC must look like user:password.",
  ]);
});

test("answers --help before anything else", () => {
  expect(parse(["--help", "--nonsense"])).toEqual({ kind: "help" });
});
