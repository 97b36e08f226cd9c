import type { FlowKey } from "#actors/flow-actor/flow-rpc.ts";
import { compilePlan, forkProblem, notKept } from "#engine/index.ts";
import type { Fork, ForkSource, StartRequest } from "#schema/cell.ts";
import type { Label } from "#schema/event.ts";
import type { ExecutionText } from "#schema/execution.ts";
import { derivedExecutionId, newExecutionId } from "#schema/ids.ts";
import type { JsonObject } from "#schema/json.ts";
import { isTerminal } from "#schema/state.ts";
import type { CellRpc } from "./cells.ts";
import type { Env } from "./env.ts";
import type { OpenFlow } from "./flow-cache.ts";
import { checkTaskNames } from "./flow-tasks.ts";
import { conflict, HttpError, illegalArgument, notFound } from "./http-error.ts";
import type { AppParts } from "./parts.ts";
import { portsOf } from "./ports/ports.ts";
import { cellById, foundOr404, placementOf } from "./request.ts";
import { checkValueSize, sendStart } from "./start-execution.ts";
import { adoptFork } from "./values.ts";

// New executions that go on from what another one did: a replay, and a restart with another revision.
//
// F1. The other execution is only read. The new one has its inputs, labels and trigger, but nobody who waits for it.
// F2. It is one more attempt of the same chain: `parentId` is the other, `originalId` the first of all.
// F3. With an idempotency key its id follows from the other's and the key: a repeated request is the same execution.

export type ForkKind = "replay" | "restart";

/** The other execution as it is, or was at `seq`, the flow at the wanted revision, and the id that is fixed for the new one. */
export type OpenFork = {
  kind: ForkKind;
  sourceId: string;
  source: ForkSource;
  /** It goes on from an earlier point of the other one, named by its sequence number. */
  isPast: boolean;
  key: FlowKey;
  opened: OpenFlow;
  id: string;
};

export type ForkWish = {
  tenant: string;
  revision?: number | undefined;
  /** The flow's newest revision, not the one the other execution ran. */
  latest?: boolean | undefined;
  /** After so many events of the other one. */
  at?: number | undefined;
  idempotencyKey?: string | undefined;
};

/** What is to be another way this time. */
export type ForkChanges = {
  taskRunId?: string | undefined;
  inputs?: JsonObject | undefined;
  /** By task run id. */
  outputs?: Readonly<Record<string, JsonObject>> | undefined;
  skip?: readonly string[] | undefined;
  breakpoints?: readonly string[] | undefined;
};

const MARK: Readonly<Record<ForkKind, Label>> = {
  replay: { key: "system.replay", value: "true" },
  restart: { key: "system.restarted", value: "true" },
};

/** Reads all that a fork needs. Throws 404 for what is not there and 409 while the other execution has not ended. */
export async function openFork(
  parts: AppParts,
  env: Env,
  kind: ForkKind,
  sourceId: string,
  wish: ForkWish,
): Promise<OpenFork> {
  const source = await sourceOf(env, sourceId, wish.at);
  const { namespace, flowId } = source.facts;
  // What is past does not change any more, whatever the execution does now.
  if (wish.at === undefined) checkForkable(kind, source);
  const key = { tenant: wish.tenant, namespace, flowId };
  const revision = wish.latest ? undefined : (wish.revision ?? source.revision);
  const opened = await openRevision(parts, env, key, revision);
  const id = forkId(parts, env, kind, sourceId, wish.idempotencyKey);
  return { kind, sourceId, source, isPast: wish.at !== undefined, key, opened, id };
}

async function sourceOf(env: Env, id: string, at: number | undefined): Promise<ForkSource> {
  const cell = cellById(env, id);
  if (at !== undefined) await checkReached(cell, id, at);
  return foundOr404(await cell.forkOf(id, at === undefined ? {} : { seq: at }), id);
}

/** Throws 422 for a number of events that an execution never had, 404 when there is no such execution. */
export async function checkReached(cell: CellRpc, id: string, at: number): Promise<void> {
  const { events } = foundOr404(await cell.events(id, at - 1, 1), id);
  if (events.length > 0) return;
  throw illegalArgument(`the execution ${id} has not had ${at} events; at=1 is its first one, /events lists them`);
}

function checkForkable(kind: ForkKind, { state, runs }: ForkSource): void {
  const isForkable = isTerminal(state) || (kind === "restart" && state === "PAUSED");
  if (!isForkable) throw conflict(`Execution must be terminated to be ${kind}ed, current state is '${state}' !`);
  if (kind === "replay" || state === "FAILED" || state === "PAUSED") return;
  if (runs.some((run) => run.state === "FAILED" || run.state === "KILLED")) return;
  throw illegalArgument("No task found to restart execution from!");
}

async function openRevision(parts: AppParts, env: Env, key: FlowKey, revision: number | undefined): Promise<OpenFlow> {
  try {
    return await parts.cache.open(env, key, revision);
  } catch (error) {
    if (revision === undefined || !(error instanceof HttpError) || error.status !== 404) throw error;
    throw notFound(`Unable to find revision ${revision} on flow ${key.namespace}.${key.flowId}`);
  }
}

function forkId(parts: AppParts, env: Env, kind: ForkKind, sourceId: string, idempotencyKey?: string): string {
  const placement = placementOf(env);
  if (idempotencyKey === undefined) return newExecutionId(parts.random, placement, parts.now());
  return derivedExecutionId([sourceId, kind, idempotencyKey], placement);
}

export async function startFork(env: Env, fork: OpenFork, changes: ForkChanges = {}): Promise<ExecutionText> {
  const { kind, sourceId, source, key, opened, id } = fork;
  const { facts } = source;
  const { inputs = facts.inputs, breakpoints = [] } = changes;
  checkValueSize({ inputs });
  const request: StartRequest = {
    id,
    ...key,
    revision: opened.revision,
    source: opened.source,
    inputs,
    labels: [...source.labels.filter(({ key: name }) => name !== MARK[kind].key), MARK[kind]],
    originalId: facts.originalId ?? sourceId,
    parentId: sourceId,
    attempt: source.attempt + 1,
    originalCreatedAt: facts.originalCreatedAt ?? facts.at,
  };
  if (source.secrets) request.secrets = source.secrets;
  if (facts.trigger) request.trigger = facts.trigger;
  if (facts.depth !== undefined) request.depth = facts.depth;
  if (facts.executionKind) request.executionKind = facts.executionKind;
  if (breakpoints.length > 0) request.breakpoints = breakpoints;
  const takenOver = forkOf(fork, changes);
  if (takenOver) request.fork = await adopted(env, fork, takenOver);
  return sendStart(env, request);
}

/** With the files of large outputs copied, so that neither execution loses them with the other. */
async function adopted(env: Env, { sourceId, key, id }: OpenFork, fork: Fork): Promise<Fork> {
  const answer = await adoptFork(
    portsOf(env).files,
    { ...key, executionId: sourceId },
    { ...key, executionId: id },
    fork,
  );
  if ("message" in answer) throw illegalArgument(answer.message);
  return answer.fork;
}

/**
 * What is taken over: nothing for a replay from the start. From an earlier point without a task run, it goes on with whatever had not
 * ended there.
 */
function forkOf({ kind, sourceId, source, isPast, opened }: OpenFork, changes: ForkChanges): Fork | undefined {
  const { taskRunId, outputs = {}, skip = [] } = changes;
  const isFromStart = kind === "replay" && taskRunId === undefined && !isPast;
  const hasOutputs = Object.keys(outputs).length > 0;
  checkTaskNames(opened.flow, "skipped task", skip);
  if (isFromStart && hasOutputs)
    throw illegalArgument(
      "a replay from the start keeps no task run whose outputs could be changed: name a `taskRunId`",
    );
  if (isFromStart && skip.length === 0) return undefined;
  const runs = isFromStart ? [] : source.runs;
  const from = taskRunId === undefined ? "failed" : indexOfRun(source, taskRunId);
  const problem = forkProblem(compilePlan(opened.flow), runs, from);
  if (problem !== undefined) throw illegalArgument(problem);
  return {
    executionId: sourceId,
    seq: source.seq,
    runs,
    from,
    ...(hasOutputs ? { outputs: byIndex(source, from, outputs) } : {}),
    ...(skip.length > 0 ? { skip } : {}),
  };
}

/** Throws 422 for a task run that is not kept: its other outputs would silently do nothing. */
function byIndex(
  source: ForkSource,
  from: Fork["from"],
  outputs: Readonly<Record<string, JsonObject>>,
): Record<string, JsonObject> {
  const entries = Object.entries(outputs).map(([id, value]) => [indexOfRun(source, id), value] as const);
  const lost = notKept(source.runs, from);
  const [first] = entries.find(([index]) => lost.has(index)) ?? [];
  if (first !== undefined)
    throw illegalArgument(
      `the outputs of '${source.runs[first]?.taskId}' cannot be changed: it is not kept by this replay, which runs it again`,
    );
  return Object.fromEntries(entries.map(([index, value]) => [String(index), value]));
}

function indexOfRun({ taskRunIds }: ForkSource, taskRunId: string): number {
  const index = taskRunIds.indexOf(taskRunId);
  if (index >= 0) return index;
  throw notFound(`Unable to find the task run ${taskRunId.slice(0, 100)}`);
}
