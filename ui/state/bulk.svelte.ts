import { SvelteSet } from "svelte/reactivity";
import type { Label } from "#schema/event.ts";
import type { State } from "#schema/state.ts";
import { json, type Query } from "./api.ts";

export const BULK_ACTIONS = [
  "resume",
  "pause",
  "kill",
  "restart",
  "replay",
  "unqueue",
  "force-run",
  "change-status",
  "labels",
  "delete",
] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

export type BulkOptions = {
  cascade: boolean;
  newStatus: State;
  newState: "RUNNING" | "CANCELLED" | "FAILED";
  latestRevision: boolean;
  includeNonTerminated: boolean;
  labels: readonly Label[];
};
export const NO_OPTIONS: BulkOptions = {
  cascade: false,
  newStatus: "SUCCESS",
  newState: "RUNNING",
  latestRevision: false,
  includeNonTerminated: false,
  labels: [],
};

export type BulkTarget = { kind: "ids"; ids: readonly string[] } | { kind: "query"; query: Query };
type Invalid = { message: string; invalidValue: string };
export type BulkAnswer = { count: number; invalids: readonly Invalid[] };

/** Executions a reader has chosen: some of the list, or all that match its filters. */
export class Selection {
  readonly ids = new SvelteSet<string>();
  all = $state(false);

  get some(): boolean {
    return this.all || this.ids.size > 0;
  }
  toggle(id: string): void {
    this.all = false;
    if (!this.ids.delete(id)) this.ids.add(id);
  }
  choose(ids: readonly string[], on: boolean): void {
    this.all = false;
    for (const id of ids) on ? this.ids.add(id) : this.ids.delete(id);
  }
  clear(): void {
    this.all = false;
    this.ids.clear();
  }
}

/**
 * Does it to all of the target, or only counts. Those that do not allow it are left out and told. What is more than the server steers
 * at once is gone through in parts.
 */
export async function steerMany(
  action: BulkAction,
  target: BulkTarget,
  options: BulkOptions,
  dryRun: boolean,
): Promise<BulkAnswer> {
  const path = `/executions${action === "delete" ? "" : `/${action}`}/${target.kind === "ids" ? "by-ids" : "by-query"}`;
  const method = action === "kill" || action === "delete" ? "DELETE" : "POST";
  let count = 0;
  const invalids: Invalid[] = [];
  for (let after: string | undefined = ""; after !== undefined; ) {
    const query: (readonly [string, string])[] = [...optionQuery(action, options), ["dryRun", String(dryRun)]];
    if (!dryRun) query.push(["skipInvalid", "true"]);
    if (target.kind === "query") query.push(...target.query, ["after", after]);
    const body = bodyOf(action, target, options);
    const answer: { count: number; invalids?: readonly Invalid[]; next?: string } = await json(path, {
      method,
      query,
      ...(body === undefined ? {} : { body: JSON.stringify(body), type: "application/json" }),
    });
    count += answer.count;
    invalids.push(...(answer.invalids ?? []));
    after = answer.next;
  }
  return { count, invalids };
}

function bodyOf(action: BulkAction, target: BulkTarget, { labels }: BulkOptions): unknown {
  if (target.kind === "query") return action === "labels" ? labels : undefined;
  return action === "labels" ? { executionsId: target.ids, executionLabels: labels } : target.ids;
}

function optionQuery(action: BulkAction, options: BulkOptions): (readonly [string, string])[] {
  switch (action) {
    case "kill":
      return [["isOnKillCascade", String(options.cascade)]];
    case "change-status":
      return [["newStatus", options.newStatus]];
    case "unqueue":
      return [["newState", options.newState]];
    case "replay":
      return [["latestRevision", String(options.latestRevision)]];
    case "delete":
      return [["includeNonTerminated", String(options.includeNonTerminated)]];
    default:
      return [];
  }
}
