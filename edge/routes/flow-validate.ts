import * as z from "zod";
import { namespacesOf, type ValidatedDocument } from "#flow/parse-flow.ts";
import { type NamespaceContext, NO_NAMESPACE } from "#flow/pinned-namespace.ts";
import { templateRefsOfSource } from "#flow/templates.ts";
import type { JsonObject } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import type { Env } from "../env.ts";
import type { AppParts } from "../parts.ts";
import { tenantOf } from "../request.ts";
import type { Route } from "../route.ts";
import { contextOf } from "../spaces.ts";
import { missingTemplates } from "../templates.ts";
import { sourceOf } from "../yaml-body.ts";
import { userRoute } from "./user-route.ts";

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

/** `POST /flows/validate`: what the validator says, without saving anything. Always 200. */
export function flowValidateRoutes({ language }: AppParts): readonly Route[] {
  return [
    userRoute(
      "POST /flows/validate",
      "Check flows without saving them",
      async (c) => {
        const source = await sourceOf(c);
        const tenant = tenantOf(c);
        const contexts = new Map<string, NamespaceContext>();
        for (const namespace of namespacesOf(source))
          contexts.set(namespace, await contextOf(c.env, tenant, namespace));
        const documents = language.validate(source, (namespace) => contexts.get(namespace) ?? NO_NAMESPACE);
        const checked = documents.map(async (document) => withTemplateWarnings(c.env, tenant, document));
        return c.json((await Promise.all(checked)).map(validation));
      },
      {
        body: "yaml",
        tag: "Flows",
        answers: { 200: { description: "One entry for each document", schema: z.array(ValidationAnswer) } },
      },
    ),
  ];
}

/** Warns of templates that there are not, or not yet. */
async function withTemplateWarnings(env: Env, tenant: string, document: ValidatedDocument): Promise<ValidatedDocument> {
  const missing = await missingTemplates(env, tenant, templateRefsOfSource(document.source));
  if (missing.length === 0) return document;
  const warnings = missing.map(
    (message): Problem => ({ code: "INVALID_VALUE", message, path: "", severity: "warning" }),
  );
  return { ...document, problems: [...document.problems, ...warnings] };
}

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
