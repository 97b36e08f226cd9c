import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import {
  callsOf,
  cellOf,
  execute,
  flow,
  json,
  listed,
  messages,
  NAMESPACE,
  ORIGIN,
  OUTSIDE,
  run,
  saveFlow,
  send,
  settled,
  TYPES,
  taskRun,
} from "../support/client.ts";

// What a user does with a deployment, through its one door.

test("a flow is created, run to its end within one call, and shown in the list with its labels", async () => {
  const ended = await run(
    flow(
      "hello",
      `
inputs:
  - id: name
    type: STRING
labels:
  team: red
tasks:
  - id: greet
    type: ${TYPES.return}
    format: Hello {{ inputs.name }}
  - id: say
    type: ${TYPES.log}
    message: "{{ outputs.greet.value }}"
`,
    ),
    { name: "Ada" },
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(ended.url).toBe(`${ORIGIN}/ui/executions/${NAMESPACE}/hello/${ended.id}`);
  expect(await messages(ended.id)).toContain("Hello Ada");
  const row = await listed(ended.id, "SUCCESS");
  expect(row.labels).toContainEqual({ key: "team", value: "red" });
});

test("a follower hears of the end", async () => {
  const source = flow("followed", `tasks:\n  - id: hold\n    type: ${TYPES.pause}\n    pauseDuration: PT0.3S\n`);
  await saveFlow(source);
  const { id } = await execute("followed");
  const response = await send(`/api/v1/executions/${id}/follow`);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const text = await response.text();
  expect(text).toContain('"current":"SUCCESS"');
});

test("a value is kept in the key-value store, read by a flow and changed by one", async () => {
  const path = `/namespaces/${NAMESPACE}/kv/colour`;
  await json(path, { method: "PUT", body: '"blue"' });
  const ended = await run(
    flow(
      "store",
      `
tasks:
  - id: read
    type: ${TYPES.return}
    format: "{{ kv('colour') }}"
  - id: write
    type: io.kestra.plugin.core.kv.Set
    key: colour
    value: dark {{ outputs.read.value }}
`,
    ),
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(await json(path)).toMatchObject({ type: "STRING", value: "dark blue" });
});

test("a webhook with a secret for its key starts an execution without a token, and nobody else's key does", async () => {
  await saveFlow(
    flow(
      "hooked",
      `
tasks:
  - id: greet
    type: ${TYPES.log}
    message: Hello {{ trigger.body.name }}
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: "{{ secret('HOOK_KEY') }}"
`,
    ),
  );
  const call = (key: string) =>
    send(`/api/v1/executions/webhook/${NAMESPACE}/hooked/${key}`, {
      method: "POST",
      body: '{"name":"Ada"}',
      token: null,
    });
  expect((await call("guessed")).status).toBe(404);
  const response = await call("hook-key");
  expect(response.status).toBe(200);
  const { id } = await response.json<ExecutionJson>();
  expect((await settled(id)).state.current).toBe("SUCCESS");
  expect(await messages(id)).toContain("Hello Ada");
});

test("a subflow is waited for, and what it gives is used", async () => {
  await saveFlow(
    flow(
      "child",
      `
inputs:
  - id: name
    type: STRING
tasks:
  - id: call
    type: ${TYPES.request}
    uri: ${OUTSIDE}/echo?as=child-${env.CELLS}
    method: POST
    body: "{{ inputs.name }}"
outputs:
  - id: greeting
    type: STRING
    value: Hello {{ fromJson(outputs.call.body).body }}
`,
    ),
  );
  const ended = await run(
    flow(
      "parent",
      `
tasks:
  - id: each
    type: ${TYPES.forEach}
    values: [Ada, Grace]
    concurrencyLimit: 0
    tasks:
      - id: child
        type: ${TYPES.subflow}
        namespace: ${NAMESPACE}
        flowId: child
        inputs:
          name: "{{ taskrun.value }}"
      - id: show
        type: ${TYPES.log}
        message: "{{ outputs.child[taskrun.value].outputs.greeting }}"
`,
    ),
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(await messages(ended.id)).toEqual(expect.arrayContaining(["Hello Ada", "Hello Grace"]));
  expect(await callsOf(`child-${env.CELLS}`)).toBe(2);
  const children = ended.taskRunList?.filter(({ taskId }) => taskId === "child").map(({ outputs }) => outputs);
  for (const child of children ?? []) {
    const id = String(child?.executionId);
    expect(await listed(id, "SUCCESS")).toMatchObject({ flowId: "child" });
    if (env.CELLS === "each") expect(cellOf(id).id.equals(cellOf(ended.id).id)).toBe(false);
  }
});

test("a script runs in the sandbox, with files in R2 and the network", async () => {
  const ended = await run(
    flow(
      "script",
      `
tasks:
  - id: count
    type: ${TYPES.deno}
    inputFiles:
      words.txt: one two three
    outputFiles: ["*.json"]
    script: |
      const words: string[] = Deno.readTextFileSync("words.txt").split(" ");
      const answer = await fetch("${OUTSIDE}/echo?as=script", { method: "POST", body: words[0] });
      Deno.writeTextFileSync("count.json", JSON.stringify({ words: words.length, echo: (await answer.json()).body }));
      Kestra.outputs({ words: words.length });
  - id: show
    type: ${TYPES.log}
    message: "{{ outputs.count.vars.words }} {{ read(outputs.count.outputFiles['count.json']) }}"
`,
    ),
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(await messages(ended.id)).toContain('3 {"words":3,"echo":"one"}');
  const uri = String(Object(taskRun(ended, "count").outputs).outputFiles["count.json"]);
  const file = await send(`/api/v1/executions/${ended.id}/file?path=${encodeURIComponent(uri)}`);
  expect(await file.json()).toEqual({ words: 3, echo: "one" });
});

test("a script that never ends is stopped, and the next one runs", async () => {
  const script = (id: string, text: string) =>
    flow(id, `tasks:\n  - id: script\n    type: ${TYPES.deno}\n    timeout: PT5S\n    script: ${text}\n`);
  const endless = await run(script("endless", "for (;;) {}"));
  expect(endless.state.current).toBe("FAILED");
  const next = await run(script("next", "console.log(1 + 1)"));
  expect(next.state.current).toBe("SUCCESS");
});

test("a download of more than one block is a file in R2", async () => {
  const ended = await run(
    flow(
      "download",
      `
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Download
    uri: ${OUTSIDE}/bytes/9000000?as=download
`,
    ),
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(taskRun(ended, "fetch").outputs).toMatchObject({ length: 9_000_000 });
});

test("a task that would reach a private network is refused", async () => {
  const ended = await run(
    flow("inside", `tasks:\n  - id: call\n    type: ${TYPES.request}\n    uri: http://10.0.0.1/\n`),
  );
  expect(ended.state.current).toBe("FAILED");
  expect((await messages(ended.id)).join()).toContain("private network");
});
