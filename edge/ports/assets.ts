import type { Env } from "../env.ts";

/**
 * The files of the UI as they were built. `get` answers null for what is not there.
 * P1. A path is plain (see request-path.ts) and starts with `/`; `/` itself is no file.
 */
export interface Assets {
  get(path: string): Promise<Response | null>;
}

/** On the plain runtime: the disk service over the built files. On Cloudflare: the assets binding. */
export function assetsOf({ ASSETS, ASSETS_DISK }: Env): Assets | undefined {
  const service = ASSETS ?? ASSETS_DISK;
  if (!service) return undefined;
  return {
    async get(path) {
      const response = await service.fetch(`http://assets${path}`);
      const isFile = ASSETS
        ? isExact(response, path)
        : response.headers.get("content-type") === "application/octet-stream";
      if (response.ok && isFile) return response;
      await response.body?.cancel();
      return null;
    },
  };
}

/** The assets binding may answer a path that is not there with the page: a page for anything else is none. */
function isExact(response: Response, path: string): boolean {
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  return !isPage || path.endsWith(".html");
}
