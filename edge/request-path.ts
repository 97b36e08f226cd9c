// The one parser of request paths. Router, guard and handler all see what it answers and nothing else.
//
// U1. Each segment is decoded once, and must then be plain: not empty, `.` or `..`, no `/`, `\` or control character. Else the path is refused.
// U2. `/api/v1/main/x` is `/api/v1/x`. A first segment that is one of ROOTS is never a tenant.
// U3. What is refused becomes BAD_PATH, which no request can spell.

/** The tenant of every path until tenants can be created. */
export const TENANT = "main";

/** First segments below `/api/v1` that can never be a tenant (reference: REST API, conventions), and our own. */
export const ROOTS: ReadonlySet<string> = new Set(
  `flows executions triggers logs metrics namespaces plugins templates taskruns stats dashboards blueprints configs usages basicAuth
  tenants users me auths instance setup service-accounts license-info banners auditlogs invitation secrets kv
  agents schemas`.split(/\s+/),
);

export const BAD_PATH = "/ bad";

const API = "/api/v1/";
const TENANT_PREFIX = `${API}${TENANT}/`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SUSPICIOUS = /[%\\\u0000-\u001f\u007f]|\/\/|\/\.\.?(?:\/|$)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN = /[/\\\u0000-\u001f\u007f]/;

/** The path that is routed: segments encoded in one way, the tenant taken out. Given the whole URL of a request. */
export function routedPath(url: string): string {
  const raw = rawPath(url);
  const path = SUSPICIOUS.test(raw) ? cleanPath(raw) : raw;
  if (path.startsWith("/api/") && path.endsWith("/")) return BAD_PATH;
  return path.startsWith(TENANT_PREFIX) ? API + path.slice(TENANT_PREFIX.length) : path;
}

function rawPath(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const query = url.indexOf("?", start);
  const end = query < 0 ? url.indexOf("#", start) : query;
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

function cleanPath(raw: string): string {
  const segments = raw.slice(1).split("/");
  const last = segments.length - 1;
  let path = "";
  for (const [index, encoded] of segments.entries()) {
    const segment = decodeSegment(encoded);
    if (segment === undefined) return BAD_PATH;
    if (segment === "" && index !== last) return BAD_PATH;
    path += `/${encodeURIComponent(segment)}`;
  }
  return path;
}

function decodeSegment(encoded: string): string | undefined {
  try {
    const segment = decodeURIComponent(encoded);
    return segment === "." || segment === ".." || FORBIDDEN.test(segment) ? undefined : segment;
  } catch {
    return undefined;
  }
}
