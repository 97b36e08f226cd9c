import { templatesActorName } from "#actors/namespace/namespace-rpc.ts";
import {
  MAX_TEMPLATE_DEPTH,
  type TemplateKey,
  templateName,
  templateRefs,
  templateRefsOfSource,
  unknownTemplate,
  pinned as withTemplates,
} from "#flow/templates.ts";
import type { StartRequest } from "#schema/cell.ts";
import type { JsonObject } from "#schema/json.ts";
import { actorByName, type Env } from "./env.ts";
import { digest, pinNamespace } from "./spaces.ts";

export function templatesOf(env: Env, tenant: string) {
  return actorByName(env.NAMESPACE, templatesActorName(tenant));
}

/** The request with all that its flow needs beside itself, as it is now, pinned to its source. */
export async function pinned(env: Env, request: StartRequest): Promise<StartRequest> {
  return pinNamespace(env, await pinTemplates(env, request));
}

async function pinTemplates(env: Env, request: StartRequest): Promise<StartRequest> {
  const refs = templateRefsOfSource(request.source);
  if (refs.length === 0) return request;
  const source = withTemplates(request.source, refs, await closure(env, request.tenant, refs));
  return { ...request, source, sourceId: await digest(source) };
}

/** These templates and all that they stand for in turn, in the order they are met. Those that there are not are left out. */
export async function closure(env: Env, tenant: string, refs: readonly TemplateKey[]): Promise<JsonObject[]> {
  const found = new Map<string, JsonObject>();
  const asked = new Set<string>();
  let next = refs;
  for (let depth = 0; depth <= MAX_TEMPLATE_DEPTH && next.length > 0; depth++) {
    for (const ref of next) asked.add(templateName(ref));
    const templates = await templatesOf(env, tenant).findTemplates(next);
    for (const template of templates)
      found.set(templateName({ namespace: String(template.namespace), id: String(template.id) }), template);
    next = templateRefs(templates).filter((ref) => !asked.has(templateName(ref)));
  }
  return [...found.values()];
}

/** What to say of those that there are not. */
export async function missingTemplates(env: Env, tenant: string, refs: readonly TemplateKey[]): Promise<string[]> {
  if (refs.length === 0) return [];
  const there = await templatesOf(env, tenant).findTemplates(refs);
  const names = new Set(there.map(({ namespace, id }) => `${String(namespace)}.${String(id)}`));
  return refs
    .map(templateName)
    .filter((name) => !names.has(name))
    .map(unknownTemplate);
}
