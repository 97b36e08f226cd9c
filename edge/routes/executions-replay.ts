import * as z from "zod";
import type { Input } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { readBreakpoints } from "../flow-tasks.ts";
import {
  type ForkChanges,
  type ForkKind,
  type ForkWish,
  type OpenFork,
  openFork,
  startFork,
} from "../fork-execution.ts";
import { HttpError } from "../http-error.ts";
import { readInputs } from "../inputs-form.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { idempotencyKeyOf, param, query, schemaError, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { checkInputProblems } from "../start-execution.ts";
import { steer } from "../steering.ts";
import { ExecutionAnswer } from "./answers.ts";
import { startedAnswer } from "./execution-answer.ts";
import { valueAt } from "./executions-create.ts";
import { userRoute } from "./user-route.ts";

const revision = z.coerce.number().int().min(1).optional();
const RestartQuery = z.object({
  revision: revision.describe("With it a new execution goes on at this revision; without, this one goes on"),
});
const ReplayQuery = z.object({
  taskRunId: z.string().max(200).optional().describe("Keep what was before this task run and start it again"),
  revision: revision.describe("Revision of the flow; the one that ran when left out"),
  breakpoints: z.string().max(10_000).optional().describe("Stop before these tasks: ids with commas between them"),
  at: z.coerce.number().int().min(1).optional().describe("Go on from how it was after so many events"),
});
type ReplayQuery = z.infer<typeof ReplayQuery>;

/**
 * The part of a replay's form that is no input: what is to be another way than it was. No input can have this name, for ids of inputs
 * begin with a letter or a digit.
 */
const CHANGES_PART = "_changes";
const Changes = z.strictObject({
  outputs: z
    .record(z.string(), z.record(z.string(), z.json()))
    .optional()
    .describe("Other outputs of task runs that are kept, by task run id"),
  skip: z.array(z.string()).max(1000).optional().describe("Ids of tasks that are skipped"),
});
const CHANGES_INPUT: Pick<Input, "id" | "type"> = { id: CHANGES_PART, type: "JSON" };

/** Executions that are run again, whole or in part. */
export function executionReplayRoutes(parts: AppParts): readonly Route[] {
  function open(c: AppContext, kind: ForkKind, wish: Omit<ForkWish, "tenant" | "idempotencyKey">): Promise<OpenFork> {
    const given = { ...wish, tenant: tenantOf(c), idempotencyKey: idempotencyKeyOf(c) };
    return openFork(parts, c.env, kind, param(c, "executionId"), given);
  }

  async function start(c: AppContext, fork: OpenFork, changes: ForkChanges = {}): Promise<Response> {
    const execution = await startFork(c.env, fork, changes);
    return startedAnswer(c, execution);
  }

  async function restart(c: AppContext): Promise<Response> {
    const given = query(c, RestartQuery);
    if (given.revision !== undefined) return start(c, await open(c, "restart", given));
    const commandId = idempotencyKeyOf(c);
    const wanted = { kind: "restart", ...(commandId === undefined ? {} : { commandId }) } as const;
    const execution = await steer(c.env, param(c, "executionId"), wanted);
    return startedAnswer(c, execution);
  }

  async function replay(c: AppContext): Promise<Response> {
    const given = query(c, ReplayQuery);
    const fork = await open(c, "replay", given);
    return start(c, fork, changesOf(fork, given));
  }

  async function replayWithInputs(c: AppContext): Promise<Response> {
    const given = query(c, ReplayQuery);
    const fork = await open(c, "replay", given);
    const { key, opened, source, id } = fork;
    const declared = [...opened.flow.inputs, CHANGES_INPUT];
    const { files } = portsOf(c.env);
    const { [CHANGES_PART]: changes, ...form } = await readInputs(c.req.raw, {
      declared,
      place: { ...key, executionId: id },
      files,
    });
    const before = givenBefore(opened.flow.inputs, source.facts.inputs);
    const { inputs, problems } = await parts.language.resolveInputs(c.env, key, opened.flow, { ...before, ...form });
    checkInputProblems(problems);
    return start(c, fork, { ...changesOf(fork, given), ...readChanges(changes), inputs });
  }

  const tag = "Executions";
  const answers = {
    200: { description: "The execution, a new one but for a restart in place", schema: ExecutionAnswer },
  };
  const openapi = { tag, query: ReplayQuery, answers };
  return [
    userRoute("POST /executions/:executionId/restart", "Restart an execution from where it failed", restart, {
      tag,
      query: RestartQuery,
      answers,
    }),
    userRoute("POST /executions/:executionId/replay", "Run an execution again as a new one", replay, openapi),
    userRoute(
      "POST /executions/:executionId/replay-with-inputs",
      "Run it again with other inputs or outputs",
      replayWithInputs,
      {
        ...openapi,
        body: "multipart",
        bodySchema: z.looseObject({ [CHANGES_PART]: Changes.optional() }),
      },
    ),
  ];
}

function changesOf({ opened }: OpenFork, { taskRunId, breakpoints }: ReplayQuery): ForkChanges {
  return { taskRunId, breakpoints: readBreakpoints(opened.flow, breakpoints) };
}

/** The changes of the form's own part. Throws 422 when it is not what it should be. */
function readChanges(text: Json | undefined): z.infer<typeof Changes> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(String(text));
  } catch {
    throw new HttpError(422, `Invalid json: the part ${CHANGES_PART} is not JSON`);
  }
  const parsed = Changes.safeParse(value);
  if (parsed.success) return parsed.data;
  throw schemaError(`Invalid json mapping of the part ${CHANGES_PART}`, parsed.error);
}

/** What the other execution was given, by the ids of the inputs that the flow declares now. */
function givenBefore(declared: readonly Input[], inputs: JsonObject): JsonObject {
  const given: JsonObject = {};
  for (const { id, type } of declared) {
    const value = valueAt(inputs, id) ?? null;
    if (value === null) continue;
    // A text where JSON is read would be read once more.
    const isText = typeof value === "string" && (type === "JSON" || type === "YAML");
    given[id] = isText ? JSON.stringify(value) : value;
  }
  return given;
}
