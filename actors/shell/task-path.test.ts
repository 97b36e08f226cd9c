import { expect, test } from "vitest";
import { parseFlow } from "#flow/parse-flow.ts";
import { registry } from "#tasks/registry.ts";
import { pathOfTask } from "./task-path.ts";

const log = (id: string) => `{id: ${id}, type: io.kestra.plugin.core.log.Log, message: x}`;
const { flow } = parseFlow(
  `id: f
namespace: n
tasks:
  - ${log("first")}
  - id: choice
    type: io.kestra.plugin.core.flow.Switch
    value: a
    cases: { a: [${log("other")}, ${log("inCase")}] }
  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks: [{task: ${log("inDag")}}]
errors: [${log("onError")}]
`,
  registry,
);

test.each([
  ["first", "tasks[0]"],
  ["inCase", "tasks[1].cases.a[1]"],
  ["inDag", "tasks[2].tasks[0].task"],
  ["onError", "errors[0]"],
  ["nowhere", "nowhere"],
])("the task %s stands at %s", (id, path) => {
  if (flow === undefined) throw new Error("the flow is right");
  expect(pathOfTask(flow, id)).toBe(path);
});
