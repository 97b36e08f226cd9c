import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { ExecutionJson, TaskRunJson } from "#schema/execution.ts";
import { cellName } from "#schema/ids.ts";
import type { LogEntry } from "#schema/log.ts";
import { isTerminal, type State } from "#schema/state.ts";

// The deployed product as a client sees it, and the actors behind it.

export const ORIGIN = "https://windhover.test";
export const NAMESPACE = "company.team";
export const OUTSIDE = "http://outside.test";
export const TYPES = {
  log: "io.kestra.plugin.core.log.Log",
  return: "io.kestra.plugin.core.debug.Return",
  request: "io.kestra.plugin.core.http.Request",
  pause: "io.kestra.plugin.core.flow.Pause",
  fail: "io.kestra.plugin.core.execution.Fail",
  subflow: "io.kestra.plugin.core.flow.Subflow",
  forEach: "io.kestra.plugin.core.flow.ForEach",
  directory: "io.kestra.plugin.core.flow.WorkingDirectory",
  deno: "io.kestra.plugin.scripts.deno.Script",
} as const;

type Call = { method?: string; body?: BodyInit; headers?: Record<string, string>; token?: string | null };

/** Any call. Bears the test's token unless it brings another, or `null` for none. */
export function send(path: string, { token = "test-token", headers = {}, ...init }: Call = {}): Promise<Response> {
  const all = token === null ? headers : { authorization: `Bearer ${token}`, ...headers };
  return exports.default.fetch(`${ORIGIN}${path}`, { ...init, headers: all });
}

/** The JSON of a call under /api/v1 that must succeed. */
export async function json<T>(path: string, call: Call = {}): Promise<T> {
  const response = await send(`/api/v1${path}`, call);
  const text = await response.text();
  expect({ path, status: response.status, text: text.slice(0, 500) }).toMatchObject({ status: expect.toSatisfy(isOk) });
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

function isOk(status: unknown): boolean {
  return typeof status === "number" && status >= 200 && status < 300;
}

/** A flow in the tests' namespace; `rest` begins in the first column. */
export function flow(id: string, rest: string): string {
  return `id: ${id}\nnamespace: ${NAMESPACE}\n${rest.replace(/^\n/, "")}`;
}

export async function saveFlow(source: string): Promise<void> {
  await json("/flows", { method: "POST", body: source, headers: { "content-type": "application/x-yaml" } });
}

/** Starts an execution; with `wait` it has ended or is paused when this resolves. */
export function execute(id: string, inputs: Record<string, string> = {}, wait = false): Promise<ExecutionJson> {
  const body = new FormData();
  for (const [name, value] of Object.entries(inputs)) body.set(name, value);
  return json(`/executions/${NAMESPACE}/${id}?wait=${wait}`, { method: "POST", body });
}

/** Saves the flow and runs it until it has ended or is paused. */
export async function run(source: string, inputs?: Record<string, string>): Promise<ExecutionJson> {
  await saveFlow(source);
  return execute(/^id: (\S+)/m.exec(source)?.[1] ?? "", inputs, true);
}

/** Saves the flow and starts it. */
export async function start(source: string): Promise<ExecutionJson> {
  await saveFlow(source);
  return execute(/^id: (\S+)/m.exec(source)?.[1] ?? "");
}

const LOOK_EVERY_MS = 20;

/** What `look` gives, once it gives something. Reads no clock: a test may have stopped it. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 12_000): Promise<T> {
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += LOOK_EVERY_MS) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`Still no ${what} after ${timeoutMs} ms`);
}

export function execution(id: string): Promise<ExecutionJson> {
  return json(`/executions/${id}`);
}

/** The execution once it is in this state, or has ended. */
export function settled(id: string, state?: State, timeoutMs?: number): Promise<ExecutionJson> {
  const look = async () => {
    const found = await execution(id);
    const { current } = found.state;
    return current === state || isTerminal(current) ? found : undefined;
  };
  return until(`${state ?? "end"} of ${id}`, look, timeoutMs);
}

/** The row of the list for this execution, once its state is the one given. */
export function listed(id: string, state: State): Promise<ExecutionJson> {
  return until(`row of ${id} as ${state}`, async () => {
    const { results } = await json<{ results: ExecutionJson[] }>(
      "/executions/search?size=100&sort=state.startDate:desc",
    );
    return results.find((one) => one.id === id && one.state.current === state);
  });
}

export async function messages(id: string): Promise<string[]> {
  return (await json<LogEntry[]>(`/logs/${id}`)).map(({ message }) => message);
}

/** The only run of the task. */
export function taskRun({ taskRunList = [] }: ExecutionJson, taskId: string): TaskRunJson {
  const found = taskRunList.filter((one) => one.taskId === taskId);
  expect(found, `runs of ${taskId}`).toHaveLength(1);
  return found[0] as TaskRunJson;
}

/** How often the outside was called under this name. */
export async function callsOf(name: string): Promise<number> {
  return Number(await (await fetch(`${OUTSIDE}/count?as=${name}`)).text());
}

/** The object that holds the execution. */
export function cellOf(executionId: string): DurableObjectStub {
  return env.CELL.get(env.CELL.idFromName(cellName(executionId) ?? ""));
}
