import type { Flow, Trigger } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { Env } from "../env.ts";
import type { OpenFlow } from "../flow-cache.ts";
import { conflict, HttpError, notFound } from "../http-error.ts";
import { equalSecret } from "../middleware/auth/equal-secret.ts";
import { BODY_MAX_BYTES, readBytes } from "../middleware/body/body-limit.ts";
import type { AppParts } from "../parts.ts";
import { flowKeyOf, param } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { secretOf } from "../secrets.ts";
import { executionId, startExecution } from "../start-execution.ts";
import { ExecutionAnswer } from "./answers.ts";
import { executionUrl } from "./executions-create.ts";

const WEBHOOK = "io.kestra.plugin.core.trigger.Webhook";
const METHODS = ["GET", "POST", "PUT"] as const;

/** `/executions/webhook/{namespace}/{id}/{key}`: open to all, the key is the secret. */
export function webhookRoutes(parts: AppParts): readonly Route[] {
  async function receive(c: AppContext): Promise<Response> {
    const key = flowKeyOf(c);
    const opened = await openFlow(c, parts);
    if (opened.disabled) throw conflict("Cannot execute a disabled flow");
    const trigger = findTrigger(c.env, opened.flow, param(c, "key"));
    if (!trigger) throw notFound("Webhook not found");
    const wait = trigger.properties.wait === true;
    const execution = await startExecution(c.env, {
      id: executionId(parts, c.env, key, c.req.header("idempotency-key")?.slice(0, 200)),
      key,
      opened,
      inputs: parts.language.resolveInputs(opened.flow, literals(trigger.properties.inputs), parts.now()).inputs,
      labels: (trigger.labels ?? []).filter(({ value }) => !value.includes("{{")),
      trigger: { id: trigger.id, type: trigger.type, variables: await variablesOf(c) },
      wait,
    });
    execution.url = executionUrl(c, execution);
    const failed = wait && execution.state.current === "FAILED";
    if (wait && trigger.properties.returnOutputs === true) return c.json(execution.outputs ?? {}, failed ? 500 : 200);
    return c.json(execution, failed ? 500 : 200);
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
function findTrigger(env: Env, flow: Flow, given: string): Trigger | undefined {
  let found: Trigger | undefined;
  for (const trigger of flow.triggers) {
    if (trigger.type !== WEBHOOK || trigger.disabled) continue;
    const key = keyOf(env, trigger.properties.key)?.trim();
    if (key && equalSecret(given, key)) found ??= trigger;
  }
  return found;
}

/** A key as written, or the secret it names: `{{ secret('NAME') }}`. Any other expression opens nothing. */
function keyOf(env: Env, written: Json | undefined): string | undefined {
  if (typeof written !== "string") return undefined;
  const secret = /^\s*\{\{-?\s*secret\(\s*(['"])([\w.-]+)\1\s*\)\s*-?\}\}\s*$/.exec(written);
  if (secret) return secretOf(env, secret[2] ?? "");
  return written.includes("{{") ? undefined : written;
}

function literals(inputs: Json | undefined): JsonObject {
  if (typeof inputs !== "object" || inputs === null || Array.isArray(inputs)) return {};
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => !JSON.stringify(value).includes("{{")));
}

async function variablesOf(c: AppContext): Promise<JsonObject> {
  const bytes = await readBytes(c.req.raw, BODY_MAX_BYTES);
  const headers: Record<string, Json> = {};
  c.req.raw.headers.forEach((value, name) => {
    headers[name] = [value];
  });
  return { body: bodyValue(new TextDecoder().decode(bytes)), headers, parameters: c.req.queries() };
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
