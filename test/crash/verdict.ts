// Compares what the client was told, what the actors say, what the list says and what reached the outside. Pure.
import type { ExecutionJson } from "#schema/execution.ts";
import { isTerminal } from "#schema/state.ts";
import type { Sink } from "../support/sink.ts";
import type { Order } from "./client.ts";
import { CHILD, type Expected, type Kind } from "./flows.ts";

export interface Findings {
  readonly orders: readonly Order[];
  /** The truth of each id that the client or the list knows; undefined when the server denies it. */
  readonly truth: ReadonlyMap<string, ExecutionJson | undefined>;
  readonly list: readonly ExecutionJson[];
  readonly sink: Sink;
  readonly kills: number;
}

export interface Verdict {
  /** Accepted, and not there or not whole. */
  readonly lost: readonly string[];
  /** There more often than asked for, or a step done more often than allowed. */
  readonly doubled: readonly string[];
  /** Not ended. */
  readonly stuck: readonly string[];
  /** Ended in another state than it must. */
  readonly wrongEnd: readonly string[];
  /** The list and the truth differ. */
  readonly listDiffers: readonly string[];
  /** Answers that must not be given. */
  readonly wrongAnswers: readonly string[];
}

export function judge(findings: Findings): Verdict {
  const verdict = { lost: [], doubled: [], stuck: [], wrongEnd: [], listDiffers: [], wrongAnswers: [] } as {
    -readonly [K in keyof Verdict]: string[];
  };
  const known = new Set<string>();
  for (const order of findings.orders) {
    const name = `order ${order.number} (${order.kind.flowId})`;
    if (order.wrong !== undefined) verdict.wrongAnswers.push(`${name}: ${order.wrong}`);
    const wanted = order.kind.replayed ? 2 : 1;
    for (const id of order.ids) known.add(id);
    for (let number = 0; number < wanted; number++) {
      const id = order.ids[number];
      const execution = id === undefined ? undefined : findings.truth.get(id);
      if (!execution) verdict.lost.push(`${name}: ${id ?? "never accepted"}`);
      else checkExecution(verdict, findings, execution, order.kind);
    }
    const found = findings.list.filter(({ labels }) =>
      labels.some(({ key, value }) => key === "ledger" && value === String(order.number)),
    );
    const own = found.filter(({ flowId }) => flowId === order.kind.flowId);
    if (own.length > wanted) verdict.doubled.push(`${name}: ${own.map((one) => one.id).join(", ")}`);
  }
  checkChildren(verdict, findings, known);
  checkList(verdict, findings, known);
  checkSink(verdict, findings, known);
  return verdict;
}

type Draft = { -readonly [K in keyof Verdict]: string[] };

function checkExecution(verdict: Draft, { sink }: Findings, execution: ExecutionJson, kind: Kind): void {
  const { expected, flowId } = kind;
  const name = `${execution.id} (${flowId})`;
  const { current } = execution.state;
  if (!isTerminal(current)) verdict.stuck.push(`${name}: ${current}; ${describeRuns(execution)}`);
  else if (current !== expected.state) verdict.wrongEnd.push(`${name}: ${current}; ${describeRuns(execution)}`);
  else checkRuns(verdict, execution, expected, name);
  for (const step of expected.effects ?? []) {
    if (isTerminal(current) && sink.count(execution.id, step) === 0) verdict.lost.push(`${name}: effect of ${step}`);
  }
}

function checkRuns(verdict: Draft, execution: ExecutionJson, expected: Expected, name: string): void {
  const runs = execution.taskRunList ?? [];
  const places = new Set<string>();
  for (const run of runs) {
    const place = `${run.taskId}[${run.value ?? ""}]`;
    if (places.has(place)) verdict.doubled.push(`${name}: two runs of ${place}`);
    places.add(place);
    if (!isTerminal(run.state.current)) verdict.stuck.push(`${name}: ${place} is ${run.state.current}`);
    const { from, to } = expected.attempts?.[run.taskId] ?? { from: 1, to: 1 };
    const attempts = run.attempts.length;
    // A container has no attempts of its own in some dialects; never more than allowed is what counts.
    if (attempts > to) verdict.doubled.push(`${name}: ${attempts} attempts of ${place}`);
    else if (attempts < from && expected.attempts?.[run.taskId])
      verdict.lost.push(`${name}: ${attempts} attempts of ${place}`);
  }
  for (const taskId of new Set([...Object.keys(expected.runs), ...runs.map((run) => run.taskId)])) {
    const wanted = expected.runs[taskId] ?? 0;
    const got = runs.filter((run) => run.taskId === taskId).length;
    if (got < wanted) verdict.lost.push(`${name}: ${got} of ${wanted} runs of ${taskId}`);
    if (got > wanted) verdict.doubled.push(`${name}: ${got} instead of ${wanted} runs of ${taskId}`);
  }
}

/** Each finished Subflow task has one child, and no child has no parent. */
function checkChildren(verdict: Draft, findings: Findings, known: Set<string>): void {
  const byParent = new Map<string, string>();
  for (const order of findings.orders) {
    if (order.kind.flowId !== "parent") continue;
    const parent = findings.truth.get(order.ids[0] ?? "");
    const child = parent?.taskRunList?.find(({ taskId }) => taskId === "child")?.outputs?.executionId;
    if (typeof child !== "string") continue;
    if (byParent.has(child)) verdict.doubled.push(`${child}: the child of two parents`);
    byParent.set(child, parent?.id ?? "");
    known.add(child);
    const execution = findings.truth.get(child);
    if (!execution) verdict.lost.push(`${child}: the child of ${parent?.id}`);
    else checkExecution(verdict, findings, execution, CHILD);
  }
  for (const { id, flowId } of findings.list) {
    if (flowId === CHILD.flowId && !byParent.has(id)) verdict.doubled.push(`${id}: a child that no parent knows`);
  }
}

function checkList(verdict: Draft, { list, truth }: Findings, known: ReadonlySet<string>): void {
  const seen = new Set<string>();
  for (const { id, state, flowId } of list) {
    if (seen.has(id)) verdict.listDiffers.push(`${id} is in the list twice`);
    seen.add(id);
    if (!known.has(id)) verdict.doubled.push(`${id} (${flowId}) was never asked for, or asked for twice`);
    const actual = truth.get(id)?.state.current;
    if (actual !== state.current)
      verdict.listDiffers.push(`${id} (${flowId}): ${state.current} in the list, ${actual} in truth`);
  }
  for (const id of known)
    if (!seen.has(id)) verdict.listDiffers.push(`${id} (${truth.get(id)?.flowId}) is not in the list`);
}

/** An effect may be repeated by a kill that came between it and its commit, and by nothing else. */
function checkSink(verdict: Draft, { sink, kills }: Findings, known: ReadonlySet<string>): void {
  for (const { execution, step, times } of sink.all()) {
    if (!known.has(execution)) verdict.doubled.push(`the sink was called by ${execution}, which nobody asked for`);
    if (step !== "flaky" && times > 1 + kills) verdict.doubled.push(`${execution}: effect of ${step} ${times} times`);
  }
}

function describeRuns({ taskRunList = [] }: ExecutionJson): string {
  return taskRunList
    .map((run) => `${run.taskId}[${run.value ?? ""}] ${run.state.current} x${run.attempts.length}`)
    .join(", ");
}
