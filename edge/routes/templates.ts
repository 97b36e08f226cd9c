import { stringify } from "yaml";
import * as z from "zod";
import type { TemplateKey } from "#actors/namespace/namespace-rpc.ts";
import { templateName } from "#flow/templates.ts";
import { FLOW_ID, NAMESPACE_ID } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { HttpError, invalidEntity, notFound } from "../http-error.ts";
import { readText, YAML_MAX_BYTES } from "../middleware/body/body-limit.ts";
import type { AppParts } from "../parts.ts";
import { flag, jsonBody, namespaceOf, param, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { PagingQuery } from "../search-query.ts";
import { checkedTemplate, documentOf, Template, validatedTemplate } from "../template-check.ts";
import { templatesOf } from "../templates.ts";
import { uploadedTexts } from "../upload.ts";
import { sourceOf } from "../yaml-body.ts";
import { textBytes } from "../zip/write-zip.ts";
import { pageOf } from "./answers.ts";
import { zipAnswer } from "./file-answer.ts";
import { userRoute } from "./user-route.ts";

// `/templates`: lists of tasks that `Template` tasks stand for. Deprecated, kept for flows that have them.

const Filter = z.object({ q: z.string().max(500).optional(), namespace: z.string().optional() });
const SearchQuery = PagingQuery.extend(Filter.shape);
const BulkQuery = z.object({ delete: flag(true).describe("Delete those of the namespace that are not given") });
const Ids = z.array(z.object({ namespace: z.string(), id: z.string() })).max(1000);
const Count = z.object({ count: z.int() });
const tag = "Templates";

const keyOf = ({ namespace, id }: Template): TemplateKey => ({ namespace, id });

export function templateRoutes({ language }: AppParts): readonly Route[] {
  const checked = (c: AppContext, value: unknown) =>
    checkedTemplate({ env: c.env, tenant: tenantOf(c), language }, value);

  /** The body: JSON, as Kestra's clients send it, or YAML. */
  async function bodyOf(c: AppContext): Promise<Json> {
    return language.content(await readText(c.req.raw, YAML_MAX_BYTES));
  }

  async function create(c: AppContext): Promise<Response> {
    const template = await checked(c, await bodyOf(c));
    const answer = await templatesOf(c.env, tenantOf(c)).saveTemplate(keyOf(template), documentOf(template), "create");
    if (answer === "saved") return c.json(documentOf(template));
    const message = "Template id already exists: update it, or choose another id";
    throw invalidEntity("Template id already exists", [{ code: "DUPLICATE_ID", message, path: "id" }]);
  }

  async function update(c: AppContext): Promise<Response> {
    const key = pathKey(c);
    const template = await checked(c, await bodyOf(c));
    if (template.namespace !== key.namespace || template.id !== key.id)
      throw invalidEntity(`The template's namespace and id must stay ${templateName(key)}`, []);
    const answer = await templatesOf(c.env, tenantOf(c)).saveTemplate(key, documentOf(template), "update");
    if (answer === "absent") throw notFound();
    return c.json(documentOf(template));
  }

  async function replaceAll(c: AppContext): Promise<Response> {
    const namespace = namespaceOf(c);
    const given = await bodyOf(c);
    if (!Array.isArray(given)) throw invalidEntity("The body must be a list of templates", []);
    const templates: Template[] = [];
    for (const item of given) templates.push(await checked(c, item));
    const strange = templates.find((template) => template.namespace !== namespace);
    if (strange) throw invalidEntity(`The template ${strange.id} is of another namespace`, []);
    const actor = templatesOf(c.env, tenantOf(c));
    for (const template of templates) await actor.saveTemplate(keyOf(template), documentOf(template), "put");
    if (query(c, BulkQuery).delete) {
      const kept = new Set(templates.map(({ id }) => id));
      for (const { namespace: of, id } of await actor.listTemplates())
        if (of === namespace && !kept.has(String(id))) await actor.removeTemplate({ namespace, id: String(id) });
    }
    return c.json(templates.map(documentOf));
  }

  async function validate(c: AppContext): Promise<Response> {
    const checking = { env: c.env, tenant: tenantOf(c), language };
    const documents = language.validate(await sourceOf(c));
    const answers = documents.map(({ source }, index) => validatedTemplate(checking, source, index));
    return c.json(await Promise.all(answers));
  }

  /** All of the file's templates are checked before the first is saved. */
  async function importFile(c: AppContext): Promise<Response> {
    const given: Template[] = [];
    for (const { text } of await uploadedTexts(c, "fileUpload"))
      for (const { source } of language.validate(text)) given.push(await checked(c, language.content(source)));
    const actor = templatesOf(c.env, tenantOf(c));
    for (const template of given) await actor.saveTemplate(keyOf(template), documentOf(template), "put");
    return c.body(null, 204);
  }

  return routesOf({ create, update, replaceAll, importFile, validate });
}

/** One YAML file for each template, called as Kestra calls it. */
function zipOf(templates: readonly JsonObject[]): Response {
  const files = templates.map(({ namespace, id, deleted: _, ...rest }) => ({
    name: `${String(namespace)}.${String(id)}.yml`,
    modifiedAt: 0,
    bytes: textBytes(stringify({ id, namespace, ...rest })),
  }));
  return zipAnswer("templates.zip", files);
}

async function exportFound(c: AppContext): Promise<Response> {
  return zipOf(await found(c, query(c, Filter)));
}

async function exportNamed(c: AppContext): Promise<Response> {
  const keys = await jsonBody(await readText(c.req.raw, YAML_MAX_BYTES), Ids);
  const templates = await templatesOf(c.env, tenantOf(c)).findTemplates(keys);
  if (templates.length < keys.length) throw notFound("one of the templates is not there");
  return zipOf(templates);
}

/** The template that the path names; 404 when none can have such a name. */
function pathKey(c: AppContext): TemplateKey {
  const key = { namespace: param(c, "namespace"), id: param(c, "id") };
  if (!NAMESPACE_ID.test(key.namespace) || !FLOW_ID.test(key.id)) throw notFound();
  return key;
}

async function get(c: AppContext): Promise<Response> {
  const [template] = await templatesOf(c.env, tenantOf(c)).findTemplates([pathKey(c)]);
  if (template === undefined) throw notFound();
  return c.json(template);
}

async function remove(c: AppContext): Promise<Response> {
  if (!(await templatesOf(c.env, tenantOf(c)).removeTemplate(pathKey(c)))) throw notFound();
  return c.body(null, 204);
}

/** Those of the namespace, or below it, that have the text in their id or namespace. */
async function found(c: AppContext, { q = "", namespace }: z.infer<typeof Filter>): Promise<JsonObject[]> {
  const wanted = q.toLowerCase();
  return (await templatesOf(c.env, tenantOf(c)).listTemplates()).filter(({ namespace: of, id }) => {
    const isInside = namespace === undefined || of === namespace || String(of).startsWith(`${namespace}.`);
    return isInside && `${String(of)}.${String(id)}`.toLowerCase().includes(wanted);
  });
}

async function search(c: AppContext): Promise<Response> {
  const given = query(c, SearchQuery);
  const all = await found(c, given);
  const from = (given.page - 1) * given.size;
  return c.json({ results: all.slice(from, from + given.size), total: all.length });
}

async function distinctNamespaces(c: AppContext): Promise<Response> {
  return c.json([...new Set((await found(c, {})).map(({ namespace }) => String(namespace)))]);
}

async function removeAll(c: AppContext, keys: readonly TemplateKey[]): Promise<Response> {
  const actor = templatesOf(c.env, tenantOf(c));
  let count = 0;
  for (const key of keys) if (await actor.removeTemplate(key)) count += 1;
  return c.json({ count });
}

async function removeFound(c: AppContext): Promise<Response> {
  const given = query(c, Filter);
  if (given.q === undefined && given.namespace === undefined)
    throw new HttpError(422, "Illegal argument: give `namespace` or `q`: this would delete every template");
  const keys = await found(c, given);
  return removeAll(
    c,
    keys.map(({ namespace, id }) => ({ namespace: String(namespace), id: String(id) })),
  );
}

async function removeNamed(c: AppContext): Promise<Response> {
  return removeAll(c, await jsonBody(await readText(c.req.raw, YAML_MAX_BYTES), Ids));
}

type Handlers = Record<"create" | "update" | "replaceAll" | "importFile" | "validate", Route["handler"]>;

function routesOf({ create, update, replaceAll, importFile, validate }: Handlers): readonly Route[] {
  const one = { 200: { description: "The template", schema: Template } };
  const many = { 200: { description: "Templates", schema: z.array(Template) } };
  const zip = { 200: { description: "One entry for each: `namespace.id.yml`", contentType: "application/zip" } };
  const counted = { 200: { description: "How many were deleted", schema: Count } };
  return [
    userRoute("GET /templates/search", "Find templates", search, {
      tag,
      query: SearchQuery,
      answers: { 200: { description: "A page of templates", schema: pageOf(Template) } },
    }),
    userRoute("GET /templates/distinct-namespaces", "Namespaces that have templates", distinctNamespaces, {
      tag,
      answers: { 200: { description: "Namespaces", schema: z.array(z.string()) } },
    }),
    userRoute("GET /templates/export/by-query", "The templates found, as a zip", exportFound, {
      tag,
      query: Filter,
      answers: zip,
    }),
    userRoute("POST /templates/export/by-ids", "Templates, as a zip", exportNamed, {
      tag,
      body: "json",
      bodySchema: Ids,
      answers: zip,
    }),
    userRoute("POST /templates/import", "Create or change the templates of a YAML file or a zip", importFile, {
      tag,
      body: "multipart",
      answers: { 204: { description: "Saved" } },
    }),
    userRoute("POST /templates/validate", "Check templates without saving them", validate, { body: "yaml", tag }),
    userRoute("DELETE /templates/delete/by-query", "Delete the templates found", removeFound, {
      tag,
      query: Filter,
      answers: counted,
    }),
    userRoute("DELETE /templates/delete/by-ids", "Delete templates", removeNamed, {
      tag,
      body: "json",
      bodySchema: Ids,
      answers: counted,
    }),
    userRoute("GET /templates/:namespace/:id", "A template", get, { tag, answers: one }),
    userRoute("POST /templates", "Create a template", create, { tag, body: "any", answers: one }),
    userRoute("POST /templates/:namespace", "Replace the templates of a namespace", replaceAll, {
      tag,
      body: "any",
      query: BulkQuery,
      answers: many,
    }),
    userRoute("PUT /templates/:namespace/:id", "Change a template", update, { tag, body: "any", answers: one }),
    userRoute("DELETE /templates/:namespace/:id", "Delete a template", remove, { tag }),
  ];
}
