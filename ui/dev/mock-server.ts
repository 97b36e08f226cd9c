import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { isTerminal } from "#schema/state.ts";
import { MockHost, type MockRun, readFlow } from "./mock-host.ts";

// Serves the built pages and a made-up API: `node ui/dev/mock-server.ts [port]`. For development only.

const here = import.meta.dirname;
const dist = join(here, "../../dist/ui");
const port = Number(process.argv[2] ?? 8099);
const flows = readdirSync(join(here, "flows")).flatMap((name) => {
  const source = readFileSync(join(here, "flows", name), "utf8");
  const { id, namespace } = readFlow(source);
  const first = {
    id,
    namespace,
    revision: 1,
    source: source.replace(/^description:.*$/m, "description: First try.").replace(/batch_size/g, "batch"),
  };
  return id === "daily_orders"
    ? [first, { id, namespace, revision: 2, source }]
    : [{ id, namespace, revision: 1, source }];
});
if (process.env.MOCK_EMPTY) flows.length = 0;
const host = new MockHost(flows);
const HOUR = 3_600_000;
const started = Date.now();

function past(id: string, agoMs: number, fail: string[] = [], trigger = true): MockRun | undefined {
  const flow = flows.findLast((item) => item.id === id);
  if (!flow) return undefined;
  const run = host.start(flow, {
    at: started - agoMs,
    inputs: id === "daily_orders" ? { day: "2026-11-20", regions: ["emea", "amer"], batch_size: 2000 } : {},
    labels: [],
    fail,
    ...(trigger
      ? {
          trigger: {
            id: "every_morning",
            type: "io.kestra.plugin.core.trigger.Schedule",
            variables: { date: new Date(started - agoMs).toISOString() },
          },
        }
      : {}),
  });
  run.advance(started);
  return run;
}
for (let day = 30; day > 0; day--) {
  past("daily_orders", day * 24 * HOUR + 1000 * day, day % 7 === 3 ? ["extract"] : []);
  if (day % 3 === 0) past("flaky_import", day * 20 * HOUR, day % 2 === 0 ? ["import"] : ["import", "always"]);
  if (day % 4 === 0) past("getting_started", day * 11 * HOUR, [], false);
}
past("image_resizer", 2 * HOUR);
past("approve_release", 40 * 60_000, [], false);
past("daily_orders", 90_000, ["load"]);
past("getting_started", 60_000, [], false);
past("daily_orders", 3000, []);
setInterval(() => {
  for (const run of host.runs) run.advance(Date.now());
}, 60);

function flowJson(flow: (typeof flows)[number], withSource: boolean): unknown {
  const { id, namespace, revision, source } = flow;
  const parsed = readFlow(source);
  const description = /^description: \|?\s*(.*)$/m.exec(source)?.[1];
  return {
    id,
    namespace,
    revision,
    description,
    labels: parsed.labels,
    inputs: parsed.inputs,
    triggers: parsed.triggers,
    disabled: false,
    deleted: false,
    tasks: parsed.tasks.map(({ id, type, properties }) => ({ id, type, ...properties })),
    ...(withSource ? { source } : {}),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function answer(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body === undefined ? "" : JSON.stringify(body));
}
const problem = (message: string, errors: unknown[] = []): unknown => ({ message, _embedded: { errors } });

createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://local");
  try {
    if (url.pathname === "/ping") return void response.end("pong");
    if (url.pathname.startsWith("/api/v1/")) return await apiCall(request, response, url);
    if (url.pathname === "/") return void response.writeHead(302, { location: "/ui/" }).end();
    const file = normalize(join(dist, url.pathname.replace(/^\/ui/, "")));
    const found = file.startsWith(dist) && extname(file) !== "" && existsSync(file) ? file : join(dist, "index.html");
    const types: Record<string, string> = {
      ".html": "text/html",
      ".js": "text/javascript",
      ".css": "text/css",
      ".svg": "image/svg+xml",
      ".json": "application/json",
    };
    response.writeHead(200, { "content-type": types[extname(found)] ?? "application/octet-stream" });
    response.end(readFileSync(found));
  } catch (cause) {
    answer(response, 500, problem(`Internal server error: ${cause instanceof Error ? cause.message : cause}`));
  }
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/ui/`));

async function apiCall(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const path = url.pathname
    .slice("/api/v1/".length)
    .replace(/^main\//, "")
    .split("/")
    .map(decodeURIComponent);
  const query = url.searchParams;
  const method = request.method ?? "GET";
  const latest = flows.filter(
    (flow, i) => flows.findLastIndex((other) => other.id === flow.id && other.namespace === flow.namespace) === i,
  );
  const page = Number(query.get("page") ?? 1);
  const size = Number(query.get("size") ?? 25);
  const [root, a = "", b = "", c = ""] = path;
  await new Promise((done) => setTimeout(done, 40));
  if (root === "flows") {
    if (a === "search") {
      const q = (query.get("q") ?? "").toLowerCase();
      const ns = query.get("namespace") ?? "";
      const found = latest.filter(
        (flow) =>
          `${flow.namespace}.${flow.id}`.toLowerCase().includes(q) &&
          (ns === "" || flow.namespace === ns || flow.namespace.startsWith(`${ns}.`)),
      );
      return answer(response, 200, { results: found.map((flow) => flowJson(flow, false)), total: found.length });
    }
    if (a === "distinct-namespaces")
      return answer(response, 200, [...new Set(latest.map((flow) => flow.namespace))].sort());
    if (method === "POST" && a === "") {
      const source = (await readBody(request)).toString("utf8");
      const { id, namespace } = readFlow(source);
      if (host.flow(namespace, id))
        return answer(
          response,
          422,
          problem("Invalid entity: Flow id already exists", [{ path: "id", message: "Flow id already exists" }]),
        );
      flows.push({ id, namespace, revision: 1, source });
      return answer(response, 200, flowJson(flows.at(-1)!, true));
    }
    const flow = host.flow(a, b);
    if (!flow) return answer(response, 404, problem(`Not Found: no flow ${a}.${b}`));
    if (c === "revisions")
      return answer(
        response,
        200,
        flows.filter((item) => item.id === b && item.namespace === a).map((item) => flowJson(item, true)),
      );
    if (method === "PUT") {
      const source = (await readBody(request)).toString("utf8");
      if (source !== flow.source) flows.push({ ...flow, source, revision: flow.revision + 1 });
      return answer(response, 200, flowJson(host.flow(a, b)!, true));
    }
    if (method === "DELETE") {
      for (let i = flows.length - 1; i >= 0; i--)
        if (flows[i]?.id === b && flows[i]?.namespace === a) flows.splice(i, 1);
      return answer(response, 204);
    }
    const revision = Number(query.get("revision") ?? 0);
    return answer(
      response,
      200,
      flowJson(flows.find((item) => item.id === b && item.namespace === a && item.revision === revision) ?? flow, true),
    );
  }
  if (root === "executions" && a === "search") {
    const states = query.getAll("state");
    const q = (query.get("q") ?? "").toLowerCase();
    const ns = query.get("namespace") ?? "";
    const found = host.runs
      .map((run) => run.json)
      .filter((json) => {
        const { taskRunList: _, ...rest } = json;
        return (
          (states.length === 0 || states.includes(rest.state.current)) &&
          `${rest.namespace} ${rest.flowId} ${rest.id}`.toLowerCase().includes(q) &&
          (ns === "" || rest.namespace === ns || rest.namespace.startsWith(`${ns}.`)) &&
          (!query.get("flowId") || rest.flowId === query.get("flowId")) &&
          query.getAll("labels").every((label) => rest.labels.some(({ key, value }) => `${key}:${value}` === label))
        );
      });
    const [field, direction] = (query.get("sort") ?? "state.startDate:desc").split(":");
    const key = (json: (typeof found)[number]): string =>
      field === "state.current"
        ? json.state.current
        : field === "flowId"
          ? json.flowId
          : field === "namespace"
            ? json.namespace
            : json.state.startDate;
    found.sort((x, y) => key(x).localeCompare(key(y)) * (direction === "asc" ? 1 : -1));
    return answer(response, 200, {
      results: found.slice((page - 1) * size, page * size).map(({ taskRunList: _, ...json }) => json),
      total: found.length,
    });
  }
  if (root === "executions" && method === "POST" && (c === "" || c === "validate") && host.flow(a, b)) {
    const form = await new Request("http://local", {
      method: "POST",
      headers: { "content-type": request.headers["content-type"] ?? "" },
      body: await readBody(request),
    })
      .formData()
      .catch(() => new FormData());
    if (c === "validate") return answer(response, 200, { id: b, namespace: a, inputs: [] });
    const inputs = Object.fromEntries(
      [...form.entries()].map(([name, value]) => [name, typeof value === "string" ? value : `kestra:///${value.name}`]),
    );
    const labels = query
      .getAll("labels")
      .map((label) => ({ key: label.slice(0, label.indexOf(":")), value: label.slice(label.indexOf(":") + 1) }));
    return answer(response, 200, host.start(host.flow(a, b)!, { at: Date.now(), inputs, labels }).json);
  }
  const run = host.runs.find((item) => item.id === a);
  if (!run) return answer(response, 404, problem(`Not Found: no execution ${a}`));
  if (root === "logs") return void response.end(run.logs.map((line) => line.message).join("\n"));
  if (b === "" && method === "GET") return answer(response, 200, run.json);
  if (b === "kill") return run.apply({ kind: "kill-requested", at: Date.now(), cascade: true }), answer(response, 202);
  if (b === "pause") return run.apply({ kind: "pause-requested", at: Date.now() }), answer(response, 200);
  if (b === "resume") return run.apply({ kind: "resume-requested", at: Date.now() }), answer(response, 204);
  if (b === "restart") return run.apply({ kind: "restart-requested", at: Date.now() }), answer(response, 200, run.json);
  if (b === "file") return void response.writeHead(200, { "content-disposition": "attachment" }).end("a,b\n1,2\n");
  if (b === "eval") {
    const text = (await readBody(request)).toString("utf8");
    return answer(
      response,
      200,
      text.includes("outputs") ? { result: "48211" } : { error: `Unknown name in "${text}" at 1:4` },
    );
  }
  if (b === "stream") return follow(request, response, run);
  return answer(response, 404, problem("Not Found"));
}

function follow(request: IncomingMessage, response: ServerResponse, run: MockRun): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const send = ({ event, id, data }: { event: string; id?: string; data: unknown }): void => {
    response.write(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  };
  const { source, revision, namespace, id: flowId } = run.flow;
  send({ event: "flow", data: { source, revision, namespace, flowId } });
  send({ event: "events", id: `${run.events.length - 1}:0`, data: { from: 0, events: run.events } });
  send({ event: "logs", id: `${run.events.length - 1}:${run.logs.length}`, data: { from: 0, lines: run.logs } });
  if (isTerminal(run.state.status)) {
    send({ event: "end", data: {} });
    return void response.end();
  }
  run.followers.add(send);
  const ping = setInterval(() => response.write(": ping\n\n"), 15_000);
  request.on("close", () => {
    clearInterval(ping);
    run.followers.delete(send);
  });
}
