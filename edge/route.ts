import type { Context } from "hono";
import type * as z from "zod";
import type { Env } from "./env.ts";

/**
 * Who may call a route. `public`: anyone. `user`: a person or program that passed authentication. `agent`: a runner agent with
 * the agent token. `internal`: the launcher or the platform, with the internal secret. `webhook`: anyone; the handler checks the key.
 */
export const GUARDS = ["public", "user", "agent", "internal", "webhook"] as const;
export type Guard = (typeof GUARDS)[number];

export type AppContext = Context<{ Bindings: Env }>;

/** What a route accepts as a body; it decides the size limit and the OpenAPI entry. `stream` has a limit of 1 GiB, `yaml` of 1 MiB, the rest 10 MiB. */
export type BodyKind = "none" | "json" | "yaml" | "text" | "multipart" | "any" | "stream";

export type Answer = { description: string; schema?: z.ZodType; contentType?: string };

export type RouteDocs = {
  tag?: string;
  query?: z.ZodObject;
  bodySchema?: z.ZodType;
  answers?: Readonly<Record<number, Answer>>;
};

/** One endpoint. Its guard is an attribute; an app with a route without one does not start. */
export type Route = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v1` (and `/api/v1/{tenant}`), with Hono's `:name` segments. With `root` it is the whole path. */
  path: string;
  root?: boolean;
  guard: Guard;
  summary: string;
  body?: BodyKind;
  handler: (c: AppContext) => Response | Promise<Response>;
  openapi?: RouteDocs;
};
