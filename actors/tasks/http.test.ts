import { beforeEach, describe, expect, test } from "vitest";
import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import type { JsonObject } from "#schema/json.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

const Request = registry.task("io.kestra.plugin.core.http.Request")!;
const Download = registry.task("io.kestra.plugin.core.http.Download")!;
const Sse = registry.task("io.kestra.plugin.core.http.SseRequest")!;
const uri = "https://example.com/a.csv";

let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
});

async function sent(properties: JsonObject) {
  await runTask(Request, { uri, ...properties }, ctx);
  return ctx.calls.at(-1)!;
}
const bodyOf = (body: Uint8Array | string | undefined) => (body instanceof Uint8Array ? decodeText(body) : body);

describe("a request", () => {
  test("is a GET that follows redirects, within limits", async () => {
    expect(await sent({})).toEqual({
      url: uri,
      method: "GET",
      headers: {},
      followRedirects: true,
      timeoutMs: 300_000,
      maxBytes: 10_485_760,
    });
  });

  test("has its body as JSON unless told otherwise", async () => {
    expect(await sent({ method: "POST", body: '{"n": {{ 1 }}}' })).toMatchObject({
      body: '{"n": 1}',
      headers: { "content-type": "application/json" },
    });
    expect((await sent({ body: "a", contentType: "text/plain" })).headers).toEqual({ "content-type": "text/plain" });
    expect((await sent({ body: "a", headers: { "Content-Type": "text/x" } })).headers).toEqual({
      "content-type": "text/x",
    });
  });

  test("has its query added to the address", async () => {
    expect((await sent({ params: { q: "a b", l: ["1", "2"] } })).url).toBe(`${uri}?q=a%20b&l=1&l=2`);
    expect((await sent({ uri: `${uri}?x=1#top`, params: { q: "&" } })).url).toBe(`${uri}?x=1&q=%26#top`);
  });

  test.each<[string, JsonObject, string]>([
    ["user and password", { auth: { type: "BASIC", username: "ü", password: "p" } }, "Basic w7w6cA=="],
    ["user and password, the old way", { basicAuthUser: "u", basicAuthPassword: "p" }, "Basic dTpw"],
    ["a token", { auth: { type: "BEARER", token: "{{ 't' }}" } }, "Bearer t"],
  ])("carries %s", async (_, options, expected) => {
    expect((await sent({ options })).headers.authorization).toBe(expected);
  });

  test("lets a header of the user win over credentials", async () => {
    const options = { auth: { type: "BEARER", token: "t" } };
    expect((await sent({ options, headers: { authorization: "mine" } })).headers).toEqual({ authorization: "mine" });
  });

  test("takes limits of time and length by their new and their old names", async () => {
    expect(
      await sent({ options: { timeout: { readIdleTimeout: "PT7S" }, maxContentLength: 9, followRedirects: false } }),
    ).toMatchObject({ timeoutMs: 7000, maxBytes: 9, followRedirects: false });
    expect(await sent({ options: { readTimeout: "PT3S" } })).toMatchObject({ timeoutMs: 3000 });
  });

  test("sends a form URL-encoded", async () => {
    const call = await sent({ method: "POST", formData: { a: "x y&", n: 1, m: { k: 1 } }, body: "ignored" });
    expect([call.body, call.headers]).toEqual([
      "a=x+y%26&n=1&m=%7B%22k%22%3A1%7D",
      { "content-type": "application/x-www-form-urlencoded" },
    ]);
  });

  test("sends a form in parts, with stored files, and no name breaks out of its header", async () => {
    ctx.stored.set("kestra:///x/data.csv", encodeUtf8("1,2"));
    const formData = {
      'a"b\r\n': "v",
      file: "kestra:///x/data.csv",
      other: { name: "n.txt", content: "kestra:///x/data.csv" },
    };
    const call = await sent({ method: "POST", contentType: "multipart/form-data", formData });
    const boundary = /boundary=(.*)$/.exec(call.headers["content-type"] ?? "")?.[1];
    expect(
      bodyOf(call.body)
        ?.split(`--${boundary}`)
        .map((part) => part.trim()),
    ).toEqual([
      "",
      'Content-Disposition: form-data; name="a%22b%0D%0A"\r\n\r\nv',
      'Content-Disposition: form-data; name="file"; filename="data.csv"\r\nContent-Type: application/octet-stream\r\n\r\n1,2',
      'Content-Disposition: form-data; name="other"; filename="n.txt"\r\nContent-Type: application/octet-stream\r\n\r\n1,2',
      "--",
    ]);
  });

  test("chooses a boundary that stands in no part", async () => {
    const formData = { a: `windhover-${ctx.now.toString(36)}` };
    const call = await sent({ method: "POST", contentType: "multipart/form-data", formData });
    expect(call.headers["content-type"]).not.toContain(formData.a);
  });

  test.each<[string, JsonObject]>([
    ["a proxy", { options: { proxy: { address: "p" } } }],
    ["an old proxy", { options: { proxyAddress: "p", proxyType: "HTTP" } }],
    ["unchecked certificates", { sslOptions: { insecureTrustAllCertificates: true } }],
    ["an encrypted body", { encryptBody: true }],
  ])("is refused with %s, and nothing is sent", async (_, properties) => {
    await expect(runTask(Request, { uri, ...properties }, ctx)).rejects.toThrow();
    expect(ctx.calls).toEqual([]);
  });
});

describe("an answer", () => {
  test("becomes outputs", async () => {
    ctx.answer = { url: "https://example.com/b", status: 201, headers: { a: ["1", "2"] }, body: encodeUtf8("né") };
    expect(await runTask(Request, { uri }, ctx)).toEqual({
      outputs: { uri: "https://example.com/b", code: 201, headers: { a: ["1", "2"] }, body: "né" },
    });
    expect(ctx.metrics).toEqual([{ name: "response.length", type: "counter", value: 3 }]);
  });

  test("is read in the charset it names", async () => {
    ctx.answer = {
      ...ctx.answer,
      headers: { "content-type": ["text/plain; charset=iso-8859-1"] },
      body: new Uint8Array([0xe9]),
    };
    expect(await runTask(Request, { uri }, ctx)).toMatchObject({ outputs: { body: "é" } });
  });

  test("that is no text is refused, naming Download", async () => {
    ctx.answer = { ...ctx.answer, body: new Uint8Array([0xff, 0xfe, 0]) };
    await expect(runTask(Request, { uri }, ctx)).rejects.toThrow(/Download/);
  });

  test.each<[number, JsonObject, boolean]>([
    [404, {}, false],
    [404, { allowFailed: true }, true],
    [404, { options: { allowFailed: true } }, true],
    [404, { options: { allowedResponseCodes: [404] } }, true],
    [200, { options: { allowedResponseCodes: [404] } }, false],
    [399, {}, true],
  ])("with status %d and %j is accepted: %s", async (status, properties, accepted) => {
    ctx.answer = { ...ctx.answer, status, body: encodeUtf8("why not") };
    const run = runTask(Request, { uri, ...properties }, ctx);
    if (accepted) expect(await run).toMatchObject({ outputs: { code: status } });
    else await expect(run).rejects.toThrow(`status ${status}: why not`);
  });
});

describe("a download", () => {
  test.each<[string, JsonObject, Record<string, string[]>, string]>([
    ["by the ending of the address", {}, {}, "download.csv"],
    ["by its header", {}, { "content-disposition": ['attachment; filename="b.txt"'] }, "b.txt"],
    [
      "never with a folder of its header",
      {},
      { "content-disposition": ['attachment; filename="../../c.txt"'] },
      "c.txt",
    ],
    ["as it is told", { saveAs: "d.bin" }, {}, "d.bin"],
  ])("is kept under a name %s", async (_, properties, headers, name) => {
    ctx.answer = { url: uri, status: 200, headers, body: encodeUtf8("1,2") };
    expect(await runTask(Download, { uri, ...properties }, ctx)).toMatchObject({
      outputs: { uri: `kestra:///task/${name}`, length: 3, code: 200 },
    });
  });

  test("that is shorter than announced is refused", async () => {
    ctx.answer = { url: uri, status: 200, headers: { "content-length": ["5"] }, body: encodeUtf8("1,2") };
    await expect(runTask(Download, { uri }, ctx)).rejects.toThrow("got 3, expected 5");
  });

  test("that is empty is refused, or warned of", async () => {
    await expect(runTask(Download, { uri }, ctx)).rejects.toThrow(/empty/);
    expect(await runTask(Download, { uri, failOnEmptyResponse: false }, ctx)).toMatchObject({ outputs: { length: 0 } });
    expect(ctx.lines.map(([level]) => level)).toEqual(["WARN"]);
  });

  test("of what is not there is refused", async () => {
    ctx.answer = { url: uri, status: 404, headers: {}, body: encodeUtf8("no") };
    await expect(runTask(Download, { uri }, ctx)).rejects.toThrow("status 404");
    expect(ctx.stored.size).toBe(0);
  });
});

describe("server-sent events", () => {
  const listen = (body: string, more: JsonObject = {}, headers: Record<string, string[]> = SSE, status = 200) => {
    ctx.answer = { url: uri, status, headers, body: encodeUtf8(body) };
    return runTask(Sse, { uri, ...more }, ctx);
  };
  const SSE = { "content-type": ["text/event-stream; charset=utf-8"] };
  const STREAM = ": hello\n\ndata: a\ndata: b\n\nevent: tick\r\nid: 7\r\ndata:ü\r\n\r\ndata: never ended";

  test.each([1, 2, 3, 7, 1000])("are put together from chunks of %i bytes", async (chunkBytes) => {
    ctx.chunkBytes = chunkBytes;
    const { outputs } = await listen(STREAM);
    expect(outputs).toMatchObject({
      code: 200,
      size: 2,
      events: [
        { event: "message", data: "a\nb" },
        { event: "tick", id: "7", data: "ü" },
      ],
      result: "a\nbü",
    });
    expect(ctx.calls[0]?.headers.accept).toBe("text/event-stream");
  });

  test("end after as many as are wanted, and are chosen by their name", async () => {
    expect((await listen(STREAM, { maxEvents: 1 })).outputs).toMatchObject({ size: 1, result: "a\nb" });
    expect((await listen(STREAM, { eventNames: ["tick"] })).outputs).toMatchObject({ size: 1, result: "ü" });
  });

  test("are refused by status and by type", async () => {
    await expect(listen("no such stream", {}, SSE, 404)).rejects.toThrow("failed with status 404: no such stream");
    expect((await listen("x", { allowFailed: true }, SSE, 404)).outputs).toMatchObject({ code: 404, size: 0 });
    await expect(listen("{}", {}, { "content-type": ["application/json"] })).rejects.toThrow("not `text/event-stream`");
  });
});

test("a charset that does not exist is told", async () => {
  await expect(sent({ options: { defaultCharset: "latin-99" } })).rejects.toThrow("there is no such charset");
});
