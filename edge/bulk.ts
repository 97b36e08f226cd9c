import type { Command, Standing } from "#schema/cell.ts";
import type { Condition } from "./db/filter.ts";
import { MAX_PAGE_SIZE } from "./db/filter.ts";
import type { Env } from "./env.ts";
import { HttpError, type Invalid, illegalArgument } from "./http-error.ts";
import { portsOf } from "./ports/ports.ts";
import { placementOf } from "./request.ts";
import { eachAtOnce, standingsOf } from "./steering.ts";

// Many executions steered by one request.
//
// B1. First every cell is asked, then anything is done: with one id that does not allow it nothing is done, unless what does not allow it
//     is to be left out.
// B2. What a cell refuses after all, because it moved meanwhile, is an error in the answer and not counted as done.
// B3. A dry run is the first half alone.
// B4. One request steers a bounded number. By query, `after` goes on behind the last id that was looked at, in the order of ids.

/** Where each execution has a cell of its own, each is two calls, and the platform bounds the calls of one request. */
const MAX_EXECUTIONS = { shared: 2000, each: 400 } as const;

export type BulkAction = {
  /** As in `invalid bulk kill`. */
  name: string;
  /** What the cells are asked about. */
  ask: Command;
  allows(standing: Standing): boolean;
  /** Why one that does not allow it is refused. */
  sentence: string;
  /** Does it to one; why it was refused, or undefined when it is done. */
  apply(id: string): Promise<string | undefined>;
};

export type BulkOptions = { dryRun: boolean; skipInvalid: boolean };
export type BulkAnswer = { count: number; invalids?: readonly Invalid[]; next?: string };

export function maxBulk(env: Env): number {
  return placementOf(env) === "each" ? MAX_EXECUTIONS.each : MAX_EXECUTIONS.shared;
}

/** Steers the executions of `ids`, each once. Throws 400 with the reason of each when some do not allow it. */
export async function steerAll(
  env: Env,
  ids: readonly string[],
  action: BulkAction,
  { dryRun, skipInvalid }: BulkOptions,
): Promise<BulkAnswer> {
  const standings = await standingsOf(env, ids, action.ask);
  const allowed: string[] = [];
  const invalids: Invalid[] = [];
  for (const [id, standing] of standings) {
    if (standing !== null && action.allows(standing)) allowed.push(id);
    else invalids.push(invalid(id, standing === null ? "execution not found" : action.sentence));
  }
  if (dryRun) return answer(allowed.length, invalids);
  if (invalids.length > 0 && !skipInvalid) throw new HttpError(400, `invalid bulk ${action.name}`, { invalids });
  let count = 0;
  await eachAtOnce(allowed, async (id) => {
    const refused = await action.apply(id);
    if (refused === undefined) count += 1;
    else invalids.push(invalid(id, refused));
  });
  return answer(count, invalids);
}

function invalid(id: string, message: string): Invalid {
  return { message, invalidValue: id.slice(0, 100), propertyPath: "id" };
}

function answer(count: number, invalids: readonly Invalid[]): BulkAnswer {
  return invalids.length > 0 ? { count, invalids } : { count };
}

/** Ids of executions that the lists show under `conditions`, in order. With `next` when there are more behind. */
export async function matchingIds(
  env: Env,
  tenant: string,
  conditions: readonly Condition[],
  after: string | undefined,
): Promise<{ ids: string[]; next?: string }> {
  const limit = maxBulk(env);
  const ids: string[] = [];
  for (let last = after ?? ""; ; last = ids.at(-1) ?? "") {
    const behind: Condition[] = last === "" ? [] : [{ field: "id", op: "GREATER_THAN", values: [last] }];
    const size = Math.min(MAX_PAGE_SIZE, limit - ids.length);
    const paging = { page: 1, size, sort: [{ field: "id", descending: false }] };
    const { results, total } = await portsOf(env).projection.searchExecutions(
      tenant,
      [...conditions, ...behind],
      paging,
    );
    if (after === undefined && total > limit && ids.length === 0) throw tooMany(total, limit);
    ids.push(...results.map(({ id }) => id));
    if (total <= results.length) return { ids };
    if (ids.length >= limit) return { ids, next: ids.at(-1) ?? "" };
  }
}

/** Throws 422 for more ids than one request steers. */
export function checkBulkSize(env: Env, ids: readonly string[]): void {
  const limit = maxBulk(env);
  if (ids.length > limit) throw illegalArgument(`at most ${limit} executions at once, and there are ${ids.length} ids`);
}

function tooMany(total: number, limit: number): HttpError {
  return illegalArgument(
    `${total} executions match, and one request steers at most ${limit}. Narrow the filter, or go through them in parts: with \`after=\` the answer has \`next\`, the \`after\` of the next request`,
  );
}
