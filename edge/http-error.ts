import type { Problem } from "#schema/problem.ts";

/** One of several things that a request names, and why it is refused. */
export type Invalid = { message: string; invalidValue: string; propertyPath: string };

/** A refusal with its HTTP status. The message is the user's: it says what is wrong and, where it helps, the cure. */
export class HttpError extends Error {
  readonly status: number;
  readonly problems: readonly Problem[];
  readonly headers: Readonly<Record<string, string>>;
  readonly invalids: readonly Invalid[];

  constructor(
    status: number,
    message: string,
    details: {
      problems?: readonly Problem[];
      headers?: Readonly<Record<string, string>>;
      invalids?: readonly Invalid[];
    } = {},
  ) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.problems = details.problems ?? [];
    this.headers = details.headers ?? {};
    this.invalids = details.invalids ?? [];
  }
}

export function notFound(detail?: string): HttpError {
  return new HttpError(404, detail === undefined ? "Not Found" : `Not Found: ${detail}`);
}

export function conflict(detail: string): HttpError {
  return new HttpError(409, `Illegal state: ${detail}`);
}

export function illegalArgument(detail: string): HttpError {
  return new HttpError(422, `Illegal argument: ${detail}`);
}

export function invalidEntity(detail: string, problems: readonly Problem[] = []): HttpError {
  return new HttpError(422, `Invalid entity: ${detail}`, { problems });
}
