import { describe, expect, test } from "vitest";
import { allTypes, completeFlow, explainFlow, parse, typeAt } from "./engine.ts";
import { yamlPlaceAt } from "./yaml-place.ts";

/** The text with `|` taken out, and where it stood. */
function cursor(marked: string): [text: string, offset: number] {
  const offset = marked.indexOf("¦");
  return [marked.replace("¦", ""), offset];
}
function labels(marked: string): readonly string[] {
  const [text, offset] = cursor(marked);
  const draft = parse(text).draft;
  return completeFlow(text, offset, { types: allTypes(), draft })?.options.map(({ label }) => label) ?? [];
}

const HEAD = "id: f\nnamespace: n\n";

describe("completeFlow", () => {
  test("properties of the flow that are not there yet", () => {
    const found = labels(`${HEAD}¦`);
    expect(found).toContain("tasks");
    expect(found).not.toContain("namespace");
  });
  test("types of tasks, and of triggers, in their own lists", () => {
    expect(labels(`${HEAD}tasks:\n  - id: a\n    type: ¦`)).toContain("io.kestra.plugin.core.log.Log");
    expect(labels(`${HEAD}tasks:\n  - id: a\n    type: ¦`)).not.toContain("io.kestra.plugin.jdbc.duckdb.Query");
    const triggers = labels(`${HEAD}triggers:\n  - id: a\n    type: ¦`);
    expect(triggers).toContain("io.kestra.plugin.core.trigger.Schedule");
    expect(triggers).not.toContain("io.kestra.plugin.core.log.Log");
  });
  test("properties of the task's type, without those it has", () => {
    const found = labels(`${HEAD}tasks:\n  - id: a\n    type: io.kestra.plugin.core.log.Log\n    ¦\n    level: INFO\n`);
    expect(found).toContain("message");
    expect(found).toContain("timeout");
    expect(found).not.toContain("level");
  });
  test("of a nested task, its own", () => {
    const found = labels(
      `${HEAD}tasks:\n  - id: p\n    type: io.kestra.plugin.core.flow.Parallel\n    tasks:\n      - id: a\n        type: io.kestra.plugin.core.http.Request\n        ¦`,
    );
    expect(found).toContain("uri");
    expect(found).not.toContain("concurrent");
  });
  test("choices of a property, and types of inputs", () => {
    expect(labels(`${HEAD}tasks:\n  - id: a\n    type: io.kestra.plugin.core.log.Log\n    level: ¦`)).toContain("WARN");
    expect(labels(`${HEAD}inputs:\n  - id: a\n    type: ¦`)).toContain("MULTISELECT");
  });
  test("names in expressions: what the flow declares", () => {
    const flow = (text: string) =>
      `${HEAD}inputs:\n  - id: who\n    type: STRING\ntasks:\n  - id: a\n    type: io.kestra.plugin.core.debug.Return\n    format: x\n  - id: b\n    type: io.kestra.plugin.core.log.Log\n    message: "${text}"\n`;
    expect(labels(flow("{{ ¦ }}"))).toContain("inputs");
    expect(labels(flow("{{ inputs.¦ }}"))).toEqual(["who"]);
    expect(labels(flow("{{ outputs.¦ }}"))).toEqual(["a", "b"]);
    expect(labels(flow("{{ outputs.a.¦ }}"))).toEqual(["value"]);
  });
  test("nothing in comments and block texts", () => {
    expect(labels(`${HEAD}# ¦`)).toEqual([]);
    expect(labels(`${HEAD}description: |\n  some ¦`)).toEqual([]);
  });
});

test("explains the property and the type under the cursor", () => {
  const [text, offset] = cursor(
    `${HEAD}tasks:\n  - id: a\n    type: io.kestra.plugin.core.log.Log\n    mess¦age: hi\n`,
  );
  const found = explainFlow(text, offset, allTypes());
  expect(found && "property" in found ? found.property.name : undefined).toBe("message");
  const typed = explainFlow(text, text.indexOf("core.log"), allTypes());
  expect(typed && "type" in typed ? typed.type.name : undefined).toBe("Log");
});

test("the help follows the innermost task the cursor is in", () => {
  const text = `${HEAD}tasks:\n  - id: p\n    type: io.kestra.plugin.core.flow.Parallel\n    tasks:\n      - id: a\n        type: io.kestra.plugin.core.log.Log\n        message: hi\n`;
  expect(typeAt(text, text.indexOf("id: a"), allTypes())?.name).toBe("Log");
  expect(typeAt(text, text.indexOf("id: p"), allTypes())?.name).toBe("Parallel");
  expect(typeAt(text, text.indexOf("namespace"), allTypes())).toBeUndefined();
});

test("a place is told by indentation, also in a text that does not parse", () => {
  const [text, offset] = cursor(
    `${HEAD}tasks:\n  - id: a\n    type: x\n    options:\n      timeout:\n        con¦\n    broken: [\n`,
  );
  expect(yamlPlaceAt(text, offset)).toMatchObject({ path: ["tasks", "options", "timeout"], at: "key", typed: "con" });
});
