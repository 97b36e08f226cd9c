import * as z from "zod";
import {
  KV_SORTS,
  type KvEntry,
  type KvPage,
  type KvSearch,
  MAX_KV_BYTES,
  withParents,
} from "#actors/namespace/namespace-rpc.ts";
import { parseDuration } from "#schema/duration.ts";
import { KV_TYPES, type KvValue, kvKeyProblem, kvTypeOf, kvValueIn, parseKv } from "#schema/kv.ts";
import { isoInstant } from "#schema/time.ts";
import { HttpError, illegalArgument, notFound } from "../http-error.ts";
import { BODY_MAX_BYTES, readText, tooLarge } from "../middleware/body/body-limit.ts";
import { allNamespaces, noteNamespace } from "../namespaces.ts";
import { jsonBody, namespaceOf, param, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { PagingQuery, pagingOf } from "../search-query.ts";
import { valuesActor } from "../spaces.ts";
import { pageOf } from "./answers.ts";
import { userRoute } from "./user-route.ts";

const MAX_DESCRIPTION = 1_000;
/** A list over several namespaces asks each of them, so it asks at most so many, and looks at so many keys of each. */
const MAX_NAMESPACES = 100;
const MAX_KEYS_OF_EACH = 1_000;
const tag = "KV";

const SearchQuery = PagingQuery.extend({ q: z.string().max(256).default("").describe("Part of a key or description") });
const AllQuery = SearchQuery.extend({
  namespace: z.string().optional().describe("This namespace and those below it; all when left out"),
});
const ListQuery = z.object({
  ...SearchQuery.shape,
  page: z.coerce.number().int().min(1).max(1_000_000).optional(),
  size: z.coerce.number().int().min(1).max(MAX_KEYS_OF_EACH).optional(),
});
const PutQuery = z.object({
  type: z.enum(KV_TYPES).optional().describe("Reads the body as this type; by itself it has the type of its spelling"),
});
const Keys = z.object({ keys: z.array(z.string()).max(1000) });
const Entries = z
  .array(
    z.strictObject({
      key: z.string(),
      value: z.json(),
      type: z.enum(KV_TYPES).optional(),
      ttl: z.string().optional(),
      description: z.string().max(MAX_DESCRIPTION).optional(),
    }),
  )
  .min(1)
  .max(200);

const EntryAnswer = z.object({
  key: z.string(),
  namespace: z.string(),
  type: z.enum(KV_TYPES),
  description: z.string().optional(),
  version: z.int(),
  creationDate: z.string(),
  updateDate: z.string(),
  expirationDate: z.string().optional(),
});
const ValueAnswer = z.object({ type: z.enum(KV_TYPES), value: z.unknown(), revision: z.int(), updated: z.string() });

/** `/namespaces/{namespace}/kv`, and `/kv` over several namespaces. */
export const kvRoutes: readonly Route[] = [
  userRoute("GET /kv", "Keys of several namespaces", searchAll, {
    tag,
    query: AllQuery,
    answers: { 200: { description: "A page of live keys", schema: pageOf(EntryAnswer) } },
  }),
  userRoute("GET /namespaces/:namespace/kv", "Keys of a namespace", list, {
    tag,
    query: ListQuery,
    answers: { 200: { description: "Live keys; all, or those of a page", schema: z.array(EntryAnswer) } },
  }),
  userRoute("GET /namespaces/:namespace/kv/inheritance", "Keys of the parent namespaces", inherited, {
    tag,
    answers: {
      200: { description: "Live keys that the namespace does not have itself", schema: z.array(EntryAnswer) },
    },
  }),
  userRoute("GET /namespaces/:namespace/kv/:key", "A value", get, {
    tag,
    answers: { 200: { description: "The value and its type", schema: ValueAnswer } },
  }),
  userRoute("GET /namespaces/:namespace/kv/:key/history", "What a key has held", history, {
    tag,
    answers: { 200: { description: "Its last versions, the newest first", schema: z.array(ValueAnswer) } },
  }),
  userRoute("PUT /namespaces/:namespace/kv/:key", "Set a value; its type is that of the text", put, {
    body: "text",
    tag,
    query: PutQuery,
    answers: { 200: { description: "Stored" } },
  }),
  userRoute("PUT /namespaces/:namespace/kv", "Set several values, all or none", putAll, {
    body: "json",
    tag,
    bodySchema: Entries,
    answers: { 200: { description: "How many", schema: z.object({ count: z.int() }) } },
  }),
  userRoute("DELETE /namespaces/:namespace/kv/:key", "Delete a key", remove, {
    tag,
    answers: { 200: { description: "Whether there was one", schema: z.boolean() } },
  }),
  userRoute("DELETE /namespaces/:namespace/kv", "Delete keys", removeAll, {
    body: "json",
    tag,
    bodySchema: Keys,
    answers: { 200: { description: "The deleted keys", schema: Keys } },
  }),
];

function actorOf(c: AppContext) {
  return valuesActor(c.env, tenantOf(c), namespaceOf(c));
}

function keyOf(c: AppContext): string {
  return checkedKey(param(c, "key"));
}

function checkedKey(key: string): string {
  const problem = kvKeyProblem(key);
  if (problem === undefined) return key;
  throw illegalArgument(`${problem} It is '${key.slice(0, 100)}'`);
}

function entryJson(namespace: string, entry: KvEntry): z.infer<typeof EntryAnswer> {
  const { key, type, version, description, createdAt, updatedAt, expiresAt } = entry;
  return {
    key,
    namespace,
    type,
    version,
    ...(description === null ? {} : { description }),
    creationDate: new Date(createdAt).toISOString(),
    updateDate: new Date(updatedAt).toISOString(),
    ...(expiresAt === null ? {} : { expirationDate: new Date(expiresAt).toISOString() }),
  };
}

function searchOf({ q, page, size, sort }: z.infer<typeof SearchQuery>): KvSearch {
  const [by] = pagingOf({ page, size, sort }, KV_SORTS).sort;
  const field = KV_SORTS.find((name) => name === by?.field) ?? "key";
  return { q, page, size, sort: { field, descending: by?.descending ?? false } };
}

async function list(c: AppContext): Promise<Response> {
  const { page = 1, size = MAX_KEYS_OF_EACH, ...rest } = query(c, ListQuery);
  const actor = actorOf(c);
  const search = searchOf({ ...rest, page, size });
  const isAll = c.req.query("size") === undefined && c.req.query("page") === undefined;
  const { results, total } = isAll
    ? await everything(search, (each) => actor.searchValues(each))
    : await actor.searchValues(search);
  return c.json(
    results.map((entry) => entryJson(namespaceOf(c), entry)),
    200,
    { "x-total-count": String(total) },
  );
}

async function everything(first: KvSearch, search: (search: KvSearch) => Promise<KvPage>): Promise<KvPage> {
  const results: KvEntry[] = [];
  for (let page = 1; ; page++) {
    const found = await search({ ...first, page });
    results.push(...found.results);
    if (found.results.length < first.size) return { results, total: results.length };
  }
}

async function searchAll(c: AppContext): Promise<Response> {
  const { namespace: above = "", ...given } = query(c, AllQuery);
  const tenant = tenantOf(c);
  const search = searchOf(given);
  const all = await allNamespaces(c.env, tenant);
  const chosen = all.filter((id) => above === "" || id === above || id.startsWith(`${above}.`));
  if (chosen.length > MAX_NAMESPACES)
    throw illegalArgument(`there are ${chosen.length} namespaces, ${MAX_NAMESPACES} are searched at most: name one`);
  const reach = Math.min(search.page * search.size, MAX_KEYS_OF_EACH);
  const pages = await Promise.all(
    chosen.map(async (namespace) => {
      const found = await valuesActor(c.env, tenant, namespace).searchValues({ ...search, page: 1, size: reach });
      return { total: found.total, entries: found.results.map((entry) => entryJson(namespace, entry)) };
    }),
  );
  const { field, descending } = search.sort;
  const entries = pages.flatMap((page) => page.entries);
  const ranked = (entry: (typeof entries)[number]) => entry[field] ?? "";
  entries.sort((a, b) => {
    const order = ranked(a) < ranked(b) ? -1 : ranked(a) > ranked(b) ? 1 : 0;
    return descending ? -order : order;
  });
  const total = pages.reduce((sum, page) => sum + page.total, 0);
  return c.json({ results: entries.slice((search.page - 1) * search.size, search.page * search.size), total });
}

async function inherited(c: AppContext): Promise<Response> {
  const tenant = tenantOf(c);
  const [own = "", ...parents] = withParents(namespaceOf(c));
  const seen = new Set((await valuesActor(c.env, tenant, own).listValues()).map(({ key }) => key));
  const found: z.infer<typeof EntryAnswer>[] = [];
  for (const parent of parents) {
    for (const entry of await valuesActor(c.env, tenant, parent).listValues()) {
      if (seen.has(entry.key)) continue;
      seen.add(entry.key);
      found.push(entryJson(parent, entry));
    }
  }
  return c.json(found);
}

async function get(c: AppContext): Promise<Response> {
  const key = keyOf(c);
  const found = await actorOf(c).getValue(key);
  if (found.kind === "expired") throw new HttpError(410, `Resource has expired: The requested value has expired`);
  if (found.kind === "absent") throw noValue(c, key);
  const { type, value, version, updatedAt } = found;
  return c.json({ type, value, revision: version, updated: isoInstant(updatedAt) });
}

function noValue(c: AppContext, key: string): HttpError {
  return notFound(`No value found for key '${key}' in namespace '${namespaceOf(c)}'`);
}

async function history(c: AppContext): Promise<Response> {
  const key = keyOf(c);
  const versions = await actorOf(c).valueHistory(key);
  if (versions.length === 0) throw noValue(c, key);
  return c.json(
    versions.map(({ type, value, version, updatedAt }) => ({
      type,
      value,
      revision: version,
      updated: isoInstant(updatedAt),
    })),
  );
}

async function put(c: AppContext): Promise<Response> {
  const key = keyOf(c);
  const { type } = query(c, PutQuery);
  const value = valueIn(await readText(c.req.raw, MAX_KV_BYTES), type);
  const description = c.req.header("description");
  const stored = await actorOf(c).setValue(key, value, {
    overwrite: true,
    ...ttlOf(c.req.header("ttl")),
    ...(description === undefined ? {} : { description: description.slice(0, MAX_DESCRIPTION) }),
  });
  if (stored === "too-large") throw tooLarge(MAX_KV_BYTES);
  await noteNamespace(c.env, tenantOf(c), namespaceOf(c));
  return c.body(null, 200);
}

function valueIn(text: string, type: KvValue["type"] | undefined): KvValue {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  if (type !== undefined) {
    const value = parseKv(text, type);
    if (value !== undefined && value !== null) return { type, value };
    throw illegalArgument(`'${shown}' is no ${type}`);
  }
  const value = kvValueIn(text);
  if (value === undefined) throw illegalArgument(`Invalid JSON value for: ${shown}. Quote it when it is a text`);
  return value;
}

function ttlOf(text: string | undefined): { ttlMs?: number } {
  if (text === undefined || text === "") return {};
  const ttlMs = parseDuration(text);
  if (ttlMs !== undefined && ttlMs > 0) return { ttlMs };
  throw illegalArgument(`the ttl '${text.slice(0, 100)}' is no ISO-8601 duration above zero, such as P30D`);
}

async function putAll(c: AppContext): Promise<Response> {
  const entries = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), Entries);
  const checked = entries.map(({ key, value, type, ttl, description }) => ({
    key: checkedKey(key),
    value: type === undefined ? ownTyped(key, value) : typed(key, value, type),
    options: { overwrite: true, ...ttlOf(ttl), ...(description === undefined ? {} : { description }) },
  }));
  const large = checked.find(({ value }) => JSON.stringify(value.value).length > MAX_KV_BYTES / 3);
  if (large) throw new HttpError(413, `Request Entity Too Large: set '${large.key}' by itself`);
  const actor = actorOf(c);
  for (const { key, value, options } of checked) await actor.setValue(key, value, options);
  await noteNamespace(c.env, tenantOf(c), namespaceOf(c));
  return c.json({ count: checked.length });
}

function ownTyped(key: string, value: KvValue["value"]): KvValue {
  if (value === null) throw illegalArgument(`the value of '${key}' is null: delete the key instead`);
  return { type: kvTypeOf(value), value };
}

function typed(key: string, value: KvValue["value"], type: KvValue["type"]): KvValue {
  const parsed =
    typeof value === "string" ? parseKv(value, type) : type === "JSON" || kvTypeOf(value) === type ? value : undefined;
  if (parsed !== undefined && parsed !== null) return { type, value: parsed };
  throw illegalArgument(`the value of '${key}' is no ${type}`);
}

async function remove(c: AppContext): Promise<Response> {
  return c.json((await actorOf(c).deleteValues([keyOf(c)])).length > 0);
}

async function removeAll(c: AppContext): Promise<Response> {
  const { keys } = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), Keys);
  return c.json({ keys: await actorOf(c).deleteValues(keys) });
}
