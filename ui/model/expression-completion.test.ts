import { describe, expect, test } from "vitest";
import { allTypes, completeFlow, explainExpression, isInExpression, parse } from "./engine.ts";
import { expressionPlaceAt } from "./expression-place.ts";

const FLOW = `id: f
namespace: n
inputs:
  - {id: who, type: STRING, description: Whom to greet}
  - {id: db.host, type: STRING}
variables: {city: Bern, nested: {a: 1}}
labels: {team: x, cost-center: "7"}
tasks:
  - {id: load, type: io.kestra.plugin.core.http.Request, uri: "https://example.com"}
  - {id: my-task, type: io.kestra.plugin.core.debug.Return, format: x}
triggers:
  - {id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: abcdefghijkl}
outputs:
  - {id: last, type: STRING, value: x}
description: "§"
`;
const { draft } = parse(FLOW);
const around = { now: 0, random: () => 0.5 };

/** The flow with \`code\` in it; \`¦\` is the cursor. */
function at(code: string): [text: string, offset: number] {
  const marked = FLOW.replace("§", code);
  return [marked.replace("¦", ""), marked.indexOf("¦")];
}
function completions(code: string) {
  return completeFlow(...at(code), { types: allTypes(), draft });
}
const labels = (code: string) => completions(code)?.options.map(({ label }) => label) ?? [];
const explained = (code: string) => explainExpression(...at(code), { flow: draft, types: allTypes() }, around);

describe("what may be written", () => {
  test("after a bar: filters, with brackets when something must stand in them", () => {
    const found = completions("{{ inputs.who | up¦ }}");
    expect(found?.options.map(({ label }) => label)).toEqual(expect.arrayContaining(["upper", "date", "jq"]));
    expect(found?.options.find(({ label }) => label === "split")).toMatchObject({ opensBracket: true });
    expect(found?.options.find(({ label }) => label === "upper")?.opensBracket).toBeUndefined();
    expect(labels("{% filter ¦")).toContain("upper");
    expect(labels("{{ a ?? ¦")).toContain("inputs");
  });

  test("after `is`: tests", () => {
    expect(labels("{{ inputs.who is ¦")).toContain("defined");
    expect(labels("{{ inputs.who is not e¦")).toContain("empty");
  });

  test("at the beginning of a tag: tags", () => {
    expect(labels("{% ¦")).toEqual(expect.arrayContaining(["if", "for", "set"]));
    expect(labels("{%- i¦")).toContain("if");
    expect(labels("{% set ¦")).toEqual([]);
  });

  test("where a value is meant: variables, functions, what the text has named, arguments of the call", () => {
    expect(labels("{{ ¦ }}")).toEqual(expect.arrayContaining(["inputs", "outputs", "now", "kv", "true"]));
    expect(labels("{% set total = 1 %}{% for row in [1] %}{{ ¦")).toEqual(
      expect.arrayContaining(["total", "row", "loop"]),
    );
    expect(labels("{{ now(¦")).toContain("timeZone");
    expect(labels("{{ 'a' | date('x', ¦")).toContain("locale");
    expect(labels("{{ ¦ }}")).not.toContain("timeZone");
  });

  test("after a value: operators, only once one is begun", () => {
    expect(completions("{{ inputs.who ¦")).toMatchObject({ isQuiet: true });
    expect(labels("{{ inputs.who ¦")).toEqual(expect.arrayContaining(["and", "is", "contains"]));
  });

  test("below a variable: what the flow declares", () => {
    expect(labels("{{ inputs.¦")).toEqual(["who", "db"]);
    expect(labels("{{ inputs.db.¦")).toEqual(["host"]);
    expect(labels("{{ vars.nested.¦")).toEqual(["a"]);
    expect(labels("{{ outputs.load.¦")).toEqual(expect.arrayContaining(["body", "code", "headers"]));
    expect(labels("{{ outputs['my-task'].¦")).toEqual(["value"]);
    expect(labels("{{ tasks.load.¦")).toEqual(["state"]);
    expect(labels("{{ trigger.¦")).toEqual(expect.arrayContaining(["body", "executionId"]));
    expect(labels("{{ execution.outputs.¦")).toEqual(["last"]);
    expect(labels("{{ taskrun.¦")).toContain("value");
    expect(labels("{% for x in [1] %}{{ loop.¦")).toContain("index");
    expect(labels("{{ nothing.¦")).toEqual([]);
  });

  test("an id that is no name goes into brackets, and the dot goes", () => {
    const option = completions("{{ outputs.m¦")?.options.find(({ label }) => label === "my-task");
    expect(option).toMatchObject({ insert: "['my-task']", eatsBefore: 1 });
    expect(labels("{{ outputs['m¦")).toContain("my-task");
    expect(labels("{{ labels['¦")).toEqual(["team", "cost-center"]);
  });

  test("nothing inside of texts, and nothing of expressions outside of them", () => {
    for (const code of ["{{ 'up¦", "{{ a }} ¦", "{% raw %}{{ ¦", "{{ a\n\n¦"])
      expect(labels(code), code).not.toContain("now");
    expect(isInExpression(...at("{{ a }} ¦"))).toBe(false);
    expect(isInExpression(...at("{{ a ¦"))).toBe(true);
  });
});

describe("what stands there", () => {
  test("a filter: its signature, arguments and an example with its result", () => {
    const help = explained("{{ inputs.who | abbre¦viate(5) }}");
    expect(help).toMatchObject({ title: "value | abbreviate(length)", anchor: "filter.abbreviate" });
    expect(help?.lines.join("\n")).toMatch(/`length`: .*→ `/s);
  });

  test("a function, a test, a tag, an operator", () => {
    expect(explained("{{ no¦w() }}")?.anchor).toBe("function.now");
    expect(explained("{{ a is not defi¦ned }}")?.anchor).toBe("test.defined");
    expect(explained("{% fo¦r x in y %}")?.anchor).toBe("tag.for");
    expect(explained("{{ a cont¦ains b }}")?.title).toBe("left contains right");
  });

  test("a variable, an input with its type, outputs of a task with what they are", () => {
    expect(explained("{{ inp¦uts.who }}")?.anchor).toBe("variable.inputs");
    expect(explained("{{ inputs.wh¦o }}")).toMatchObject({ title: "inputs.who: STRING", text: "Whom to greet" });
    expect(explained("{{ outputs.load.co¦de }}")?.title).toMatch(/^outputs\.load\.code: /);
    expect(explained("{{ outputs['my-t¦ask'].value }}")?.title).toBe("outputs.my-task: Return");
  });

  test("nothing of names that mean nothing here", () => {
    for (const code of ["{{ some¦thing }}", "{{ inputs.no¦pe }}", "wh¦o {{ inputs }}", "{{ a | no¦pe }}"])
      expect(explained(code), code).toBeUndefined();
  });
});

test("a place is found in text that is broken behind the cursor", () => {
  expect(expressionPlaceAt("{{ outputs.a", 12)).toMatchObject({ at: "member", path: ["outputs"], typed: "a" });
  expect(expressionPlaceAt("{{ f(a, b)[0].x | ", 18)).toMatchObject({ at: "filter" });
});
