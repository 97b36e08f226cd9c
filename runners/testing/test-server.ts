import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { NewJob } from "#actors/dispatch/dispatch-core.ts";
import { DispatchRoom } from "#actors/dispatch/dispatch-room.ts";
import type { Clock } from "#actors/dispatch/ports.ts";
import { createApp } from "#edge/app.ts";
import type { Env } from "#edge/env.ts";
import { createDiskFiles } from "#edge/ports/files-disk.ts";
import { agentRoutes } from "#edge/routes/agents.ts";
import type { Sql } from "#shell/sql.ts";
import { createDiskService } from "#test/contract/disk-service.ts";
import { namespaceActor } from "#test/support/fake-env.ts";
import { NotingCells } from "./dispatch-world.ts";
import { nodeSql } from "./node-sql.ts";

export const TOKEN = "test-token";

const clock: Clock = {
  now: () => Date.now(),
  after(ms, body) {
    const timer = setTimeout(body, ms);
    return () => clearTimeout(timer);
  },
};

/** A real HTTP server on loopback: the agent routes, one Dispatch actor over SQLite, files on disk, cells that note. */
export class TestServer {
  readonly cells = new NotingCells();
  /** Calls in the order they came, as `METHOD path`. */
  readonly calls: string[] = [];
  /** Calls that are done but whose answer is dropped: the next of each path, by number. */
  readonly dropAnswers = new Map<string, number>();
  readonly #dir = mkdtempSync(join(tmpdir(), "windhover-server-"));
  /** The same storage, as the server's own tasks see it. */
  readonly files = createDiskFiles(createDiskService(this.#dir));
  readonly #sql: Sql = nodeSql();
  #http: Server | undefined;
  #alarm: NodeJS.Timeout | undefined;
  room: DispatchRoom = this.#openRoom();
  port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  #openRoom(): DispatchRoom {
    const alarm = {
      set: (at: number) => {
        clearTimeout(this.#alarm);
        this.#alarm = setTimeout(() => void this.room.alarm(), Math.max(0, at - Date.now()));
      },
    };
    return new DispatchRoom({ sql: this.#sql, cells: this.cells, clock, alarm });
  }

  /** Starts to listen, on the same port as before. */
  async start(): Promise<void> {
    const env = this.#env();
    const app = createApp(agentRoutes);
    const server = createServer((request, response) => {
      void this.#answer(request, response, async (web) => app.fetch(web, env));
    });
    this.#http = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    const address = server.address();
    if (address !== null && typeof address === "object") this.port = address.port;
    env.ALLOWED_HOSTS = `127.0.0.1:${this.port}`;
  }

  /** Cuts every connection, as a crash does, and forgets what is only in memory. */
  async crash(): Promise<void> {
    clearTimeout(this.#alarm);
    const closed = new Promise((resolve) => this.#http?.close(resolve));
    this.#http?.closeAllConnections();
    await closed;
    this.room = this.#openRoom();
  }

  async close(): Promise<void> {
    await this.crash();
    clearTimeout(this.#alarm);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  enqueue(job: NewJob) {
    return this.room.enqueue(job);
  }

  /** The answer of an effect, once there is one. */
  async answerOf(effect: string, withinMs = 15_000) {
    const find = () => this.cells.of("finished").find((told) => told.effect === effect)?.answer;
    await until(() => find() !== undefined, withinMs, `an answer of ${effect}`);
    const answer = find();
    if (!answer) throw new Error("gone");
    return answer;
  }

  #env(): Env {
    const room = { get: () => this.room, idFromName: (name: string) => ({ toString: () => name }) };
    const namespace = namespaceActor(nodeSql(), () => Date.now());
    const partial = {
      DISPATCH: room,
      NAMESPACE: { get: () => namespace, idFromName: room.idFromName },
      FILES_DISK: createDiskService(this.#dir),
      RUNTIME: "local",
      AGENT_TOKEN: TOKEN,
    };
    // The routes under test use these bindings only.
    return partial as unknown as Env;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, app: (web: Request) => Promise<Response>) {
    const path = (request.url ?? "").split("?")[0] ?? "";
    this.calls.push(`${request.method} ${path}`);
    const answer = await app(webRequest(request, this.url));
    const drops = this.dropAnswers.get(path) ?? 0;
    if (drops > 0) {
      this.dropAnswers.set(path, drops - 1);
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  }
}

function webRequest(request: IncomingMessage, base: string): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === "string") headers.set(name, value);
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  // Node's declaration of the stream is not the web's, though both are the same at run time.
  const body = hasBody ? (Readable.toWeb(request) as unknown as BodyInit) : null;
  const init: RequestInit & { duplex: "half" } = { method: request.method ?? "GET", headers, body, duplex: "half" };
  return new Request(new URL(request.url ?? "/", base), init);
}

/** Resolves when `condition` holds; rejects after `withinMs`. */
export async function until(condition: () => boolean, withinMs: number, what: string): Promise<void> {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
