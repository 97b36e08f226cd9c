import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { TaskFailure } from "#tasks/define.ts";
import type { Env } from "./env.ts";
import { httpCall } from "./work/guarded-http.ts";

// `http(…)` in expressions: what a server answers, as a value. The way out is that of tasks, with their limits on where it may lead.

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 500_000;

type Answer = { ok: true; value: Json } | { ok: false; message: string };

/** The body of the answer, parsed where it is JSON. An answer of 400 or more is a failure. */
export async function httpLookup(env: Env, args: JsonObject): Promise<Answer> {
  const text = (name: string, otherwise: string) => (typeof args[name] === "string" ? args[name] : otherwise);
  const method = text("method", "GET").toUpperCase();
  const { body, query } = args;
  const sent = body === undefined || body === null ? undefined : asText(body);
  const headers = {
    accept: text("accept", "application/json"),
    ...(sent === undefined ? {} : { "content-type": text("contentType", "application/json") }),
    ...texts(args.headers),
  };
  const url = withQuery(text("uri", ""), texts(query));
  const call = { method, url, headers, followRedirects: true, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
  const guard = { allowsPrivate: (env.ALLOW_PRIVATE ?? "") !== "" };
  try {
    const wanted = sent === undefined ? call : { ...call, body: encodeUtf8(sent) };
    const { status, headers: said, body: bytes } = await httpCall(wanted, guard, new AbortController().signal);
    if (status >= 400) return { ok: false, message: `${method} ${url} was answered with status ${status}.` };
    return { ok: true, value: parsed(decodeText(bytes), said["content-type"]?.[0] ?? "") };
  } catch (error) {
    if (error instanceof TaskFailure) return { ok: false, message: error.message };
    throw error;
  }
}

function parsed(text: string, contentType: string): Json {
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function withQuery(url: string, query: Record<string, string>): string {
  const search = new URLSearchParams(query).toString();
  return search === "" ? url : `${url}${url.includes("?") ? "&" : "?"}${search}`;
}

function texts(map: Json | undefined): Record<string, string> {
  if (typeof map !== "object" || map === null || Array.isArray(map)) return {};
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, asText(value ?? "")]));
}

function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
