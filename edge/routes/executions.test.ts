import { beforeEach, describe, expect, test } from "vitest";
import { executionSummary } from "#test/contract/projection.ts";
import { createTestServer, HELLO, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";
import { portsOf } from "../ports/ports.ts";

const CREATE = "/api/v1/executions/company.team/hello";
let server: TestServer;
beforeEach(async () => {
  server = createTestServer();
  await server.request("/api/v1/flows", yaml(HELLO));
});

function form(entries: readonly [string, string | File][]): { method: string; body: FormData } {
  const body = new FormData();
  for (const [name, value] of entries) body.append(name, value);
  return { method: "POST", body };
}

async function start(init: RequestInit & { headers?: Record<string, string> } = { method: "POST" }): Promise<string> {
  const response = await server.request(CREATE, init);
  expect(response.status).toBe(200);
  return (await response.json()).id;
}

describe("starting", () => {
  test("an empty body takes the defaults", async () => {
    const response = await server.request(CREATE, { method: "POST" });
    const execution = await response.json();
    expect(execution).toMatchObject({ id: expect.stringMatching(/^\w{22}$/), state: { current: "RUNNING" } });
    expect(execution.url).toBe(`http://127.0.0.1:8080/ui/executions/company.team/hello/${execution.id}`);
    const [request] = startedIn(server);
    expect(request).toMatchObject({
      tenant: "main",
      namespace: "company.team",
      flowId: "hello",
      revision: 1,
      source: HELLO,
    });
    expect(request?.inputs).toMatchObject({ name: "World" });
    expect(request?.labels).toEqual([
      { key: "team", value: "red" },
      { key: "system.correlationId", value: execution.id },
    ]);
  });

  test("inputs by field, undeclared ones left out, labels and a date", async () => {
    const query = "?labels=a:b&labels=team:blue&wait=true&scheduleDate=2026-05-01T10:00:00Z";
    await server.request(
      `/api/v1/main/executions/trigger/company.team/hello${query}`,
      form([
        ["name", "Ada"],
        ["other", "x"],
      ]),
    );
    const [request] = startedIn(server);
    expect(request).toMatchObject({ inputs: { name: "Ada" }, wait: true, scheduleAt: Date.UTC(2026, 4, 1, 10) });
    expect(request?.inputs).not.toHaveProperty("other");
    expect(request?.labels).toEqual(
      expect.arrayContaining([
        { key: "team", value: "blue" },
        { key: "a", value: "b" },
      ]),
    );
  });

  test.each([
    ["[I2] named by its part", "data", "my data.csv", "my%20data.csv"],
    ["[I2] named by its file name, as older clients do", "files", "data", "data.upl"],
    ["with a path for a name", "data", "C:\\dir\\x.csv", "x.csv"],
  ])("a file %s is stored below the execution and becomes its URI", async (_, name, fileName, stored) => {
    const id = await start(form([[name, new File(["a,b\n"], fileName)]]));
    const [request] = startedIn(server);
    const uri = `kestra:///company/team/hello/executions/${id}/inputs/data/${stored}`;
    expect(request?.inputs.data).toBe(uri);
    const file = await server.request(`/api/v1/executions/${id}/file?path=${encodeURIComponent(uri)}`);
    expect(await file.text()).toBe("a,b\n");
    expect(file.headers.get("content-disposition")).toMatch(/^attachment; filename="/);
    const metas = await server.request(`/api/v1/executions/${id}/file/metas?path=${encodeURIComponent(uri)}`);
    expect(await metas.json()).toEqual({ size: 4 });
  });

  test("an empty file is refused, and so is a name that is none", async () => {
    const empty = await server.request(CREATE, form([["data", new File([""], "x.csv")]]));
    expect(empty.status).toBe(422);
    expect(await empty.json()).toMatchObject({ message: "Can't upload file: x.csv" });
    const dots = await server.request(CREATE, form([["data", new File(["x"], "..")]]));
    expect(dots.status).toBe(422);
    expect(startedIn(server)).toEqual([]);
  });

  test("wrong inputs are refused with their names", async () => {
    await server.request(
      "/api/v1/flows/company.team/hello",
      yaml(HELLO.replace("defaults: World", "validator: '[A-Z]+'"), "PUT"),
    );
    const missing = await server.request(CREATE, { method: "POST" });
    expect(missing.status).toBe(422);
    expect(await missing.json()).toMatchObject({ problems: [{ code: "MISSING_INPUT", path: "name" }] });
    const wrong = await server.request(CREATE, form([["name", "lower"]]));
    expect(await wrong.json()).toMatchObject({ problems: [{ code: "INVALID_INPUT", path: "name" }] });
    const validated = await server.request(`${CREATE}/validate`, form([["name", "lower"]]));
    expect(validated.status).toBe(200);
    const { inputs } = await validated.json();
    expect(inputs[0]).toMatchObject({
      input: { id: "name" },
      value: "lower",
      enabled: true,
      errors: [{ message: expect.any(String) }],
    });
    expect(startedIn(server)).toEqual([]);
  });

  test("the same idempotency key is the same execution", async () => {
    const init = { method: "POST", headers: { "idempotency-key": "order-4711" } };
    expect(await start(init)).toBe(await start(init));
    expect(startedIn(server)).toHaveLength(1);
    expect(await start({ method: "POST", headers: { "idempotency-key": "order-4712" } })).not.toBe(await start(init));
  });

  test("an execution that was deleted does not come back with its idempotency key", async () => {
    const init = { method: "POST", headers: { "idempotency-key": "order-4713" } };
    const id = await start(init);
    expect((await server.request(`/api/v1/executions/${id}`, { method: "DELETE" })).status).toBe(204);
    const again = await server.request(CREATE, init);
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining("was deleted")]);
  });

  test("the current revision is the one, an older one when asked for", async () => {
    await start();
    await server.request("/api/v1/flows/company.team/hello", yaml(HELLO.replace("World", "Moon"), "PUT"));
    await start();
    await server.request(`${CREATE}?revision=1`, { method: "POST" });
    const revisions = startedIn(server).map(({ revision, source }) => [revision, source.includes("Moon")]);
    expect(revisions).toEqual(
      expect.arrayContaining([
        [1, false],
        [2, true],
        [1, false],
      ]),
    );
    expect((await server.request(`${CREATE}?revision=9`, { method: "POST" })).status).toBe(404);
  });

  test.each([
    ["an unknown flow", "/api/v1/executions/company.team/none", 404, "Not Found: Requested Flow is not found."],
    ["a system label", `${CREATE}?labels=system.x:y`, 422, "Illegal argument"],
    ["a date that is none", `${CREATE}?scheduleDate=tomorrow`, 422, "Illegal argument"],
    ["wait that is neither", `${CREATE}?wait=maybe`, 422, "Failed to convert argument"],
  ])("%s is refused", async (_, path, status, message) => {
    const response = await server.request(path, { method: "POST" });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining(message) });
  });

  test("a disabled or deleted flow starts nothing", async () => {
    await server.request("/api/v1/flows/company.team/hello", yaml(`${HELLO}disabled: true\n`, "PUT"));
    const disabled = await server.request(CREATE, { method: "POST" });
    expect(disabled.status).toBe(409);
    expect(await disabled.json()).toMatchObject({ message: "Illegal state: Requested Flow is disabled." });
    await server.request("/api/v1/flows/company.team/hello", { method: "DELETE" });
    expect((await server.request(CREATE, { method: "POST" })).status).toBe(404);
  });

  test("a body of another kind is refused", async () => {
    const json = { method: "POST", body: '{"name":"x"}', headers: { "content-type": "application/json" } };
    expect((await server.request(CREATE, json)).status).toBe(415);
    const broken = {
      method: "POST",
      body: "--b\r\nhalf",
      headers: { "content-type": "multipart/form-data; boundary=b" },
    };
    expect((await server.request(CREATE, broken)).status).toBe(422);
    const encoded = {
      method: "POST",
      body: "name=Ada",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    };
    expect((await server.request(CREATE, encoded)).status).toBe(200);
  });

  test("inputs with hostile names harm nothing", async () => {
    await server.request(
      CREATE,
      form([
        ["__proto__", "x"],
        ["constructor", "y"],
        ["name", "Ada"],
      ]),
    );
    expect(startedIn(server)[0]?.inputs).toMatchObject({ name: "Ada" });
    expect(Reflect.get({}, "x")).toBeUndefined();
  });
});

describe("seeing and steering", () => {
  let id: string;
  const path = (rest = "") => `/api/v1/executions/${id}${rest}`;
  beforeEach(async () => {
    id = await start();
  });
  const cell = () => [...server.cells.values()].find(({ started }) => started.length > 0);

  test("one execution, its streams and events", async () => {
    expect(await (await server.request(path())).json()).toMatchObject({ id });
    for (const rest of ["/follow", "/stream"]) {
      const response = await server.request(path(rest));
      expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
      expect(await response.text()).toContain("data: ");
    }
    const resumed = await server.request(path("/stream"), { headers: { "last-event-id": "12:3" } });
    expect(await resumed.text()).toContain('{"seq":12,"line":3}');
    expect(await (await server.request(path("/events?after=3"))).json()).toMatchObject({ revision: 1 });
  });

  test("unknown ids are 404 everywhere", async () => {
    for (const unknown of ["nothing", "0".repeat(22), "a".repeat(300)]) {
      for (const rest of ["", "/follow", "/stream", "/events", "/file?path=kestra:///a/b"]) {
        expect((await server.request(`/api/v1/executions/${unknown}${rest}`)).status, unknown + rest).toBe(404);
      }
      for (const rest of ["/kill", ""]) {
        expect((await server.request(`/api/v1/executions/${unknown}${rest}`, { method: "DELETE" })).status).toBe(404);
      }
      for (const rest of ["/pause", "/resume", "/restart", "/eval"]) {
        expect((await server.request(`/api/v1/executions/${unknown}${rest}`, { method: "POST" })).status).toBe(404);
      }
      expect((await server.request(`/api/v1/logs/${unknown}`)).status).toBe(404);
    }
  });

  test("expressions, with and without a task run", async () => {
    const init = { method: "POST", body: "{{ x }}", headers: { "content-type": "text/plain" } };
    expect(await (await server.request(path("/eval"), init)).json()).toEqual({ result: "- {{ x }}" });
    expect(await (await server.request(path("/eval/run-1"), init)).json()).toEqual({ result: "run-1 {{ x }}" });
    expect((await server.request(path("/eval"), { ...init, body: "x".repeat(100_001) })).status).toBe(413);
  });

  test("commands", async () => {
    expect((await server.request(path("/pause"), { method: "POST" })).status).toBe(200);
    expect((await server.request(path("/resume"), form([["ok", "yes"]]))).status).toBe(204);
    expect((await server.request(path("/resume"), { method: "POST" })).status).toBe(204);
    expect(await (await server.request(path("/restart"), { method: "POST" })).json()).toMatchObject({ id });
    expect((await server.request(path("/kill?isOnKillCascade=false"), { method: "DELETE" })).status).toBe(202);
    expect(cell()?.commands).toEqual([
      { kind: "pause" },
      { kind: "resume", inputs: { ok: "yes" } },
      { kind: "resume", inputs: {} },
      { kind: "restart" },
      { kind: "kill", cascade: false },
    ]);
  });

  test("an ended execution: a kill with cascade is no error, everything else is", async () => {
    const its = cell();
    if (its) its.state = "SUCCESS";
    expect((await server.request(path("/kill"), { method: "DELETE" })).status).toBe(202);
    const killed = await server.request(path("/kill?isOnKillCascade=false"), { method: "DELETE" });
    expect(killed.status).toBe(409);
    expect(await killed.json()).toMatchObject({ message: "Illegal state: it has ended" });
    expect((await server.request(path("/resume"), { method: "POST" })).status).toBe(409);
  });

  test("files: only plain URIs, only its own; another's are asked for at the other's own address", async () => {
    const file = (uri: string) => server.request(path(`/file?path=${encodeURIComponent(uri)}`));
    for (const uri of [
      "/etc/passwd",
      "kestra:///a/../b",
      "kestra:///a/%2e%2e/b",
      "file:///x",
      "kestra:///company/team/_files/x",
    ]) {
      expect((await file(uri)).status, uri).toBe(422);
    }
    const own = `kestra:///company/team/hello/executions/${id}`;
    expect((await file(`${own}/nothing`)).status).toBe(404);
    expect((await file(`${own}/../x`)).status).toBe(422);
    const foreign = await file("kestra:///company/team/hello/executions/0123456789abcdefghijAB/x");
    expect(foreign.status).toBe(302);
    expect(foreign.headers.get("location")).toMatch(
      /^\/api\/v1\/executions\/0123456789abcdefghijAB\/file\?path=kestra/,
    );
    expect((await file(`kestra:///other/place/executions/${id}/x`)).status).toBe(422);
  });

  test("files: parts, and the beginning as a page shows it", async () => {
    const upload = async (name: string, content: string) => {
      const withFile = await start(form([["data", new File([content], name)]]));
      const uri = `kestra:///company/team/hello/executions/${withFile}/inputs/data/${name}`;
      return (what: string, headers: Record<string, string> = {}) =>
        server.request(`/api/v1/executions/${withFile}/file${what}path=${encodeURIComponent(uri)}`, { headers });
    };
    const text = await upload("x.csv", "a,b\n1,2\n3,4\n");
    expect((await text("?", { range: "bytes=4-6" })).status).toBe(206);
    expect((await text("?", { range: "bytes=99-" })).status).toBe(416);
    expect(await (await text("/metas?")).json()).toEqual({ size: 12 });
    const preview = async (of: typeof text, search = "") => (await of(`/preview?${search}`)).json();
    expect(await preview(text)).toEqual({
      extension: "csv",
      type: "TEXT",
      content: "a,b\n1,2\n3,4",
      maxLine: 100,
      truncated: false,
    });
    expect(await preview(text, "maxRows=2&")).toMatchObject({ content: "a,b\n1,2", truncated: true, maxLine: 2 });
    expect((await text("/preview?encoding=nothing&")).status).toBe(422);
    expect((await text("/preview?maxRows=0&")).status).toBe(422);
    const ion = await upload("rows.ion", '{name:"a",n:1}\n{name:"b",n:2.5e0,at:2026-01-01T00:00:00Z}\n');
    expect(await preview(ion)).toMatchObject({
      type: "LIST",
      content: [
        { name: "a", n: 1 },
        { name: "b", n: 2.5, at: "2026-01-01T00:00:00Z" },
      ],
    });
    expect(await preview(await upload("x.ion", "{a:"))).toMatchObject({ type: "TEXT", content: "{a:" });
    expect(await preview(await upload("x.png", "bytes"))).toMatchObject({ type: "IMAGE", content: btoa("bytes") });
    expect(await preview(await upload("x.md", "# x"))).toMatchObject({ type: "MARKDOWN" });
    const long = await preview(await upload("long.txt", "line\n".repeat(400_000)), "maxRows=9999&");
    expect([long.maxLine, long.truncated, long.content.split("\n").length]).toEqual([5000, true, 5000]);
  });

  test("deleting takes the files with it", async () => {
    const withFile = await start(form([["data", new File(["x"], "x.csv")]]));
    const folder = `main/company/team/hello/executions/${withFile}` as Parameters<
      ReturnType<typeof portsOf>["files"]["list"]
    >[0];
    expect(await portsOf(server.env).files.list(folder)).toHaveLength(1);
    expect((await server.request(`/api/v1/executions/${withFile}`, { method: "DELETE" })).status).toBe(204);
    expect(await portsOf(server.env).files.list(folder)).toEqual([]);
    expect((await server.request(`/api/v1/executions/${withFile}`)).status).toBe(404);
  });

  test("logs: filters, text, stream", async () => {
    const logs = `/api/v1/logs/${id}`;
    expect(await (await server.request(`${logs}?minLevel=WARN&taskId=a&taskRunId=b&attempt=1`)).json()).toHaveLength(1);
    expect(await (await server.request(`${logs}?taskRunId=b&attempt=1`)).json()).toHaveLength(1);
    expect(cell()?.filters).toEqual([
      { minLevel: "WARN", taskId: "a" },
      { taskRunId: "b", attempt: 1 },
    ]);
    const text = await server.request(`${logs}/download`);
    expect(await text.text()).toBe("2026-01-01T00:00:00Z INFO hello\n");
    expect(text.headers.get("content-disposition")).toContain(`${id}.log`);
    expect((await server.request(`${logs}/follow?minLevel=ERROR`)).status).toBe(200);
    expect(cell()?.followed).toEqual(["ERROR"]);
    expect((await server.request(`${logs}?minLevel=LOUD`)).status).toBe(422);
  });
});

describe("lists", () => {
  beforeEach(async () => {
    await portsOf(server.env).projection.upsertExecutions([
      executionSummary("a", {
        startAt: server.clock.now - 1000,
        endAt: server.clock.now,
        durationMs: 1000,
        state: "SUCCESS",
      }),
      executionSummary("b", { startAt: server.clock.now - 86_400_000, labels: [{ key: "k", value: "v:w" }] }),
      executionSummary("c", { namespace: "company.team.sub", triggerId: "t", triggerExecutionId: "a" }),
    ]);
  });
  const search = async (query: string) => {
    const response = await server.request(`/api/v1/executions/search?${query}`);
    expect(response.status, query).toBe(200);
    return (await response.json()).results.map(({ id }: { id: string }) => id).join("");
  };

  test("by the filters of Kestra 0.x and 1.x", async () => {
    expect(await search("sort=state.startDate:desc")).toBe("abc");
    expect(await search("namespace=company.team")).toBe("abc");
    expect(await search("namespace=company.team&flowId=hello")).toBe("ab");
    expect(await search("state=SUCCESS&state=FAILED")).toBe("a");
    expect(await search("labels=k:v:w")).toBe("b");
    expect(await search("timeRange=PT1H")).toBe("a");
    expect(await search("childFilter=CHILD")).toBe("c");
    expect(await search("triggerExecutionId=a")).toBe("c");
    expect(await search("startDate=2025-12-31T23:00:00.000Z")).toBe("a");
    expect(await search("endDate=2026-01-01T00:00Z")).toBe("a");
    expect(await search("filters[state][IN]=SUCCESS,KILLED&filters[timeRange][EQUALS]=PT1H")).toBe("a");
    expect(await search("filters[startDate][LESS_THAN]=2025-12-31T12:00:00Z&sort=id:asc")).toBe("bc");
    expect(await search("filters[labels][NOT_EQUALS][k]=v:w")).toBe("ac");
  });

  test("show what the projection knows in the shape of an execution", async () => {
    const { results, total } = await (
      await server.request("/api/v1/executions?namespace=company.team&flowId=hello&size=1")
    ).json();
    expect(total).toBe(2);
    expect(results[0]).toMatchObject({ id: "a", state: { current: "SUCCESS", duration: "PT1S" }, flowId: "hello" });
    const missing = await server.request("/api/v1/executions?namespace=company.team");
    expect(missing.status).toBe(400);
    expect(await missing.json()).toMatchObject({ message: "Bad Request: Required QueryValue [flowId] not specified" });
  });

  test.each([
    "startDate=x",
    "startDate=2026-01-01T00:00:00Z&timeRange=PT1H",
    "startDate=2026-01-02T00:00:00Z&endDate=2026-01-01T00:00:00Z",
    "state=LOST",
    "timeRange=soon",
    "sort=inputs:asc",
  ])("refuse %s", async (query) => {
    expect((await server.request(`/api/v1/executions/search?${query}`)).status).toBe(422);
  });
});
