import { beforeEach, describe, expect, test } from "vitest";
import { createTestServer, HELLO, type TestServer, yaml } from "#test/support/fake-env.ts";

let server: TestServer;
let id: string;
beforeEach(async () => {
  server = createTestServer();
  await server.request("/api/v1/flows", yaml(HELLO));
  id = await start("/api/v1/executions/company.team/hello");
});

async function start(path: string): Promise<string> {
  const response = await server.request(path, { method: "POST" });
  expect(response.status).toBe(200);
  return (await response.json()).id;
}
const path = (rest = "") => `/api/v1/executions/${id}${rest}`;
const post = (rest: string, body?: unknown, headers: Record<string, string> = {}) =>
  server.request(path(rest), {
    method: "POST",
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const cell = () => {
  const found = [...server.cells.values()].find(({ started }) => started.some((one) => one.id === id));
  if (!found) throw new Error("no cell has the execution");
  return found;
};
async function refused(response: Response, status: number, sentence: string): Promise<void> {
  expect(response.status).toBe(status);
  expect((await response.json()).message).toContain(sentence);
}

describe("commands of one execution", () => {
  test("go to its cell and answer the execution, or nothing where Kestra answers nothing", async () => {
    expect((await post("/state", { taskRunId: "run-1", state: "SUCCESS" })).status).toBe(200);
    expect((await post("/labels", [{ key: "team", value: "blue" }])).status).toBe(200);
    expect((await post("/unqueue")).status).toBe(200);
    expect((await post("/unqueue?state=CANCELLED")).status).toBe(200);
    expect((await post("/force-run")).status).toBe(200);
    expect((await post("/change-status?status=WARNING")).status).toBe(200);
    expect((await post("/resume-from-breakpoint")).status).toBe(204);
    expect((await post("/resume-from-breakpoint?breakpoints=log,%20other")).status).toBe(204);
    expect(cell().commands).toEqual([
      { kind: "change-state", taskRunId: "run-1", state: "SUCCESS" },
      { kind: "set-labels", labels: [{ key: "team", value: "blue" }] },
      { kind: "unqueue", state: "RUNNING" },
      { kind: "unqueue", state: "CANCELLED" },
      { kind: "force-run" },
      { kind: "change-status", state: "WARNING" },
      { kind: "resume-from-breakpoint" },
      { kind: "resume-from-breakpoint", breakpoints: ["log", "other"] },
    ]);
    const answer = await (await post("/force-run")).json();
    expect(answer.url).toBe(`http://127.0.0.1:8080/ui/executions/company.team/hello/${id}`);
  });

  test("carry the idempotency key as the command's name", async () => {
    const key = { "idempotency-key": "once" };
    await post("/pause", undefined, key);
    await post("/resume", undefined, key);
    await post("/restart", undefined, key);
    await post("/force-run", undefined, key);
    await server.request(path("/kill"), { method: "DELETE", headers: key });
    expect(cell().commands.map(({ kind, commandId }) => [kind, commandId])).toEqual([
      ["pause", "once"],
      ["resume", "once"],
      ["restart", "once"],
      ["force-run", "once"],
      ["kill", "once"],
    ]);
    await refused(await post("/pause", undefined, { "idempotency-key": "with space" }), 422, "idempotency-key");
  });

  test("a state that nothing ends in is refused before the cell hears of it", async () => {
    await refused(await post("/change-status?status=RUNNING"), 422, "You can only change the status of an execution");
    await refused(
      await post("/state", { taskRunId: "x", state: "PAUSED" }),
      422,
      "You can only change the status of a",
    );
    await refused(await post("/change-status"), 422, "status");
    await refused(await post("/state", { taskRunId: "x" }), 422, "state");
    await refused(await post("/unqueue?state=SUCCESS"), 422, "state");
    expect(cell().commands).toEqual([]);
  });

  test("labels of the system pass only when they come back as they are", async () => {
    const own = { key: "system.correlationId", value: id };
    expect((await post("/labels", [own, { key: "a", value: "b" }])).status).toBe(200);
    expect(cell().commands).toEqual([{ kind: "set-labels", labels: [{ key: "a", value: "b" }] }]);
    await refused(await post("/labels", [{ ...own, value: "other" }]), 422, "offending label: system.correlationId");
    await refused(await post("/labels", [{ key: "system.readOnly", value: "true" }]), 422, "System labels");
    await refused(await post("/labels", { key: "a" }), 422, "Invalid json mapping");
  });

  test("what the cell refuses has its status and sentence", async () => {
    cell().state = "SUCCESS";
    await refused(await post("/force-run"), 409, "Illegal state: it has ended");
    await refused(await post("/resume/validate"), 409, "it has ended");
  });

  test("an unknown execution is 404 for each of them", async () => {
    const unknown = "0".repeat(22);
    for (const rest of ["/unqueue", "/force-run", "/change-status?status=FAILED", "/resume-from-breakpoint", "/replay"])
      expect((await server.request(`/api/v1/executions/${unknown}${rest}`, { method: "POST" })).status, rest).toBe(404);
    expect((await server.request(`/api/v1/executions/${unknown}/resume/validate`, { method: "POST" })).status).toBe(
      404,
    );
    expect((await server.request(`/api/v1/executions/${unknown}/flow`)).status).toBe(404);
  });
});

test("a start takes breakpoints and a kind; a breakpoint that is no task is refused", async () => {
  const other = await start("/api/v1/executions/company.team/hello?breakpoints=log,log.x&kind=TEST");
  const request = [...server.cells.values()].flatMap(({ started }) => started).find((one) => one.id === other);
  expect(request).toMatchObject({ breakpoints: ["log", "log.x"], executionKind: "TEST" });
  const wrong = await server.request("/api/v1/executions/company.team/hello?breakpoints=lgo", { method: "POST" });
  await refused(wrong, 422, "the breakpoint 'lgo' is no task of the flow company.team.hello");
});

test("a resume's inputs are checked as the paused task asks for them, and nothing is resumed", async () => {
  const source = `id: ask
namespace: company.team
tasks:
  - id: group
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - id: hold
        type: io.kestra.plugin.core.flow.Pause
        onResume:
          - id: count
            type: INT
`;
  await server.request("/api/v1/flows", yaml(source));
  id = await start("/api/v1/executions/company.team/ask");
  cell().paused = "hold";
  const body = new FormData();
  body.append("count", "many");
  const response = await server.request(path("/resume/validate"), { method: "POST", body });
  expect(await response.json()).toMatchObject({
    id: "ask",
    inputs: [{ input: { id: "count" }, value: "many", errors: [{ message: expect.stringContaining("INT") }] }],
  });
  cell().paused = undefined;
  expect((await (await post("/resume/validate")).json()).inputs).toEqual([]);
  expect(cell().commands).toEqual([]);
});

describe("what there was", () => {
  const event = (seq: number) => ({ kind: "timer-fired", at: seq, effect: `${seq}.0` }) as const;

  test("the event log comes in pages", async () => {
    cell().log = [1, 2, 3, 4, 5].map(event);
    const first = await (await server.request(path("/events?limit=2"))).json();
    expect(first).toMatchObject({ source: HELLO, revision: 1, after: 0, events: [event(1), event(2)], next: 2 });
    const last = await (await server.request(path("/events?after=3&limit=2"))).json();
    expect(last.events).toEqual([event(4), event(5)]);
    expect(last).not.toHaveProperty("next");
    expect((await server.request(path("/events?limit=0"))).status).toBe(422);
    expect((await server.request(path("/events?after=-1"))).status).toBe(422);
  });

  test("or as a stream, that goes on behind the last known event", async () => {
    const accept = { accept: "text/event-stream" };
    for (const [rest, headers, from] of [
      ["/events?after=3", accept, 4],
      ["/events/follow?after=3", {}, 4],
      ["/events/follow", { "last-event-id": "7" }, 8],
      ["/events?after=1", { ...accept, "last-event-id": "9" }, 10],
    ] as const) {
      const response = await server.request(path(rest), { headers });
      expect(response.headers.get("content-type"), rest).toContain("text/event-stream");
      expect(await response.text(), rest).toBe(`id: ${from}\ndata: {}\n\n`);
    }
  });

  test("any past state can be asked for; one that never was is refused, an unknown execution is 404", async () => {
    cell().log = [event(1), event(2)];
    expect((await server.request(path("?at=2"))).status).toBe(200);
    await refused(await server.request(path("?at=3")), 422, "has not had 3 events");
    expect((await server.request(path("?at=0"))).status).toBe(422);
    expect((await server.request(`/api/v1/executions/${"0".repeat(22)}?at=1`)).status).toBe(404);
  });

  test("the flow as it ran, and the last execution of each flow", async () => {
    const flow = await (await server.request(path("/flow"))).json();
    expect(flow).toMatchObject({ id: "hello", revision: 1, tasks: [{ id: "log" }], triggers: [{ id: "hook" }] });
    const latest = await server.request("/api/v1/executions/latest", {
      method: "POST",
      body: JSON.stringify([{ namespace: "company.team", id: "hello" }]),
      headers: { "content-type": "application/json" },
    });
    expect(await latest.json()).toEqual([]);
  });
});
