// One small HTTP client for all black-box tests and benchmarks: kept-alive connections to 127.0.0.1 and nothing hidden.
import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

/** The connection broke or timed out: nobody knows whether the server did what was asked. */
export class NoAnswer extends Error {}

export class Http {
  readonly #port: number;
  readonly #agent: Agent;

  constructor(port: number, maxSockets = 64) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets });
  }

  /** Rejects with `NoAnswer` only; any status is an answer. */
  async send(call: Call): Promise<Answer> {
    try {
      return await this.#once(call);
    } catch (error) {
      // A kept-alive connection that was closed just as it was used again: the server has read nothing of it.
      if (error instanceof StaleConnection) return this.#once(call);
      throw error;
    }
  }

  #once({ method = "GET", path, body, headers = {}, timeoutMs = 60_000 }: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const request = httpRequest(
        {
          host: "127.0.0.1",
          port: this.#port,
          method,
          path,
          agent: this.#agent,
          headers: { ...headers, ...length },
          timeout: timeoutMs,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.once("error", (error) => reject(new NoAnswer(error.message)));
          response.once("end", () => {
            const bytes = Buffer.concat(chunks);
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              bytes,
              get text() {
                return bytes.toString();
              },
            });
          });
        },
      );
      request.once("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      request.once("error", (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        const message = `${method} ${path}: ${error.message}`;
        reject(stale && method === "GET" ? new StaleConnection(message) : new NoAnswer(message));
      });
      request.end(body);
    });
  }

  /** Closes all connections. */
  close(): void {
    this.#agent.destroy();
  }
}

class StaleConnection extends NoAnswer {}
