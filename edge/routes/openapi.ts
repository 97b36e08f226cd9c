import * as z from "zod";
import type { AppParts } from "../parts.ts";
import type { BodyKind, Route } from "../route.ts";
import { ErrorAnswer } from "./answers.ts";

type Schema = Record<string, unknown>;

const BODY_TYPES: Readonly<Record<BodyKind, readonly string[]>> = {
  none: [],
  json: ["application/json"],
  yaml: ["application/x-yaml"],
  text: ["text/plain"],
  multipart: ["multipart/form-data"],
  any: ["*/*"],
  stream: ["application/octet-stream"],
};

/** `/api/openapi.json`, made from the routes themselves when it is first asked for. */
export function openApiRoute(routes: () => readonly Route[], { version }: AppParts): Route {
  let text: string | undefined;
  return {
    method: "GET",
    path: "/api/openapi.json",
    root: true,
    guard: "public",
    summary: "This description",
    handler: () => {
      text ??= JSON.stringify(describe(routes(), version));
      return new Response(text, { headers: { "content-type": "application/json" } });
    },
    openapi: { tag: "System", answers: { 200: { description: "OpenAPI 3.1" } } },
  };
}

function describe(routes: readonly Route[], version: string): Schema {
  const paths: Record<string, Schema> = {};
  for (const route of routes) {
    if (route.guard === "internal") continue;
    const path = (route.root ? route.path : `/api/v1${route.path}`).replaceAll(/:(\w+)/g, "{$1}");
    const operations = paths[path] ?? {};
    operations[route.method.toLowerCase()] = operation(route);
    paths[path] = operations;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Windhover",
      version,
      description: "Every path below `/api/v1` is also there below `/api/v1/main`, `main` being the tenant.",
    },
    paths,
    components: {
      securitySchemes: {
        basic: { type: "http", scheme: "basic" },
        bearer: { type: "http", scheme: "bearer" },
        agent: { type: "http", scheme: "bearer", description: "The agent token" },
      },
      schemas: { Error: toSchema(ErrorAnswer) },
    },
  };
}

function operation(route: Route): Schema {
  const { openapi, body = "none", guard } = route;
  const errors = guard === "user" ? ["401", "403", "404", "422"] : ["404", "422"];
  const error = {
    description: "Refused",
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  };
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(openapi?.tag ? { tags: [openapi.tag] } : {}),
    security: securityOf(route),
    parameters: [...pathParameters(route.path), ...queryParameters(openapi?.query)],
    ...(body === "none" ? {} : { requestBody: { content: bodyContent(body, openapi?.bodySchema) } }),
    responses: { ...answers(route), ...Object.fromEntries(errors.map((status) => [status, error])) },
  };
}

function securityOf({ guard }: Route): Schema[] {
  if (guard === "user") return [{ basic: [] }, { bearer: [] }];
  return guard === "agent" ? [{ agent: [] }] : [];
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[^a-zA-Z0-9]+/).filter((word) => word !== "");
  return method.toLowerCase() + words.map((word) => (word[0] ?? "").toUpperCase() + word.slice(1)).join("");
}

function pathParameters(path: string): Schema[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodObject | undefined): Schema[] {
  if (!query) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: "input" });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function bodyContent(body: BodyKind, bodySchema: z.ZodType | undefined): Schema {
  const schema = bodySchema
    ? toSchema(bodySchema)
    : { type: body === "multipart" || body === "json" ? "object" : "string" };
  return Object.fromEntries(BODY_TYPES[body].map((type) => [type, { schema }]));
}

function answers({ openapi }: Route): Schema {
  const entries = Object.entries(openapi?.answers ?? { 200: { description: "Done" } });
  return Object.fromEntries(
    entries.map(([status, { description, schema, contentType }]) => {
      if (!schema && !contentType) return [status, { description }];
      const content = {
        [contentType ?? "application/json"]: { schema: schema ? toSchema(schema) : { type: "string" } },
      };
      return [status, { description, content }];
    }),
  );
}

function toSchema(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
  return rest;
}
