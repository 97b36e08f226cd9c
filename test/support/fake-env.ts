import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FlowCore } from "#actors/flow-actor/flow-core.ts";
import { FlowRoom } from "#actors/flow-actor/flow-room.ts";
import type { FlowRpc } from "#actors/flow-actor/flow-rpc.ts";
import { IndexCore } from "#actors/index/index-core.ts";
import type { IndexRpc } from "#actors/index/index-rpc.ts";
import { NamespaceRoom } from "#actors/namespace/namespace-room.ts";
import type { NamespaceRpc } from "#actors/namespace/namespace-rpc.ts";
import { createApp } from "#edge/app.ts";
import type { ActorNamespace, Env, HttpService } from "#edge/env.ts";
import { createFlowWorld } from "#edge/flow-world.ts";
import { type AppParts, createParts } from "#edge/parts.ts";
import type { Route } from "#edge/route.ts";
import { allRoutes } from "#edge/routes/all.ts";
import { serveUi } from "#edge/ui-files.ts";
import type { Sql } from "#shell/sql.ts";
import { createDiskService } from "#test/contract/disk-service.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { FakeCell } from "./fake-cell.ts";

export const HOST = "127.0.0.1:8080";

/** A namespace of actors in this process, each made when it is first asked for. */
function actors<Rpc>(make: (name: string) => Rpc): ActorNamespace<Rpc> & { byName: Map<string, Rpc> } {
  const byName = new Map<string, Rpc>();
  return {
    byName,
    idFromName: (name) => ({ toString: () => name }),
    get(id) {
      const name = id.toString();
      const found = byName.get(name) ?? make(name);
      byName.set(name, found);
      return found;
    },
  };
}

export type TestServer = {
  env: Env;
  parts: AppParts;
  cells: Map<string, FakeCell>;
  dispatch: { sweeps: number };
  alarms: Map<string, number | undefined>;
  clock: { now: number };
  /** Answers as the real server would, from its own host unless the request says another. */
  request(path: string, init?: RequestInit & { headers?: Record<string, string> }): Promise<Response>;
};

/** The application over actors with real cores, cells that run nothing and a temporary folder of files. */
export function createTestServer(
  settings: Partial<Env> = {},
  more: readonly Route[] = [],
  assets?: HttpService,
): TestServer {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const now = () => clock.now;
  const parts = createParts(now, (length) => crypto.getRandomValues(new Uint8Array(length)));
  const alarms = new Map<string, number | undefined>();
  const cells = actors<FakeCell>(() => new FakeCell());
  const dispatch = { sweeps: 0 };
  const env: Env = {
    RUNTIME: "local",
    CELLS: "4",
    ALLOWED_HOSTS: HOST,
    INTERNAL_SECRET: "internal-secret",
    CELL: cells,
    FLOW: actors<FlowRpc>((name) => {
      const core = new FlowCore(nodeSql(), (source, readFor) => parts.language.parse(source, readFor));
      return new FlowRoom(core, createFlowWorld(env, parts.language, now), {
        now,
        setAlarm: (at) => void alarms.set(name, at),
      });
    }),
    NAMESPACE: actors<NamespaceRpc>(
      (name) => new NamespaceRoom(nodeSql(), { now, setAlarm: (at) => void alarms.set(name, at) }),
    ),
    DISPATCH: actors(() => ({
      enqueue: async () => ({ ok: true }) as const,
      cancel: async () => "gone" as const,
      claim: async () => ({ jobs: [] }),
      heartbeat: async () => ({ cancel: [] }),
      logs: async () => "fenced" as const,
      result: async () => "fenced" as const,
      mayUse: async () => undefined,
      status: async () => ({ queued: 0, leased: 0, agents: [] }),
      sweep: async () => void dispatch.sweeps++,
    })) as unknown as Env["DISPATCH"],
    INDEX: actors<IndexRpc>(() => indexActor(new IndexCore(nodeSql()))),
    WORK: {
      run: async () => {},
      openPlace: async () => ({ ok: true, manifest: undefined }),
      closePlace: async () => ({ ok: true, outputFiles: {} }),
      removePlace: async () => {},
    },
    FILES_DISK: createDiskService(mkdtempSync(join(tmpdir(), "windhover-edge-"))),
    ...(assets ? { ASSETS_DISK: assets } : {}),
    ...settings,
  };
  const app = createApp(allRoutes(parts, more), serveUi);
  return {
    env,
    parts,
    cells: cells.byName,
    dispatch,
    alarms,
    clock,
    async request(path, init = {}) {
      const { body, type } = await encoded(init.body);
      const headers = { host: HOST, ...(type ? { "content-type": type } : {}), ...init.headers };
      return app.fetch(new Request(`http://${headers.host}${path}`, { ...init, body, headers }), env);
    },
  };
}

/** Forms as bytes: the stream that Node makes of one does not bear being left unread. */
async function encoded(body: RequestInit["body"]): Promise<{ body: RequestInit["body"]; type?: string | null }> {
  if (!(body instanceof FormData)) return { body };
  const response = new Response(body);
  return { body: await response.arrayBuffer(), type: response.headers.get("content-type") };
}

function indexActor(core: IndexCore): IndexRpc {
  return { query: async (statements) => core.query(statements) };
}

/** A namespace whose alarm nobody sets. */
export function namespaceActor(sql: Sql, now: () => number): NamespaceRpc {
  return new NamespaceRoom(sql, { now, setAlarm: () => {} });
}

export const HELLO = `id: hello
namespace: company.team
labels:
  team: red
inputs:
  - id: name
    type: STRING
    defaults: World
  - id: data
    type: FILE
    required: false
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: Hello {{ inputs.name }}
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: "{{ secret('HOOK_KEY') }}"
    labels:
      from: hook
`;

export function yaml(source: string, method = "POST"): RequestInit & { headers: Record<string, string> } {
  return { method, body: source, headers: { "content-type": "application/x-yaml" } };
}

/** The requests that the cells were asked to start. */
export function startedIn(server: TestServer) {
  return [...server.cells.values()].flatMap(({ started }) => started);
}
