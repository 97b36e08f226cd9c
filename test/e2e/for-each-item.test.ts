import { expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import { flow, NAMESPACE, taskRun, useServer } from "./fixture.ts";

// Hundreds of executions of one task, on the real server.

const server = useServer();
const ITEMS = 300;

const CHILD = flow(
  "e2e_item",
  `
inputs:
  - id: line
    type: STRING
  - id: number
    type: INT
tasks:
  - id: nothing
    type: io.kestra.plugin.core.debug.Return
    format: "{{ inputs.line }}"
outputs:
  - id: said
    type: STRING
    value: "{{ inputs.number }} {{ outputs.nothing.value | trim }}"
`,
);

const parent = (id: string, more = "") =>
  flow(
    id,
    `
inputs:
  - id: items
    type: FILE
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.ForEachItem
    items: "{{ inputs.items }}"
    namespace: ${NAMESPACE}
    flowId: e2e_item${more}
    inputs:
      line: "{{ read(taskrun.items) }}"
      number: "{{ taskrun.iteration }}"
`,
  );

async function start(source: string, count: number): Promise<ExecutionJson> {
  for (const text of [CHILD, source]) await server().api.saveFlow(text);
  const content = Array.from({ length: count }, (_, number) => `line ${number}\n`).join("");
  const id = /^id: (\S+)/m.exec(source)?.[1] ?? "";
  return server().api.execute(NAMESPACE, id, { inputs: { items: { name: "items.txt", content } } });
}

async function fileOf(execution: ExecutionJson, uri: unknown): Promise<string> {
  const path = `/executions/${execution.id}/file?path=${encodeURIComponent(String(uri))}`;
  return (await server().api.send({ path })).text;
}

async function children(execution: ExecutionJson): Promise<ExecutionJson[]> {
  const all: ExecutionJson[] = [];
  for (let page = 1; ; page++) {
    const found = await server().api.search({ triggerExecutionId: execution.id, size: 100, page });
    all.push(...found.results);
    if (found.results.length < 100) return all;
  }
}

test("each line is handled once and the outputs are merged in order, though the server dies in the middle", async () => {
  const started = await start(parent("e2e_items"), ITEMS);
  await server().api.executionWhen(started.id, {
    until: ({ taskRunList = [] }) => taskRunList.some(({ taskId }) => taskId === "each_items"),
  });
  await server().kill();
  await server().start();
  const execution = await server().api.executionWhen(started.id, { timeoutMs: 90_000 });
  expect(execution.state.current).toBe("SUCCESS");
  expect(taskRun(execution, "each_items").outputs).toEqual({
    numberOfBatches: ITEMS,
    iterations: { SUCCESS: ITEMS },
  });
  const merged = await fileOf(execution, taskRun(execution, "each_merge").outputs?.subflowOutputs);
  expect(merged.trim().split("\n")).toEqual(
    Array.from({ length: ITEMS }, (_, number) => JSON.stringify({ said: `${number} line ${number}` })),
  );
  const splits = await fileOf(execution, taskRun(execution, "each_split").outputs?.splits);
  expect(splits.trim().split("\n")).toHaveLength(ITEMS);
  expect(new Set((await children(execution)).map(({ id }) => id)).size).toBe(ITEMS);
});
