import * as z from "zod";
import { type EdgeContext, type ExecutionFacts, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

/** Properties that name an execution. */
export const otherExecutionInput = {
  executionId: dynamic(z.string()).describe("The execution; this one when left out").optional(),
  namespace: dynamic(z.string()).describe("Namespace of its flow, together with `flowId`").optional(),
  flowId: dynamic(z.string()).describe("Its flow; the flow of this execution when left out").optional(),
};
type Named = { executionId?: string | undefined; namespace?: string | undefined; flowId?: string | undefined };

/** The execution that the properties name. Throws a TaskFailure when they do not go together, or there is none. */
export async function otherExecution(
  { executionId, namespace, flowId }: Named,
  ctx: EdgeContext,
): Promise<ExecutionFacts & { id: string }> {
  if (executionId === undefined && (namespace !== undefined || flowId !== undefined))
    throw new TaskFailure("`namespace` and `flowId` should only be set when `executionId` is set.");
  if ((namespace === undefined) !== (flowId === undefined))
    throw new TaskFailure("Both `namespace` and `flowId` must be set when `executionId` is set.");
  const id = executionId ?? ctx.executionId;
  const found = await ctx.executions.find(id);
  if (found?.namespace !== (namespace ?? ctx.flow.namespace) || found.flowId !== (flowId ?? ctx.flow.id))
    throw new TaskFailure(
      `Unable to find execution '${id}' of the flow ${namespace ?? ctx.flow.namespace}.${flowId ?? ctx.flow.id}`,
    );
  return { ...found, id };
}
