import { dispatchName } from "#actors/dispatch/dispatch-rpc.ts";
import { flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import { cellName, sharedCells } from "#schema/ids.ts";
import { TERMINAL_STATES } from "#schema/state.ts";
import { actorByName, type Env } from "./env.ts";
import { portsOf } from "./ports/ports.ts";
import { placementOf } from "./request.ts";
import { TENANT } from "./request-path.ts";
import { sweepFiles } from "./sweep-files.ts";

// The minute's round: every owner of a timer is asked to look at what is overdue. It repairs; nothing depends on it while alarms are kept.

const OVERDUE_AFTER_MS = 60_000;
const MAX_FLOWS = 200;
const MAX_EXECUTIONS = 500;
const CONCURRENCY = 8;
const DEFAULT_GROUP = "default";

/** How a round went: how many actors were asked, and what those said that failed. */
export type Round = { asked: number; failures: string[] };

/** After a start of the server: every cell that may hold open executions goes on with what it was doing, also one of another `CELLS`. */
export async function bootCells(env: Env): Promise<Round> {
  const names = [...(await cellsToSweep(env))];
  return round(names.map((name) => () => actorByName(env.CELL, name).boot()));
}

export async function sweep(env: Env, now: number): Promise<Round> {
  const { projection } = portsOf(env);
  const jobs: (() => Promise<void>)[] = [];
  for (const name of await cellsToSweep(env)) jobs.push(() => actorByName(env.CELL, name).sweep());
  const flows = new Set<string>();
  for (const flow of await listed(() => projection.overdueFlows(now - OVERDUE_AFTER_MS, MAX_FLOWS)))
    flows.add(flowActorName(flow));
  for (const flow of await listed(() => flowsWithQueue(env))) flows.add(flow);
  for (const name of flows) jobs.push(() => actorByName(env.FLOW, name).sweep());
  jobs.push(() => actorByName(env.DISPATCH, dispatchName(TENANT, DEFAULT_GROUP)).sweep());
  jobs.push(async () => void (await sweepFiles(env, now)));
  return round(jobs);
}

/** All long-lived cells, and of the others those whose execution is not known to have ended. */
async function cellsToSweep(env: Env): Promise<Iterable<string>> {
  return new Set([...sharedCells(placementOf(env)), ...(await listed(() => cellsWithOpenExecutions(env)))]);
}

/** What the lists say; nothing while they are away, so that the round still reaches whom it knows without them. */
async function listed<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (error) {
    console.error("the lists could not be asked for what is open:", error);
    return [];
  }
}

async function cellsWithOpenExecutions(env: Env): Promise<string[]> {
  const open = await portsOf(env).projection.searchExecutions(
    TENANT,
    [{ field: "state", op: "NOT_IN", values: TERMINAL_STATES }],
    { page: 1, size: MAX_EXECUTIONS, sort: [{ field: "state.startDate", descending: false }] },
  );
  return open.results.flatMap(({ id }) => cellName(id) ?? []);
}

/** Flows with executions that wait for a concurrency slot. */
async function flowsWithQueue(env: Env): Promise<string[]> {
  const queued = await portsOf(env).projection.searchExecutions(
    TENANT,
    [{ field: "state", op: "EQUALS", values: ["QUEUED"] }],
    { page: 1, size: MAX_EXECUTIONS, sort: [{ field: "state.startDate", descending: false }] },
  );
  return queued.results.map(({ namespace, flowId }) => flowActorName({ tenant: TENANT, namespace, flowId }));
}

async function round(jobs: readonly (() => Promise<void>)[]): Promise<Round> {
  const failures: string[] = [];
  const left = [...jobs];
  async function work(): Promise<void> {
    for (let job = left.pop(); job; job = left.pop()) {
      try {
        await job();
      } catch (error) {
        console.error("an actor could not be woken:", error);
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { asked: jobs.length, failures };
}
