import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ExecutionEvent } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import { MAX_INLINE_CHARACTERS, markersIn, STORED_KEY } from "#schema/stored.ts";
import { execute, flow, json, listed, run, saveFlow, send, settled, TYPES, taskRun, until } from "../support/client.ts";

const INPUT = "inputs:\n  - { id: big, type: STRING }\n";
const returns = (id: string, format: string) => `  - id: ${id}\n    type: ${TYPES.return}\n    format: "${format}"\n`;
const eventsOf = async (id: string) =>
  (await json<{ events: ExecutionEvent[] }>(`/executions/${id}/events?after=0`)).events;
const filesOf = async (id: string) => (await env.FILES.list()).objects.filter(({ key }) => key.includes(`/${id}/`));
const remove = (id: string, query = "") => send(`/api/v1/executions/${id}${query}`, { method: "DELETE" });

test("an output above 64 KB is kept in a file and shown as it is, one below stays in the log", async () => {
  await saveFlow(
    flow(
      "large-return",
      `${INPUT}tasks:\n${returns("a", "{{ inputs.big }}")}${returns("b", "{{ outputs.a.value | length }}")}`,
    ),
  );
  for (const more of [0, 1]) {
    const big = "x".repeat(MAX_INLINE_CHARACTERS - '{"value":""}'.length + more);
    const ended = await settled((await execute("large-return", { big }, true)).id);
    expect(ended.state.current).toBe("SUCCESS");
    expect(taskRun(ended, "a").outputs).toEqual({ value: big });
    expect(taskRun(ended, "b").outputs).toEqual({ value: String(big.length) });
    expect(markersIn(await eventsOf(ended.id)).length).toBe(more);
    expect((await filesOf(ended.id)).length).toBe(more);
    expect(JSON.stringify(await listed(ended.id, "SUCCESS"))).not.toContain("xxx");
  }
});

test("a large output of a script is kept before it reaches the cell, its address can be fetched, and it goes with its execution", async () => {
  const script = `Kestra.outputs({ rows: Array.from({ length: 20000 }, (_, n) => n), small: 1 })`;
  const tasks = `tasks:\n  - id: s\n    type: ${TYPES.deno}\n    script: "${script}"\n${returns("last", "{{ outputs.s.vars.rows[19999] }}")}`;
  const ended = await run(flow("large-script", tasks));
  expect(taskRun(ended, "last").outputs).toEqual({ value: "19999" });
  expect(taskRun(ended, "s").outputs).toMatchObject({ exitCode: 0, vars: { small: 1 } });
  const [marker] = markersIn(await eventsOf(ended.id));
  const file = await send(`/api/v1/executions/${ended.id}/file?path=${encodeURIComponent(marker?.uri ?? "")}`);
  expect(await file.json()).toMatchObject({ small: 1 });
  expect((await remove(ended.id, "?deleteStorage=false")).status).toBe(204);
  expect(await filesOf(ended.id)).toEqual([]);
});

test("a parent keeps what its child gave when the child is deleted, and whoever follows sees it", async () => {
  const outputs = `outputs:\n  - { id: text, type: STRING, value: "{{ inputs.big }}" }\n`;
  await saveFlow(flow("large-child", `${INPUT}${outputs}tasks:\n${returns("x", "x")}`));
  const sub = `  - id: sub\n    type: ${TYPES.subflow}\n    namespace: company.team\n    flowId: large-child\n    inputs: { big: "{{ inputs.big }}" }\n`;
  await saveFlow(
    flow("large-parent", `${INPUT}tasks:\n${sub}${returns("after", "{{ outputs.sub.outputs.text | length }}")}`),
  );
  const big = "y".repeat(100_000);
  const ended = await settled((await execute("large-parent", { big }, true)).id);
  expect(taskRun(ended, "after").outputs).toEqual({ value: "100000" });
  const child = String(taskRun(ended, "sub").outputs?.executionId);
  await remove(child);
  expect(await filesOf(child)).toEqual([]);
  const later = await json<ExecutionJson>(`/executions/${ended.id}`);
  expect(taskRun(later, "sub").outputs).toMatchObject({ outputs: { text: big } });

  const followed = await (await send(`/api/v1/executions/${ended.id}/follow`)).text();
  expect(followed).toContain(big);
  expect(followed).not.toContain(JSON.stringify(STORED_KEY));
  const evaluated = await json<{ result: string }>(`/executions/${ended.id}/eval`, {
    method: "POST",
    body: "{{ outputs.sub.outputs.text | length }}",
    headers: { "content-type": "text/plain" },
  });
  expect(evaluated.result).toBe("100000");
});

test("tasks of a WorkingDirectory share their files in the sandbox, and nothing of it stays but what was kept", async () => {
  const tasks = `tasks:
  - id: dir
    type: ${TYPES.directory}
    inputFiles: { words.txt: one two three }
    outputFiles: ["*.json"]
    tasks:
      - id: count
        type: ${TYPES.deno}
        script: |
          Deno.writeTextFileSync("count.txt", String(Deno.readTextFileSync("words.txt").split(" ").length));
          Deno.removeSync("words.txt");
      - id: report
        type: ${TYPES.deno}
        script: |
          const names = [...Deno.readDirSync(".")].map(({ name }) => name);
          Deno.writeTextFileSync("report.json", JSON.stringify({ count: Deno.readTextFileSync("count.txt"), names }));
${returns("show", "{{ read(outputs.dir.outputFiles['report.json']) }}")}`;
  const ended = await run(flow("shared-files", tasks));
  expect(ended.state.current).toBe("SUCCESS");
  expect(JSON.parse(String(taskRun(ended, "show").outputs?.value))).toMatchObject({
    count: "3",
    names: expect.not.arrayContaining(["words.txt"]),
  });
  const left = await until("removal of the directory", async () => {
    const keys = (await filesOf(ended.id)).map(({ key }) => key.slice(key.indexOf("/tasks/")));
    return keys.length === 1 ? keys : undefined;
  });
  expect(left).toEqual([expect.stringMatching(/^\/tasks\/dir\/[^/]+\/report\.json$/)]);
});
