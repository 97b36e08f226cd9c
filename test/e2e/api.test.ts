import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import { poll } from "../support/poll.ts";
import { type Sink, startSink } from "../support/sink.ts";
import { readEvents } from "./events.ts";
import { flow, messages, NAMESPACE, run, taskRun, useServer } from "./fixture.ts";

const server = useServer();
let sink: Sink;
beforeAll(async () => {
  sink = await startSink();
});
afterAll(() => sink.close());

const LOG = "io.kestra.plugin.core.log.Log";
const RETURN = "io.kestra.plugin.core.debug.Return";

describe("the examples of a fresh server", () => {
  test("getting_started runs to SUCCESS within one call", async () => {
    const execution = await server().api.execute(NAMESPACE, "getting_started", { wait: true });
    expect(execution.state.current).toBe("SUCCESS");
    expect(execution.url).toContain("/ui/executions/company.team/getting_started/");
    expect((await messages(server(), execution.id, "INFO")).length).toBeGreaterThan(0);
  });

  test("subflow_parent waits for its children and uses what they give back", async () => {
    const execution = await server().api.execute(NAMESPACE, "subflow_parent", { wait: true });
    expect(execution.state.current).toBe("SUCCESS");
    expect(await messages(server(), execution.id, "INFO")).toEqual(
      expect.arrayContaining(["Hello Ada", "Hello Grace"]),
    );
  });

  test("retry_and_errors ends FAILED after its retries and its errors branch", async () => {
    const execution = await server().api.execute(NAMESPACE, "retry_and_errors", { wait: true });
    expect(execution.state.current).toBe("FAILED");
    expect(execution.taskRunList?.map(({ taskId }) => taskId)).toContain("tell");
  });

  test("approval waits for a person and goes on with what they answer", async () => {
    const paused = await server().api.execute(NAMESPACE, "approval");
    await server().api.executionWhen(paused.id, { until: ({ state }) => state.current === "PAUSED" });
    expect((await server().api.resume(paused.id)).status).toBe(204);
    const execution = await server().api.executionWhen(paused.id);
    expect(execution.state.current).toBe("SUCCESS");
  });

  test("webhook starts with the body it is called with", async () => {
    const path = `/executions/webhook/${NAMESPACE}/webhook/change-this-key`;
    const headers = { "content-type": "application/json" };
    const started = await server().api.json<ExecutionJson>({ method: "POST", path, body: '{"name":"Ada"}', headers });
    const execution = await server().api.executionWhen(started.id);
    expect(execution.state.current).toBe("SUCCESS");
    expect(await messages(server(), execution.id, "INFO")).toContain("Hello Ada");
  });
});

test("a schedule starts an execution for each second, each with its own date", async () => {
  const source = (disabled: boolean) =>
    flow(
      "each_second",
      `
tasks:
  - id: say
    type: ${LOG}
    message: "{{ trigger.date }}"
triggers:
  - id: tick
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "* * * * * *"
    withSeconds: true
    disabled: ${disabled}
`,
    );
  await server().api.saveFlow(source(false));
  const found = await poll(
    async () => {
      const { results } = await server().api.search({ namespace: NAMESPACE, flowId: "each_second", size: 50 });
      return results.filter(({ state }) => state.current === "SUCCESS").length >= 3 ? results : undefined;
    },
    { what: "three scheduled executions", everyMs: 100 },
  );
  await server().api.saveFlow(source(true));
  const executions = await Promise.all(found.map(({ id }) => server().api.execution(id)));
  const dates = executions.map(({ trigger }) => trigger?.variables.date);
  expect(new Set(dates).size).toBe(dates.length);
  expect(executions[0]?.trigger).toMatchObject({ id: "tick", type: "io.kestra.plugin.core.trigger.Schedule" });
});

test("a value of the key-value store is set, read by a flow, changed by a flow and deleted", async () => {
  const path = `/namespaces/${NAMESPACE}/kv/colour`;
  await server().api.json({ method: "PUT", path, body: '"blue"', headers: { "content-type": "text/plain" } });
  const execution = await run(
    server(),
    flow(
      "store",
      `
tasks:
  - id: read
    type: ${RETURN}
    format: "{{ kv('colour') }}"
  - id: write
    type: io.kestra.plugin.core.kv.Set
    key: colour
    value: "dark {{ outputs.read.value }}"
`,
    ),
  );
  expect(taskRun(execution, "read").outputs).toMatchObject({ value: "blue" });
  expect(await server().api.json({ path })).toMatchObject({ type: "STRING", value: "dark blue" });
  expect(await server().api.json({ method: "DELETE", path })).toBe(true);
  expect((await server().api.send({ path })).status).toBe(404);
});

test("an expression is evaluated as a task run of the execution sees it", async () => {
  const execution = await run(server(), flow("seen", `tasks:\n  - id: say\n    type: ${RETURN}\n    format: hello\n`));
  const evaluate = (body: string) => {
    const path = `/executions/${execution.id}/eval/${taskRun(execution, "say").id}`;
    return server().api.json({ method: "POST", path, body, headers: { "content-type": "text/plain" } });
  };
  expect(await evaluate("{{ outputs.say.value | upper }}")).toMatchObject({ result: "HELLO" });
  expect(await evaluate("{{ outputs.nobody.value }}")).toHaveProperty("error");
});

test("following an execution shows each change and ends with the end", async () => {
  await server().api.saveFlow(
    flow("followed", `tasks:\n  - id: hold\n    type: io.kestra.plugin.core.flow.Pause\n    delay: PT0.5S\n`),
  );
  const { id } = await server().api.execute(NAMESPACE, "followed");
  const events = await readEvents(`${server().url}/api/v1/executions/${id}/follow`, (event) => event.id === "end");
  const states = events.slice(1).map(({ data }) => (JSON.parse(data) as ExecutionJson).state.current);
  expect(events[0]?.id).toBe("start");
  expect(states).toContain("PAUSED");
  expect(events.at(-1)?.id).toBe("end");
  expect(states.at(-1)).toBe("SUCCESS");
});

test("following the logs shows what was logged before and what comes", async () => {
  const source = `
tasks:
  - id: first
    type: ${LOG}
    message: first words
  - id: hold
    type: io.kestra.plugin.core.flow.Pause
    delay: PT0.5S
  - id: last
    type: ${LOG}
    message: last words
`;
  await server().api.saveFlow(flow("talking", source));
  const { id } = await server().api.execute(NAMESPACE, "talking");
  const url = `${server().url}/api/v1/logs/${id}/follow`;
  const events = await readEvents(url, ({ data }) => data.includes("last words"));
  expect(events.filter(({ data }) => data.includes("first words"))).toHaveLength(1);
});

test("a restart goes on at the task that failed and does not repeat what was done", async () => {
  const source = `
tasks:
  - id: before
    type: ${RETURN}
    format: "{{ execution.id }}"
  - id: call
    type: io.kestra.plugin.core.http.Request
    uri: "${sink.url}/flaky?e={{ execution.id }}&s=call"
  - id: after
    type: ${RETURN}
    format: "{{ outputs.call.code }}"
`;
  const failed = await run(server(), flow("restarted", source));
  expect(failed.state.current).toBe("FAILED");
  await server().api.json({ method: "POST", path: `/executions/${failed.id}/restart` });
  const execution = await server().api.executionWhen(failed.id);
  expect(execution.state.current).toBe("SUCCESS");
  expect(taskRun(execution, "before").attempts).toHaveLength(1);
  expect(taskRun(execution, "call").attempts).toHaveLength(2);
  expect(taskRun(execution, "after").outputs).toMatchObject({ value: "200" });
  expect(sink.count(failed.id, "call")).toBe(2);
});

test("a killed execution ends KILLED and takes its subflow with it", async () => {
  await server().api.saveFlow(flow("held", "tasks:\n  - id: hold\n    type: io.kestra.plugin.core.flow.Pause\n"));
  await server().api.saveFlow(
    flow(
      "holder",
      `
tasks:
  - id: child
    type: io.kestra.plugin.core.flow.Subflow
    namespace: ${NAMESPACE}
    flowId: held
    wait: true
`,
    ),
  );
  const { id } = await server().api.execute(NAMESPACE, "holder");
  const [child] = await poll(
    async () => {
      const { results } = await server().api.search({ namespace: NAMESPACE, flowId: "held", state: "PAUSED" });
      return results.length > 0 ? results : undefined;
    },
    { what: "the child to be paused" },
  );
  expect((await server().api.kill(id)).status).toBe(202);
  expect((await server().api.executionWhen(id)).state.current).toBe("KILLED");
  expect((await server().api.executionWhen(child?.id ?? "")).state.current).toBe("KILLED");
});

test("a start repeated with its idempotency key is the same execution", async () => {
  await server().api.saveFlow(flow("once", `tasks:\n  - id: say\n    type: ${RETURN}\n    format: hi\n`));
  const start = () => server().api.execute(NAMESPACE, "once", { wait: true, headers: { "idempotency-key": "key-1" } });
  const [first, second] = await Promise.all([start(), start()]);
  expect(second.id).toBe(first.id);
  expect((await start()).id).toBe(first.id);
});

test("the path with a tenant and the path without it are the same", async () => {
  const answer = await server().api.sendRaw({ path: `/api/v1/main/flows/${NAMESPACE}/getting_started` });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toEqual(await server().api.json({ path: `/flows/${NAMESPACE}/getting_started` }));
});

test("the API describes itself", async () => {
  const answer = await server().api.sendRaw({ path: "/api/openapi.json" });
  const { paths } = JSON.parse(answer.text) as { paths: Record<string, unknown> };
  expect(Object.keys(paths).length).toBeGreaterThan(20);
  expect(await server().api.json({ path: "/schemas/flow.json" })).toHaveProperty("properties");
});
