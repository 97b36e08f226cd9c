import * as z from "zod";
import type { Command, Standing } from "#schema/cell.ts";
import type { Label } from "#schema/event.ts";
import { isTerminal, State } from "#schema/state.ts";
import { type BulkAction, type BulkAnswer, checkBulkSize, matchingIds, steerAll } from "../bulk.ts";
import { openFork, startFork } from "../fork-execution.ts";
import { HttpError } from "../http-error.ts";
import { BODY_MAX_BYTES, readText } from "../middleware/body/body-limit.ts";
import type { AppParts } from "../parts.ts";
import { cellById, flag, idempotencyKeyOf, jsonBody, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { ExecutionFilterQuery } from "../search-query.ts";
import { checkTerminal, LabelsBody, removeExecution, settableLabels } from "../steering.ts";
import { executionFilter } from "./execution-lists.ts";
import { userRoute } from "./user-route.ts";

const IdsBody = z.array(z.string().max(200));
const LabelsByIdsBody = z.object({ executionsId: IdsBody, executionLabels: LabelsBody });
const BulkQuery = z.object({
  dryRun: flag(false).describe("Only count what would be done"),
  skipInvalid: flag(false).describe("Leave out what does not allow it, in place of refusing all"),
});
const AfterQuery = z.object({
  after: z
    .string()
    .max(200)
    .optional()
    .describe("Go through more than one request steers: empty at first, then the `next` of the last answer"),
});
const BulkBody = z.object({
  count: z.int(),
  invalids: z.array(z.object({ message: z.string(), invalidValue: z.string(), propertyPath: z.string() })).optional(),
  next: z.string().optional(),
});

/** One thing that can be done to many. `make` reads what the request says of it, but for the ids. */
type Bulk = {
  name: string;
  method: "POST" | "DELETE";
  /** Between `/executions` and `/by-ids`. */
  path: string;
  summary: string;
  query?: z.ZodObject;
  make(c: AppContext, body: { labels: readonly Label[] }): BulkAction;
};

const isAllowed = ({ refusal }: Standing): boolean => refusal === undefined;

/** Sends each execution a command. */
function commanding(c: AppContext, name: string, sentence: string, command: Command): BulkAction {
  const commandId = idempotencyKeyOf(c);
  const wanted = commandId === undefined ? command : { ...command, commandId };
  return {
    name,
    // A kill with cascade is never refused, but one that has ended is not what many are killed for.
    ask: wanted.kind === "kill" ? { ...wanted, cascade: false } : wanted,
    allows: isAllowed,
    sentence,
    async apply(id) {
      const answer = await cellById(c.env, id).command(id, wanted);
      return answer.ok ? undefined : answer.message;
    },
  };
}

const KillQuery = z.object({ isOnKillCascade: flag(false).describe("Kill subflows too") });
const StatusQuery = z.object({ newStatus: State.describe("A terminal state") });
const ReplayQuery = z.object({ latestRevision: flag(false).describe("Run the newest revision, not the one that ran") });
const UnqueueQuery = z.object({ newState: z.enum(["RUNNING", "CANCELLED", "FAILED"]).default("RUNNING") });
const DeleteQuery = z.object({
  includeNonTerminated: flag(false),
  deleteLogs: flag(true),
  deleteMetrics: flag(true),
  deleteStorage: flag(true),
});

/** What is a command to each. */
const COMMANDS: readonly Bulk[] = [
  {
    name: "kill",
    method: "DELETE",
    path: "/kill",
    summary: "Kill executions",
    query: KillQuery,
    make: (c) => {
      const cascade = query(c, KillQuery).isOnKillCascade;
      return commanding(c, "kill", "execution already finished", { kind: "kill", cascade });
    },
  },
  {
    name: "pause",
    method: "POST",
    path: "/pause",
    summary: "Pause executions",
    make: (c) => commanding(c, "pause", "execution not in state RUNNING", { kind: "pause" }),
  },
  {
    name: "resume",
    method: "POST",
    path: "/resume",
    summary: "Resume paused executions",
    make: (c) => commanding(c, "resume", "execution not in state PAUSED", { kind: "resume", inputs: {} }),
  },
  {
    name: "restart",
    method: "POST",
    path: "/restart",
    summary: "Restart executions from where they failed",
    make: (c) => commanding(c, "restart", "execution not in state FAILED", { kind: "restart" }),
  },
  {
    name: "change status",
    method: "POST",
    path: "/change-status",
    summary: "Say how ended executions ended",
    query: StatusQuery,
    make: (c) => {
      const { newStatus: state } = query(c, StatusQuery);
      checkTerminal(state, "an execution");
      return commanding(c, "change status", "execution not in a terminated state", { kind: "change-status", state });
    },
  },
  {
    name: "set labels",
    method: "POST",
    path: "/labels",
    summary: "Set labels of executions; those of other keys stay",
    make: (c, { labels }) => commanding(c, "set labels", "execution is not terminated", { kind: "set-labels", labels }),
  },
  {
    name: "unqueue",
    method: "POST",
    path: "/unqueue",
    summary: "Take queued executions out of the queue",
    query: UnqueueQuery,
    make: (c) => {
      const state = query(c, UnqueueQuery).newState;
      return commanding(c, "unqueue", "execution not in state QUEUED", { kind: "unqueue", state });
    },
  },
  {
    name: "force run",
    method: "POST",
    path: "/force-run",
    summary: "Run executions that wait",
    make: (c) => commanding(c, "force run", "execution in a terminated state", { kind: "force-run" }),
  },
];

function bulks(parts: AppParts): readonly Bulk[] {
  return [
    ...COMMANDS,
    {
      name: "replay",
      method: "POST",
      path: "/replay",
      summary: "Run executions again as new ones",
      query: ReplayQuery,
      make: (c) => replaying(c, parts, query(c, ReplayQuery).latestRevision),
    },
    {
      name: "delete",
      method: "DELETE",
      path: "",
      summary: "Delete executions",
      query: DeleteQuery,
      make: (c) => deleting(c, query(c, DeleteQuery)),
    },
  ];
}

function replaying(c: AppContext, parts: AppParts, latest: boolean): BulkAction {
  const wish = { tenant: tenantOf(c), latest, idempotencyKey: idempotencyKeyOf(c) };
  return {
    name: "replay",
    ask: { kind: "restart" },
    allows: ({ state }) => isTerminal(state),
    sentence: "execution is not terminated",
    apply: (id) => reasonOf(async () => startFork(c.env, await openFork(parts, c.env, "replay", id, wish))),
  };
}

function deleting(c: AppContext, wish: z.infer<typeof DeleteQuery>): BulkAction {
  return {
    name: "delete",
    ask: { kind: "kill", cascade: false },
    allows: ({ state }) => wish.includeNonTerminated || isTerminal(state),
    sentence: "execution not found",
    apply: (id) => reasonOf(() => removeExecution(c.env, tenantOf(c), id, wish.deleteStorage)),
  };
}

/** What was refused, as a sentence; undefined when it was done. What breaks is thrown on. */
async function reasonOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof HttpError && error.status < 500) return error.message;
    throw error;
  }
}

/** Everything that steers one execution, for many: by their ids, and by the filters of the search. */
export function executionBulkRoutes(parts: AppParts): readonly Route[] {
  return bulks(parts).flatMap((bulk) => [byIds(bulk), byQuery(bulk, parts)]);
}

function byIds(bulk: Bulk): Route {
  const isLabels = bulk.path === "/labels";
  return userRoute(`${bulk.method} /executions${bulk.path}/by-ids`, `${bulk.summary}, by their ids`, run, {
    body: "json",
    bodySchema: isLabels ? LabelsByIdsBody : IdsBody,
    tag: "Executions",
    query: BulkQuery.extend(bulk.query?.shape ?? {}),
    answers: ANSWERS,
  });

  async function run(c: AppContext): Promise<Response> {
    const text = await readText(c.req.raw, BODY_MAX_BYTES);
    const { executionsId: ids, executionLabels } = isLabels
      ? await jsonBody(text, LabelsByIdsBody)
      : { executionsId: await jsonBody(text, IdsBody), executionLabels: [] };
    checkBulkSize(c.env, ids);
    const action = bulk.make(c, { labels: await withoutSystem(executionLabels) });
    return c.json(await steerAll(c.env, ids, action, query(c, BulkQuery)));
  }
}

function byQuery(bulk: Bulk, { now }: AppParts): Route {
  const isLabels = bulk.path === "/labels";
  return userRoute(`${bulk.method} /executions${bulk.path}/by-query`, `${bulk.summary}, by a search`, run, {
    body: isLabels ? "json" : "none",
    ...(isLabels ? { bodySchema: LabelsBody } : {}),
    tag: "Executions",
    query: BulkQuery.extend(AfterQuery.shape)
      .extend(ExecutionFilterQuery.shape)
      .extend(bulk.query?.shape ?? {}),
    answers: ANSWERS,
  });

  async function run(c: AppContext): Promise<Response> {
    const given = isLabels ? await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), LabelsBody) : [];
    const action = bulk.make(c, { labels: await withoutSystem(given) });
    const { after } = query(c, AfterQuery);
    const { ids, next } = await matchingIds(c.env, tenantOf(c), executionFilter(c, now()), after);
    const answer: BulkAnswer = await steerAll(c.env, ids, action, query(c, BulkQuery));
    return c.json(next === undefined ? answer : { ...answer, next });
  }
}

const ANSWERS = {
  200: { description: "How many, and those that were refused meanwhile", schema: BulkBody },
  400: { description: "Some do not allow it, and nothing was done: `invalids` says which" },
};

/** Labels of the system are one execution's own and cannot be those of many. */
function withoutSystem(labels: readonly Label[]): Promise<readonly Label[]> {
  return settableLabels(labels, async () => []);
}
