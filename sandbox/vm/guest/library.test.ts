import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BUILTINS } from "../modules.ts";
import { createBench, respond, TestHost } from "../test-kit.ts";
import { GUEST_LIBRARY, LAZY_GLOBALS } from "./library.ts";

const bench = createBench(new WebAssembly.Module(readFileSync(new URL("../engine/quickjs.wasm", import.meta.url))));
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content?: Uint8Array) => new TextDecoder().decode(content);

/** What the expressions give in the sandbox, by their text. */
async function evaluate(...expressions: string[]): Promise<unknown[]> {
  const list = expressions.map((expression) => `await (${expression})`).join(",\n");
  const { outputs, error } = await bench.run(`Kestra.outputs({ list: [${list}] })`);
  expect(error).toBeUndefined();
  return outputs.list as unknown[];
}

test("every global of the surface can be loaded, and every library is there", async () => {
  const names = Object.values(LAZY_GLOBALS).flat();
  expect(await evaluate(...names.map((name) => `typeof ${name}`))).not.toContain("undefined");
  expect(Object.keys(LAZY_GLOBALS).every((name) => GUEST_LIBRARY.has(name))).toBe(true);
});

test.each(Object.entries(BUILTINS))(
  "the module %s has every name that can be imported from it",
  async (name, exports) => {
    const source = `import * as found from ${JSON.stringify(name)}; Kestra.outputs({ missing: ${JSON.stringify(exports)}.filter((key) => found[key] === undefined) })`;
    const { outputs, error } = await bench.run(source);
    expect([outputs, error]).toEqual([{ missing: [] }, undefined]);
  },
);

test("console lines go to the log, warn and error as stderr", async () => {
  const { logs, stderrLines } = await bench.run(
    "console.log('a', 1); console.info('b\\nc'); console.debug('d'); console.warn('e'); console.error('f\\ng')",
  );
  expect(logs).toEqual(["INFO a 1", "INFO b", "INFO c", "DEBUG d", "ERROR e", "ERROR f", "ERROR g"]);
  expect(stderrLines).toBe(3);
});

test("values are shown as node shows them", async () => {
  const source =
    "console.log('%s is %d%%, %j', 'x', 3, { a: 1 }, [1, 'two', null, undefined, 3n], { a: { b: new Set([1]) }, 'k-k': () => 1 }, new Map([['k', 1]])); const o = {}; o.o = o; console.log(o); console.log(new Error('boo').message, [new Date(0)], -0, Symbol('s'), class A {})";
  const { logs } = await bench.run(source);
  expect(logs[0]).toBe(
    "INFO x is 3%, {\"a\":1} [ 1, 'two', null, undefined, 3n ] { a: { b: Set(1) { 1 } }, 'k-k': [Function: k-k] } Map(1) { 'k' => 1 }",
  );
  expect(logs[1]).toBe("INFO { o: [Circular *1] }");
  expect(logs[2]).toBe("INFO boo [ 1970-01-01T00:00:00.000Z ] -0 Symbol(s) [class A]");
});

test("printed text becomes lines when they end, the last one at the end of the run", async () => {
  const { logs } = await bench.run(
    "process.stdout.write('a'); process.stdout.write('b\\nc'); process.stderr.write('x')",
  );
  expect(logs).toEqual(["INFO ab", "INFO c", "ERROR x"]);
});

test("[V8] marker lines become outputs, metrics and logs, from any stream", async () => {
  const { logs, outputs, metrics, stderrLines } = await bench.run(
    `console.log('::{"outputs":{"a":1,"b":1}}::'); console.error('::{"outputs":{"b":2},"logs":[{"level":"TRACE","message":"m"}]}::'); console.log('::{"metrics":[{"name":"t","type":"timer","value":"PT2S"}]}::'); console.log('::{bad}::'); console.log(' ::{}::')`,
  );
  expect(outputs).toEqual({ a: 1, b: 2 });
  expect(metrics).toEqual([{ name: "t", type: "timer", value: 2 }]);
  expect(logs).toEqual(["DEBUG m", "WARN Invalid outputs '{bad}': it is not JSON", "INFO  ::{}::"]);
  expect(stderrLines).toBe(0);
});

test("[V8] an output named __proto__ is an output like others", async () => {
  const { outputs } = await bench.run(`console.log('::{"outputs":{"__proto__":1}}::')`);
  expect(Object.keys(outputs)).toEqual(["__proto__"]);
});

test("the Kestra library reports outputs, counters and timers", async () => {
  const source = `Kestra.outputs({ a: 1 }); Kestra.outputs({ b: "x" }); Kestra.counter("c", 2, { t: 1 }); Kestra.counter("one");
Kestra.timer("n", 1.5, { t: "y" }); await Kestra.timer("f", () => new Promise((r) => setTimeout(r, 2000))); Kestra.timer("cb", (done) => setTimeout(done, 1000)); Kestra.logger().warn("careful", 1);`;
  const { outputs, metrics, logs } = await bench.run(source);
  expect(outputs).toEqual({ a: 1, b: "x" });
  expect(metrics).toEqual([
    { name: "c", type: "counter", value: 2, tags: { t: "1" } },
    { name: "one", type: "counter", value: 1 },
    { name: "n", type: "timer", value: 1.5, tags: { t: "y" } },
    { name: "f", type: "timer", value: 2 },
    { name: "cb", type: "timer", value: 1 },
  ]);
  expect(logs).toEqual(["WARN careful 1"]);
});

test("node's Kestra package is the same library", async () => {
  const { outputs } = await bench.run("const Kestra2 = require('@kestra-io/libs'); Kestra2.outputs({ a: 1 })");
  expect(outputs).toEqual({ a: 1 });
});

test("Deno reads and writes files, and what was written comes out", async () => {
  const source = `
const list = []; 
for await (const entry of Deno.readDir("in")) list.push(entry.name);
await Deno.mkdir("out/deep", { recursive: true });
await Deno.writeTextFile("out/deep/a.txt", await Deno.readTextFile("in/a.txt") + "!");
Deno.writeTextFileSync("out/deep/a.txt", "?", { append: true });
Deno.writeFileSync("bin", new Uint8Array([1, 2, 255]).subarray(1));
await Deno.remove("in/b.txt"); await Deno.rename("in/a.txt", "in/c.txt");
const { size, isFile } = await Deno.stat("out/deep/a.txt");
let missing; try { Deno.readTextFileSync("none") } catch (e) { missing = [e instanceof Deno.errors.NotFound, e.name, e.code] }
let outside; try { Deno.readTextFileSync("/etc/passwd") } catch (e) { outside = e.name }
Kestra.outputs({ list, size, isFile, missing, outside, bin: [...Deno.readFileSync("bin")], dirs: [...Deno.readDirSync(".")].map((e) => e.name + (e.isDirectory ? "/" : "")) });`;
  const { outputs, files, error } = await bench.run(source, {
    files: { "in/a.txt": bytes("ä"), "in/b.txt": bytes("b") },
  });
  expect(error).toBeUndefined();
  expect(outputs).toEqual({
    list: ["a.txt", "b.txt"],
    size: 4,
    isFile: true,
    missing: [true, "NotFound", "ENOENT"],
    outside: "PermissionDenied",
    bin: [2, 255],
    dirs: ["bin", "in/", "out/"],
  });
  expect(Object.keys(files).sort()).toEqual(["bin", "in/c.txt", "out/deep/a.txt"]);
  expect(text(files["out/deep/a.txt"])).toBe("ä!?");
});

test("Deno knows its environment and arguments, and node the same ones", async () => {
  const source =
    "Kestra.outputs({ a: Deno.env.get('A'), none: Deno.env.get('toString') === undefined, has: Deno.env.has('B'), all: Deno.env.toObject(), args: Deno.args, cwd: Deno.cwd(), env: process.env.A, argv: process.argv.slice(2), nodeCwd: process.cwd(), main: require.main === module, file: __filename })";
  const { outputs } = await bench.run(source, { env: { A: "1", B: "" }, args: ["x", "y"] });
  expect(outputs).toEqual({
    a: "1",
    none: true,
    has: true,
    all: { A: "1", B: "" },
    args: ["x", "y"],
    cwd: "/workspace",
    env: "1",
    argv: ["x", "y"],
    nodeCwd: "/workspace",
    main: true,
    file: "/workspace/script.js",
  });
});

test.each([
  "Deno.Command",
  "Deno.connect",
  "require('fs').createReadStream",
  "require('fs').promises.watch",
  "require('child_process')",
  "require('http')",
  "require('util').parseArgs",
  "crypto.subtle.encrypt",
])("%s is refused by its name", async (what) => {
  const { error } = await bench.run(`${what}()`);
  expect(error?.code).toBe("NOT_SUPPORTED");
  expect(error?.message).toContain(/\w+'?\)?$/.exec(what)?.[0].replace(/\W/g, ""));
  expect(error?.message).toContain("containerImage");
});

test("a refusal can be caught, so a script can do without", async () => {
  const { logs, exitCode } = await bench.run(
    "let x; try { x = require('chalk') } catch { x = (s) => s } console.log(x('plain'))",
  );
  expect([logs, exitCode]).toEqual([["INFO plain"], 0]);
});

test("node's fs works in its three forms", async () => {
  const source = `
const fs = require("node:fs"); const fsp = require("fs/promises"); const path = require("path");
fs.mkdirSync("d/e", { recursive: true });
fs.writeFileSync(path.join("d", "e", "f.txt"), "hel"); fs.appendFileSync("d/e/f.txt", Buffer.from("lo"));
const callback = await new Promise((resolve) => fs.readFile("d/e/f.txt", "utf8", (error, data) => resolve(data)));
const hex = (await fsp.readFile("d/e/f.txt")).toString("hex");
let code; try { fs.readFileSync("none") } catch (e) { code = [e.code, e.message.startsWith("ENOENT: no such file")] }
fs.rmSync("none", { force: true });
Kestra.outputs({ callback, hex, code, exists: [fs.existsSync("d/e"), fs.existsSync("/etc")], entries: fs.readdirSync("d", { withFileTypes: true }).map((e) => [e.name, e.isDirectory()]), size: fs.statSync("d/e/f.txt").size });`;
  const { outputs, error } = await bench.run(source);
  expect(error).toBeUndefined();
  expect(outputs).toEqual({
    callback: "hello",
    hex: "68656c6c6f",
    code: ["ENOENT", true],
    exists: [true, false],
    entries: [["e", true]],
    size: 5,
  });
});

test("files can be required, once each", async () => {
  const files = {
    "lib/a.js": bytes(
      "exports.n = 1; exports.same = require('./b.json') === require('../lib/b.json'); exports.dir = __dirname",
    ),
    "lib/b.json": bytes('{"x":1}'),
  };
  const { outputs, error } = await bench.run("Kestra.outputs({ ...require('./lib/a') })", { files });
  expect([outputs, error]).toEqual([{ n: 1, same: true, dir: "/workspace/lib" }, undefined]);
});

test("paths, buffers and hashes work as in node", async () => {
  const found = await evaluate(
    "require('path').resolve('a/../b', './c.txt')",
    "require('path').parse('/x/y.tar.gz')",
    "require('path').relative('/a/b/c', '/a/d')",
    "Buffer.from('aGk', 'base64').toString() + Buffer.from('ff00', 'hex')[0] + Buffer.concat([Buffer.from('a'), Buffer.alloc(2, 'b')])",
    "Buffer.from('ü').toString('base64url')",
    "Buffer.from([1, 2, 3, 4]).readUInt32BE(0)",
    "require('crypto').createHash('sha256').update('a').update('b').digest('hex')",
    "require('crypto').createHmac('sha1', 'key').update('data').digest('base64')",
    "require('util').format('%s=%o', 'a', [1])",
    "new (require('events'))().on('x', () => 1).emit('x')",
  );
  expect(found).toEqual([
    "/workspace/b/c.txt",
    { root: "/", dir: "/x", base: "y.tar.gz", ext: ".gz", name: "y.tar" },
    "../../d",
    "hi255abb",
    "w7w",
    0x01020304,
    "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603",
    "EEFSxb/coHvGM+69RhmfAlXJ9J0=",
    "a=[ 1 ]",
    true,
  ]);
});

test("fetch sends what was asked and reads the answer in each form", async () => {
  const host = new TestHost();
  host.answer = async ({ url }) =>
    respond('{"a":1}', {
      status: 201,
      url: `${url}?redirected`,
      headers: [
        ["Set-Cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["x-a", "1"],
      ],
    });
  const source = `
const all = await Promise.all([1, 2].map((n) => fetch("https://example.com/" + n, { method: "post", headers: { "X-A": "b" }, body: JSON.stringify({ n }) })));
const [one, two] = all;
const copy = one.clone();
Kestra.outputs({ status: one.status, ok: one.ok, redirected: one.redirected, cookies: one.headers.getSetCookie(), a: one.headers.get("X-A"), json: await one.json(), text: await copy.text(), bytes: (await two.arrayBuffer()).byteLength });
await one.text().catch((e) => console.log(e.name));
await fetch(new Request("https://example.com/q", { method: "PUT", body: new URLSearchParams({ a: "b c" }) }));`;
  const { outputs, error, logs } = await bench.run(source, {}, host);
  expect(error).toBeUndefined();
  expect(outputs).toEqual({
    status: 201,
    ok: true,
    redirected: true,
    cookies: ["a=1", "b=2"],
    a: "1",
    json: { a: 1 },
    text: '{"a":1}',
    bytes: 7,
  });
  expect(logs).toEqual(["INFO TypeError"]);
  expect(host.requests.map(({ body, ...request }) => ({ ...request, body: text(body) }))).toEqual([
    {
      url: "https://example.com/1",
      method: "POST",
      headers: { "x-a": "b", "content-type": "text/plain;charset=UTF-8" },
      body: '{"n":1}',
    },
    {
      url: "https://example.com/2",
      method: "POST",
      headers: { "x-a": "b", "content-type": "text/plain;charset=UTF-8" },
      body: '{"n":2}',
    },
    {
      url: "https://example.com/q",
      method: "PUT",
      headers: { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" },
      body: "a=b+c",
    },
  ]);
});

test("a request that fails is a TypeError, and one that is aborted rejects with the reason", async () => {
  const host = new TestHost();
  host.answer = async ({ url }) => {
    if (url.endsWith("/never")) return new Promise(() => undefined);
    throw new Error("the address is private");
  };
  const source = `
await fetch("http://10.0.0.1").catch((e) => console.log(e.name, e.message));
await fetch("not a url").catch((e) => console.log(e.name));
await fetch("https://example.com/never", { signal: AbortSignal.timeout(1000) }).catch((e) => console.log(e.name));
Deno.exit();`;
  const { logs, error } = await bench.run(source, {}, host);
  expect(error).toBeUndefined();
  expect(logs).toEqual(["INFO TypeError fetch failed: the address is private", "INFO TypeError", "INFO TimeoutError"]);
});

test("an answer larger than the file limit is refused", async () => {
  const host = new TestHost();
  host.answer = async () => respond("x".repeat(5_000));
  const { error } = await bench.run("await fetch('https://example.com')", { limits: { fileBytes: 4_000 } }, host);
  expect(error?.message).toContain("5000 bytes");
});

test("addresses are parsed and changed as on the web", async () => {
  const found = await evaluate(
    "new URL('../x?a=1#h', 'https://u:p@example.com:8080/a/b/c').href",
    "(() => { const u = new URL('https://e.com/?a=1'); u.searchParams.append('b', 'ü &'); u.searchParams.delete('a'); u.pathname = 'x y'; u.port = '81'; return u.toString() })()",
    "[...new URLSearchParams('a=1&b=2&a=3').entries()].join(';') + new URLSearchParams({ q: 'x y' })",
    "[URL.canParse('nope'), URL.canParse('/x', 'https://e.com')]",
    "(() => { try { new URL('nope') } catch (e) { return [e.name, e.code] } })()",
    "JSON.stringify({ u: new URL('https://e.com') })",
  );
  expect(found).toEqual([
    "https://u:p@example.com:8080/a/x?a=1#h",
    "https://e.com:81/x%20y?b=%C3%BC+%26",
    "a,1;b,2;a,3q=x+y",
    [false, true],
    ["TypeError", "ERR_INVALID_URL"],
    '{"u":"https://e.com/"}',
  ]);
});

test("text and bytes are turned into each other", async () => {
  const found = await evaluate(
    "[...new TextEncoder().encode('ü😀')]",
    "new TextDecoder().decode(new Uint8Array([195, 188, 0, 255]))",
    "(() => { try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])) } catch (e) { return e.name } })()",
    "(() => { const d = new TextDecoder(); return d.decode(new Uint8Array([226, 130]), { stream: true }) + d.decode(new Uint8Array([172])) })()",
    "new TextDecoder('latin1').decode(new Uint8Array([252]))",
    "btoa('h\\u00e9') + atob('aMOp').length",
  );
  expect(found).toEqual([[195, 188, 240, 159, 152, 128], "ü\0\ufffd", "TypeError", "€", "ü", "aOk=3"]);
});

test("time and chance come from the host", async () => {
  const found = await evaluate(
    "Date.now()",
    "new Date().toISOString()",
    "new Date(5).getTime()",
    "new Date() instanceof Date",
    "typeof Date()",
    "performance.now()",
    "[Math.random()].every((n) => n >= 0 && n < 1)",
    "crypto.randomUUID()",
    "[...crypto.getRandomValues(new Uint16Array(2))]",
  );
  expect(found).toEqual([
    1_700_000_000_000,
    "2023-11-14T22:13:20.000Z",
    5,
    true,
    "string",
    0,
    true,
    "0b30557a-9fc4-490e-b358-7da2c7ec1136",
    [0x300b, 0x7a55],
  ]);
});

test("digests are those of the web", async () => {
  const found = await evaluate(
    "crypto.subtle.digest('SHA-256', new TextEncoder().encode('a')).then((d) => Buffer.from(d).toString('hex').slice(0, 8))",
    "crypto.subtle.digest('NOPE', new Uint8Array()).catch((e) => typeof e.message)",
  );
  expect(found).toEqual(["ca978112", "string"]);
});

test("values are cloned deeply, with what they share", async () => {
  const found = await evaluate(
    "(() => { const a = { d: new Date(5), m: new Map([[1, { x: [1] }]]), s: new Set([1]), u: new Uint8Array([1, 2]).subarray(1) }; a.self = a; const b = structuredClone(a); return [b !== a, b.self === b, b.d.getTime(), b.m.get(1).x, b.s.has(1), b.u[0], b.u.length] })()",
    "(() => { try { structuredClone(() => 1) } catch (e) { return e.name } })()",
  );
  expect(found).toEqual([[true, true, 5, [1], true, 2, 1], "DataCloneError"]);
});

test("aborts and events reach their listeners", async () => {
  const { logs } = await bench.run(
    "const c = new AbortController(); c.signal.addEventListener('abort', () => console.log('heard', c.signal.reason.name)); c.abort(); c.abort(); try { c.signal.throwIfAborted() } catch (e) { console.log(e.name) }",
  );
  expect(logs).toEqual(["INFO heard AbortError", "INFO AbortError"]);
});
