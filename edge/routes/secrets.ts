import * as z from "zod";
import { type SecretEntry, withParents } from "#actors/namespace/namespace-rpc.ts";
import { CipherError, cipherOf } from "../cipher.ts";
import { conflict, illegalArgument, notFound } from "../http-error.ts";
import { BODY_MAX_BYTES, readText } from "../middleware/body/body-limit.ts";
import { jsonBody, namespaceOf, param, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { PagingQuery } from "../search-query.ts";
import { rotateSecrets } from "../secret-rotation.ts";
import { placeOfSecret, secretKeyProblem, serverSecretNames } from "../secrets.ts";
import { spacesActor } from "../spaces.ts";
import { pageOf } from "./answers.ts";
import { userRoute } from "./user-route.ts";

// `/namespaces/{namespace}/secrets`: written and listed, and never read back.

const MAX_SECRET_CHARACTERS = 100_000;
const MAX_INHERITED = 1_000;
const tag = "Secrets";

const Tags = z.array(z.strictObject({ key: z.string().min(1).max(100), value: z.string().max(1_000) })).max(50);
const Description = z.string().max(1_000);
const PutBody = z.strictObject({
  key: z.string(),
  value: z.string().min(1).max(MAX_SECRET_CHARACTERS),
  description: Description.optional(),
  tags: Tags.optional(),
});
const PatchBody = z.strictObject({
  key: z.string().optional(),
  description: Description.optional(),
  tags: Tags.optional(),
});
const SearchQuery = PagingQuery.omit({ sort: true }).extend({ q: z.string().max(256).default("") });
const AllQuery = SearchQuery.extend({ namespace: z.string().optional() });

const SecretAnswer = z.object({
  namespace: z.string(),
  key: z.string(),
  description: z.string().optional(),
  tags: Tags,
  creationDate: z.string(),
  updateDate: z.string(),
});
const Page = pageOf(SecretAnswer).extend({ readOnly: z.literal(false) });
const Named = z.array(z.object({ key: z.string() }));

export const secretRoutes: readonly Route[] = [
  userRoute("GET /secrets", "Names of the secrets of all namespaces", searchAll, {
    tag,
    query: AllQuery,
    answers: { 200: { description: "A page; no value is ever shown", schema: Page } },
  }),
  userRoute("GET /namespaces/:namespace/secrets", "Names of the secrets of a namespace", search, {
    tag,
    query: SearchQuery,
    answers: { 200: { description: "A page; no value is ever shown", schema: Page } },
  }),
  userRoute("GET /namespaces/:namespace/inherited-secrets", "Names of secrets that come from above", inherited, {
    tag,
    answers: { 200: { description: "Names by namespace", schema: z.record(z.string(), z.array(z.string())) } },
  }),
  userRoute("PUT /namespaces/:namespace/secrets", "Create a secret, or replace its value", put, {
    body: "json",
    tag,
    bodySchema: PutBody,
    answers: { 200: { description: "Its name", schema: Named } },
  }),
  userRoute("PATCH /namespaces/:namespace/secrets/:key", "Change what is said about a secret", patch, {
    body: "json",
    tag,
    bodySchema: PatchBody,
    answers: { 200: { description: "Its name", schema: Named } },
  }),
  userRoute("DELETE /namespaces/:namespace/secrets/:key", "Delete a secret", remove, {
    tag,
    answers: { 200: { description: "Its name", schema: z.array(z.string()) } },
  }),
  userRoute("POST /secrets/rotate", "Seal secrets anew with the newest key", rotate, {
    tag,
    answers: {
      200: {
        description: "How many were sealed anew, and how many are left for another call",
        schema: z.object({ rotated: z.int(), left: z.int(), unreadable: z.array(z.string()) }),
      },
    },
  }),
];

function keyOf(c: AppContext): string {
  return checkedKey(param(c, "key"));
}

function checkedKey(key: string): string {
  const problem = secretKeyProblem(key);
  if (problem !== undefined) throw illegalArgument(problem);
  return key;
}

function secretJson({ namespace, key, description, tags, createdAt, updatedAt }: SecretEntry) {
  return {
    namespace,
    key,
    ...(description === null ? {} : { description }),
    tags,
    creationDate: new Date(createdAt).toISOString(),
    updateDate: new Date(updatedAt).toISOString(),
  } satisfies z.infer<typeof SecretAnswer>;
}

async function search(c: AppContext): Promise<Response> {
  const found = await spacesActor(c.env, tenantOf(c)).searchSecrets({
    ...query(c, SearchQuery),
    namespaces: [namespaceOf(c)],
  });
  return c.json({ readOnly: false, results: found.results.map(secretJson), total: found.total });
}

async function searchAll(c: AppContext): Promise<Response> {
  const { namespace, ...given } = query(c, AllQuery);
  const narrowed = namespace === undefined ? {} : { namespaces: [namespace] };
  const found = await spacesActor(c.env, tenantOf(c)).searchSecrets({ ...given, ...narrowed });
  return c.json({ readOnly: false, results: found.results.map(secretJson), total: found.total });
}

/** By namespace, the nearest first; under the empty name those of the server's environment. */
async function inherited(c: AppContext): Promise<Response> {
  const [, ...parents] = withParents(namespaceOf(c));
  const actor = spacesActor(c.env, tenantOf(c));
  const answer: Record<string, string[]> = {};
  for (const parent of parents) {
    const { results } = await actor.searchSecrets({ namespaces: [parent], q: "", page: 1, size: MAX_INHERITED });
    if (results.length > 0) answer[parent] = results.map(({ key }) => key);
  }
  const ofServer = serverSecretNames(c.env);
  if (ofServer.length > 0) answer[""] = ofServer;
  return c.json(answer);
}

async function put(c: AppContext): Promise<Response> {
  const namespace = namespaceOf(c);
  const { key, value, description, tags } = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), PutBody);
  checkedKey(key);
  const tenant = tenantOf(c);
  const sealed = await sealedOr409(c, value, placeOfSecret(tenant, namespace, key));
  await spacesActor(c.env, tenant).saveSecret({
    namespace,
    key,
    sealed,
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
  });
  return c.json([{ key }]);
}

async function sealedOr409(c: AppContext, value: string, place: string): Promise<string> {
  try {
    return await cipherOf(c.env).encrypt(value, place);
  } catch (error) {
    if (error instanceof CipherError) throw conflict(error.message);
    throw error;
  }
}

async function patch(c: AppContext): Promise<Response> {
  const key = keyOf(c);
  const { description, tags } = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), PatchBody);
  const about = { description, tags };
  if (!(await spacesActor(c.env, tenantOf(c)).describeSecret(namespaceOf(c), key, about))) throw noSecret(c, key);
  return c.json([{ key }]);
}

async function remove(c: AppContext): Promise<Response> {
  const key = keyOf(c);
  if (!(await spacesActor(c.env, tenantOf(c)).removeSecret(namespaceOf(c), key))) throw noSecret(c, key);
  return c.json([key]);
}

function noSecret(c: AppContext, key: string) {
  return notFound(`there is no secret '${key}' in namespace '${namespaceOf(c)}'`);
}

async function rotate(c: AppContext): Promise<Response> {
  try {
    return c.json(await rotateSecrets(c.env, tenantOf(c)));
  } catch (error) {
    if (error instanceof CipherError) throw conflict(error.message);
    throw error;
  }
}
