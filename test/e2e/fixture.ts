// A server for a file of tests, and short ways to say what most of them do.
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { ExecutionJson, TaskRunJson } from "#schema/execution.ts";
import type { Problem } from "#schema/problem.ts";
import type { ExecuteOptions } from "../support/api.ts";
import { Refused } from "../support/api.ts";
import type { Answer } from "../support/http.ts";
import { Server, type ServerOptions } from "../support/server.ts";

export const NAMESPACE = "company.team";

/** Started before the first test of the file, removed after the last. */
export function useServer(options: ServerOptions = {}): () => Server {
  let server: Server | undefined;
  beforeAll(async () => {
    server = await Server.start({ env: { WINDHOVER_ALLOW_PRIVATE: "private,local" }, ...options });
  });
  afterAll(() => server?.remove());
  onTestFailedOutput(() => server?.output);
  return () => {
    if (!server) throw new Error("The server has not been started");
    return server;
  };
}

/** What the server said is the first thing to look at when a test has failed. */
function onTestFailedOutput(output: () => string | undefined): void {
  let seen = 0;
  afterEach(({ task }) => {
    const text = output() ?? "";
    if (task.result?.state === "fail") console.error(`The server during "${task.name}":\n${text.slice(seen)}`);
    seen = text.length;
  });
}

/** A flow in the tests' namespace; `rest` begins in the first column. */
export function flow(id: string, rest: string): string {
  return `id: ${id}\nnamespace: ${NAMESPACE}\n${rest.replace(/^\n/, "")}`;
}

/** Saves the flow and runs it to its end. */
export async function run(server: Server, source: string, options: ExecuteOptions = {}): Promise<ExecutionJson> {
  await server.api.saveFlow(source);
  const id = /^id: (\S+)/m.exec(source)?.[1] ?? "";
  return server.api.execute(NAMESPACE, id, { wait: true, timeoutMs: 60_000, ...options });
}

/** The only run of the task. */
export function taskRun(execution: ExecutionJson, taskId: string): TaskRunJson {
  const found = execution.taskRunList?.filter((one) => one.taskId === taskId) ?? [];
  expect(found, `runs of ${taskId}`).toHaveLength(1);
  return found[0] as TaskRunJson;
}

/** All messages of the execution's log at this level. */
export async function messages(server: Server, executionId: string, level: string): Promise<string[]> {
  const lines = await server.api.logs(executionId);
  return lines.filter((line) => line.level === level).map((line) => line.message);
}

export interface ErrorBody {
  readonly message: string;
  readonly problems?: readonly Problem[];
}

/** The error that the answer carries, after checking its status. */
export function errorOf(answer: Answer, status: number): ErrorBody {
  expect({ status: answer.status, body: answer.text.slice(0, 500) }).toMatchObject({ status });
  return JSON.parse(answer.text) as ErrorBody;
}

/** The answer to a start that must be refused. */
export async function refusal(start: Promise<ExecutionJson>): Promise<Answer> {
  try {
    const execution = await start;
    throw new Error(`The start was accepted: ${execution.id} ${execution.state.current}`);
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    throw error;
  }
}

/** Runs a flow of one step: the server lives and works. */
export async function expectAlive(server: Server): Promise<void> {
  const execution = await run(server, flow("alive", ALIVE), { timeoutMs: 20_000 });
  expect(execution.state.current).toBe("SUCCESS");
}

const ALIVE = `
tasks:
  - id: step
    type: io.kestra.plugin.core.debug.Return
    format: alive
`;
