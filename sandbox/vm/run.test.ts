import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createBench, TestHost } from "./test-kit.ts";

const bench = createBench(new WebAssembly.Module(readFileSync(new URL("engine/quickjs.wasm", import.meta.url))));
const bytes = (text: string) => new TextEncoder().encode(text);
const typescript = { language: "typescript", fileName: "script.ts" } as const;

test("a script that ends well has the exit code 0 and no error", async () => {
  const { exitCode, error, outputs, metrics, files } = await bench.run("1 + 1");
  expect({ exitCode, error, outputs, metrics, files }).toEqual({ exitCode: 0, outputs: {}, metrics: [], files: {} });
});

test("an uncaught exception ends with 1, its message and the frames of the script", async () => {
  const { exitCode, error } = await bench.run("function a() {\n  throw new TypeError('boo');\n}\n\na();");
  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ code: "UNCAUGHT_EXCEPTION", message: "TypeError: boo" });
  expect(error?.stack).toMatch(/at a \(script\.js:2:\d+\)\n.*script\.js:5:/);
});

test("columns of the first line are those of the user's text", async () => {
  const { error } = await bench.run("throw new Error('boo')");
  expect(error?.stack).toContain("script.js:1:16");
});

test.each([
  ["'a text'", "a text"],
  ["undefined", "undefined"],
  ["{ message: 'an object' }", "an object"],
  ["null", "null"],
])("anything can be thrown: %s", async (thrown, message) => {
  const { error } = await bench.run(`throw ${thrown}`);
  expect(error).toMatchObject({ code: "UNCAUGHT_EXCEPTION", message });
});

test("a function that nobody awaits and that fails ends the run, as in node and deno", async () => {
  const { exitCode, error } = await bench.run(
    "main();\nasync function main() {\n  await null;\n  throw new Error('lost');\n}",
  );
  expect(exitCode).toBe(1);
  expect(error).toMatchObject({
    code: "UNHANDLED_REJECTION",
    message: "Error: lost",
    stack: expect.stringContaining(":4:"),
  });
});

test("a rejection that gets its handler in the same turn is none", async () => {
  const { error } = await bench.run(
    "const p = Promise.reject(new Error('x')); await null; p.catch(() => {}); await Promise.allSettled([Promise.reject(1)]);",
  );
  expect(error).toBeUndefined();
});

test("thousands of handled rejections in one turn are no failure", async () => {
  const { error } = await bench.run("for (let i = 0; i < 5000; i++) Promise.reject(i).catch(() => {});");
  expect(error).toBeUndefined();
});

test("an exception in a timer ends the run", async () => {
  const { error } = await bench.run("setTimeout(() => { throw new Error('late') }, 10)");
  expect(error).toMatchObject({ code: "UNCAUGHT_EXCEPTION", message: "Error: late" });
});

test("an exception in a microtask ends the run", async () => {
  const { error } = await bench.run("queueMicrotask(() => { throw new Error('soon') })");
  expect(error?.message).toBe("Error: soon");
});

test("waiting for what never comes ends with 13, as in node", async () => {
  const { exitCode, error } = await bench.run("await new Promise(() => {})");
  expect([exitCode, error?.code]).toEqual([13, "NEVER_SETTLED"]);
});

test.each([
  ["Deno.exit(3)", 3],
  ["process.exit(4)", 4],
  ["process.exitCode = 5", 5],
  ["Deno.exitCode = 6", 6],
  ["process.exitCode = 7; process.exit()", 7],
  ["Deno.exit(256 + 8)", 8],
  ["Deno.exit()", 0],
])("%s gives the exit code %i", async (source, code) => {
  const { exitCode, error } = await bench.run(source);
  expect([exitCode, error]).toEqual([code, undefined]);
});

test("nothing runs after an exit, not even what would catch it", async () => {
  const { logs } = await bench.run(
    "try { Deno.exit(1) } catch { console.log('caught') } finally { console.log('finally') } console.log('after')",
  );
  expect(logs).toEqual([]);
});

test("the run goes on until no timer is left", async () => {
  const { logs, host } = await bench.run(
    "setTimeout((...x) => console.log('two', ...x), 5000, 1, 2); setTimeout(() => console.log('one'), 1000); console.log('zero')",
  );
  expect(logs).toEqual(["INFO zero", "INFO one", "INFO two 1 2"]);
  expect(host.clock).toBe(1_700_000_005_000);
});

test("an interval runs until it is cleared, a cleared timer never", async () => {
  const { logs } = await bench.run(
    "let n = 0; const t = setInterval(() => { console.log(++n); if (n === 3) clearInterval(t) }, 100); clearTimeout(setTimeout(() => console.log('no'), 50))",
  );
  expect(logs).toEqual(["INFO 1", "INFO 2", "INFO 3"]);
});

test("promise jobs run before timers", async () => {
  const { logs } = await bench.run(
    "setTimeout(() => console.log('timer'), 0); Promise.resolve().then(() => console.log('job')); console.log('text')",
  );
  expect(logs).toEqual(["INFO text", "INFO job", "INFO timer"]);
});

test("a signal ends a run that waits", async () => {
  const controller = new AbortController();
  const host = new TestHost();
  host.sleep = async () => controller.abort();
  const { exitCode, error, logs } = await bench.run(
    "console.log('on'); setInterval(() => {}, 1000)",
    {},
    host,
    controller.signal,
  );
  expect([exitCode, error?.code, logs]).toEqual([143, "CANCELLED", ["INFO on"]]);
});

test("a signal that was given before starts nothing", async () => {
  const { error, logs } = await bench.run("console.log('on')", {}, new TestHost(), AbortSignal.abort());
  expect([error?.code, logs]).toEqual(["CANCELLED", []]);
});

test("a script that does not compile says where", async () => {
  const { exitCode, error } = await bench.run("const a = 1;\nconst = 2;");
  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ code: "SYNTAX", stack: expect.stringContaining("script.js:2:") });
});

test("a syntax error that a script itself meets is an exception like others", async () => {
  const { error } = await bench.run("JSON.parse('{')");
  expect(error).toMatchObject({ code: "UNCAUGHT_EXCEPTION", message: expect.stringContaining("SyntaxError") });
});

test("a classic script may use names it did not declare, `await` and `return`", async () => {
  const { outputs, error } = await bench.run(
    "total = 1; total += await Promise.resolve(2); Kestra.outputs({ total }); return; nothing()",
  );
  expect([outputs, error]).toEqual([{ total: 3 }, undefined]);
});

test("a script with imports is a module, with files of the run", async () => {
  const files = {
    "lib/sum.js": bytes("import { one } from '../one.ts';\nexport const sum = (x) => x + one;"),
    "one.ts": bytes("export const one: number = 1;"),
  };
  const { outputs, error } = await bench.run(
    "#!/usr/bin/env node\nimport { sum } from './lib/sum.js';\nKestra.outputs({ sum: sum(2), main: import.meta.main })",
    { files },
  );
  expect([outputs, error]).toEqual([{ sum: 3, main: true }, undefined]);
});

test("a module may import JSON, a file without its ending, and by a name made at run time", async () => {
  const files = { "data.json": bytes('{"a":[1]}'), "util.ts": bytes("export default 'util' as string") };
  const source =
    "import data from './data.json' with { type: 'json' }; import util from './util'; const { default: again } = await import('./' + 'util.ts'); Kestra.outputs({ data, util, again })";
  const { outputs } = await bench.run(source, { ...typescript, files });
  expect(outputs).toEqual({ data: { a: [1] }, util: "util", again: "util" });
});

test("an error in an imported file names that file", async () => {
  const files = {
    "lib/bad.ts": bytes("type A = string;\nexport function bad(x: A): never {\n  throw new Error(x);\n}"),
  };
  const { error } = await bench.run("import { bad } from './lib/bad.ts';\nbad('x')", { ...typescript, files });
  expect(error?.stack).toContain("lib/bad.ts:3:");
});

test.each(["npm:lodash", "lodash", "https://deno.land/x/a.ts", "jsr:@std/fs", "node:child_process"])(
  "the module %s is refused by its name, with what moves the task to an agent",
  async (name) => {
    const { error, exitCode } = await bench.run(`import x from ${JSON.stringify(name)}; x()`, typescript);
    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ code: "NOT_SUPPORTED", message: expect.stringContaining(`"${name}"`) });
    expect(error?.message).toContain("containerImage");
  },
);

test("a file that is not there says which property would bring it", async () => {
  const { error } = await bench.run("import './missing.js'");
  expect(error).toMatchObject({ code: "MODULE_NOT_FOUND", message: expect.stringContaining("inputFiles") });
});

test("types, enums, generics, namespaces of types and parameter properties are read", async () => {
  const source = `import type { Nothing } from "./nothing.ts";
enum Level { Low = 1, High = Low << 3 }
interface Item<T extends object> { readonly value: T; next?: Item<T> }
abstract class Box<T> { constructor(protected readonly item: T, public level: Level = Level.High) {} abstract get(): T }
class Real<T> extends Box<T> { override get(): T { return this.item! } }
function first<const T extends readonly unknown[]>(list: T): T[0] { return list[0] }
const item = { value: { a: 1 } } satisfies Item<{ a: number }>;
const box = new Real(item as Item<{ a: number }>);
Kestra.outputs({ level: box.level, name: Level[1], a: box.get().value.a, first: first([7, 8] as const), low: <number>Level.Low });`;
  const { outputs, error } = await bench.run(source, typescript);
  expect(error).toBeUndefined();
  expect(outputs).toEqual({ level: 8, name: "Low", a: 1, first: 7, low: 1 });
});

test("lines of TypeScript stay where they were", async () => {
  const { error } = await bench.run(
    "interface A {\n  a: string;\n}\n\ntype B = A;\nconst b: B = JSON.parse('null');\nb.a;",
    typescript,
  );
  expect(error?.stack).toContain("script.ts:7:");
});

test("TypeScript that cannot be read says where", async () => {
  const { error } = await bench.run("const a: number = 1;\nconst b: = 2;", typescript);
  expect(error).toMatchObject({ code: "SYNTAX", message: expect.stringContaining("(2:") });
});

test.each(["../script.js", "/etc/script.js", "", "a\\b.js"])("the file name %j is refused", async (fileName) => {
  const { error } = await bench.run("1", { fileName });
  expect(error?.code).toBe("INVALID_REQUEST");
});

test.each(["../up", "/abs", "a/../../b", "a\\b", "a\u0000b"])(
  "[V7] the input file name %j is refused",
  async (name) => {
    const { error } = await bench.run("1", { files: { [name]: bytes("x") } });
    expect(error?.code).toBe("INVALID_REQUEST");
  },
);

test("[V5] text with zero bytes and halves of characters survives the way out and in", async () => {
  const source =
    "Deno.writeTextFileSync('a', 'x\\0y\\u00e9\\u{1f600}'); Kestra.outputs({ text: Deno.readTextFileSync('a'), half: '\\ud800' })";
  const { outputs } = await bench.run(source);
  expect(outputs).toEqual({ text: "x\0y\u00e9\u{1f600}", half: "\ud800" });
});

test("[V6] a host that throws gives the script an error, or nothing at all for a log line", async () => {
  const host = new TestHost();
  host.random = () => {
    throw new TypeError("no randomness");
  };
  host.log = () => {
    throw new Error("disk full");
  };
  const { error, exitCode } = await bench.run(
    "console.log(1); try { crypto.randomUUID() } catch (e) { if (!(e instanceof TypeError)) throw e }",
    {},
    host,
  );
  expect([error, exitCode]).toEqual([undefined, 0]);
});

test("[V4] what one run changes in its globals is gone in the next", async () => {
  await bench.run(
    "Array.prototype.map = null; Object.prototype.polluted = 1; globalThis.JSON = null; Promise.prototype.then = null",
  );
  const { outputs } = await bench.run(
    "Kestra.outputs({ map: [1].map((x) => x + 1), polluted: {}.polluted === undefined })",
  );
  expect(outputs).toEqual({ map: [2], polluted: true });
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

test("[V6] the guest has no way to the function that reaches the host, and no global but those of the surface", async () => {
  const { outputs } = await bench.run(
    "Kestra.outputs({ names: Object.keys(globalThis), host: typeof host, evil: (() => { try { return typeof (0, eval)('host') } catch { return 'none' } })() })",
  );
  expect(outputs).toEqual({ names: [], host: "undefined", evil: "none" });
});

test("two runs at the same time do not see each other", async () => {
  const source = "globalThis.me = Deno.args[0]; await new Promise((r) => setTimeout(r, 10)); Kestra.outputs({ me })";
  const results = await Promise.all(["a", "b", "c"].map((name) => bench.run(source, { args: [name] })));
  expect(results.map((result) => result.outputs.me)).toEqual(["a", "b", "c"]);
});
