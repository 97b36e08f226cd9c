import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HttpService, ServiceRequest } from "#edge/env.ts";

/**
 * The plain runtime's disk service over a folder, as measured: names with a leading dot get 403, a folder answers with a JSON list,
 * a stream that fails is stored as far as it came and answered with 204.
 */
export function createDiskService(folder: string): HttpService {
  return {
    async fetch(input, init = {}) {
      const segments = new URL(input).pathname.slice(1).split("/").map(decodeURIComponent);
      if (segments.some((segment) => segment.startsWith(".") || segment.includes("/"))) return refuse(403);
      const path = join(folder, ...segments);
      if (init.method === "PUT") return put(path, init.body);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (!stat) return refuse(404);
      if (init.method === "DELETE") {
        rmSync(path, { recursive: true });
        return new Response(null, { status: 204 });
      }
      const headers = { "last-modified": stat.mtime.toUTCString() };
      if (stat.isDirectory()) {
        const entries = readdirSync(path, { withFileTypes: true });
        const list = entries.map((entry) => ({ name: entry.name, type: entry.isDirectory() ? "directory" : "file" }));
        return new Response(JSON.stringify(list), { headers: { ...headers, "content-type": "application/json" } });
      }
      return file(readFileSync(path), init, headers);
    },
  };
}

function refuse(status: number): Response {
  return new Response("no", { status });
}

async function put(path: string, body: ServiceRequest["body"]): Promise<Response> {
  const chunks: Uint8Array[] = [];
  try {
    if (body instanceof Uint8Array) chunks.push(body);
    else if (body) {
      const reader = body.getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
    }
  } catch {
    // As the real one: what came is kept.
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.concat(chunks));
  return new Response(null, { status: 204 });
}

function file(bytes: Buffer, init: ServiceRequest, common: Record<string, string>): Response {
  const headers: Record<string, string> = { ...common, "content-type": "application/octet-stream" };
  const range = /^bytes=(\d+)-(\d*)$/.exec(new Headers(init.headers).get("range") ?? "");
  if (!range) {
    headers["content-length"] = String(bytes.length);
    return new Response(init.method === "HEAD" ? null : new Uint8Array(bytes), { headers });
  }
  const from = Number(range[1]);
  if (from >= bytes.length) return refuse(416);
  const to = Math.min(range[2] ? Number(range[2]) : bytes.length - 1, bytes.length - 1);
  headers["content-range"] = `bytes ${from}-${to}/${bytes.length}`;
  headers["content-length"] = String(to - from + 1);
  return new Response(new Uint8Array(bytes.subarray(from, to + 1)), { status: 206, headers });
}
