import * as z from "zod";
import { KV_TYPES, type KvEntry, namespaceActorName } from "#actors/namespace/namespace-rpc.ts";
import { parseDuration } from "#schema/duration.ts";
import { actorByName } from "../env.ts";
import { HttpError, illegalArgument, notFound } from "../http-error.ts";
import { parseKvValue } from "../kv-value.ts";
import { readText } from "../middleware/body/body-limit.ts";
import { jsonBody, namespaceOf, param, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { userRoute } from "./user-route.ts";

const KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,255}$/;
const VALUE_MAX_BYTES = 1024 * 1024;
const DeleteBody = z.object({ keys: z.array(z.string()).max(1000) });
const tag = "KV";

const EntryAnswer = z.object({
  key: z.string(),
  description: z.string().optional(),
  creationDate: z.string(),
  updateDate: z.string(),
  expirationDate: z.string().optional(),
});
const ValueAnswer = z.object({ type: z.enum(KV_TYPES), value: z.unknown() });

/** `/namespaces/{namespace}/kv`. */
export const kvRoutes: readonly Route[] = [
  userRoute("GET /namespaces/:namespace/kv", "Keys of a namespace", list, {
    tag,
    answers: { 200: { description: "Live keys", schema: z.array(EntryAnswer) } },
  }),
  userRoute("GET /namespaces/:namespace/kv/:key", "A value", get, {
    tag,
    answers: { 200: { description: "The value and its type", schema: ValueAnswer } },
  }),
  userRoute("PUT /namespaces/:namespace/kv/:key", "Set a value; its type is that of the text", put, {
    body: "text",
    tag,
    answers: { 200: { description: "Stored" } },
  }),
  userRoute("DELETE /namespaces/:namespace/kv/:key", "Delete a key", remove, {
    tag,
    answers: { 200: { description: "Whether there was one", schema: z.boolean() } },
  }),
  userRoute("DELETE /namespaces/:namespace/kv", "Delete keys", removeAll, {
    body: "json",
    tag,
    bodySchema: DeleteBody,
    answers: { 200: { description: "The deleted keys", schema: DeleteBody } },
  }),
];

function actorOf(c: AppContext) {
  return actorByName(c.env.NAMESPACE, namespaceActorName(tenantOf(c), namespaceOf(c)));
}

function keyOf(c: AppContext): string {
  const key = param(c, "key");
  if (KEY.test(key)) return key;
  throw illegalArgument(
    `Key must start with an alphanumeric character (uppercase or lowercase) and can contain alphanumeric characters, dots (.), underscores (_) and hyphens (-) only: '${key.slice(0, 100)}'`,
  );
}

async function list(c: AppContext): Promise<Response> {
  return c.json((await actorOf(c).listValues()).map(entryJson));
}

function entryJson({ key, description, createdAt, updatedAt, expiresAt }: KvEntry): z.infer<typeof EntryAnswer> {
  return {
    key,
    ...(description === null ? {} : { description }),
    creationDate: new Date(createdAt).toISOString(),
    updateDate: new Date(updatedAt).toISOString(),
    ...(expiresAt === null ? {} : { expirationDate: new Date(expiresAt).toISOString() }),
  };
}

async function get(c: AppContext): Promise<Response> {
  const key = keyOf(c);
  const found = await actorOf(c).getValue(key);
  if (found.kind === "expired") throw new HttpError(410, `Resource has expired: The requested value has expired`);
  if (found.kind === "absent") throw notFound(`No value found for key '${key}' in namespace '${namespaceOf(c)}'`);
  return c.json({ type: found.type, value: found.value });
}

async function put(c: AppContext): Promise<Response> {
  const key = keyOf(c);
  const text = await readText(c.req.raw, VALUE_MAX_BYTES);
  const value = parseKvValue(text);
  if (!value) throw illegalArgument(`Invalid JSON value for: ${text.slice(0, 200)}. Quote it when it is a text`);
  const ttl = c.req.header("ttl");
  const ttlMs = ttl === undefined ? undefined : parseDuration(ttl);
  if (ttl !== undefined && (ttlMs === undefined || ttlMs <= 0))
    throw illegalArgument(`the ttl '${ttl}' is no ISO-8601 duration, such as P30D`);
  const description = c.req.header("description");
  await actorOf(c).setValue(key, value, {
    overwrite: true,
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(description === undefined ? {} : { description: description.slice(0, 1000) }),
  });
  return c.body(null, 200);
}

async function remove(c: AppContext): Promise<Response> {
  return c.json(await actorOf(c).deleteValue(keyOf(c)));
}

async function removeAll(c: AppContext): Promise<Response> {
  const { keys } = await jsonBody(await readText(c.req.raw, VALUE_MAX_BYTES), DeleteBody);
  const actor = actorOf(c);
  const deleted: string[] = [];
  for (const key of keys) if (await actor.deleteValue(key)) deleted.push(key);
  return c.json({ keys: deleted });
}
