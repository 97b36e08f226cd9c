// A loopback server that stands for the outside world: it remembers which step of which execution reached it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Sink {
  /** "http://127.0.0.1:port". A step calls `${url}/effect?e={{execution.id}}&s=name`. */
  readonly url: string;
  /** How often this step of this execution has arrived. */
  count(execution: string, step: string): number;
  /** Different steps of an execution that have arrived. */
  steps(execution: string): number;
  /** All (execution, step, times). */
  all(): readonly { readonly execution: string; readonly step: string; readonly times: number }[];
  /** Calls so far. */
  readonly calls: number;
  /** Time in ms (performance.now) of the first call after the last `mark()`. */
  readonly firstMs: number | undefined;
  mark(): void;
  close(): Promise<void>;
}

export interface SinkOptions {
  /** How long a call takes, in ms. */
  readonly delayMs?: number;
  /** Fixed answers by path, such as "/products". */
  readonly fixtures?: Readonly<Record<string, { readonly type: string; readonly body: string }>>;
}

/**
 * `/effect` answers "ok"; `/flaky` answers 500 on the first call of a step and 200 on each later one. Listens on a free
 * port of 127.0.0.1.
 */
export async function startSink({ delayMs = 0, fixtures = {} }: SinkOptions = {}): Promise<Sink> {
  const seen = new Map<string, Map<string, number>>();
  let calls = 0;
  let firstMs: number | undefined;

  const note = (execution: string, step: string): number => {
    const steps = seen.get(execution) ?? new Map<string, number>();
    seen.set(execution, steps);
    const times = (steps.get(step) ?? 0) + 1;
    steps.set(step, times);
    calls += 1;
    firstMs ??= performance.now();
    return times;
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://sink");
    const fixture = Object.hasOwn(fixtures, pathname) ? fixtures[pathname] : undefined;
    if (fixture) {
      response.writeHead(200, { "content-type": fixture.type }).end(fixture.body);
      return;
    }
    const times = note(searchParams.get("e") ?? "", searchParams.get("s") ?? "");
    const answer = () => {
      if (pathname === "/flaky" && times === 1) response.writeHead(500).end("not yet");
      else response.end("ok");
    };
    if (delayMs > 0) setTimeout(answer, delayMs);
    else answer();
  };
  const server = createServer(handle);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    count: (execution, step) => seen.get(execution)?.get(step) ?? 0,
    steps: (execution) => seen.get(execution)?.size ?? 0,
    all: () =>
      [...seen].flatMap(([execution, steps]) => [...steps].map(([step, times]) => ({ execution, step, times }))),
    get calls() {
      return calls;
    },
    get firstMs() {
      return firstMs;
    },
    mark() {
      firstMs = undefined;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
