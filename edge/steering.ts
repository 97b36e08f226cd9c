import * as z from "zod";
import type { Command, CommandAnswer, Standing } from "#schema/cell.ts";
import { Label } from "#schema/event.ts";
import type { ExecutionText } from "#schema/execution.ts";
import { cellName } from "#schema/ids.ts";
import { isTerminal, type State } from "#schema/state.ts";
import { actorByName, type Env } from "./env.ts";
import { HttpError, illegalArgument } from "./http-error.ts";
import { executionFolder, valuesFolder } from "./ports/file-path.ts";
import { portsOf } from "./ports/ports.ts";
import { cellById, executionNotFound, foundOr404 } from "./request.ts";
import { ShownValues } from "./values.ts";

// What is done to executions that are there, whether by one request for one or by one for many.

const PREFIXES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  409: "Illegal state",
  422: "Illegal argument",
};

/** What a refused command says to who asked for it. */
export function refusalError({ status, message }: Extract<CommandAnswer, { ok: false }>): HttpError {
  return new HttpError(status, `${PREFIXES[status]}: ${message}`);
}

/** The execution after the command; throws what the cell refuses. */
export async function steer(env: Env, id: string, command: Command): Promise<ExecutionText> {
  const answer = await cellById(env, id).command(id, command);
  if (!answer.ok) throw refusalError(answer);
  return new ShownValues(portsOf(env).files).show(answer.execution);
}

const CELL_CALL_MAX = 500;
const CALLS_AT_ONCE = 16;

/** Where each execution stands towards `command`: null for one that is not there. One call for all that share a cell. */
export async function standingsOf(
  env: Env,
  ids: readonly string[],
  command: Command,
): Promise<Map<string, Standing | null>> {
  const standings = new Map<string, Standing | null>(ids.map((id) => [id, null]));
  const byCell = new Map<string, string[]>();
  for (const id of standings.keys()) {
    const name = cellName(id);
    if (name === undefined) continue;
    const group = byCell.get(name) ?? [];
    group.push(id);
    byCell.set(name, group);
  }
  const calls = [...byCell].flatMap(([name, group]) => chunksOf(group, CELL_CALL_MAX).map((part) => ({ name, part })));
  await eachAtOnce(calls, async ({ name, part }) => {
    const answers = await actorByName(env.CELL, name).standing(part, command);
    for (const [index, id] of part.entries()) standings.set(id, answers[index] ?? null);
  });
  return standings;
}

export async function standingOf(env: Env, id: string, command: Command): Promise<Standing> {
  return foundOr404((await standingsOf(env, [id], command)).get(id) ?? null, id);
}

/** Runs `work` for all items, some at once. The first failure ends it; what runs then is waited for. */
export async function eachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(CALLS_AT_ONCE, items.length) }, lane));
  for (const outcome of lanes) if (outcome.status === "rejected") throw outcome.reason;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Takes away the execution and, when asked, its files. Throws 404 when it is not there. */
export async function removeExecution(env: Env, tenant: string, id: string, deleteStorage: boolean): Promise<void> {
  const cell = cellById(env, id);
  const { namespace, flowId } = foundOr404(await cell.get(id), id);
  if (!(await cell.remove(id))) throw executionNotFound(id);
  const place = { tenant, namespace, flowId, executionId: id };
  // Values that were too large for the log are a part of it, not files of the user's.
  await portsOf(env).files.deleteFolder(deleteStorage ? executionFolder(place) : valuesFolder(place));
}

/** Throws 422 for a state that nothing can be said to have ended in. */
export function checkTerminal(state: State, what: "an execution" | "a task run"): void {
  if (isTerminal(state)) return;
  throw illegalArgument(`You can only change the status of ${what} to a terminal state.`);
}

export const LabelsBody = z.array(Label).max(100);

/**
 * The labels that a command is to set. A label of the system that comes back as it was is left out; one that is new or changed is
 * refused with 422. `current` is asked for only when there are such.
 */
export async function settableLabels(
  given: readonly Label[],
  current: () => Promise<readonly Label[]>,
): Promise<readonly Label[]> {
  const system = given.filter(({ key }) => key.startsWith("system."));
  if (system.length === 0) return given;
  const there = new Map((await current()).map(({ key, value }) => [key, value]));
  const changed = system.find(({ key, value }) => there.get(key) !== value);
  if (changed === undefined) return given.filter(({ key }) => !key.startsWith("system."));
  throw illegalArgument(
    `System labels can only be set by Kestra itself, offending label: ${changed.key}=${changed.value}`,
  );
}
