import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPython } from "../../config/capabilities.ts";
import { poll } from "../support/poll.ts";
import { type Sink, startSink } from "../support/sink.ts";
import { flow, messages, NAMESPACE, run, taskRun, useServer } from "./fixture.ts";

const server = useServer({ agent: true, env: { WINDHOVER_ALLOW_PRIVATE: "private,local" } });
let sink: Sink;
const PRODUCTS = {
  products: [
    { id: 1, title: "Lamp", brand: "Acme", price: 9.99 },
    { id: 2, title: "Desk, oak", brand: "Initech", price: 120 },
  ],
  total: 2,
};
beforeAll(async () => {
  const fixtures = { "/products": { type: "application/json", body: JSON.stringify(PRODUCTS) } };
  sink = await startSink({ fixtures });
});
afterAll(() => sink.close());

describe("in the sandbox", () => {
  test("the example script gives outputs, a file and a log", async () => {
    const execution = await server().api.execute(NAMESPACE, "sandbox_script", {
      wait: true,
      inputs: { text: "a b a" },
    });
    expect(execution.state.current).toBe("SUCCESS");
    expect(await messages(server(), execution.id, "INFO")).toContain("3 words, most often: a");
    const uri = taskRun(execution, "count_words").outputs?.outputFiles as Record<string, string>;
    expect(JSON.parse(await download(execution.id, uri["counts.json"] ?? ""))).toEqual({ a: 2, b: 1 });
  });
});

describe("on the agent", () => {
  test("shell commands run with their environment, and their output lines are logged", async () => {
    const execution = await run(
      server(),
      flow(
        "shell",
        `
tasks:
  - id: work
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    env:
      NAME: Ada
    commands:
      - echo "Hello $NAME"
      - 'echo ''::{"outputs":{"answer":42}}::'''
`,
      ),
    );
    expect(execution.state.current).toBe("SUCCESS");
    expect(await messages(server(), execution.id, "INFO")).toContain("Hello Ada");
    expect(taskRun(execution, "work").outputs).toMatchObject({ exitCode: 0, vars: { answer: 42 } });
  });

  test("a command that fails fails its task with its exit code", async () => {
    const source = `
tasks:
  - id: work
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - echo trouble >&2
      - exit 3
`;
    const execution = await run(server(), flow("shell_fails", source));
    expect(execution.state.current).toBe("FAILED");
    expect((await messages(server(), execution.id, "ERROR")).join("\n")).toMatch(/trouble|3/);
  });

  test("tasks of a WorkingDirectory share files, on the agent and in the sandbox, and large outputs read as any other", async () => {
    const source = `
tasks:
  - id: dir
    type: io.kestra.plugin.core.flow.WorkingDirectory
    inputFiles:
      words.txt: one two three
    outputFiles: ["report.json"]
    tasks:
      - id: count
        type: io.kestra.plugin.scripts.shell.Commands
        taskRunner: { type: io.kestra.plugin.core.runner.Process }
        commands:
          - wc -w < words.txt | tr -d ' ' > count.txt
      - id: report
        type: io.kestra.plugin.scripts.deno.Script
        script: |
          const count = Number(Deno.readTextFileSync("count.txt"));
          Deno.writeTextFileSync("report.json", JSON.stringify({ count }));
      - id: check
        type: io.kestra.plugin.scripts.shell.Commands
        taskRunner: { type: io.kestra.plugin.core.runner.Process }
        commands:
          - cat report.json; echo
          - printf '::{"outputs":{"big":"%0200000d"}}::\\n' 0
  - id: after
    type: io.kestra.plugin.core.debug.Return
    format: "{{ read(outputs.dir.outputFiles['report.json']) }} {{ outputs.check.vars.big | length }}"
`;
    const execution = await run(server(), flow("shared_directory", source));
    expect(await messages(server(), execution.id, "INFO")).toContain('{"count":3}');
    expect(taskRun(execution, "after").outputs).toEqual({ value: '{"count":3} 200000' });
    expect(taskRun(execution, "check").outputs).toMatchObject({ vars: { big: "0".repeat(200_000) } });
  });

  test("a killed execution stops its command", async () => {
    const source = `
tasks:
  - id: work
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - echo started
      - sleep 60
`;
    await server().api.saveFlow(flow("shell_killed", source));
    const { id } = await server().api.execute(NAMESPACE, "shell_killed");
    await poll(async () => ((await messages(server(), id, "INFO")).includes("started") ? true : undefined), {
      what: "the command to have started",
    });
    expect((await server().api.kill(id)).status).toBe(202);
    expect((await server().api.executionWhen(id)).state.current).toBe("KILLED");
  });

  test.skipIf(findPython() === undefined)(
    "the tutorial fetches products, transforms them in Python and keeps the CSV",
    async () => {
      const execution = await run(server(), flow("tutorial", TUTORIAL), {
        inputs: { api_url: `${sink.url}/products` },
      });
      expect(execution.state.current, (await messages(server(), execution.id, "ERROR")).join("\n")).toBe("SUCCESS");
      const { outputFiles } = taskRun(execution, "python").outputs as { outputFiles: Record<string, string> };
      const csv = await download(execution.id, outputFiles["products.csv"] ?? "");
      expect(csv.trim().split(/\r?\n/)).toEqual(["brand,price", "Acme,9.99", "Initech,120"]);
    },
  );

  test.skipIf(findPython() === undefined)("the example of the products ends SUCCESS", async () => {
    const inputs = { api_endpoint: `${sink.url}/products` };
    const execution = await server().api.execute(NAMESPACE, "products", { wait: true, inputs, timeoutMs: 60_000 });
    expect(execution.state.current).toBe("SUCCESS");
    expect(await messages(server(), execution.id, "INFO")).toContain("2 products kept");
  });
});

async function download(executionId: string, uri: string): Promise<string> {
  const path = `/executions/${executionId}/file?path=${encodeURIComponent(uri)}`;
  const answer = await server().api.send({ path });
  expect(answer.status, `${uri}: ${answer.text.slice(0, 300)}`).toBe(200);
  expect(answer.headers["content-disposition"]).toContain("attachment");
  return answer.text;
}

/** The tutorial's flow with two edits: the address, and the standard library's csv. */
const TUTORIAL = `
inputs:
  - id: api_url
    type: STRING
    defaults: https://dummyjson.com/products
tasks:
  - id: api
    type: io.kestra.plugin.core.http.Request
    uri: "{{ inputs.api_url }}"
  - id: python
    type: io.kestra.plugin.scripts.python.Script
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    warningOnStdErr: false
    outputFiles:
      - "products.csv"
    script: |
      import csv
      data = {{ outputs.api.body | jq('.products') | first }}
      with open("products.csv", "w", newline="") as file:
          writer = csv.DictWriter(file, ["brand", "price"], extrasaction="ignore")
          writer.writeheader()
          writer.writerows(data)
`;
