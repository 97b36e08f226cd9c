import * as z from "zod";
import type { Space, SpaceBody } from "#actors/namespace/namespace-rpc.ts";
import { NAMESPACE_ID } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { conflict, HttpError, illegalArgument, invalidEntity, notFound } from "../http-error.ts";
import { BODY_MAX_BYTES, readText } from "../middleware/body/body-limit.ts";
import { namespaceItems } from "../namespaces.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { flag, jsonBody, namespaceOf, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { PagingQuery } from "../search-query.ts";
import { contextOf, forgetSpaces, spacesActor, valuesActor } from "../spaces.ts";
import { pageOf } from "./answers.ts";
import { userRoute } from "./user-route.ts";

// `/namespaces`: they exist by what is in them, and may be created to say something for the flows in them and below.

const MAX_BODY_CHARACTERS = 100_000;
const tag = "Namespaces";

const Body = z.strictObject({
  id: z.string(),
  description: z.string().max(10_000).nullish(),
  variables: z.record(z.string(), z.json()).nullish(),
  pluginDefaults: z.array(z.record(z.string(), z.json())).nullish(),
  allowedNamespaces: z.array(z.strictObject({ namespace: z.string() })).nullish(),
  deleted: z.boolean().optional(),
  tenantId: z.string().optional(),
});
const SearchQuery = PagingQuery.extend({
  q: z.string().max(200).optional(),
  existing: flag(false).describe("Only those that were created"),
});
const Autocomplete = z.object({
  q: z.string().max(200).default(""),
  ids: z.array(z.string()).max(1000).optional(),
  existingOnly: z.boolean().default(false),
});

const Item = z.object({ id: z.string(), disabled: z.boolean(), description: z.string().optional() });
const Answer = z.looseObject({ id: z.string(), deleted: z.boolean(), disabled: z.boolean() });

/** Those that need to know nothing of the flow language. */
const others: readonly Route[] = [
  userRoute("GET /namespaces/search", "Namespaces, their parents, and the system namespace", search, {
    tag,
    query: SearchQuery,
    answers: { 200: { description: "A page", schema: pageOf(Item) } },
  }),
  userRoute("POST /namespaces/autocomplete", "Names of namespaces", autocomplete, {
    body: "json",
    tag,
    bodySchema: Autocomplete,
    answers: { 200: { description: "Names", schema: z.array(z.string()) } },
  }),
  userRoute("GET /namespaces/:namespace", "A namespace", get, {
    tag,
    answers: { 200: { description: "`disabled` tells that it was not created", schema: Answer } },
  }),
  userRoute("DELETE /namespaces/:namespace", "Delete a namespace with its values and secrets", remove, {
    tag,
    answers: { 204: { description: "Deleted" }, 409: { description: "It has flows" } },
  }),
  userRoute("GET /namespaces/:namespace/inherited-variables", "Variables from above", inheritedVariables, {
    tag,
    answers: { 200: { description: "Merged", schema: z.record(z.string(), z.unknown()) } },
  }),
  userRoute("GET /namespaces/:namespace/inherited-plugindefaults", "Plugin defaults from above", inheritedDefaults, {
    tag,
    answers: { 200: { description: "The nearest first; those of the server last", schema: z.array(z.unknown()) } },
  }),
];

export function namespaceRoutes({ language }: AppParts): readonly Route[] {
  async function bodyOf(c: AppContext): Promise<Space> {
    const given = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), Body);
    const { id, description, variables, pluginDefaults, allowedNamespaces } = given;
    if (!NAMESPACE_ID.test(id)) throw illegalArgument(`'${id.slice(0, 200)}' is no namespace`);
    const stranger = allowedNamespaces?.find(({ namespace }) => !NAMESPACE_ID.test(namespace));
    if (stranger) throw illegalArgument(`allowedNamespaces: '${stranger.namespace.slice(0, 200)}' is no namespace`);
    const defaults = checkedDefaults((pluginDefaults ?? []) as JsonObject[]);
    const body: SpaceBody = {
      ...(description ? { description } : {}),
      ...(variables && Object.keys(variables).length > 0 ? { variables: variables as JsonObject } : {}),
      ...(defaults.length > 0 ? { pluginDefaults: defaults } : {}),
      ...(allowedNamespaces && allowedNamespaces.length > 0 ? { allowedNamespaces } : {}),
    };
    const size = JSON.stringify(body).length;
    if (size <= MAX_BODY_CHARACTERS) return { ...body, id };
    throw new HttpError(
      413,
      `Request Entity Too Large: what a namespace says has at most ${MAX_BODY_CHARACTERS} characters`,
    );
  }

  function checkedDefaults(list: JsonObject[]): JsonObject[] {
    const { problems } = language.pluginDefaults(list);
    const errors = problems.filter(({ severity = "error" }) => severity === "error");
    if (errors.length === 0) return list;
    throw invalidEntity(`Invalid Plugin Default: ${errors.map(({ message }) => message).join(", ")}`, errors);
  }

  async function create(c: AppContext): Promise<Response> {
    const { id, ...body } = await bodyOf(c);
    const saved = await spacesActor(c.env, tenantOf(c)).saveSpace(id, body, "create");
    if (saved === "exists") throw invalidEntity("Namespace id already exists: update it");
    forgetSpaces(c.env);
    return c.json(spaceJson({ id, ...body }));
  }

  async function update(c: AppContext): Promise<Response> {
    const { id, ...body } = await bodyOf(c);
    if (id !== namespaceOf(c)) throw invalidEntity(`The id of the namespace must stay '${namespaceOf(c)}'`);
    if ((await spacesActor(c.env, tenantOf(c)).saveSpace(id, body, "update")) === "absent")
      throw notFound(`the namespace '${id}' was not created: POST it to /namespaces`);
    forgetSpaces(c.env);
    return c.json(spaceJson({ id, ...body }));
  }

  return [
    ...others,
    userRoute("POST /namespaces", "Create a namespace", create, {
      body: "json",
      tag,
      bodySchema: Body,
      answers: { 200: { description: "The namespace", schema: Answer } },
    }),
    userRoute("PUT /namespaces/:namespace", "Change what a namespace says", update, {
      body: "json",
      tag,
      bodySchema: Body,
      answers: { 200: { description: "The namespace", schema: Answer } },
    }),
  ];
}

function spaceJson(space: Space) {
  return { ...space, disabled: false, deleted: false };
}

async function get(c: AppContext): Promise<Response> {
  const id = namespaceOf(c);
  const space = await spacesActor(c.env, tenantOf(c)).getSpace(id);
  return c.json(space === null ? { id, disabled: true, deleted: false } : spaceJson(space));
}

async function search(c: AppContext): Promise<Response> {
  const { q = "", page, size, sort, existing } = query(c, SearchQuery);
  const items = await namespaceItems(c.env, tenantOf(c));
  const found = items.filter(({ id, explicit }) => id.includes(q.toLowerCase()) && (explicit || !existing));
  if (sort?.[0]?.endsWith(":desc")) found.reverse();
  const results = found.slice((page - 1) * size, page * size).map(({ id, explicit, description }) => ({
    id,
    disabled: !explicit,
    ...(description === undefined ? {} : { description }),
  }));
  return c.json({ results, total: found.length });
}

async function autocomplete(c: AppContext): Promise<Response> {
  const { q, ids, existingOnly } = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), Autocomplete);
  const items = await namespaceItems(c.env, tenantOf(c));
  const found = items.filter(
    ({ id, explicit }) => id.includes(q.toLowerCase()) && (explicit || !existingOnly) && (ids?.includes(id) ?? true),
  );
  return c.json(found.map(({ id }) => id));
}

async function remove(c: AppContext): Promise<Response> {
  const id = namespaceOf(c);
  const tenant = tenantOf(c);
  const actor = spacesActor(c.env, tenant);
  if ((await actor.getSpace(id)) === null) throw notFound(`the namespace '${id}' was not created`);
  const flows = await portsOf(c.env).projection.searchFlows(
    tenant,
    [{ field: "namespace", op: "EQUALS", values: [id] }],
    { page: 1, size: 1, sort: [] },
  );
  if (flows.total > 0) throw conflict(`the namespace '${id}' has ${flows.total} flows: delete or move them first`);
  const values = valuesActor(c.env, tenant, id);
  await values.deleteValues((await values.listValues()).map(({ key }) => key));
  await actor.removeSpace(id);
  forgetSpaces(c.env);
  return c.body(null, 204);
}

/** What the namespace would have if it said nothing itself. */
async function fromAbove(c: AppContext) {
  const id = namespaceOf(c);
  const parent = id.includes(".") ? id.slice(0, id.lastIndexOf(".")) : "";
  return contextOf(c.env, tenantOf(c), parent);
}

async function inheritedVariables(c: AppContext): Promise<Response> {
  return c.json((await fromAbove(c)).variables);
}

async function inheritedDefaults(c: AppContext): Promise<Response> {
  const { pluginDefaults } = await fromAbove(c);
  return c.json(pluginDefaults.map(({ type, forced, values }) => ({ type, forced, values })));
}
