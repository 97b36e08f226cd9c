import type { Env } from "./env.ts";
import { HttpError, notFound } from "./http-error.ts";
import { pageHeaders } from "./middleware/headers/security-headers.ts";
import { type Assets, assetsOf } from "./ports/assets.ts";
import type { AppContext } from "./route.ts";

// The UI: built files below `/ui/`, and its page for every path there that is no file.
//
// V1. A name with a hash in it never changes: it may be kept for ever. Everything else is asked for again each time.
// V2. A file with a compressed sibling is sent compressed to whoever takes it.
// V3. Scripts inside the page run only when they are those of the build: the policy names their hashes.

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  map: "application/json",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  ico: "image/x-icon",
  woff2: "font/woff2",
  woff: "font/woff",
  wasm: "application/wasm",
  txt: "text/plain; charset=utf-8",
};
const ENCODINGS = [
  { name: "br", suffix: ".br" },
  { name: "gzip", suffix: ".gz" },
] as const;
const PAGE = "/index.html";
const FILE_HEADERS: readonly [string, string][] = [
  ["x-content-type-options", "nosniff"],
  ["content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"],
];

type Page = { body: ArrayBuffer; headers: readonly [string, string][] };
const pages = new WeakMap<Env, Promise<Page>>();

/** Answers a GET that no route of the API answers. `path` is plain. */
export async function serveUi(c: AppContext, path: string): Promise<Response> {
  if (path === "/" || path === "/ui") return new Response(null, { status: 302, headers: { location: "/ui/" } });
  const assets = assetsOf(c.env);
  if (!assets) throw new HttpError(404, "Not Found: this server has no UI; build it with `npm run build`");
  const isBelowUi = path.startsWith("/ui/");
  const name = isBelowUi ? path.slice("/ui".length) : path;
  const isFile = /\.\w+$/.test(name) && name !== PAGE;
  const file = isFile ? await fileOf(assets, name, c.req.header("accept-encoding") ?? "") : undefined;
  if (file) return file;
  if (!isBelowUi || /^\/_app\//.test(name)) throw notFound();
  return pageOf(c.env, assets);
}

async function fileOf(assets: Assets, name: string, accepted: string): Promise<Response | undefined> {
  for (const { name: encoding, suffix } of ENCODINGS) {
    if (!accepted.includes(encoding)) continue;
    const response = await assets.get(name + suffix);
    if (response) return fileResponse(response, name, encoding);
  }
  const response = await assets.get(name);
  return response ? fileResponse(response, name) : undefined;
}

function fileResponse(response: Response, name: string, encoding?: string): Response {
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
  const headers = new Headers([...FILE_HEADERS]);
  headers.set("content-type", type);
  headers.set("cache-control", isHashed(name) ? "public, max-age=31536000, immutable" : "no-cache");
  headers.set("vary", "accept-encoding");
  const modified = response.headers.get("last-modified");
  if (modified) headers.set("last-modified", modified);
  if (encoding) headers.set("content-encoding", encoding);
  // `encodeBody: "manual"` is the platform's way to say that the bytes are compressed already.
  return new Response(response.body, encoding ? MANUAL(headers) : { headers });
}

const MANUAL = (headers: Headers): ResponseInit & { encodeBody: "manual" } => ({ headers, encodeBody: "manual" });

function isHashed(name: string): boolean {
  return name.includes("/immutable/");
}

async function pageOf(env: Env, assets: Assets): Promise<Response> {
  let page = pages.get(env);
  if (!page) {
    page = readPage(assets);
    pages.set(env, page);
    page.catch(() => pages.delete(env));
  }
  const { body, headers } = await page;
  return new Response(body, { headers: [...headers] });
}

async function readPage(assets: Assets): Promise<Page> {
  const response = await assets.get(PAGE);
  if (!response) throw new HttpError(404, "Not Found: the UI is not built; build it with `npm run build`");
  const body = await response.arrayBuffer();
  const hashes = await scriptHashes(new TextDecoder().decode(body));
  return {
    body,
    headers: [["content-type", TYPES.html ?? ""], ["cache-control", "no-cache"], ...pageHeaders(hashes)],
  };
}

/** [V3] `sha256-…` of each script that stands in the page itself. */
async function scriptHashes(html: string): Promise<string[]> {
  const scripts = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi)].map(([, text = ""]) => text);
  return Promise.all(
    scripts.map(async (text) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
    }),
  );
}
