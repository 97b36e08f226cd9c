import * as z from "zod";
import type { TemplateKey } from "#actors/namespace/namespace-rpc.ts";
import { templateName, templateRefs } from "#flow/templates.ts";
import { FLOW_ID, NAMESPACE_ID } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import type { Env } from "./env.ts";
import { invalidEntity } from "./http-error.ts";
import type { FlowLanguage } from "./language.ts";
import { closure, missingTemplates } from "./templates.ts";

// What a template is, and what is wrong with one.

export const Template = z.looseObject({
  id: z.string().regex(FLOW_ID),
  namespace: z.string().regex(NAMESPACE_ID),
  description: z.string().optional(),
  tasks: z.array(z.looseObject({})).min(1),
  errors: z.array(z.looseObject({})).optional(),
});
export type Template = z.infer<typeof Template>;

/** A template as it is stored: what Kestra's clients know of one. */
export function documentOf({ id, namespace, description, tasks, errors }: Template): JsonObject {
  const more = { ...(description === undefined ? {} : { description }), ...(errors === undefined ? {} : { errors }) };
  // Read from JSON or YAML, so it is JSON.
  return { id, namespace, ...more, tasks, deleted: false } as JsonObject;
}

/** Where the template is checked: whose templates it may stand for, and in which language. */
export type Checking = { env: Env; tenant: string; language: FlowLanguage };

/** What is wrong with a template: what a flow of the same tasks would be told, and circles. */
async function problemsOf({ env, tenant, language }: Checking, template: Template): Promise<Problem[]> {
  const { id, namespace, tasks, errors } = template;
  const parsed = language.parse(JSON.stringify({ id, namespace, tasks, ...(errors ? { errors } : {}) }), "template");
  const circle = await circleOf(env, tenant, template);
  const found: Problem[] = circle === undefined ? [] : [{ code: "CYCLE", message: circle, path: "tasks" }];
  return [...parsed.problems, ...found];
}

/** The template; throws 422 with what is wrong with it. */
export async function checkedTemplate(checking: Checking, value: unknown): Promise<Template> {
  const parsed = Template.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidEntity(`Invalid template: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`, []);
  }
  const problems = await problemsOf(checking, parsed.data);
  const wrong = problems.filter(({ severity = "error" }) => severity === "error");
  if (wrong.length > 0) throw invalidEntity(wrong.map(({ message }) => message).join(", "), wrong);
  return parsed.data;
}

/** What the validator says of one document. */
export async function validatedTemplate(checking: Checking, source: string, index: number): Promise<JsonObject> {
  const parsed = Template.safeParse(checking.language.content(source));
  const problems: Problem[] = parsed.success
    ? await problemsOf(checking, parsed.data)
    : parsed.error.issues.map(({ message, path }) => ({ code: "INVALID_VALUE", message, path: path.join(".") }));
  const errors = problems.filter(({ severity = "error" }) => severity === "error");
  const missing = parsed.success ? await missingTemplates(checking.env, checking.tenant, refsOf(parsed.data)) : [];
  return {
    index,
    ...(parsed.success ? { flow: parsed.data.id, namespace: parsed.data.namespace } : {}),
    ...(errors.length > 0 ? { constraints: errors.map(({ message }) => message).join(", ") } : {}),
    warnings: missing,
  };
}

function refsOf({ tasks, errors = [] }: Template): TemplateKey[] {
  return templateRefs([...tasks, ...errors] as Json);
}

/** The names of the circle that saving the template would make; undefined when it makes none. */
async function circleOf(env: Env, tenant: string, template: Template): Promise<string | undefined> {
  const stored = await closure(env, tenant, refsOf(template));
  const refs = new Map(stored.map((item) => [`${String(item.namespace)}.${String(item.id)}`, templateRefs(item)]));
  const start = templateName(template);
  refs.set(start, refsOf(template));
  const seen = new Set<string>();
  const walk = (path: readonly string[]): readonly string[] | undefined => {
    for (const ref of refs.get(path.at(-1) ?? "") ?? []) {
      const name = templateName(ref);
      if (name === start) return [...path, name];
      if (seen.has(name)) continue;
      seen.add(name);
      const circle = walk([...path, name]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  const circle = walk([start]);
  return circle === undefined ? undefined : `The template comes to itself: ${circle.join(" → ")}`;
}
