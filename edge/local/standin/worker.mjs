// A tiny Worker with the bindings of the real one. The launcher's tests run against it.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

export class CellActor extends DurableObject {
  count(name) {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER)");
    const { value } = sql
      .exec("INSERT INTO counts VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value", name)
      .one();
    return value;
  }
}
export class FlowActor extends DurableObject {}
export class NamespaceActor extends DurableObject {}
export class DispatchActor extends DurableObject {}
export class IndexActor extends DurableObject {}

export class WorkEntrypoint extends WorkerEntrypoint {
  ping() {
    return "pong";
  }
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const count = (name) => env.CELL.getByName("0").count(name);
    if (pathname.startsWith("/internal/")) {
      if (request.headers.get("x-windhover-internal") !== env.INTERNAL_SECRET)
        return new Response("no", { status: 403 });
      return Response.json({ calls: await count(pathname) });
    }
    if (pathname === "/api/v1/flows" && request.method === "POST") {
      const source = await request.text();
      if (source.includes("bad")) return new Response("bad flow", { status: 422 });
      return Response.json({ flows: await count("flows") });
    }
    if (pathname === "/count") return Response.json({ value: await count("visits") });
    if (pathname === "/vars") {
      const { RUNTIME, CELLS, ALLOWED_HOSTS, BOOT_ID, AUTH_BASIC, AUTH_TOKENS, AGENT_TOKEN, SECRETS, ALLOW_PRIVATE } =
        env;
      return Response.json({
        ...{ RUNTIME, CELLS, ALLOWED_HOSTS, BOOT_ID, AUTH_BASIC, AUTH_TOKENS, AGENT_TOKEN, SECRETS, ALLOW_PRIVATE },
        work: await env.WORK.ping(),
      });
    }
    if (pathname === "/files") {
      await env.FILES_DISK.fetch("http://disk/a/b.txt", { method: "PUT", body: "hello" });
      const ui = await env.ASSETS_DISK.fetch("http://disk/index.html");
      return Response.json({
        file: await (await env.FILES_DISK.fetch("http://disk/a/b.txt")).text(),
        ui: await ui.text(),
      });
    }
    if (pathname === "/fetch") {
      const target = new URL(request.url).searchParams.get("url");
      return fetch(target).then(
        (answer) => new Response(`${answer.status}`),
        (error) => new Response(error.message, { status: 502 }),
      );
    }
    return new Response("not found", { status: 404 });
  },
};
