import type { ExecutionText } from "#schema/execution.ts";
import type { AppContext } from "../route.ts";

// An execution as an answer. Its JSON is passed on as the cell wrote it.

/** The execution, with the address of its page. */
export function startedAnswer(c: AppContext, execution: ExecutionText, status: 200 | 500 = 200): Response {
  const url = JSON.stringify(executionUrl(c, execution));
  return jsonAnswer(c, `${execution.json.slice(0, -1)},"url":${url}}`, status);
}

export function executionAnswer(c: AppContext, { json }: ExecutionText): Response {
  return jsonAnswer(c, json, 200);
}

function jsonAnswer(c: AppContext, json: string, status: 200 | 500): Response {
  return c.body(json, status, { "content-type": "application/json" });
}

function executionUrl(c: AppContext, execution: { id: string; namespace: string; flowId: string }): string {
  const { url } = c.req;
  const origin = url.slice(0, url.indexOf("/", url.indexOf("://") + 3));
  return `${origin}/ui/executions/${execution.namespace}/${execution.flowId}/${execution.id}`;
}
