// Requests to our own server on the loopback address.

// Not by import: a namespace import of this builtin, or the global fetch, costs 15 MB and 25 ms.
const http = process.getBuiltinModule("node:http");

export interface LocalRequest {
  readonly port: number;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface LocalAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends one request and reads the whole answer. Rejects when the server is away or silent for `timeoutMs`. */
export function requestLocal({ port, method, path, headers, body, timeoutMs }: LocalRequest): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: "127.0.0.1", port, method, path, agent: false, timeout: timeoutMs, headers: { ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    request.once("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.once("error", reject);
    request.end(body);
  });
}

/** True when nothing listens on the port of the loopback address. With 0, gives a port that is free now. */
export function findFreePort(port: number): Promise<number | undefined> {
  const { createServer } = process.getBuiltinModule("node:net");
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(undefined));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = probe.address();
      const found = typeof address === "object" && address ? address.port : port;
      probe.close(() => resolve(found));
    });
  });
}
