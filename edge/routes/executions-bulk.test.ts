import { beforeEach, describe, expect, test } from "vitest";
import type { State } from "#schema/state.ts";
import { executionSummary } from "#test/contract/projection.ts";
import { createTestServer, HELLO, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";
import { executionFolder } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";

const ROOT = "/api/v1/executions";
let server: TestServer;
beforeEach(async () => {
  server = createTestServer();
  await server.request("/api/v1/flows", yaml(HELLO));
});

async function start(state: State = "RUNNING", listed: State = state): Promise<string> {
  const { id } = await (await server.request(`${ROOT}/company.team/hello`, { method: "POST" })).json();
  cellOf(id).states.set(id, state);
  await portsOf(server.env).projection.upsertExecutions([executionSummary(id, { state: listed })]);
  return id;
}
function cellOf(id: string) {
  const found = [...server.cells.values()].find(({ started }) => started.some((one) => one.id === id));
  if (!found) throw new Error("no cell has the execution");
  return found;
}
const commands = () => [...server.cells.values()].flatMap((cell) => cell.commands);
const send = (path: string, body?: unknown, method = "POST") =>
  server.request(`${ROOT}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
async function answered(response: Response) {
  const answer = await response.json();
  expect(response.status, JSON.stringify(answer)).toBe(200);
  return answer;
}

describe("by ids", () => {
  test.each<[string, string, string, object]>([
    ["DELETE", "/kill/by-ids", "kill", { cascade: false }],
    ["DELETE", "/kill/by-ids?isOnKillCascade=true", "kill", { cascade: true }],
    ["POST", "/pause/by-ids", "pause", {}],
    ["POST", "/resume/by-ids", "resume", { inputs: {} }],
    ["POST", "/restart/by-ids", "restart", {}],
    ["POST", "/change-status/by-ids?newStatus=WARNING", "change-status", { state: "WARNING" }],
    ["POST", "/unqueue/by-ids", "unqueue", { state: "RUNNING" }],
    ["POST", "/unqueue/by-ids?newState=FAILED", "unqueue", { state: "FAILED" }],
    ["POST", "/force-run/by-ids", "force-run", {}],
  ])("%s %s tells each execution once", async (method, path, kind, rest) => {
    const ids = [await start(), await start(), await start()];
    expect(await answered(await send(path, [...ids, ids[0]], method))).toEqual({ count: 3 });
    expect(commands()).toEqual([1, 2, 3].map(() => ({ kind, ...rest })));
  });

  test("labels have their own body", async () => {
    const ids = [await start(), await start()];
    const labels = [{ key: "team", value: "blue" }];
    const body = { executionsId: ids, executionLabels: labels };
    expect(await answered(await send("/labels/by-ids", body))).toEqual({ count: 2 });
    expect(commands()).toEqual([1, 2].map(() => ({ kind: "set-labels", labels })));
    const system = { ...body, executionLabels: [{ key: "system.x", value: "y" }] };
    expect((await send("/labels/by-ids", system)).status).toBe(422);
    expect((await send("/labels/by-ids", ids)).status).toBe(422);
  });

  test("[B1] with one that does not allow it nothing is done, and each cause is told", async () => {
    const [runs, ended] = [await start(), await start("SUCCESS")];
    const unknown = "0".repeat(22);
    const response = await send("/pause/by-ids", [runs, ended, unknown, "no id"]);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: "invalid bulk pause",
      invalids: [
        { message: "execution not in state RUNNING", invalidValue: ended, propertyPath: "id" },
        { message: "execution not found", invalidValue: unknown },
        { message: "execution not found", invalidValue: "no id" },
      ],
    });
    expect(commands()).toEqual([]);
  });

  test("[B1] those that do not allow it can be left out", async () => {
    const [runs, ended] = [await start(), await start("SUCCESS")];
    const answer = await answered(await send("/pause/by-ids?skipInvalid=true", [runs, ended]));
    expect(answer).toMatchObject({ count: 1, invalids: [{ invalidValue: ended }] });
    expect(commands()).toEqual([{ kind: "pause" }]);
  });

  test("[B2] what moved meanwhile is an error and not counted", async () => {
    const [stays, moves] = [await start(), await start()];
    const cell = cellOf(moves);
    const standing = cell.standing.bind(cell);
    cell.standing = async (ids, command) => {
      const answer = await standing(ids, command);
      cell.states.set(moves, "KILLED");
      return answer;
    };
    const answer = await answered(await send("/pause/by-ids", [stays, moves]));
    expect(answer).toEqual({
      count: 1,
      invalids: [{ message: "it has ended", invalidValue: moves, propertyPath: "id" }],
    });
  });

  test("an idempotency key names each command, also where the cells are asked about it", async () => {
    const id = await start();
    const cell = cellOf(id);
    const asked: unknown[] = [];
    const standing = cell.standing.bind(cell);
    cell.standing = (ids, command) => {
      asked.push(command);
      return standing(ids, command);
    };
    const response = await server.request(`${ROOT}/pause/by-ids`, {
      method: "POST",
      body: JSON.stringify([id]),
      headers: { "content-type": "application/json", "idempotency-key": "once" },
    });
    expect(await answered(response)).toEqual({ count: 1 });
    expect([...asked, ...commands()]).toEqual([1, 2].map(() => ({ kind: "pause", commandId: "once" })));
  });

  test("[B3] a dry run only counts", async () => {
    const ids = [await start(), await start(), await start("FAILED")];
    const answer = await answered(await send("/kill/by-ids?dryRun=true", ids, "DELETE"));
    expect(answer).toMatchObject({ count: 2, invalids: [{ invalidValue: ids[2] }] });
    expect(commands()).toEqual([]);
    expect(await answered(await send("/by-ids?dryRun=true&includeNonTerminated=true", ids, "DELETE"))).toEqual({
      count: 3,
    });
    expect(startedIn(server)).toHaveLength(3);
  });

  test("[B4] too many ids are refused", async () => {
    const response = await send(
      "/pause/by-ids",
      Array.from({ length: 2001 }, (_, index) => String(index)),
    );
    expect(response.status).toBe(422);
    expect((await response.json()).message).toContain("at most 2000 executions at once");
    expect((await send("/pause/by-ids", { ids: [] })).status).toBe(422);
    expect(await answered(await send("/pause/by-ids", []))).toEqual({ count: 0 });
  });

  test("a replay makes a new execution of each that has ended", async () => {
    const ended = [await start("FAILED"), await start("SUCCESS")];
    expect(await answered(await send("/replay/by-ids", ended))).toEqual({ count: 2 });
    const replays = startedIn(server).filter(({ parentId }) => parentId !== undefined);
    expect(replays.map(({ parentId }) => parentId).sort()).toEqual([...ended].sort());
    const runs = await start();
    const response = await send("/replay/by-ids", [runs]);
    expect(await response.json()).toMatchObject({
      message: "invalid bulk replay",
      invalids: [{ message: "execution is not terminated" }],
    });
  });

  test("a replay of the newest revision runs that", async () => {
    const id = await start("FAILED");
    await server.request("/api/v1/flows/company.team/hello", yaml(HELLO.replace("World", "Moon"), "PUT"));
    await answered(await send("/replay/by-ids?latestRevision=true", [id]));
    await answered(await send("/replay/by-ids", [id]));
    const replays = startedIn(server).filter(({ parentId }) => parentId === id);
    expect(replays.map(({ revision }) => revision).sort()).toEqual([1, 2]);
  });

  test("deleting takes what has ended, with its files; what runs only when asked to", async () => {
    const [ended, runs] = [await start("SUCCESS"), await start()];
    const place = { tenant: "main", namespace: "company.team", flowId: "hello", executionId: ended };
    const { files } = portsOf(server.env);
    const file = `${executionFolder(place)}/x` as Parameters<typeof files.put>[0];
    await files.put(file, new Uint8Array([1]));
    const refused = await send("/by-ids", [ended, runs], "DELETE");
    expect(await refused.json()).toMatchObject({
      message: "invalid bulk delete",
      invalids: [{ message: "execution not found", invalidValue: runs }],
    });
    expect(await answered(await send("/by-ids", [ended], "DELETE"))).toEqual({ count: 1 });
    expect(await files.head(file)).toBeNull();
    expect(await answered(await send("/by-ids?includeNonTerminated=true", [runs], "DELETE"))).toEqual({ count: 1 });
    expect(startedIn(server)).toEqual([]);
  });
});

describe("by query", () => {
  test("steers what the lists show, asking each cell: lists may lag", async () => {
    const [one, other] = [await start("RUNNING"), await start("RUNNING")];
    const late = await start("SUCCESS", "RUNNING");
    await start("FAILED");
    const response = await send("/kill/by-query?state=RUNNING&namespace=company", undefined, "DELETE");
    expect(await response.json()).toMatchObject({
      message: "invalid bulk kill",
      invalids: [{ message: "execution already finished", invalidValue: late }],
    });
    const dry = await answered(await send("/kill/by-query?state=RUNNING&dryRun=true", undefined, "DELETE"));
    expect(dry).toMatchObject({ count: 2, invalids: [{ invalidValue: late }] });
    expect(commands()).toEqual([]);
    const query = "/kill/by-query?filters[state][IN]=RUNNING,CREATED&skipInvalid=true";
    expect(await answered(await send(query, undefined, "DELETE"))).toMatchObject({ count: 2 });
    expect([one, other].map((id) => cellOf(id).commands.length > 0)).toEqual([true, true]);
    expect(commands()).toHaveLength(2);
  });

  test("labels by query have the labels as their body", async () => {
    await start("SUCCESS");
    const labels = [{ key: "a", value: "b" }];
    expect(await answered(await send("/labels/by-query?dryRun=true", labels))).toMatchObject({ count: 0 });
    expect((await send("/labels/by-query", { executionLabels: labels })).status).toBe(422);
  });

  test("[B4] more than one request steers are refused, or gone through in parts", async () => {
    server = createTestServer({ CELLS: "each" });
    await server.request("/api/v1/flows", yaml(HELLO));
    const ids = Array.from({ length: 901 }, (_, index) => `${String(index).padStart(20, "0")}zz`);
    await portsOf(server.env).projection.upsertExecutions(ids.map((id) => executionSummary(id)));
    const response = await send("/pause/by-query");
    expect(response.status).toBe(422);
    expect((await response.json()).message).toContain("901 executions match, and one request steers at most 400");
    const seen: number[] = [];
    let after = "";
    for (let turn = 0; turn < 4; turn++) {
      const answer = await answered(await send(`/pause/by-query?dryRun=true&after=${after}`));
      seen.push(answer.invalids.length);
      if (answer.next === undefined) break;
      after = answer.next;
    }
    expect(seen).toEqual([400, 400, 101]);
  });

  test("wrong filters are refused", async () => {
    for (const query of ["state=LOST", "startDate=x", "dryRun=maybe"])
      expect((await send(`/restart/by-query?${query}`)).status, query).toBe(422);
    expect((await send("/change-status/by-query")).status).toBe(422);
    expect((await send("/change-status/by-query?newStatus=RUNNING")).status).toBe(422);
  });
});

test("every way to steer many is in the description", async () => {
  const { paths } = await (await server.request("/api/openapi.json")).json();
  for (const name of [
    "",
    "/kill",
    "/restart",
    "/replay",
    "/resume",
    "/pause",
    "/labels",
    "/unqueue",
    "/force-run",
    "/change-status",
  ])
    for (const how of ["by-ids", "by-query"])
      expect(paths, name + how).toHaveProperty([`/api/v1/executions${name}/${how}`]);
});
