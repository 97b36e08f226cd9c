import * as z from "zod";
import type { ExecutionSummary } from "#schema/execution.ts";
import type { Flow, Task } from "#schema/flow.ts";
import { executionFromSummary } from "../execution-json.ts";
import { conflict } from "../http-error.ts";
import { BODY_MAX_BYTES, readText } from "../middleware/body/body-limit.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { cellOf, foundOr404, jsonBody, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { eachAtOnce } from "../steering.ts";
import { ExecutionAnswer } from "./answers.ts";
import { userRoute } from "./user-route.ts";

const LatestBody = z.array(z.object({ namespace: z.string(), id: z.string() })).max(200);
const FlowForExecution = z.looseObject({ id: z.string(), namespace: z.string(), revision: z.int() });
const NO_EVENTS_AFTER = Number.MAX_SAFE_INTEGER;
const tag = "Executions";

/** Flows as executions see them. */
export function executionFlowRoutes({ language, now }: AppParts): readonly Route[] {
  /** The flow as the execution ran it, without what only its author needs. */
  async function flowOf(c: AppContext): Promise<Response> {
    const { cell, id } = cellOf(c);
    const { source, revision } = foundOr404(await cell.events(id, NO_EVENTS_AFTER, 1), id);
    const { flow } = language.parse(source, "accepted");
    if (!flow) throw conflict("The flow of this execution cannot be read.");
    return c.json(flowForExecution(flow, revision));
  }

  async function latest(c: AppContext): Promise<Response> {
    const flows = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), LatestBody);
    const found: (ExecutionSummary | undefined)[] = [];
    await eachAtOnce([...flows.entries()], async ([index, { namespace, id }]) => {
      const { results } = await portsOf(c.env).projection.searchExecutions(
        tenantOf(c),
        [
          { field: "namespace", op: "EQUALS", values: [namespace] },
          { field: "flowId", op: "EQUALS", values: [id] },
        ],
        { page: 1, size: 1, sort: [{ field: "state.startDate", descending: true }] },
      );
      found[index] = results[0];
    });
    return c.json(found.flatMap((summary) => (summary ? [executionFromSummary(summary, now())] : [])));
  }

  return [
    userRoute("GET /executions/:executionId/flow", "The flow as the execution ran it", flowOf, {
      tag,
      answers: { 200: { description: "Inputs, tasks and triggers", schema: FlowForExecution } },
    }),
    userRoute("POST /executions/latest", "The last execution of each flow", latest, {
      body: "json",
      bodySchema: LatestBody,
      tag,
      answers: { 200: { description: "In the order of the flows", schema: z.array(ExecutionAnswer) } },
    }),
  ];
}

function flowForExecution(flow: Flow, revision: number) {
  const { id, namespace, inputs, tasks, triggers, disabled } = flow;
  return {
    id,
    namespace,
    revision,
    inputs,
    tasks: tasks.map(taskForExecution),
    triggers: triggers.map(({ id: name, type, disabled: isOff }) => ({ id: name, type, disabled: isOff ?? false })),
    disabled,
    deleted: false,
  };
}

type ShortTask = { id: string; type: string; tasks?: ShortTask[]; errors?: ShortTask[]; inputs?: Task["asks"] };

function taskForExecution({ id, type, lists, asks }: Task): ShortTask {
  const { errors = [], ...others } = lists;
  const tasks = Object.values(others).flat();
  return {
    id,
    type,
    ...(tasks.length > 0 ? { tasks: tasks.map(taskForExecution) } : {}),
    ...(errors.length > 0 ? { errors: errors.map(taskForExecution) } : {}),
    ...(asks ? { inputs: asks } : {}),
  };
}
