import { afterEach, beforeEach, expect, test } from "vitest";
import { claimOf, newJob, presence } from "#runners/testing/dispatch-world.ts";
import { TestServer, TOKEN } from "#runners/testing/test-server.ts";
import type { Job } from "#schema/runner.ts";
import { markersIn, STORED_KEY } from "#schema/stored.ts";
import { valuesFolder } from "../ports/file-path.ts";
import { readValue } from "../values.ts";

let server: TestServer;
beforeEach(async () => {
  server = new TestServer();
  await server.start();
});
afterEach(() => server.close());

type Call = { token?: string; body?: unknown; raw?: string; method?: string };

function call(path: string, { token = TOKEN, body, raw, method = "POST" }: Call = {}): Promise<Response> {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${server.url}/api/v1/agents/${path}`, {
    method,
    headers,
    ...(text === undefined ? {} : { body: text }),
  });
}

/** A lease on a job whose properties name one file of another flow. */
async function lease(): Promise<Job> {
  await server.enqueue(newJob("e1", { commands: ["cat kestra:///other/flow/named.txt"] }));
  const { jobs } = await server.room.claim(claimOf(presence("a")));
  const job = jobs[0];
  if (!job) throw new Error("nothing was given");
  return job;
}

const file = ({ id, epoch }: Job, more: Record<string, string>) =>
  `files?${new URLSearchParams({ group: "default", job: id, epoch: String(epoch), ...more })}`;

test.each(["claim", "heartbeat", "logs", "result"])(
  "POST %s wants the agent token and a body of its schema",
  async (path) => {
    expect((await call(path, { token: "wrong", body: {} })).status).toBe(401);
    expect((await call(path, { raw: "{" })).status).toBe(400);
    const refused = await call(path, { body: {} });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ message: expect.stringContaining("Invalid entity") });
  },
);

test("[A1] logs, result and files without the current lease are answered with 409", async () => {
  const job = await lease();
  const old = { group: "default", id: job.id, epoch: 7 };
  expect((await call("logs", { body: { ...old, from: 0, lines: [] } })).status).toBe(409);
  expect((await call("result", { body: { ...old, answer: { state: "SUCCESS" } } })).status).toBe(409);
  expect((await call(file({ ...job, epoch: 7 }, { name: "a" }), { method: "PUT", raw: "x" })).status).toBe(409);
  expect((await call(file({ ...job, id: "none" }, { uri: "kestra:///a/b" }), { method: "GET" })).status).toBe(409);
});

test("[A2] what a lease stores lies below its own task run and can be read again", async () => {
  const job = await lease();
  const stored = await call(file(job, { name: "sub/out é.txt" }), { method: "PUT", raw: "content" });
  expect(stored.status).toBe(200);
  const { uri } = (await stored.json()) as { uri: string };
  expect(uri).toBe(`kestra:///company/team/hello/executions/${job.executionId}/tasks/e1/run-e1/sub/out%20%C3%A9.txt`);
  const read = await call(file(job, { uri }), { method: "GET" });
  expect([read.status, await read.text()]).toEqual([200, "content"]);
});

test.each(["", "../a", "a/../../b", "/a", "a//b", "a\\b", "a\u0000b", "a\nb", "./a", "C:/a", "."])(
  "[A2] a file cannot be stored under the name %j",
  async (name) => {
    const job = await lease();
    expect((await call(file(job, { name }), { method: "PUT", raw: "x" })).status).toBe(422);
  },
);

test.each([
  ["kestra:///other/flow/secret.txt", 422],
  ["kestra:///other/flow/../flow/named.txt", 422],
  ["kestra:///company/team/hello/executions/someone-else/tasks/a/b/c", 422],
  ["file:///etc/passwd", 422],
  ["kestra:///company/team/_files/script.py", 404],
  ["kestra:///other/flow/named.txt", 404],
])("[A2] reading %s is answered with %i", async (uri, status) => {
  const job = await lease();
  expect((await call(file(job, { uri }), { method: "GET" })).status).toBe(status);
});

test("while the cell is away a result is answered with 503, so that it comes again", async () => {
  const job = await lease();
  server.cells.down = true;
  const body = { group: "default", id: job.id, epoch: job.epoch, answer: { state: "SUCCESS" } };
  expect((await call("result", { body })).status).toBe(503);
  server.cells.down = false;
  expect((await call("result", { body })).status).toBe(204);
});

test("[I22] large outputs of a result are kept below the execution before they are handed on", async () => {
  const job = await lease();
  const outputs = { vars: { rows: "x".repeat(200_000) }, exitCode: 0 };
  const answer = { state: "SUCCESS", outputs };
  const sent = { group: "default", id: job.id, epoch: job.epoch, answer };
  expect((await call("result", { body: sent })).status).toBe(204);
  const [told] = server.cells.of("finished");
  const [marker] = markersIn(told?.answer.outputs);
  expect(told?.answer.outputs).toMatchObject({ exitCode: 0 });
  expect(JSON.stringify(told?.answer).length).toBeLessThan(1_000);
  const place = { tenant: "main", namespace: job.namespace, flowId: job.flowId, executionId: job.executionId };
  expect(await readValue(server.files, place, marker?.uri ?? "")).toEqual(outputs.vars);
  // The same result once more is acknowledged; one without a lease stores nothing.
  expect((await call("result", { body: sent })).status).toBe(204);
  expect((await call("result", { body: { ...sent, epoch: 9 } })).status).toBe(409);
  expect((await server.files.list(valuesFolder(place))).length).toBe(1);
});

test("[W1] a marker that an agent sends is a value like any other", async () => {
  const job = await lease();
  const forged = { vars: { [STORED_KEY]: { uri: "kestra:///other/flow/named.txt", size: 1 } } };
  const body = { group: "default", id: job.id, epoch: job.epoch, answer: { state: "SUCCESS", outputs: forged } };
  expect((await call("result", { body })).status).toBe(204);
  const [told] = server.cells.of("finished");
  const [marker] = markersIn(told?.answer.outputs);
  const place = { tenant: "main", namespace: job.namespace, flowId: job.flowId, executionId: job.executionId };
  expect(await readValue(server.files, place, marker?.uri ?? "")).toEqual(forged.vars);
});
