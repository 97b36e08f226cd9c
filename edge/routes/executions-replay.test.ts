import { beforeEach, describe, expect, test } from "vitest";
import type { CopiedRun } from "#schema/event.ts";
import { createTestServer, HELLO, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";

const SOURCE = `id: steps
namespace: company.team
inputs:
  - id: name
    type: STRING
  - id: count
    type: INT
    defaults: 1
  - id: data
    type: FILE
    required: false
tasks:
  - id: a
    type: io.kestra.plugin.core.log.Log
    message: "{{ inputs.name }}"
  - id: b
    type: io.kestra.plugin.core.log.Log
    message: b
`;
let server: TestServer;
let id: string;
beforeEach(async () => {
  server = createTestServer();
  await server.request("/api/v1/flows", yaml(SOURCE));
  const body = new FormData();
  body.append("name", "Ada");
  const response = await server.request("/api/v1/executions/company.team/steps?labels=team:red", {
    method: "POST",
    body,
  });
  id = (await response.json()).id;
  cell().state = "FAILED";
  cell().runs = [run("a", "SUCCESS"), run("b", "FAILED")];
});

function run(taskId: string, state: CopiedRun["state"]): CopiedRun {
  const histories = [{ state, at: 1 }];
  return { taskId, parent: -1, stage: "main", lane: 0, state, histories, attempts: [] };
}
const cell = () => {
  const found = [...server.cells.values()].find(({ started }) => started.some((one) => one.id === id));
  if (!found) throw new Error("no cell has the execution");
  return found;
};
const runId = (index: number) => `${id.slice(0, 16)}-${index}`;
const post = (rest: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  server.request(`/api/v1/executions/${id}${rest}`, { method: "POST", ...init });
/** What the cell of the new execution was asked to start. */
async function forked(response: Response) {
  const answer = await response.json();
  expect(response.status, answer.message).toBe(200);
  const request = startedIn(server).find((one) => one.id === answer.id);
  if (!request || answer.id === id) throw new Error("it is not a new execution");
  return { ...request, url: answer.url };
}
function form(fields: Record<string, string>): { body: FormData } {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return { body };
}
async function refused(response: Response, status: number, sentence: string): Promise<void> {
  expect((await response.json()).message).toContain(sentence);
  expect(response.status).toBe(status);
}

describe("a replay", () => {
  test("[F1, F2] from the start has the inputs, labels and chain of the other one, and keeps none of its task runs", async () => {
    const request = await forked(await post("/replay"));
    expect(request).toMatchObject({
      revision: 1,
      inputs: { name: "Ada", count: 1 },
      parentId: id,
      originalId: id,
      attempt: 2,
      originalCreatedAt: 1000,
    });
    expect(request.labels).toEqual([
      { key: "team", value: "red" },
      { key: "system.correlationId", value: id },
      { key: "system.replay", value: "true" },
    ]);
    expect(request).not.toHaveProperty("fork");
    expect(request.url).toContain(`/ui/executions/company.team/steps/${request.id}`);
  });

  test("[F2] of a replay counts on, and is marked once", async () => {
    const first = await forked(await post("/replay"));
    for (const one of server.cells.values()) one.state = "FAILED";
    const second = await forked(await server.request(`/api/v1/executions/${first.id}/replay`, { method: "POST" }));
    expect(second).toMatchObject({ parentId: first.id, originalId: id, attempt: 3, originalCreatedAt: 1000 });
    expect(second.labels.filter(({ key }) => key === "system.replay")).toHaveLength(1);
  });

  test("from a task run takes over all of them and says where to go on", async () => {
    const request = await forked(await post(`/replay?taskRunId=${runId(1)}&breakpoints=b`));
    expect(request.fork).toEqual({ executionId: id, seq: 0, runs: cell().runs, from: 1 });
    expect(request.breakpoints).toEqual(["b"]);
    await refused(await post("/replay?taskRunId=none"), 404, "Unable to find the task run none");
  });

  test("runs the revision that ran, another one when asked for, and says when there is none", async () => {
    await server.request("/api/v1/flows/company.team/steps", yaml(SOURCE.replace("message: b", "message: c"), "PUT"));
    expect((await forked(await post("/replay"))).revision).toBe(1);
    expect((await forked(await post("/replay?revision=2"))).source).toContain("message: c");
    await refused(await post("/replay?revision=9"), 404, "Unable to find revision 9 on flow company.team.steps");
  });

  test("is refused while the other one runs, but not from an earlier point of it", async () => {
    cell().state = "RUNNING";
    await refused(
      await post("/replay"),
      409,
      "Execution must be terminated to be replayed, current state is 'RUNNING'",
    );
    cell().log = [{ kind: "timer-fired", at: 1, effect: "0.0" }];
    expect((await forked(await post("/replay?at=1"))).fork).toMatchObject({ seq: 1, from: "failed" });
    await refused(await post("/replay?at=2"), 422, "has not had 2 events");
  });

  test("[F3] with an idempotency key is one execution, however often it is asked for", async () => {
    const headers = { "idempotency-key": "k" };
    const first = await forked(await post("/replay", { headers }));
    expect((await forked(await post("/replay", { headers }))).id).toBe(first.id);
    expect((await forked(await post("/replay"))).id).not.toBe(first.id);
  });
});

describe("a replay with changes", () => {
  test("takes what was given before where nothing else is given", async () => {
    const request = await forked(await post("/replay-with-inputs", form({ count: "3" })));
    expect(request.inputs).toMatchObject({ name: "Ada", count: 3 });
    const whole = await forked(await post("/replay-with-inputs"));
    expect(whole.inputs).toMatchObject({ name: "Ada", count: 1 });
  });

  test("stores files below the new execution", async () => {
    const body = new FormData();
    body.append("data", new File(["x"], "x.csv"));
    const request = await forked(await post("/replay-with-inputs", { body }));
    expect(request.inputs.data).toBe(`kestra:///company/team/steps/executions/${request.id}/inputs/data/x.csv`);
  });

  test("replaces outputs by task run and skips tasks", async () => {
    const changes = { outputs: { [runId(0)]: { value: 7 } }, skip: ["b"] };
    const fields = form({ name: "Grace", _changes: JSON.stringify(changes) });
    const request = await forked(await post(`/replay-with-inputs?taskRunId=${runId(1)}`, fields));
    expect(request.inputs).toMatchObject({ name: "Grace" });
    expect(request.inputs).not.toHaveProperty("_changes");
    expect(request.fork).toMatchObject({ from: 1, outputs: { "0": { value: 7 } }, skip: ["b"] });
    const skipping = await forked(await post("/replay-with-inputs", form({ _changes: '{"skip":["a"]}' })));
    expect(skipping.fork).toMatchObject({ runs: [], from: "failed", skip: ["a"] });
  });

  test("refuses other outputs of what runs again, and a revision that has no place for what is kept", async () => {
    const body = () => form({ _changes: JSON.stringify({ outputs: { [runId(1)]: { value: 7 } } }) });
    await refused(await post(`/replay-with-inputs?taskRunId=${runId(0)}`, body()), 422, "outputs of 'b' cannot be");
    await refused(await post(`/replay-with-inputs?taskRunId=${runId(1)}`, body()), 422, "outputs of 'b' cannot be");
    await server.request("/api/v1/flows/company.team/steps", yaml(SOURCE.replace("id: a", "id: z"), "PUT"));
    await refused(await post(`/replay?taskRunId=${runId(1)}&revision=2`), 422, "Task 'a' has run, and is not in this");
    expect(startedIn(server)).toHaveLength(1);
    await forked(await post("/replay?revision=2"));
  });

  test.each([
    ["an input that is wrong", { count: "many" }, 422, "count"],
    ["changes that are no JSON", { _changes: "{" }, 422, "the part _changes is not JSON"],
    ["changes of another shape", { _changes: '{"skipp":[]}' }, 422, "Invalid json mapping of the part _changes"],
    ["a skipped task that is none", { _changes: '{"skip":["x"]}' }, 422, "the skipped task 'x' is no task"],
    ["outputs where nothing is kept", { _changes: '{"outputs":{"x":{}}}' }, 422, "name a `taskRunId`"],
  ])("refuses %s", async (_, fields, status, sentence) => {
    await refused(await post("/replay-with-inputs", form(fields)), status, sentence);
    expect(startedIn(server)).toHaveLength(1);
  });
});

describe("a restart", () => {
  test("without a revision is a command to the same execution", async () => {
    cell().state = "RUNNING";
    expect((await (await post("/restart")).json()).id).toBe(id);
    expect(cell().commands).toEqual([{ kind: "restart" }]);
  });

  test("with a revision is a new execution that goes on from what failed", async () => {
    await server.request("/api/v1/flows/company.team/steps", yaml(SOURCE.replace("message: b", "message: c"), "PUT"));
    const request = await forked(await post("/restart?revision=2"));
    expect(request).toMatchObject({ revision: 2, parentId: id, attempt: 2, fork: { from: "failed" } });
    expect(request.fork?.runs).toEqual(cell().runs);
    expect(request.labels).toContainEqual({ key: "system.restarted", value: "true" });
    await refused(await post("/restart?revision=9"), 404, "Unable to find revision 9 on flow");
  });

  test("is refused where nothing failed, and while it runs", async () => {
    cell().state = "RUNNING";
    await refused(await post("/restart?revision=1"), 409, "Execution must be terminated to be restarted");
    cell().state = "SUCCESS";
    cell().runs = [run("a", "SUCCESS")];
    await refused(await post("/restart?revision=1"), 422, "No task found to restart execution from!");
  });
});

test("a disabled flow's executions can be run again, a deleted flow's cannot", async () => {
  await server.request("/api/v1/flows", yaml(HELLO));
  await server.request("/api/v1/flows/company.team/steps", { method: "DELETE" });
  await refused(await post("/replay"), 404, "Unable to find revision 1");
});
