import * as z from "zod";
import type { Json, JsonObject } from "#schema/json.ts";
import { readBreakpoints } from "../flow-tasks.ts";
import { conflict } from "../http-error.ts";
import { dropUploads, readInputs } from "../inputs-form.ts";
import type { Resolved } from "../language.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { flag, flowKeyOf, idempotencyKeyOf, query } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { dateOf, parseLabel } from "../search-query.ts";
import { checkStart } from "../start-checks.ts";
import { checkInputProblems, checkLabels, executionId, type NewExecution, startExecution } from "../start-execution.ts";
import { ExecutionAnswer } from "./answers.ts";
import { startedAnswer } from "./execution-answer.ts";
import { userRoute } from "./user-route.ts";

const CreateQuery = z.object({
  wait: flag(false).describe("Answer when the execution has ended or is paused"),
  labels: z.array(z.string()).max(100).optional().describe("`key:value`"),
  revision: z.coerce.number().int().min(1).optional(),
  scheduleDate: z.string().optional().describe("Start at this date"),
  breakpoints: z.string().max(10_000).optional().describe("Stop before these tasks: ids with commas between them"),
  kind: z.enum(["NORMAL", "TEST", "PLAYGROUND"]).optional(),
});
type CreateQuery = z.infer<typeof CreateQuery>;

const NO_QUERY: CreateQuery = { wait: false };

/** `POST /executions/{namespace}/{id}` and what belongs to it. */
export function executionCreateRoutes(parts: AppParts): readonly Route[] {
  const { language, cache } = parts;

  // The path of every started execution: one call to the flow's actor, one to the execution's cell. Nothing here reads the body twice.
  async function create(c: AppContext): Promise<Response> {
    const key = flowKeyOf(c);
    const given = c.req.url.includes("?") ? query(c, CreateQuery) : NO_QUERY;
    const opened = await cache.open(c.env, key, given.revision);
    if (opened.disabled) throw conflict("Requested Flow is disabled.");
    const labels = given.labels?.map(parseLabel) ?? [];
    checkLabels(labels);
    const idempotencyKey = idempotencyKeyOf(c);
    const id = executionId(parts, c.env, key, idempotencyKey);
    const { files } = portsOf(c.env);
    const target = { declared: opened.flow.inputs, place: { ...key, executionId: id }, files };
    const form = await readInputs(c.req.raw, target);
    const { inputs, problems } = await language.resolveInputs(c.env, key, opened.flow, form);
    if (problems.length > 0 && idempotencyKey === undefined) await dropUploads(form, target);
    checkInputProblems(problems);
    const verdict = await checkStart(language, c.env, { key, flow: opened.flow, vars: { inputs } });
    const wanted: NewExecution = { id, key, opened, inputs, labels, wait: given.wait, ...verdict };
    if (given.scheduleDate !== undefined) wanted.scheduleAt = dateOf(given.scheduleDate);
    if (given.breakpoints !== undefined) wanted.breakpoints = readBreakpoints(opened.flow, given.breakpoints);
    if (given.kind !== undefined) wanted.executionKind = given.kind;
    return startedAnswer(c, await startExecution(c.env, wanted));
  }

  async function validate(c: AppContext): Promise<Response> {
    const key = flowKeyOf(c);
    const { revision, labels } = query(c, CreateQuery);
    const { flow } = await cache.open(c.env, key, revision);
    checkLabels(labels?.map(parseLabel) ?? []);
    const place = { ...key, executionId: executionId(parts, c.env, key) };
    const form = await readInputs(c.req.raw, { declared: flow.inputs, place });
    const resolved = await language.resolveInputs(c.env, key, flow, form, { isForm: true });
    const hasErrors = resolved.problems.some(({ severity = "error" }) => severity === "error");
    // With an input missing or wrong, a condition over it says nothing.
    const checks = hasErrors ? [] : await language.failedChecks(c.env, key, flow, { inputs: resolved.inputs });
    return c.json({ id: key.flowId, namespace: key.namespace, inputs: describeInputs(resolved), checks });
  }

  const answers = { 200: { description: "The execution", schema: ExecutionAnswer } };
  const openapi = { tag: "Executions", query: CreateQuery, answers };
  return [
    userRoute("POST /executions/:namespace/:id", "Start an execution", create, { ...openapi, body: "multipart" }),
    userRoute("POST /executions/trigger/:namespace/:id", "Start an execution (old spelling)", create, {
      ...openapi,
      body: "multipart",
    }),
    userRoute("POST /executions/:namespace/:id/validate", "Check inputs without starting anything", validate, {
      body: "multipart",
      tag: "Executions",
      query: CreateQuery,
      answers: { 200: { description: "Each input with its errors", schema: ValidateAnswer } },
    }),
  ];
}

export const ValidateAnswer = z.object({
  id: z.string(),
  namespace: z.string(),
  inputs: z.array(
    z.object({
      input: z.looseObject({ id: z.string(), type: z.string() }),
      enabled: z.boolean().describe("False: its condition does not hold, so it is not asked for"),
      value: z.unknown().optional().describe("As it is stored, or as given when it is wrong; a secret is masked"),
      isDefault: z.boolean().optional().describe("Nothing was given: the value is the flow's own"),
      options: z.array(z.string()).optional().describe("What may be chosen"),
      prefill: z.unknown().optional().describe("The first value of the field"),
      errors: z.array(z.object({ code: z.string(), message: z.string() })).optional(),
    }),
  ),
  checks: z.array(
    z.object({
      message: z.string(),
      style: z.enum(["ERROR", "SUCCESS", "WARNING", "INFO"]),
      behavior: z.enum(["BLOCK_EXECUTION", "FAIL_EXECUTION", "CREATE_EXECUTION"]),
    }),
  ),
});

/** The value of a dotted input id in the nested map of inputs. */
export function valueAt(inputs: JsonObject, id: string): Json | undefined {
  let value: Json | undefined = inputs;
  for (const name of id.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = value[name];
  }
  return value;
}

/** Each input as a form shows it: whether it is asked for, its value, what may be chosen and what is wrong. */
export function describeInputs({ states, problems }: Resolved) {
  return states.map(({ enabled, ...state }) => {
    const errors = problems.filter(({ path }) => path === state.input.id);
    return {
      ...state,
      // One whose condition fails is shown with what is wrong.
      enabled: enabled || errors.length > 0,
      ...(errors.length > 0 ? { errors: errors.map(({ code, message }) => ({ code, message })) } : {}),
    };
  });
}
