import type { FlowKey } from "#actors/flow-actor/flow-rpc.ts";
import type { StartRequest } from "#schema/cell.ts";
import type { ExecutionTrigger, Label, ParentLink } from "#schema/event.ts";
import type { ExecutionText } from "#schema/execution.ts";
import { derivedExecutionId, newExecutionId } from "#schema/ids.ts";
import type { JsonObject } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import { jsonSize, MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import type { Env } from "./env.ts";
import type { OpenFlow } from "./flow-cache.ts";
import { HttpError } from "./http-error.ts";
import type { AppParts } from "./parts.ts";
import { portsOf } from "./ports/ports.ts";
import { cellById, placementOf } from "./request.ts";
import { pinned } from "./templates.ts";
import { ShownValues } from "./values.ts";

// How the edge starts an execution: fixes its id first, so that a repeated request is the same execution.

const CORRELATION = "system.correlationId";

/** The id of the execution to come: fresh, or always the same for the same idempotency key of the same flow. */
export function executionId(parts: AppParts, env: Env, key: FlowKey, idempotencyKey?: string): string {
  const placement = placementOf(env);
  if (idempotencyKey === undefined) return newExecutionId(parts.random, placement, parts.now());
  return derivedExecutionId([key.tenant, key.namespace, key.flowId, "request", idempotencyKey], placement);
}

export type NewExecution = {
  id: string;
  key: FlowKey;
  opened: OpenFlow;
  inputs: JsonObject;
  labels: readonly Label[];
  trigger?: ExecutionTrigger;
  scheduleAt?: number;
  parent?: ParentLink;
  /** A check of the flow lets it fail at once, with this message. */
  failure?: string;
  depth?: number;
  wait?: boolean;
  breakpoints?: readonly string[];
  executionKind?: "NORMAL" | "TEST" | "PLAYGROUND";
  /** Among its inputs, as whoever starts it knows. */
  secrets?: readonly string[];
};

export async function startExecution(env: Env, wanted: NewExecution): Promise<ExecutionText> {
  const { id, key, opened, inputs, trigger, scheduleAt, parent, depth, wait, breakpoints, executionKind } = wanted;
  checkValueSize({ inputs, trigger, labels: wanted.labels });
  const request: StartRequest = {
    id,
    tenant: key.tenant,
    namespace: key.namespace,
    flowId: key.flowId,
    revision: opened.revision,
    source: opened.source,
    inputs,
    labels: correlated(withFlowLabels(opened.flow.labels, wanted.labels), id),
  };
  if (trigger) request.trigger = trigger;
  if (scheduleAt !== undefined) request.scheduleAt = scheduleAt;
  if (parent) request.parent = parent;
  if (opened.limited) request.limited = true;
  if (wanted.failure !== undefined) request.failure = wanted.failure;
  if (depth !== undefined) request.depth = depth;
  if (wait) request.wait = true;
  if (breakpoints && breakpoints.length > 0) request.breakpoints = breakpoints;
  if (wanted.secrets && wanted.secrets.length > 0) request.secrets = wanted.secrets;
  if (executionKind) request.executionKind = executionKind;
  return sendStart(env, request);
}

/** Asks the cell that the id names, with what the flow needs beside itself as it is now; twice is once. */
export async function sendStart(env: Env, request: StartRequest): Promise<ExecutionText> {
  const whole = await pinned(env, { ...request, maxDepth: maxDepthOf(env) });
  const started = await untilHeard(() => cellById(env, request.id).start(whole));
  if (started !== null) return new ShownValues(portsOf(env).files).show(started);
  throw new HttpError(409, `Illegal state: the execution ${request.id} was deleted; its id is not used again`);
}

const DEFAULT_MAX_DEPTH = 25;

/** How deep executions may start one another: MAX_DEPTH, or 25. */
export function maxDepthOf({ MAX_DEPTH }: Pick<Env, "MAX_DEPTH">): number {
  const depth = Number(MAX_DEPTH);
  return MAX_DEPTH !== undefined && Number.isSafeInteger(depth) && depth >= 1 ? depth : DEFAULT_MAX_DEPTH;
}

/** Throws 413 for what is more than an execution can keep as one event. */
export function checkValueSize(value: unknown): void {
  const size = jsonSize(value, MAX_VALUE_CHARACTERS);
  if (size <= MAX_VALUE_CHARACTERS) return;
  throw new HttpError(
    413,
    `Request Entity Too Large: the values take about ${size} characters, ${MAX_VALUE_CHARACTERS} are allowed. Pass what is large as a file, with an input of type FILE, or by its address`,
  );
}

const MAX_TRIES = 4;
const FIRST_RETRY_MS = 50;

/**
 * A cell that goes down under the call (a new version of the Worker, a failing machine) is called again: the same id is the same
 * execution. What the cell itself throws is no such thing, and one with too much to do is left alone.
 */
async function untilHeard<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const { remote, overloaded } = Object(error);
      if (attempt === MAX_TRIES || remote === true || overloaded === true) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS * 2 ** attempt));
    }
  }
}

/** Labels of the flow, then `given`; the same key once, the last wins. Labels of the system are not taken over from a flow. */
export function withFlowLabels(ofFlow: readonly Label[], given: readonly Label[]): Label[] {
  const labels = new Map<string, string>();
  for (const { key, value } of ofFlow) if (!key.startsWith("system.")) labels.set(key, value);
  for (const { key, value } of given) labels.set(key, value);
  return [...labels].map(([key, value]) => ({ key, value }));
}

function correlated(labels: Label[], id: string): Label[] {
  if (!labels.some(({ key }) => key === CORRELATION)) labels.push({ key: CORRELATION, value: id });
  return labels;
}

/** Throws 422 for a label that only the system may set. */
export function checkLabels(labels: readonly Label[]): void {
  for (const { key, value } of labels) {
    if (!key.startsWith("system.") || key === CORRELATION) continue;
    throw new HttpError(
      422,
      `Illegal argument: System labels can only be set by Kestra itself, offending label: ${key}=${value}`,
    );
  }
}

/** Throws 422 with every input that is wrong. */
export function checkInputProblems(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity = "error" }) => severity === "error");
  if (errors.length === 0) return;
  throw new HttpError(422, `Invalid entity: ${errors.map(({ message }) => message).join(", ")}`, { problems: errors });
}
