import * as z from "zod";
import { type FlowKey, flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import type { ValidatedDocument } from "#flow/parse-flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { MAX_PAGE_SIZE } from "../db/filter.ts";
import { actorByName, type Env } from "../env.ts";
import { flowJson } from "../flow-json.ts";
import { keyOfSource, upsertFlow } from "../flow-save.ts";
import { HttpError, invalidEntity, notFound } from "../http-error.ts";
import { BODY_MAX_BYTES, readText } from "../middleware/body/body-limit.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { flag, jsonBody, namespaceOf, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { FlowFilterQuery, filterConditions, flowConditions } from "../search-query.ts";
import { uploadedTexts } from "../upload.ts";
import { textBytes, type ZipSource } from "../zip/write-zip.ts";
import { FlowAnswer } from "./answers.ts";
import { zipAnswer } from "./file-answer.ts";
import { FLOW_FILTERS } from "./flow-lists.ts";
import { userRoute } from "./user-route.ts";

// Many flows at once: out as a zip, in as YAML documents or a zip.

const tag = "Flows";
const Ids = z.array(z.object({ namespace: z.string(), id: z.string() })).max(1000);
const ImportQuery = z.object({ failOnError: flag(false).describe("Refuse the file when a flow in it is invalid") });
const BulkQuery = z.object({
  delete: flag(true).describe("Delete flows that are not given"),
  namespace: z.string().optional().describe("Only flows of this namespace"),
  allowNamespaceChild: flag(false).describe("And of those below it"),
});
const MAX_FLOWS = 1000;

type Given = { key: FlowKey; source: string };

export function flowExchangeRoutes({ language, now }: AppParts): readonly Route[] {
  async function exportFound(c: AppContext): Promise<Response> {
    const conditions = [...flowConditions(query(c, FlowFilterQuery)), ...filterConditions(c, FLOW_FILTERS, now())];
    return zipAnswer("flows.zip", sources(c.env, allFlows(c.env, tenantOf(c), conditions)));
  }

  /** Takes what is valid; the answer names what is not. With `failOnError` it takes all or refuses all. */
  async function importFile(c: AppContext): Promise<Response> {
    const { failOnError } = query(c, ImportQuery);
    const documents = await uploadedFlows(c, language);
    if (documents.length > MAX_FLOWS) throw tooMany(documents.length);
    if (failOnError) for (const { document } of documents) keyOfSource(tenantOf(c), document);
    const failed: string[] = [];
    for (const { name, document } of documents) {
      try {
        await upsertFlow(c.env, keyOfSource(tenantOf(c), document), document.source);
      } catch (error) {
        if (!(error instanceof HttpError) || failOnError) throw error;
        failed.push(name);
      }
    }
    return c.json(failed);
  }

  /** Every flow is checked before the first is saved. */
  async function givenIn(c: AppContext): Promise<Given[]> {
    const text = await readText(c.req.raw, BODY_MAX_BYTES);
    if (text.trim() === "") return [];
    const given = language
      .validate(text)
      .map((document) => ({ key: keyOfSource(tenantOf(c), document), source: document.source }));
    if (given.length > MAX_FLOWS) throw tooMany(given.length);
    const names = given.map(({ key }) => flowActorName(key));
    if (new Set(names).size < names.length) throw invalidEntity("Duplicate flow id");
    return given;
  }

  async function replaceIn(
    c: AppContext,
    given: readonly Given[],
    isMeant: (namespace: string) => boolean,
    remove: boolean,
  ) {
    if (given.some(({ key }) => !isMeant(key.namespace))) throw invalidEntity("Flow namespace is invalid");
    const kept = new Set(given.map(({ key }) => flowActorName(key)));
    const answers: JsonObject[] = [];
    if (remove) {
      for await (const key of allFlows(c.env, tenantOf(c), [])) {
        const actor = actorByName(c.env.FLOW, flowActorName(key));
        if (!isMeant(key.namespace) || kept.has(flowActorName(key)) || !(await actor.remove())) continue;
        const head = await actor.head();
        if (head.kind === "deleted") answers.push(flowJson(language, key.tenant, head.last, true));
      }
    }
    for (const { key, source } of given)
      answers.push(flowJson(language, key.tenant, (await upsertFlow(c.env, key, source)).flow, true));
    return c.json(answers);
  }

  async function replaceNamespace(c: AppContext): Promise<Response> {
    const namespace = namespaceOf(c);
    return replaceIn(c, await givenIn(c), (of) => of === namespace, query(c, BulkQuery).delete);
  }

  async function replaceAll(c: AppContext): Promise<Response> {
    const { namespace, allowNamespaceChild, delete: remove } = query(c, BulkQuery);
    const isMeant = (of: string) =>
      namespace === undefined || of === namespace || (allowNamespaceChild && of.startsWith(`${namespace}.`));
    return replaceIn(c, await givenIn(c), isMeant, remove);
  }

  return routesOf({ exportFound, exportNamed, importFile, replaceNamespace, replaceAll });
}

type Handlers = Record<
  "exportFound" | "exportNamed" | "importFile" | "replaceNamespace" | "replaceAll",
  Route["handler"]
>;

function routesOf({ exportFound, exportNamed, importFile, replaceNamespace, replaceAll }: Handlers): readonly Route[] {
  const zip = { 200: { description: "One entry for each flow: `namespace.id.yml`", contentType: "application/zip" } };
  const saved = { 200: { description: "The flows: deleted ones first", schema: z.array(FlowAnswer) } };
  return [
    userRoute("GET /flows/export/by-query", "The sources of the flows found, as a zip", exportFound, {
      tag,
      query: FlowFilterQuery,
      answers: zip,
    }),
    userRoute("POST /flows/export/by-ids", "The sources of flows, as a zip", exportNamed, {
      tag,
      body: "json",
      bodySchema: Ids,
      answers: zip,
    }),
    userRoute("POST /flows/import", "Create or update the flows of a YAML file or a zip", importFile, {
      tag,
      body: "multipart",
      query: ImportQuery,
      answers: { 200: { description: "Names of those that are invalid", schema: z.array(z.string()) } },
    }),
    userRoute("POST /flows/bulk", "Create, update and delete flows, as YAML documents", replaceAll, {
      tag,
      body: "any",
      query: BulkQuery,
      answers: saved,
    }),
    userRoute("POST /flows/:namespace", "Replace the flows of a namespace, as YAML documents", replaceNamespace, {
      tag,
      body: "any",
      query: BulkQuery.pick({ delete: true }),
      answers: saved,
    }),
  ];
}

async function exportNamed(c: AppContext): Promise<Response> {
  const ids = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), Ids);
  const keys = ids.map(({ namespace, id }) => ({ tenant: tenantOf(c), namespace, flowId: id }));
  for (const key of keys) {
    const head = await actorByName(c.env.FLOW, flowActorName(key)).head();
    if (head.kind !== "found") throw notFound(`Unable to find flow ${key.namespace}.${key.flowId}`);
  }
  return zipAnswer("flows.zip", sources(c.env, keys));
}

/** The flows of an uploaded file, each with its id, or its place when it has none. */
async function uploadedFlows(c: AppContext, language: AppParts["language"]) {
  const documents: { name: string; document: ValidatedDocument }[] = [];
  for (const { name, text } of await uploadedTexts(c, "fileUpload"))
    for (const [index, document] of language.validate(text).entries())
      documents.push({ name: document.draft?.id ?? `${name}#${index}`, document });
  return documents;
}

function tooMany(count: number): HttpError {
  return new HttpError(413, `Request Entity Too Large: ${count} flows, ${MAX_FLOWS} are allowed in one request`);
}

/** The flows that the lists know. A page is read whole before the first of it is handed on. */
async function* allFlows(
  env: Env,
  tenant: string,
  conditions: Parameters<ReturnType<typeof portsOf>["projection"]["searchFlows"]>[1],
): AsyncGenerator<FlowKey> {
  const sort = [
    { field: "namespace", descending: false },
    { field: "id", descending: false },
  ];
  const keys: FlowKey[] = [];
  for (let page = 1; ; page++) {
    const found = await portsOf(env).projection.searchFlows(tenant, conditions, { page, size: MAX_PAGE_SIZE, sort });
    keys.push(...found.results.map(({ namespace, id }) => ({ tenant, namespace, flowId: id })));
    if (found.results.length < MAX_PAGE_SIZE) break;
  }
  yield* keys;
}

/** Those that are still there, as files. */
export async function* sources(env: Env, keys: Iterable<FlowKey> | AsyncIterable<FlowKey>): AsyncGenerator<ZipSource> {
  for await (const key of keys) {
    const head = await actorByName(env.FLOW, flowActorName(key)).head();
    if (head.kind !== "found") continue;
    yield { name: `${key.namespace}.${key.flowId}.yml`, modifiedAt: 0, bytes: textBytes(head.flow.source) };
  }
}
