import { executionOf } from "#schema/execution.ts";
import type { Flow, Trigger } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { OpenFlow } from "../flow-cache.ts";
import { conflict, HttpError, notFound } from "../http-error.ts";
import { equalSecret } from "../middleware/auth/equal-secret.ts";
import { BODY_MAX_BYTES, readBytes } from "../middleware/body/body-limit.ts";
import type { AppParts } from "../parts.ts";
import { flowKeyOf, param } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { executionId, startExecution } from "../start-execution.ts";
import { planTriggered } from "../triggered.ts";
import { ExecutionAnswer } from "./answers.ts";
import { startedAnswer } from "./execution-answer.ts";

const WEBHOOK = "io.kestra.plugin.core.trigger.Webhook";
const METHODS = ["GET", "POST", "PUT"] as const;

/** `/executions/webhook/{namespace}/{id}/{key}`: open to all, the key is the secret. */
export function webhookRoutes(parts: AppParts): readonly Route[] {
  async function receive(c: AppContext): Promise<Response> {
    const key = flowKeyOf(c);
    const opened = await openFlow(c, parts);
    if (opened.disabled) throw conflict("Cannot execute a disabled flow");
    const trigger = await findTrigger(parts, c, opened.flow);
    if (!trigger) throw notFound("Webhook not found");
    if (trigger.guard !== undefined)
      throw conflict(
        "The webhook has conditions, which are not evaluated yet: it starts nothing. Ask in the tasks' `runIf`",
      );
    const wait = trigger.properties.wait === true;
    const variables = await variablesOf(c);
    const planned = await planTriggered(parts.language, c.env, { key, flow: opened.flow, trigger, variables });
    if ("error" in planned) throw new HttpError(422, `Invalid entity: ${planned.error}`);
    const execution = await startExecution(c.env, {
      id: executionId(parts, c.env, key, c.req.header("idempotency-key")?.slice(0, 200)),
      key,
      opened,
      ...planned,
      trigger: { id: trigger.id, type: trigger.type, variables },
      wait,
    });
    const status = wait && execution.state === "FAILED" ? 500 : 200;
    if (wait && trigger.properties.returnOutputs === true) return c.json(executionOf(execution).outputs ?? {}, status);
    return startedAnswer(c, execution, status);
  }

  return METHODS.map((method) => ({
    method,
    path: "/executions/webhook/:namespace/:id/:key",
    guard: "webhook",
    summary: "Start an execution by a webhook",
    body: "any",
    handler: receive,
    openapi: { tag: "Executions", answers: { 200: { description: "The execution", schema: ExecutionAnswer } } },
  }));
}

async function openFlow(c: AppContext, { cache }: AppParts): Promise<OpenFlow> {
  try {
    return await cache.open(c.env, flowKeyOf(c));
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) throw notFound("Flow not found");
    throw error;
  }
}

/** The first webhook trigger with that key. Every key is compared, so that the time tells nothing. */
async function findTrigger({ language }: AppParts, c: AppContext, flow: Flow): Promise<Trigger | undefined> {
  const given = param(c, "key");
  let found: Trigger | undefined;
  for (const trigger of flow.triggers) {
    const { key } = trigger.properties;
    if (trigger.type !== WEBHOOK || trigger.disabled || typeof key !== "string") continue;
    const rendered = await language.render(c.env, flowKeyOf(c), flow, key, {});
    // A key that cannot be rendered, or that is empty, opens nothing.
    const expected = rendered.ok && typeof rendered.value === "string" ? rendered.value.trim() : "";
    if (expected !== "" && equalSecret(given, expected)) found ??= trigger;
  }
  return found;
}

async function variablesOf(c: AppContext): Promise<JsonObject> {
  const bytes = await readBytes(c.req.raw, BODY_MAX_BYTES);
  const headers: Record<string, Json> = {};
  c.req.raw.headers.forEach((value, name) => {
    headers[name] = [value];
  });
  return {
    body: bodyValue(new TextDecoder().decode(bytes)),
    headers,
    parameters: Object.fromEntries(Object.entries(c.req.queries())),
  };
}

/** An object or a list when the text is JSON of one, else the text; null for none. */
function bodyValue(text: string): Json {
  if (text === "") return null;
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
