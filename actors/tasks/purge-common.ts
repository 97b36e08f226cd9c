import * as z from "zod";
import { parseInstant } from "#schema/time.ts";
import { type EdgeContext, type ExecutionQuery, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";
import { checkStopped } from "./stored-file.ts";

/** Executions that are asked at a time. */
const AT_ONCE = 16;

export const purgeInput = {
  namespace: dynamic(z.string())
    .describe("Only of this namespace and those below it; of this one alone beside `flowId`")
    .optional(),
  flowId: dynamic(z.string()).describe("Only of this flow").optional(),
  startDate: dynamic(z.string()).describe("Not what is older: a date and time with its zone").optional(),
  endDate: dynamic(z.string()).describe("Only what is older: a date and time with its zone"),
};
type PurgeProps = {
  namespace?: string | undefined;
  flowId?: string | undefined;
  startDate?: string | undefined;
  endDate: string;
};

/** The moment of an ISO date and time; throws a TaskFailure that names the property. */
export function momentOf(text: string, property: string): number {
  const at = parseInstant(text.trim());
  if (at !== undefined) return at;
  throw new TaskFailure(
    `\`${property}\` must be a date and time with its zone, such as 2024-12-24T10:00:00Z, but is '${text.slice(0, 100)}'.`,
  );
}

export function purgeSpan({ startDate, endDate }: PurgeProps): { from?: number; to: number } {
  const to = momentOf(endDate, "endDate");
  return startDate === undefined ? { to } : { from: momentOf(startDate, "startDate"), to };
}

/** Which flows' executions are meant. */
export function purgeScope({ namespace, flowId }: PurgeProps): Pick<ExecutionQuery, "namespace" | "flowId"> {
  if (flowId !== undefined && namespace === undefined)
    throw new TaskFailure("`flowId` needs a `namespace`: flows of two namespaces may have the same id.");
  return { ...(namespace === undefined ? {} : { namespace }), ...(flowId === undefined ? {} : { flowId }) };
}

/** Calls `work` for each execution that the lists know. */
export async function forEachExecution(
  query: ExecutionQuery,
  ctx: EdgeContext,
  work: (executionId: string) => Promise<void>,
): Promise<void> {
  for await (const ids of ctx.executions.search(query)) {
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      checkStopped(ctx);
      await Promise.all(ids.slice(from, from + AT_ONCE).map(work));
    }
  }
}
