import * as z from "zod";
import {
  type FlowKey,
  type FlowRpc,
  flowActorName,
  type SaveAnswer,
  type SaveMode,
} from "#actors/flow-actor/flow-rpc.ts";
import type { ParsedFlow } from "#flow/parse-flow.ts";
import { pinsNamespace } from "#flow/pinned-namespace.ts";
import { actorByName } from "../env.ts";
import { flowJson } from "../flow-json.ts";
import { invalidFlow, keyOfSource } from "../flow-save.ts";
import { invalidEntity, notFound } from "../http-error.ts";
import type { AppParts } from "../parts.ts";
import { flag, flowKeyOf, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { pinnedTextOf } from "../spaces.ts";
import { sourceOf } from "../yaml-body.ts";
import { FlowAnswer } from "./answers.ts";
import { userRoute } from "./user-route.ts";

const GetQuery = z.object({
  source: flag(false).describe("Answer the text too"),
  revision: z.coerce.number().int().min(1).optional(),
  allowDeleted: flag(false),
});
const RevisionsQuery = z.object({ allowDeleted: flag(true) });

/** `/flows`: the sources of flows, their revisions and lists. */
export function flowRoutes(parts: AppParts): readonly Route[] {
  const { language } = parts;
  const yamlAnswer = { 200: { description: "The flow as saved", schema: FlowAnswer } };

  async function save(c: AppContext, mode: SaveMode, named?: FlowKey): Promise<Response> {
    const source = await sourceOf(c);
    if (pinsNamespace(source))
      throw invalidEntity("`pinnedNamespace` is written by the server alone: change the namespace instead");
    const alone = language.parse(source);
    const around = await pinnedTextOf(c.env, tenantOf(c), alone.draft?.namespace ?? "");
    const key = keyIn(tenantOf(c), around === "" ? alone : language.parse(source + around), named);
    return answerSaved(c, await flowActor(c, key).save(key, source, mode, around), key);
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

  return [
    userRoute("POST /flows", "Create a flow from its YAML", (c) => save(c, "create"), {
      body: "yaml",
      tag: "Flows",
      answers: yamlAnswer,
    }),
    userRoute("PUT /flows/:namespace/:id", "Update a flow from its YAML", (c) => save(c, "update", flowKeyOf(c)), {
      body: "yaml",
      tag: "Flows",
      answers: yamlAnswer,
    }),
    userRoute("GET /flows/:namespace/:id", "A flow, or one of its revisions", get, {
      tag: "Flows",
      query: GetQuery,
      answers: yamlAnswer,
    }),
    userRoute("DELETE /flows/:namespace/:id", "Delete a flow; its revisions are kept", remove, {
      tag: "Flows",
      answers: { 204: { description: "Deleted" } },
    }),
    userRoute("GET /flows/:namespace/:id/revisions", "All revisions, oldest first", revisions, {
      tag: "Flows",
      query: RevisionsQuery,
      answers: { 200: { description: "Flows with source", schema: z.array(FlowAnswer) } },
    }),
  ];
}

function flowActor(c: AppContext, key: FlowKey): FlowRpc {
  return actorByName(c.env.FLOW, flowActorName(key));
}

/** The key that a source says itself; `named` is the one it must have. */
function keyIn(tenant: string, parsed: ParsedFlow, named: FlowKey | undefined): FlowKey {
  const key = keyOfSource(tenant, parsed);
  if (named && key.flowId !== named.flowId) throw invalidEntity("Illegal flow id update");
  if (named && key.namespace !== named.namespace) throw invalidEntity("Illegal namespace update");
  return key;
}
