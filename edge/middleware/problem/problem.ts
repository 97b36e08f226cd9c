import type { Problem } from "#schema/problem.ts";
import { HttpError, type Invalid } from "../../http-error.ts";

type ErrorBody = {
  message: string;
  _links: { self: { href: string; templated: false } };
  _embedded?: { errors: { message: string; path: string }[] };
  problems?: readonly Problem[];
  /** Of a bulk request: which ids are refused, and why. */
  invalids?: readonly Invalid[];
};

/** An error as Kestra's clients read it, with our own list of problems beside it. `href` is the path and query that was asked for. */
export function problemResponse(href: string, error: HttpError): Response {
  const body: ErrorBody = { message: error.message, _links: { self: { href, templated: false } } };
  if (error.problems.length > 0) {
    body._embedded = { errors: error.problems.map(({ message, path }) => ({ message, path })) };
    body.problems = error.problems;
  }
  if (error.invalids.length > 0) body.invalids = error.invalids;
  return new Response(JSON.stringify(body), {
    status: error.status,
    headers: { ...error.headers, "content-type": "application/json" },
  });
}

/** What a thrown value tells the caller: an HttpError itself, of anything else only that it happened. */
export function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  return new HttpError(
    500,
    "Internal server error: something broke on our side; the server's log has the details under the request id",
  );
}

/** Path and query of `url`. */
export function hrefOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return start < 0 ? "/" : url.slice(start);
}
