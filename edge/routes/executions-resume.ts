import { executionOf } from "#schema/execution.ts";
import type { Flow } from "#schema/flow.ts";
import { tasksOf } from "../flow-tasks.ts";
import { conflict } from "../http-error.ts";
import { readFields } from "../inputs-form.ts";
import type { AppParts } from "../parts.ts";
import { cellOf, foundOr404, idempotencyKeyOf, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { checkValueSize } from "../start-execution.ts";
import { standingOf, steer } from "../steering.ts";
import { describeInputs, ValidateAnswer } from "./executions-create.ts";
import { userRoute } from "./user-route.ts";

const NO_EVENTS_AFTER = Number.MAX_SAFE_INTEGER;

/** The end of a pause, with the inputs that the paused task asks for. */
export function executionResumeRoutes({ language }: AppParts): readonly Route[] {
  async function resume(c: AppContext): Promise<Response> {
    const { id } = cellOf(c);
    const inputs = await readFields(c.req.raw);
    checkValueSize(inputs);
    const commandId = idempotencyKeyOf(c);
    await steer(c.env, id, { kind: "resume", inputs, ...(commandId === undefined ? {} : { commandId }) });
    return c.body(null, 204);
  }

  async function validate(c: AppContext): Promise<Response> {
    const { cell, id } = cellOf(c);
    const { refusal } = await standingOf(c.env, id, { kind: "resume" });
    if (refusal !== undefined) throw conflict(refusal);
    const { namespace, flowId, taskRunList = [] } = executionOf(foundOr404(await cell.get(id), id));
    const paused = taskRunList.find(({ state }) => state.current === "PAUSED")?.taskId;
    const asking = askingFlow(await flowOf(c, id), paused);
    const fields = await readFields(c.req.raw);
    const key = { tenant: tenantOf(c), namespace, flowId };
    const resolved = await language.resolveInputs(c.env, key, asking, fields, { isForm: true });
    return c.json({ id: flowId, namespace, inputs: describeInputs(resolved) });
  }

  /** The flow as the execution runs it. */
  async function flowOf(c: AppContext, id: string): Promise<Flow> {
    const { cell } = cellOf(c);
    const { source } = foundOr404(await cell.events(id, NO_EVENTS_AFTER, 1), id);
    const { flow } = language.parse(source, "accepted");
    if (flow) return flow;
    throw conflict("The flow of this execution cannot be read.");
  }

  return [
    userRoute(
      "POST /executions/:executionId/resume",
      "Resume a paused execution, with the inputs it asks for",
      resume,
      {
        body: "multipart",
        tag: "Executions",
        answers: { 204: { description: "Resumed" } },
      },
    ),
    userRoute(
      "POST /executions/:executionId/resume/validate",
      "Check the inputs of a resume without resuming",
      validate,
      {
        body: "multipart",
        tag: "Executions",
        answers: { 200: { description: "Each input with its errors", schema: ValidateAnswer } },
      },
    ),
  ];
}

/** A flow whose inputs are what the paused task asks for; none when the execution was paused by hand. */
function askingFlow(flow: Flow, taskId: string | undefined): Flow {
  for (const task of tasksOf(flow)) if (task.id === taskId) return { ...flow, inputs: task.asks ?? [] };
  return { ...flow, inputs: [] };
}
