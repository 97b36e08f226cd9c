import { describe, expect, test } from "vitest";
import type { Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { registry } from "#tasks/registry.ts";
import { parseFlow } from "./parse-flow.ts";
import { MAX_TEMPLATE_DEPTH, pinned, templateRefs, templateRefsOfSource, withPinned } from "./templates.ts";

const LOG = { type: "io.kestra.plugin.core.log.Log", message: "{{ parent.outputs.args.name }}" };
const use = (templateId: string, id = `use_${templateId}`) => ({
  id,
  type: "io.kestra.core.tasks.flows.Template",
  namespace: "a.b",
  templateId,
});
const template = (id: string, ...tasks: JsonObject[]): JsonObject => ({ id, namespace: "a.b", tasks });
const flow = (...tasks: JsonObject[]) => JSON.stringify({ id: "f", namespace: "a.b", tasks });

function first(source: string): Task | undefined {
  const { flow, problems } = parseFlow(source, registry);
  expect(problems.filter(({ severity = "error" }) => severity === "error")).toEqual([]);
  return flow?.tasks[0];
}

describe("a pinned template", () => {
  test("gives its tasks to the task that stands for it", () => {
    const task = first(withPinned(flow(use("t")), [template("t", { id: "say", ...LOG })]));
    expect(task).toMatchObject({ type: "io.kestra.plugin.core.flow.Template", lists: { tasks: [{ id: "say" }] } });
  });

  test("takes the flow's plugin defaults", () => {
    const pluginDefaults = [{ type: "io.kestra.plugin.core.log.Log", values: { level: "WARN" } }];
    const source = JSON.stringify({ id: "f", namespace: "a.b", tasks: [use("t")], pluginDefaults });
    const task = first(withPinned(source, [template("t", { id: "say", ...LOG })]));
    expect(task?.lists.tasks?.[0]?.properties.level).toBe("WARN");
  });

  test("may stand in a flow twice", () => {
    const source = withPinned(flow(use("t", "one"), use("t", "two")), [template("t", { id: "say", ...LOG })]);
    expect(parseFlow(source, registry).flow?.tasks.map(({ lists }) => lists.tasks?.length)).toEqual([1, 1]);
  });

  test("brings its errors, unless the task has its own", () => {
    const errors = [{ id: "sorry", ...LOG }];
    const pinned = [{ ...template("t", { id: "say", ...LOG }), errors }];
    expect(first(withPinned(flow(use("t")), pinned))?.lists.errors).toMatchObject([{ id: "sorry" }]);
    const own = { ...use("t"), errors: [{ id: "own", ...LOG }] };
    expect(first(withPinned(flow(own), pinned))?.lists.errors).toMatchObject([{ id: "own" }]);
  });

  test("of a source whose text has no newline at its end, or comments", () => {
    for (const tail of ["", "\n", "\n# over", "\n---\n"])
      expect(
        first(withPinned(flow(use("t")) + tail, [template("t", { id: "say", ...LOG })]))?.lists.tasks,
      ).toHaveLength(1);
  });
});

describe("a template that cannot be used fails its task and says why", () => {
  test("[W1] it is unknown", () => {
    expect(first(withPinned(flow(use("t")), []))?.problem).toContain("Unable to find the template a.b.t");
  });

  test("[W2] it comes to itself", () => {
    const task = first(withPinned(flow(use("t")), [template("t", use("u")), template("u", use("t"))]));
    const inner = task?.lists.tasks?.[0]?.lists.tasks?.[0];
    expect(inner?.problem).toBe("The template comes to itself: a.b.t → a.b.u → a.b.t");
  });

  test("[W2] it is too deep", () => {
    const depth = MAX_TEMPLATE_DEPTH + 1;
    const templates = Array.from({ length: depth }, (_, n) => template(`t${n}`, use(`t${n + 1}`)));
    let task = first(withPinned(flow(use("t0")), templates));
    while (task?.problem === undefined && task !== undefined) task = task.lists.tasks?.[0];
    expect(task?.problem).toContain(`nested deeper than ${MAX_TEMPLATE_DEPTH}: a.b.t0 → a.b.t1`);
  });

  test("it is too long", () => {
    const source = flow(use("t"));
    const long = template("t", { id: "say", ...LOG, message: "x".repeat(1_048_576) });
    const short = pinned(source, templateRefsOfSource(source), [long]);
    expect(first(short)?.problem).toContain("longer than 1048576 bytes");
    expect(pinned(source, templateRefsOfSource(source), [])).toBe(withPinned(source, []));
  });

  test("[W3] it is not valid", () => {
    const task = first(withPinned(flow(use("t")), [template("t", { id: "x", type: "io.kestra.plugin.core.log.Lag" })]));
    expect(task?.problem).toContain(
      "The template a.b.t is not valid: Unknown task type `io.kestra.plugin.core.log.Lag`",
    );
  });
});

describe("while a flow is written", () => {
  test("nothing is pinned: the task has no tasks", () => {
    expect(first(flow(use("t")))?.lists).toEqual({});
  });

  test("a second flow is still refused", () => {
    const { problems } = parseFlow(`${flow(use("t"))}\n---\npinnedTemplates: []\nid: g\n`, registry);
    expect(problems.map(({ message }) => message).join()).toContain("A second flow begins here");
  });
});

describe("which templates are stood for", () => {
  test("anywhere in the tasks, each once", () => {
    const inner = {
      id: "s",
      type: "io.kestra.plugin.core.flow.Sequential",
      tasks: [use("t"), use("u"), use("t", "z")],
    };
    expect(templateRefs({ tasks: [inner], errors: [use("e")] })).toEqual([
      { namespace: "a.b", id: "t" },
      { namespace: "a.b", id: "u" },
      { namespace: "a.b", id: "e" },
    ]);
    expect(templateRefsOfSource(flow(use("t")))).toHaveLength(1);
  });

  test("a source without one is not read", () => {
    expect(templateRefsOfSource("{ this is no YAML")).toEqual([]);
  });
});
