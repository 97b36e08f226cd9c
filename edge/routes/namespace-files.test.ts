import { zipSync } from "fflate";
import { beforeEach, describe, expect, test } from "vitest";
import { createTestServer, HELLO, type TestServer, yaml } from "#test/support/fake-env.ts";
import { contentsFolder } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { readZip } from "../zip/read-zip.ts";
import { bytesSource } from "../zip/zip-source.ts";

const FILES = "/api/v1/main/namespaces/company.team/files";
const at = (path: string) => `${FILES}?path=${encodeURIComponent(path)}`;
const bytes = (text: string) => new TextEncoder().encode(text);

describe("/namespaces/{namespace}/files", () => {
  let server: TestServer;
  beforeEach(() => {
    server = createTestServer();
  });

  function upload(url: string, content: string | Uint8Array, name = "file.txt"): Promise<Response> {
    const body = new FormData();
    body.append("fileContent", new File([content as BlobPart], name));
    return server.request(url, { method: "POST", body });
  }
  const status = async (url: string, method = "GET") => (await server.request(url, { method })).status;
  const json = async (url: string) => (await server.request(url)).json();
  const found = () => json(`${FILES}/search?q=`);
  const stored = async () => (await portsOf(server.env).files.list(contentsFolder("main", "company.team"))).length;

  test("a file is uploaded, read, looked at, renamed and deleted", async () => {
    expect((await upload(at("/scripts/main.py"), "print(1)")).status).toBe(200);
    const read = await server.request(at("scripts/main.py"));
    expect([read.status, await read.text()]).toEqual([200, "print(1)"]);
    expect(read.headers.get("content-disposition")).toContain('filename="main.py"');
    expect(await json(`${FILES}/stats?path=/scripts/main.py`)).toMatchObject({
      fileName: "main.py",
      type: "File",
      size: 8,
    });
    expect(await json(`${FILES}/directory?path=/scripts`)).toMatchObject([{ fileName: "main.py" }]);
    expect(await json(`${FILES}/directory`)).toMatchObject([{ fileName: "scripts", type: "Directory" }]);
    expect(await json(`${FILES}/search?q=MAIN`)).toEqual(["/scripts/main.py"]);
    expect(await status(`${FILES}?from=/scripts&to=/lib`, "PUT")).toBe(200);
    expect(await found()).toEqual(["/lib/main.py"]);
    expect(await status(at("/lib/main.py"), "DELETE")).toBe(200);
    expect([await status(at("/lib/main.py")), await json(`${FILES}/directory`)]).toEqual([404, []]);
    expect(await stored()).toBe(0);
  });

  test("revisions are listed and read", async () => {
    await upload(at("/a"), "one");
    await upload(at("/a"), "second");
    expect(await json(`${FILES}/revisions?path=/a`)).toMatchObject([
      { revision: 1, size: 3 },
      { revision: 2, size: 6 },
    ]);
    expect(await (await server.request(`${at("/a")}&revision=1`)).text()).toBe("one");
    expect(await status(`${at("/a")}&revision=3`)).toBe(404);
    expect(await status(`${at("/a")}&revision=x`)).toBe(422);
  });

  test("parts of a file", async () => {
    await upload(at("/n"), "0123456789");
    const part = async (range: string) => {
      const answer = await server.request(at("/n"), { headers: { range } });
      return [answer.status, answer.headers.get("content-range"), await answer.text()];
    };
    expect(await part("bytes=2-4")).toEqual([206, "bytes 2-4/10", "234"]);
    expect(await part("bytes=8-")).toEqual([206, "bytes 8-9/10", "89"]);
    expect(await part("bytes=-3")).toEqual([206, "bytes 7-9/10", "789"]);
    expect(await part("bytes=0-99")).toEqual([206, "bytes 0-9/10", "0123456789"]);
    for (const whole of ["bytes=5-2", "items=0-1", "bytes=0-1,3-4", "bytes=-", "x"])
      expect(await part(whole)).toEqual([200, null, "0123456789"]);
    for (const beyond of ["bytes=10-", "bytes=10-12", "bytes=-0"])
      expect((await part(beyond)).slice(0, 2)).toEqual([416, "bytes */10"]);
  });

  test.each([
    "/../x",
    "a/../../b",
    "%2e%2e/%2e%2e/b/..",
    "a//b",
    "a/./b",
    "a\\b",
    "a\u0000b",
    "C:/x",
    "x".repeat(4096),
    "a/".repeat(600),
    "/_flows/a.yml",
    "_flows",
  ])("the path %j is refused everywhere with 422", async (path) => {
    await upload(at("/there"), "x");
    const encoded = encodeURIComponent(path);
    if (!path.includes("_flows")) expect((await upload(at(path), "x")).status).toBe(422);
    for (const [url, method] of [
      [at(path), "GET"],
      [at(path), "DELETE"],
      [`${FILES}?from=${encoded}&to=/b`, "PUT"],
      [`${FILES}?from=/there&to=${encoded}`, "PUT"],
      [`${FILES}/directory?path=${encoded}`, "POST"],
      [`${FILES}/directory?path=${encoded}`, "GET"],
      [`${FILES}/stats?path=${encoded}`, "GET"],
    ] as const)
      expect([url.slice(0, 80), method, await status(url, method)]).toEqual([url.slice(0, 80), method, 422]);
    expect(await found()).toEqual(["/there"]);
  });

  test("what a request cannot mean is refused", async () => {
    await upload(at("/a"), "x");
    await upload(at("/b/c"), "x");
    expect((await upload(at("/a/b"), "x")).status).toBe(409);
    expect(await status(`${FILES}?from=/a&to=/b/c`, "PUT")).toBe(409);
    expect(await status(`${FILES}?from=/b&to=/b/d`, "PUT")).toBe(422);
    expect(await status(`${FILES}?from=/x&to=/y`, "PUT")).toBe(404);
    expect(await status(`${FILES}?from=/a`, "PUT")).toBe(422);
    expect(await status(at("/"), "DELETE")).toBe(422);
    expect(await status(at("/x"), "DELETE")).toBe(404);
    expect((await upload(FILES, "x")).status).toBe(422);
    expect((await upload(at("/"), "x")).status).toBe(422);
    expect((await server.request(at("/y"), { method: "POST", body: "x" })).status).toBe(415);
    const other = new FormData();
    other.append("other", new File(["x"], "x"));
    expect((await server.request(at("/y"), { method: "POST", body: other })).status).toBe(422);
    expect(await status("/api/v1/namespaces/Bad!/files/search?q=")).toBe(422);
    expect(await found()).toEqual(["/a", "/b/c"]);
  });

  test("a body that says it is over the limit is refused before it is read", async () => {
    const headers = { "content-type": "multipart/form-data; boundary=b", "content-length": String(2 ** 30 + 1) };
    expect((await server.request(at("/x"), { method: "POST", headers, body: "--b" })).status).toBe(413);
  });

  test("a zip is unpacked at the root, flows in it are saved, and all of it is exported again", async () => {
    const flow = HELLO.replace("company.team", "somewhere.else");
    const zip = zipSync({
      scripts: { "a.py": bytes("a") },
      "readme.md": bytes("# x"),
      _flows: { "hello.yml": bytes(flow) },
    });
    expect((await upload(`${FILES}?path=/ignored`, zip, "all.zip")).status).toBe(200);
    expect(await found()).toEqual(["/readme.md", "/scripts/a.py"]);
    expect(await json("/api/v1/flows/company.team/hello")).toMatchObject({ namespace: "company.team", revision: 1 });
    const exported = await server.request(`${FILES}/export`);
    expect(exported.headers.get("content-disposition")).toContain("company.team_files.zip");
    const entries = await readZip(bytesSource(new Uint8Array(await exported.arrayBuffer())));
    expect(entries.map(({ name }) => name)).toEqual(["readme.md", "scripts/a.py", "_flows/hello.yml"]);
  });

  test("a zip with one bad entry changes nothing", async () => {
    await upload(at("/a"), "x");
    const flow = bytes("id: broken");
    for (const [zip, expected] of [
      [zipSync({ ok: bytes("1"), "../x": bytes("2") }), 422],
      [zipSync({ ok: bytes("1"), zeros: new Uint8Array(30_000_000) }), 413],
      [zipSync({ ok: bytes("1"), a: { b: bytes("2") } }), 409],
      [zipSync({ ok: bytes("1"), _flows: { "f.yml": flow } }), 422],
      [zipSync({ ok: bytes("1"), _flows: { deep: { "f.yml": flow } } }), 422],
      [bytes("no zip"), 422],
    ] as const)
      expect((await upload(FILES, zip, "x.zip")).status).toBe(expected);
    expect([await found(), await stored()]).toEqual([["/a"], 1]);
  });

  test("a flow is imported by its own path", async () => {
    expect((await upload(at("/_flows/hello.yml"), HELLO.replace("company.team", "x.y"))).status).toBe(200);
    expect(await json("/api/v1/flows/company.team/hello")).toMatchObject({ id: "hello" });
    expect((await upload(at("/_flows/a/hello.yml"), HELLO)).status).toBe(422);
    expect((await upload(at("/_flows/hello.txt"), HELLO)).status).toBe(422);
  });
});

describe("many flows at once", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = createTestServer();
    await server.request("/api/v1/flows", yaml(HELLO));
    await server.request("/api/v1/flows", yaml(HELLO.replace("company.team", "other")));
  });
  const entriesOf = async (answer: Response) =>
    (await readZip(bytesSource(new Uint8Array(await answer.arrayBuffer())))).map(({ name }) => name);
  function importing(name: string, content: string | Uint8Array, search = ""): Promise<Response> {
    const body = new FormData();
    body.append("fileUpload", new File([content as BlobPart], name));
    return server.request(`/api/v1/flows/import${search}`, { method: "POST", body });
  }
  const ids = async () => {
    const page = (await (await server.request("/api/v1/flows/search?size=100&sort=id:asc")).json()) as {
      results: { id: string; namespace: string }[];
    };
    return page.results.map(({ id, namespace }) => `${namespace}.${id}`);
  };

  test("are exported by query and by name", async () => {
    expect(await entriesOf(await server.request("/api/v1/flows/export/by-query?namespace=company"))).toEqual([
      "company.team.hello.yml",
    ]);
    const named = (id: string) =>
      server.request("/api/v1/flows/export/by-ids", {
        method: "POST",
        body: JSON.stringify([{ namespace: "other", id }]),
      });
    expect(await entriesOf(await named("hello"))).toEqual(["other.hello.yml"]);
    expect((await named("nobody")).status).toBe(404);
  });

  test("are imported from YAML and zip; what is invalid is named, or refuses all", async () => {
    const two = `${HELLO.replace("id: hello", "id: a")}\n---\n${HELLO.replace("id: hello", "id: b")}`;
    expect(await (await importing("flows.yaml", two)).json()).toEqual([]);
    const zip = zipSync({
      "x.yml": bytes(HELLO.replace("id: hello", "id: c")),
      "y.yml": bytes("id: broken"),
      "z.txt": bytes("-"),
    });
    expect((await importing("f.zip", zip, "?failOnError=true")).status).toBe(422);
    expect(await ids()).not.toContain("company.team.c");
    expect(await (await importing("f.zip", zip)).json()).toEqual(["broken"]);
    expect(await ids()).toEqual(expect.arrayContaining(["company.team.a", "company.team.b", "company.team.c"]));
    expect((await importing("flows.json", "{}")).status).toBe(422);
  });

  test("replace those of a namespace", async () => {
    const put = (body: string, search = "") => server.request(`/api/v1/flows/company.team${search}`, yaml(body));
    const a = HELLO.replace("id: hello", "id: a");
    expect(await (await put(a)).json()).toMatchObject([{ id: "hello", deleted: true }, { id: "a" }]);
    expect(await ids()).toEqual(["company.team.a", "other.hello"]);
    expect((await put(HELLO.replace("company.team", "other"))).status).toBe(422);
    expect((await put(`${a}\n---\n${a}`)).status).toBe(422);
    expect((await put("id: broken")).status).toBe(422);
    await put(HELLO, "?delete=false");
    expect(await ids()).toHaveLength(3);
    expect(
      await (await server.request("/api/v1/flows/bulk?namespace=company&allowNamespaceChild=true", yaml(a))).json(),
    ).toHaveLength(2);
    expect(await ids()).toEqual(["company.team.a", "other.hello"]);
  });
});
