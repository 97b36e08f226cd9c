import { expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { scriptType } from "./languages.ts";

test("the agent runs every script task that is defined, in its form", () => {
  const scripts = registry.tasks.filter(({ type }) => type.includes(".scripts."));
  expect(scripts.length).toBeGreaterThan(20);
  for (const { type } of scripts)
    expect(scriptType(type)?.form, type).toBe(type.endsWith(".Script") ? "script" : "commands");
});
