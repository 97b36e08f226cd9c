import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createDiskService } from "#test/contract/disk-service.ts";
import { createTestServer, type TestServer } from "#test/support/fake-env.ts";

const PAGE = '<!doctype html><script>start()</script><script src="/ui/_app/x.js"></script>';

describe("the UI", () => {
  let server: TestServer;
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "windhover-ui-"));
    mkdirSync(join(folder, "_app/immutable"), { recursive: true });
    writeFileSync(join(folder, "index.html"), PAGE);
    writeFileSync(join(folder, "favicon.svg"), "<svg/>");
    writeFileSync(join(folder, "_app/immutable/start.abc.js"), "plain");
    writeFileSync(join(folder, "_app/immutable/start.abc.js.br"), "compressed");
    server = createTestServer({}, [], createDiskService(folder));
  });

  test("every path below /ui/ that is no file is the page", async () => {
    for (const path of ["/ui/", "/ui/flows", "/ui/executions/company.team/hello/x", "/ui/flows/a.b/c.d"]) {
      const response = await server.request(path);
      expect(response.status, path).toBe(200);
      expect(await response.text()).toBe(PAGE);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(response.headers.get("cache-control")).toBe("no-cache");
    }
    for (const path of ["/", "/ui"]) expect((await server.request(path)).headers.get("location")).toBe("/ui/");
  });

  test("[V3] the page's policy names its own scripts and no others", async () => {
    const policy = (await server.request("/ui/")).headers.get("content-security-policy") ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("start()"));
    expect(policy).toContain(`'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(/script-src ([^;]*)/.exec(policy)?.[1]).not.toContain("unsafe-inline");
    expect(policy.match(/sha256-/g)).toHaveLength(1);
  });

  test("[V1] [V2] files: types, caching, compression", async () => {
    const script = await server.request("/ui/_app/immutable/start.abc.js");
    expect(await script.text()).toBe("plain");
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(script.headers.get("cache-control")).toContain("immutable");
    const init = { headers: { "accept-encoding": "gzip, br" } };
    const compressed = await server.request("/ui/_app/immutable/start.abc.js", init);
    expect(compressed.headers.get("content-encoding")).toBe("br");
    expect(compressed.headers.get("vary")).toBe("accept-encoding");
    const icon = await server.request("/ui/favicon.svg", init);
    expect(icon.headers.get("content-type")).toBe("image/svg+xml");
    expect(icon.headers.get("cache-control")).toBe("no-cache");
  });

  test("what is not there is a 404, and nothing above the folder is served", async () => {
    for (const path of ["/ui/_app/immutable/gone.js", "/other", "/etc/passwd"]) {
      expect((await server.request(path)).status, path).toBe(404);
    }
    for (const path of ["/ui/..%2f..%2fetc/passwd", "/ui/%5c..%5cx"]) {
      expect((await server.request(path)).status, path).toBe(400);
    }
    expect((await server.request("/ui/flows", { method: "POST" })).status).toBe(404);
  });

  test("without a build it says how to make one", async () => {
    const response = await createTestServer().request("/ui/");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("npm run build") });
  });
});
