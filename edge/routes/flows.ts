import * as z from "zod";
import {
  type FlowKey,
  type FlowRpc,
  flowActorName,
  type SaveAnswer,
  type SaveMode,
} from "#actors/flow-actor/flow-rpc.ts";
import type { ValidatedDocument } from "#flow/parse-flow.ts";
import type { JsonObject } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import { SORT_FIELDS } from "../db/queries.ts";
import { actorByName } from "../env.ts";
import { flowJson } from "../flow-json.ts";
import { HttpError, invalidEntity, notFound } from "../http-error.ts";
import { readText, YAML_MAX_BYTES } from "../middleware/body/body-limit.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { flag, flowKeyOf, namespaceOf, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { FlowFilterQuery, filterConditions, flowConditions, PagingQuery, pagingOf } from "../search-query.ts";
import { FlowAnswer, pageOf } from "./answers.ts";

const GetQuery = z.object({
  source: flag(false).describe("Answer the text too"),
  revision: z.coerce.number().int().min(1).optional(),
  allowDeleted: flag(false),
});
const SearchQuery = PagingQuery.extend(FlowFilterQuery.shape);
const NamesQuery = z.object({ q: z.string().optional() });
const RevisionsQuery = z.object({ allowDeleted: flag(true) });
const FILTER_FIELDS = ["labels", "namespace", "q", "scope", "flowId"];
const LIST_MAX = 1000;

/** `/flows`: the sources of flows, their revisions and lists. */
export function flowRoutes(parts: AppParts): readonly Route[] {
  const { language } = parts;
  const yamlAnswer = { 200: { description: "The flow as saved", schema: FlowAnswer } };

  async function save(c: AppContext, mode: SaveMode, named?: FlowKey): Promise<Response> {
    const source = await sourceOf(c);
    const key = keyIn(source, named);
    return answerSaved(c, await flowActor(c, key).save(key, source, mode), key);
  }

  function keyIn(source: string, named: FlowKey | undefined): FlowKey {
    const { flow, problems } = language.parse(source);
    if (!flow) throw invalidFlow(problems);
    if (named && flow.id !== named.flowId) throw invalidEntity("Illegal flow id update");
    if (named && flow.namespace !== named.namespace) throw invalidEntity("Illegal namespace update");
    return { tenant: named?.tenant ?? "main", namespace: flow.namespace, flowId: flow.id };
  }

  function answerSaved(c: AppContext, answer: SaveAnswer, key: FlowKey): Response {
    switch (answer.kind) {
      case "saved":
        return c.json(flowJson(language, key.tenant, answer.flow, true));
      case "exists":
        throw invalidEntity("Flow id already exists", [
          { code: "DUPLICATE_ID", message: "Flow id already exists: update it, or choose another id", path: "id" },
        ]);
      case "absent":
        throw notFound();
      case "invalid":
        throw invalidFlow(answer.problems);
    }
  }

  async function get(c: AppContext): Promise<Response> {
    const { source, revision, allowDeleted } = query(c, GetQuery);
    const key = flowKeyOf(c);
    const head = await flowActor(c, key).head(revision);
    if (head.kind === "absent" || (head.kind === "deleted" && !allowDeleted)) throw notFound();
    return c.json(flowJson(language, key.tenant, head.kind === "deleted" ? head.last : head.flow, source));
  }

  async function remove(c: AppContext): Promise<Response> {
    if (!(await flowActor(c, flowKeyOf(c)).remove())) throw notFound();
    return c.body(null, 204);
  }

  async function revisions(c: AppContext): Promise<Response> {
    const key = flowKeyOf(c);
    const { allowDeleted } = query(c, RevisionsQuery);
    const saved = await flowActor(c, key).revisions();
    if (!allowDeleted && saved.at(-1)?.deleted) throw notFound();
    return c.json(saved.map((revision) => flowJson(language, key.tenant, revision, true)));
  }

  async function search(c: AppContext): Promise<Response> {
    const given = query(c, SearchQuery);
    const conditions = [...flowConditions(given), ...filterConditions(c, FILTER_FIELDS, parts.now())];
    const paging = pagingOf(given, SORT_FIELDS.flows);
    const page = await portsOf(c.env).projection.searchFlows(tenantOf(c), conditions, paging);
    return c.json({ results: page.results.map(({ json }): JsonObject => JSON.parse(json)), total: page.total });
  }

  async function ofNamespace(c: AppContext): Promise<Response> {
    const page = await portsOf(c.env).projection.searchFlows(
      tenantOf(c),
      [{ field: "namespace", op: "EQUALS", values: [namespaceOf(c)] }],
      { page: 1, size: LIST_MAX, sort: [] },
    );
    return c.json(page.results.map(({ json }): JsonObject => JSON.parse(json)));
  }

  async function distinctNamespaces(c: AppContext): Promise<Response> {
    const q = query(c, NamesQuery).q?.toLowerCase() ?? "";
    const namespaces = await portsOf(c.env).projection.namespaces(tenantOf(c));
    return c.json(namespaces.filter((namespace) => namespace.toLowerCase().includes(q)));
  }

  async function validate(c: AppContext): Promise<Response> {
    const source = await sourceOf(c);
    return c.json(language.validate(source).map(validation));
  }

  return [
    {
      method: "POST",
      path: "/flows",
      guard: "user",
      summary: "Create a flow from its YAML",
      body: "yaml",
      handler: (c) => save(c, "create"),
      openapi: { tag: "Flows", answers: yamlAnswer },
    },
    {
      method: "PUT",
      path: "/flows/:namespace/:id",
      guard: "user",
      summary: "Update a flow from its YAML",
      body: "yaml",
      handler: (c) => save(c, "update", flowKeyOf(c)),
      openapi: { tag: "Flows", answers: yamlAnswer },
    },
    {
      method: "GET",
      path: "/flows/:namespace/:id",
      guard: "user",
      summary: "A flow, or one of its revisions",
      handler: get,
      openapi: { tag: "Flows", query: GetQuery, answers: yamlAnswer },
    },
    {
      method: "DELETE",
      path: "/flows/:namespace/:id",
      guard: "user",
      summary: "Delete a flow; its revisions are kept",
      handler: remove,
      openapi: { tag: "Flows", answers: { 204: { description: "Deleted" } } },
    },
    {
      method: "GET",
      path: "/flows/:namespace/:id/revisions",
      guard: "user",
      summary: "All revisions, oldest first",
      handler: revisions,
      openapi: {
        tag: "Flows",
        query: RevisionsQuery,
        answers: { 200: { description: "Flows with source", schema: z.array(FlowAnswer) } },
      },
    },
    {
      method: "GET",
      path: "/flows/search",
      guard: "user",
      summary: "Find flows",
      handler: search,
      openapi: {
        tag: "Flows",
        query: SearchQuery,
        answers: { 200: { description: "A page of flows", schema: pageOf(FlowAnswer) } },
      },
    },
    {
      method: "GET",
      path: "/flows/distinct-namespaces",
      guard: "user",
      summary: "Namespaces that have flows",
      handler: distinctNamespaces,
      openapi: {
        tag: "Flows",
        query: NamesQuery,
        answers: { 200: { description: "Namespaces", schema: z.array(z.string()) } },
      },
    },
    {
      method: "POST",
      path: "/flows/validate",
      guard: "user",
      summary: "Check flows without saving them",
      body: "yaml",
      handler: validate,
      openapi: {
        tag: "Flows",
        answers: { 200: { description: "One entry for each document", schema: z.array(ValidationAnswer) } },
      },
    },
    {
      method: "GET",
      path: "/flows/:namespace",
      guard: "user",
      summary: "Flows of exactly this namespace",
      handler: ofNamespace,
      openapi: { tag: "Flows", answers: { 200: { description: "Flows", schema: z.array(FlowAnswer) } } },
    },
  ];
}

const ValidationAnswer = z.object({
  index: z.int(),
  flow: z.string().optional(),
  namespace: z.string().optional(),
  constraints: z.string().optional().describe("Everything that is wrong; absent when the flow is valid"),
  outdated: z.boolean(),
  deprecationPaths: z.array(z.string()),
  warnings: z.array(z.string()),
  infos: z.array(z.string()),
  problems: z.array(z.object({ code: z.string(), message: z.string(), path: z.string() })),
});

/** What the validator says of one document, as Kestra's clients read it, and as problems with places. */
function validation({ draft, problems }: ValidatedDocument, index: number): JsonObject {
  const errors = problems.filter(({ severity = "error" }) => severity === "error");
  const texts = (wanted: Problem["severity"]) =>
    problems.filter(({ severity, code }) => severity === wanted && code !== "DEPRECATED").map(({ message }) => message);
  return {
    index,
    ...(draft?.id ? { flow: draft.id } : {}),
    ...(draft?.namespace ? { namespace: draft.namespace } : {}),
    ...(errors.length > 0 ? { constraints: errors.map(({ message }) => message).join(", ") } : {}),
    outdated: false,
    deprecationPaths: problems.filter(({ code }) => code === "DEPRECATED").map(({ path }) => path),
    warnings: texts("warning"),
    infos: texts("info"),
    problems: problems.map((problem) => ({ ...problem })),
  };
}

const YAML_TYPES =
  /^(?:application\/x-yaml|application\/yaml|text\/yaml|text\/x-yaml|text\/plain|application\/octet-stream)\b/i;

/** The YAML text of the body, byte for byte. */
async function sourceOf(c: AppContext): Promise<string> {
  const contentType = c.req.header("content-type");
  if (contentType !== undefined && !YAML_TYPES.test(contentType)) {
    throw new HttpError(415, "Unsupported Media Type: send the flow's YAML as application/x-yaml");
  }
  return readText(c.req.raw, YAML_MAX_BYTES);
}

function flowActor(c: AppContext, key: FlowKey): FlowRpc {
  return actorByName(c.env.FLOW, flowActorName(key));
}

function invalidFlow(problems: readonly Problem[]): HttpError {
  const errors = problems.filter(({ severity = "error" }) => severity === "error");
  return invalidEntity(`Invalid Flow: ${errors.map(({ message }) => message).join(", ")}`, errors);
}
