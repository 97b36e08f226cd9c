import type { Label } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { JsonObject } from "#schema/json.ts";
import type { State } from "#schema/state.ts";
import { executionPath, json, type Query, send } from "./api.ts";

// What the page asks the server to do to executions.

const JSON_TYPE = "application/json";

export type ReplayWish = {
  taskRunId?: string | undefined;
  revision?: number | undefined;
  /** From how it was after so many events. */
  at?: number | undefined;
  breakpoints?: readonly string[];
  /** Inputs as form fields; left out where nothing but the place changes. */
  form?: FormData | undefined;
  outputs?: Readonly<Record<string, JsonObject>>;
  skip?: readonly string[];
};

async function post(id: string, action: string, query: Query = [], body?: BodyInit, type?: string): Promise<void> {
  await send(`${executionPath(id)}/${action}`, {
    method: "POST",
    query,
    ...(body === undefined ? {} : { body }),
    ...(type === undefined ? {} : { type }),
  });
}

export const steer = {
  kill: async (id: string, cascade: boolean) => {
    await send(`${executionPath(id)}/kill`, { method: "DELETE", query: [["isOnKillCascade", String(cascade)]] });
  },
  pause: (id: string) => post(id, "pause"),
  resume: (id: string, body: FormData) => post(id, "resume", [], body),
  resumeFromBreakpoint: (id: string, breakpoints: readonly string[]) =>
    post(id, "resume-from-breakpoint", [["breakpoints", breakpoints.join(",")]]),
  /** In place; with a revision a new execution. */
  restart: (id: string, revision?: number) =>
    json<ExecutionJson>(`${executionPath(id)}/restart`, {
      method: "POST",
      query: revision === undefined ? [] : [["revision", String(revision)]],
    }),
  unqueue: (id: string, state: "RUNNING" | "CANCELLED" | "FAILED") => post(id, "unqueue", [["state", state]]),
  forceRun: (id: string) => post(id, "force-run"),
  changeStatus: (id: string, status: State) => post(id, "change-status", [["status", status]]),
  changeState: (id: string, taskRunId: string, state: State) =>
    post(id, "state", [], JSON.stringify({ taskRunId, state }), JSON_TYPE),
  setLabels: (id: string, labels: readonly Label[]) => post(id, "labels", [], JSON.stringify(labels), JSON_TYPE),
  remove: async (id: string) => {
    await send(executionPath(id), { method: "DELETE" });
  },
  replay: (id: string, { taskRunId, revision, at, breakpoints = [], form, outputs = {}, skip = [] }: ReplayWish) => {
    const query: [string, string][] = [];
    if (taskRunId !== undefined) query.push(["taskRunId", taskRunId]);
    if (revision !== undefined) query.push(["revision", String(revision)]);
    if (at !== undefined) query.push(["at", String(at)]);
    if (breakpoints.length > 0) query.push(["breakpoints", breakpoints.join(",")]);
    const changes = {
      ...(Object.keys(outputs).length > 0 ? { outputs } : {}),
      ...(skip.length > 0 ? { skip } : {}),
    };
    if (form === undefined && Object.keys(changes).length === 0)
      return json<ExecutionJson>(`${executionPath(id)}/replay`, { method: "POST", query });
    const body = form ?? new FormData();
    body.append("_changes", JSON.stringify(changes));
    return json<ExecutionJson>(`${executionPath(id)}/replay-with-inputs`, { method: "POST", query, body });
  },
};

export { canChangeState, changeableRuns, END_STATES, readOutputs, runName } from "../model/steering.ts";
