import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { parseFlow } from "./parse-flow.ts";

const folder = new URL("../../examples/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

describe("the example flows", () => {
  test.each(files)("%s is a flow without problems, named as its file", (name) => {
    const { flow, problems } = parseFlow(readFileSync(new URL(name, folder), "utf8"), registry);
    expect(problems).toEqual([]);
    expect(flow?.namespace).toBe("company.team");
    expect(flow?.id).toBe(name.replace(".yaml", "").replaceAll("-", "_"));
    expect(flow?.description).toBeDefined();
  });

  test("none starts by itself on a schedule", () => {
    for (const name of files) {
      const { flow } = parseFlow(readFileSync(new URL(name, folder), "utf8"), registry);
      const schedules = flow?.triggers.filter(({ type }) => type.endsWith(".Schedule")) ?? [];
      expect(schedules.every(({ disabled }) => disabled)).toBe(true);
    }
  });
});
