import { describe, expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { parseFlow } from "./parse-flow.ts";

const HEAD = "id: a\nnamespace: company.team\n";
const LOG = "io.kestra.plugin.core.log.Log";

/** A Dag whose tasks wait for others as `needs` says. */
function dag(needs: Record<string, readonly string[]>, more = ""): string {
  const items = Object.entries(needs).map(
    ([id, of]) =>
      `      - task:\n          id: ${id}\n          type: ${LOG}\n          message: hi\n        dependsOn: [${of.join(", ")}]\n`,
  );
  const list = items.length === 0 ? "    tasks: []\n" : `    tasks:\n${items.join("")}`;
  return `${HEAD}tasks:\n  - id: dag\n    type: io.kestra.plugin.core.flow.Dag\n${list}${more}`;
}

const messagesOf = (source: string) => parseFlow(source, registry).problems.map(({ message }) => message);
const placesOf = (source: string) =>
  parseFlow(source, registry).problems.map(({ code, path, at }) => `${code} ${path} ${at?.line}`);

describe("a Dag", () => {
  test("becomes a list of tasks and what each waits for", () => {
    const { flow, problems } = parseFlow(dag({ one: [], two: ["one", "one"], three: ["two", "one"] }), registry);
    expect(problems).toEqual([]);
    const [task] = flow?.tasks ?? [];
    expect(task?.lists.tasks?.map(({ id }) => id)).toEqual(["one", "two", "three"]);
    expect(task?.dependsOn).toEqual({ one: [], two: ["one"], three: ["two", "one"] });
  });

  test("without tasks is refused", () => {
    expect(messagesOf(dag({}))).toEqual(["No task defined"]);
  });

  test("with ids that are not there is refused with all of them", () => {
    expect(messagesOf(dag({ one: ["x"], two: ["y", "one", "x"] }))).toEqual([
      "Not existing task id in dependency: x, y",
    ]);
  });

  test.for([
    ["a task that waits for itself", { one: ["one"] }, "one"],
    ["two that wait for each other", { one: ["two"], two: ["one"] }, "one, two"],
    [
      "a longer way round, without what leads to it and what follows it",
      { start: [], one: ["three", "start"], two: ["one"], three: ["two"], end: ["three"] },
      "one, two, three",
    ],
  ] as const)("with %s is refused", ([_, needs, ids]) => {
    expect(messagesOf(dag(needs))).toEqual([`Cyclic dependency detected: ${ids}`]);
  });

  test("says where an entry is wrong", () => {
    expect(placesOf(dag({ one: [] }).replace("dependsOn: []", "dependsOn: one"))).toEqual([
      "INVALID_VALUE tasks[0].tasks[0].dependsOn 11",
    ]);
    expect(placesOf(dag({ one: [] }).replace("dependsOn: []", "needs: []"))).toEqual([
      "UNKNOWN_PROPERTY tasks[0].tasks[0].needs 11",
    ]);
    const flat = `${HEAD}tasks:\n  - id: dag\n    type: io.kestra.plugin.core.flow.Dag\n    tasks:\n      - id: one\n        type: ${LOG}\n        message: hi\n`;
    expect(messagesOf(flat)[0]).toContain("write the task below `task:`");
  });

  test("has its inner tasks checked where they stand", () => {
    expect(placesOf(dag({ one: [] }).replace("message: hi", "massage: hi"))).toContain(
      "UNKNOWN_PROPERTY tasks[0].tasks[0].task.massage 10",
    );
    expect(placesOf(dag({ one: [], dag: [] }))).toEqual(["DUPLICATE_ID tasks[0].tasks[1].task.id 13"]);
  });

  test("takes plugin defaults, errors and finally as any flowable", () => {
    const more = `    errors:\n      - id: e\n        type: ${LOG}\n        message: no\npluginDefaults:\n  - type: ${LOG}\n    values:\n      level: WARN\n`;
    const { flow, problems } = parseFlow(dag({ one: [] }, more), registry);
    expect(problems).toEqual([]);
    expect(flow?.tasks[0]?.lists.tasks?.[0]?.properties).toEqual({ message: "hi", level: "WARN" });
    expect(flow?.tasks[0]?.lists.errors?.[0]?.id).toBe("e");
  });

  test("of a thousand tasks, each after the one before, is read in no time", () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => `t${index}`);
    const needs = Object.fromEntries(ids.map((id, index) => [id, index === 0 ? [] : [ids[index - 1] ?? ""]]));
    const startedAt = performance.now();
    expect(parseFlow(dag(needs), registry).problems).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe("tasks within other properties", () => {
  test("the one of `onPause` is a task of the Pause", () => {
    const source = `${HEAD}tasks:\n  - id: p\n    type: io.kestra.plugin.core.flow.Pause\n    onPause:\n      id: tell\n      type: ${LOG}\n      message: hi\n`;
    const { flow, problems } = parseFlow(source, registry);
    expect(problems).toEqual([]);
    expect(flow?.tasks[0]?.lists.onPause?.map(({ id }) => id)).toEqual(["tell"]);
    expect(placesOf(source.replace("message: hi", "massage: hi"))[0]).toBe(
      "UNKNOWN_PROPERTY tasks[0].onPause.massage 9",
    );
  });

  test("outputs of a Loop are read and checked as those of a flow", () => {
    const loop = (type: string) =>
      `${HEAD}tasks:\n  - id: l\n    type: io.kestra.plugin.core.flow.Loop\n    values: [1]\n    outputs:\n      - id: o\n        type: ${type}\n        value: x\n    tasks:\n      - id: t\n        type: ${LOG}\n        message: hi\n`;
    expect(parseFlow(loop("STRING"), registry).flow?.tasks[0]?.gives).toEqual([
      { id: "o", type: "STRING", value: "x" },
    ]);
    expect(placesOf(loop("TEXT"))[0]).toBe("INVALID_VALUE tasks[0].outputs[0].type 9");
  });

  test("a timeout on Sleep has an effect and no warning, on another flowable it has one", () => {
    const timed = (type: string, more: string) =>
      `${HEAD}tasks:\n  - id: s\n    type: io.kestra.plugin.core.flow.${type}\n    timeout: PT1S\n${more}`;
    expect(placesOf(timed("Sleep", "    duration: PT2S\n"))).toEqual([]);
    expect(
      placesOf(timed("Sequential", `    tasks:\n      - id: t\n        type: ${LOG}\n        message: hi\n`)),
    ).toEqual(["UNKNOWN_PROPERTY tasks[0].timeout 6"]);
  });
});
