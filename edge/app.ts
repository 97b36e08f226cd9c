import { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import type { Env } from "./env.ts";
import { HttpError, notFound } from "./http-error.ts";
import { checkGuard } from "./middleware/auth/auth.ts";
import { checkDeclaredLength, maxBytesOf } from "./middleware/body/body-limit.ts";
import { setApiHeaders } from "./middleware/headers/security-headers.ts";
import { asHttpError, hrefOf, problemResponse } from "./middleware/problem/problem.ts";
import { requestId } from "./middleware/request-id/request-id.ts";
import { BAD_PATH, routedPath } from "./request-path.ts";
import { type AppContext, GUARDS, type Route } from "./route.ts";

// The HTTP application: routes in, one Hono app out.
//
// H1. A route without a guard, or two routes for the same method and path, stop the start.
// H2. Order per request: path, guard, declared length, handler. Nothing is read of a body before the guard.
// H3. Of two routes that fit a path, the one with the earlier literal segment answers, whatever the order of the list.
// H4. Every answer has a request id and the security headers; every refusal the error body of Kestra.

const MAX_URL_LENGTH = 8192;

/** Answers what no route answers: the pages and files of the UI. */
export type Fallback = (c: AppContext, path: string) => Response | Promise<Response>;

export function createApp(routes: readonly Route[], fallback?: Fallback): Hono<{ Bindings: Env }> {
  // The one router that costs nothing to build: the others take longer than the whole start of the server.
  const router = new TrieRouter<never>();
  const app = new Hono<{ Bindings: Env }>({ getPath: (request) => routedPath(request.url), router });
  for (const route of sortRoutes(routes)) app.on(route.method, fullPath(route), createHandler(route));
  app.notFound((c) => answer(c, () => answerUnrouted(c, fallback)));
  return app;
}

/** The path of a route as the router sees it. */
export function fullPath({ path, root }: Route): string {
  return root ? path : `/api/v1${path}`;
}

function sortRoutes(routes: readonly Route[]): Route[] {
  const seen = new Set<string>();
  for (const route of routes) {
    const name = `${route.method} ${fullPath(route)}`;
    if (!GUARDS.includes(route.guard)) throw new Error(`The route ${name} has no guard`);
    const shape = name.replaceAll(/:\w+/g, ":");
    if (seen.has(shape)) throw new Error(`The route ${name} is there twice`);
    seen.add(shape);
  }
  return [...routes].sort((left, right) => compareSegments(fullPath(left).split("/"), fullPath(right).split("/")));
}

function compareSegments(left: readonly string[], right: readonly string[]): number {
  for (const [index, segment] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference = Number(segment.startsWith(":")) - Number(other.startsWith(":"));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function createHandler(route: Route): (c: AppContext) => Promise<Response> {
  const maxBytes = maxBytesOf(route.body ?? "none");
  return (c) =>
    answer(c, () => {
      checkGuard(route.guard, c.req.raw, c.env);
      checkDeclaredLength(c.req.raw, maxBytes);
      return route.handler(c);
    });
}

async function answer(c: AppContext, handle: () => Response | Promise<Response>): Promise<Response> {
  const id = requestId(c.req.raw);
  let response: Response;
  try {
    if (c.req.url.length > MAX_URL_LENGTH) throw new HttpError(414, `Request-URI Too Long: at most ${MAX_URL_LENGTH}`);
    response = await handle();
  } catch (error) {
    const known = asHttpError(error);
    if (known.status >= 500) console.error(`request ${id}: ${c.req.method} ${c.req.path}:`, error);
    response = problemResponse(hrefOf(c.req.url), known);
  }
  if (!response.headers.has("content-security-policy")) setApiHeaders(response.headers);
  response.headers.set("x-request-id", id);
  return response;
}

function answerUnrouted(c: AppContext, fallback: Fallback | undefined): Response | Promise<Response> {
  const path = c.req.path;
  if (path === BAD_PATH) {
    throw new HttpError(
      400,
      "Bad Request: a segment of the path is empty, '.' or '..', or has a slash, a back-slash or a control character in it",
    );
  }
  const isPage = (c.req.method === "GET" || c.req.method === "HEAD") && !/^\/(?:api|internal)(?:\/|$)/.test(path);
  if (!isPage || !fallback) {
    checkGuard("public", c.req.raw, c.env);
    throw notFound(isPage ? undefined : `there is no ${c.req.method} ${path.slice(0, 200)}`);
  }
  checkGuard("public", c.req.raw, c.env);
  return fallback(c, path);
}
