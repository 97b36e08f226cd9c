const ACCEPTED = /^[\w.-]{1,64}$/;

/** The id under which this request is logged: the caller's `x-request-id` when it is a plain word, else a new one. */
export function requestId(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && ACCEPTED.test(given) ? given : crypto.randomUUID();
}
