// The API as black-box tests use it: Kestra's paths, typed answers, and the raw answer where a test is about errors.
import type { ExecutionJson } from "#schema/execution.ts";
import { isTerminal } from "#schema/state.ts";
import { type Answer, type Call, Http } from "./http.ts";
import { poll } from "./poll.ts";

const YAML = { "content-type": "application/x-yaml" };
const BOUNDARY = "windhover-test-part";

export interface ExecuteOptions {
  readonly wait?: boolean;
  /** Inputs by id. A file has a name. */
  readonly inputs?: Readonly<Record<string, string | { readonly name: string; readonly content: string }>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface Page<T> {
  readonly results: readonly T[];
  readonly total: number;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly taskId?: string;
  readonly taskRunId?: string;
  readonly timestamp: string;
}

/** A refusal where success was expected. */
export class Refused extends Error {
  readonly answer: Answer;

  constructor(call: Call, answer: Answer) {
    super(`${call.method ?? "GET"} ${call.path} was answered ${answer.status}: ${answer.text.slice(0, 600)}`);
    this.answer = answer;
  }
}

export class Api {
  readonly #port: number;
  #http: Http;

  constructor(port: number) {
    this.#port = port;
    this.#http = new Http(port);
  }

  /** After the server's end: the next call opens a new connection. */
  forgetConnections(): void {
    this.#http.close();
    this.#http = new Http(this.#port);
  }

  /** Any call under `/api/v1`. Every status is an answer; rejects with NoAnswer only. */
  send(call: Call): Promise<Answer> {
    return this.#http.send({ ...call, path: `/api/v1${call.path}` });
  }

  /** A call outside `/api/v1`. */
  sendRaw(call: Call): Promise<Answer> {
    return this.#http.send(call);
  }

  /** The JSON of a successful answer; throws `Refused` otherwise. */
  async json<T>(call: Call): Promise<T> {
    const answer = await this.send(call);
    if (answer.status < 200 || answer.status > 299) throw new Refused(call, answer);
    return (answer.text === "" ? undefined : JSON.parse(answer.text)) as T;
  }

  postFlow(source: string): Promise<Answer> {
    return this.send({ method: "POST", path: "/flows", body: source, headers: YAML });
  }

  /** Creates the flow, or updates the one of that name. */
  async saveFlow(source: string): Promise<void> {
    const created = await this.postFlow(source);
    if (created.status < 300) return;
    if (!/exist/i.test(created.text)) throw new Refused({ method: "POST", path: "/flows" }, created);
    const namespace = /^namespace:\s*(\S+)/m.exec(source)?.[1];
    const id = /^id:\s*(\S+)/m.exec(source)?.[1];
    await this.json({ method: "PUT", path: `/flows/${namespace}/${id}`, body: source, headers: YAML });
  }

  startCall(namespace: string, flowId: string, options: ExecuteOptions = {}): Call {
    const query = new URLSearchParams();
    if (options.wait) query.set("wait", "true");
    for (const [key, value] of Object.entries(options.labels ?? {})) query.append("labels", `${key}:${value}`);
    const text = query.toString();
    return {
      method: "POST",
      path: `/executions/${namespace}/${flowId}${text === "" ? "" : `?${text}`}`,
      body: multipart(options.inputs ?? {}),
      headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}`, ...options.headers },
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    };
  }

  /** Starts an execution; with `wait` it has ended (or is paused) when this resolves. */
  execute(namespace: string, flowId: string, options: ExecuteOptions = {}): Promise<ExecutionJson> {
    return this.json(this.startCall(namespace, flowId, options));
  }

  execution(id: string): Promise<ExecutionJson> {
    return this.json({ path: `/executions/${id}` });
  }

  /** The execution once `until` holds (by default: it has ended). */
  executionWhen(
    id: string,
    {
      until = hasEnded,
      timeoutMs = 20_000,
    }: { until?: (execution: ExecutionJson) => boolean; timeoutMs?: number } = {},
  ): Promise<ExecutionJson> {
    return poll(
      async () => {
        const execution = await this.execution(id);
        return until(execution) ? execution : undefined;
      },
      { timeoutMs, what: `execution ${id}` },
    );
  }

  /** Sends one file as a form's part; `name` is its file name. */
  upload(path: string, part: string, content: string | Uint8Array, name = "file"): Promise<Answer> {
    const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${part}"; filename="${name}"\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
    const headers = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
    return this.send({ method: "POST", path, body, headers });
  }

  kill(id: string): Promise<Answer> {
    return this.send({ method: "DELETE", path: `/executions/${id}/kill` });
  }

  resume(id: string): Promise<Answer> {
    return this.send({
      method: "POST",
      path: `/executions/${id}/resume`,
      body: multipart({}),
      headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
    });
  }

  search(query: Readonly<Record<string, string | number>>): Promise<Page<ExecutionJson>> {
    const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    return this.json({ path: `/executions/search?${text}` });
  }

  /** All executions of a namespace that the list knows, page by page. */
  async searchAll(namespace: string, pageSize = 100): Promise<ExecutionJson[]> {
    const found: ExecutionJson[] = [];
    for (let page = 1; ; page++) {
      const { results } = await this.search({ namespace, size: pageSize, page, sort: "id:asc" });
      found.push(...results);
      if (results.length < pageSize) return found;
    }
  }

  logs(executionId: string): Promise<LogLine[]> {
    return this.json({ path: `/logs/${executionId}` });
  }
}

export function hasEnded(execution: ExecutionJson): boolean {
  return isTerminal(execution.state.current);
}

function multipart(inputs: NonNullable<ExecuteOptions["inputs"]>): string {
  const parts = Object.entries(inputs).map(([name, value]) => {
    const file =
      typeof value === "string" ? "" : `; filename="${value.name}"\r\ncontent-type: application/octet-stream`;
    const content = typeof value === "string" ? value : value.content;
    return `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`;
  });
  return `${parts.join("")}--${BOUNDARY}--\r\n`;
}
