import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { ScriptErrorCode, ScriptRequest } from "./index.ts";
import { createBench, respond, TestHost } from "./test-kit.ts";

const bench = createBench(new WebAssembly.Module(readFileSync(new URL("engine/quickjs.wasm", import.meta.url))));
const CURE = "taskRunner: {type: io.kestra.plugin.core.runner.Process}";

// [V4] After each case the next run is untouched: known good script, same answer.
afterEach(async () => {
  const next = await bench.run("let sum = 0; for (let i = 0; i < 1000; i++) sum += i; Kestra.outputs({ sum })");
  expect([next.outputs, next.exitCode, bench.ends.at(-1)]).toEqual([{ sum: 499_500 }, 0, "disposed"]);
});

async function expectLimit(code: ScriptErrorCode, source: string, request: Partial<ScriptRequest> = {}) {
  const result = await bench.run(source, request);
  expect(result.error).toMatchObject({ code });
  expect(result.error?.message).toContain(CURE);
  expect(result.exitCode).toBe(137);
  return result;
}

test("[V1] with a clock that stands still, an endless loop ends at the CPU limit, and the error names the line of the last call", async () => {
  const { error } = await expectLimit("CPU_LIMIT", "let n = 0;\nwhile (true) {\n  n = Math.max(n, 7);\n}");
  expect(error?.stack).toContain("script.js:3");
});

test("[V2] a script cannot catch the CPU limit", async () => {
  const { logs } = await expectLimit(
    "CPU_LIMIT",
    "try { for (;;); } catch { console.log('caught') } finally { console.log('finally') }",
  );
  expect(logs).toEqual([]);
});

test("[V2] an endless loop in a promise callback ends at the CPU limit", async () => {
  await expectLimit("CPU_LIMIT", "setTimeout(() => { for (;;); }, 10)");
});

test("[V2] a regular expression that backtracks for ever ends at the CPU limit", async () => {
  await expectLimit("CPU_LIMIT", "/(a+)+$/.test('a'.repeat(40) + 'b')");
});

test.each([
  ["a search over a length that no list has", "[].includes.call({ length: 2 ** 53 - 1 }, 1)"],
  ["flattening a shared graph", "let a = []; for (let i = 0; i < 60; i++) a = [a, a]; a.flat(Infinity)"],
  ["a naive search in a long text", "'a'.repeat(4e6).indexOf('a'.repeat(2e6) + 'b')"],
  ["filling a buffer over and over", "const b = new Uint8Array(4e6); for (;;) b.fill(1)"],
  ["multiplying huge numbers", "let x = 3n ** 200000n; for (;;) x * x"],
])("[V2] a native loop that never asks for an interrupt ends too: %s", async (_name, source) => {
  await expectLimit("CPU_LIMIT", source);
});

test("[V2] work that the host does for a script is charged to it", async () => {
  await expectLimit("CPU_LIMIT", "for (;;) Deno.statSync('.')", { limits: { interrupts: 1_000 } });
});

test("an endless chain of promises ends at the limit of jobs in one turn", async () => {
  await expectLimit("JOB_LIMIT", "(async () => { for (;;) await null; })()", { limits: { pendingJobs: 20_000 } });
});

test.each([
  ["lists", "const a = []; for (;;) a.push(new Array(1000).fill(1))"],
  ["texts", "const a = []; for (let i = 0; ; i++) a.push(String(i).repeat(10000))"],
  ["one text that doubles", "let s = 'x'; for (;;) s += s"],
  ["typed arrays", "const a = []; for (;;) a.push(new Uint8Array(1e6))"],
])("[V4] a memory bomb ends at the memory limit: %s", async (_name, source) => {
  await expectLimit("MEMORY_LIMIT", source);
});

test("[V3] a machine that is full when its budget ends is still freed", async () => {
  await expectLimit("CPU_LIMIT", "const a = []; for (let i = 0; i < 20000; i++) a.push({ i, list: [i] }); for (;;);");
  expect(bench.ends.at(-1)).toBe("disposed");
});

test("a script that catches the lack of memory goes on in what it has", async () => {
  const { logs, exitCode } = await bench.run(
    "let a = []; try { for (;;) a.push(new Array(1000).fill(1)) } catch (e) { a = null; console.log(e.message) }",
  );
  expect([logs, exitCode]).toEqual([["INFO out of memory"], 0]);
});

test("deep recursion ends at the stack limit, with the frames where it was", async () => {
  const { error } = await expectLimit("STACK_LIMIT", "function down() {\n  return down() + 1;\n}\ndown()");
  expect(error?.stack).toContain("at down (script.js:2");
});

test("deep recursion can be caught, as elsewhere", async () => {
  const { logs } = await bench.run("const f = () => f() + 1; try { f() } catch (e) { console.log(e.name) }");
  expect(logs).toEqual(["INFO InternalError"]);
});

test("a value too deep to print as JSON ends at the stack limit", async () => {
  await expectLimit("STACK_LIMIT", "let d = []; for (let i = 0; i < 100000; i++) d = [d]; JSON.stringify(d)", {
    limits: { interrupts: 50_000 },
  });
});

test("[V4] source text nested too deep ends the machine, not the host", async () => {
  await expectLimit("STACK_LIMIT", `${"(".repeat(20_000)}1${")".repeat(20_000)}`);
  expect(bench.ends.at(-1)).toBe("discarded");
});

test("JSON that is 100,000 deep is refused before the engine reads it, as an error that can be caught", async () => {
  const { logs, exitCode } = await bench.run(
    "try { JSON.parse('['.repeat(100000) + ']'.repeat(100000)) } catch (e) { console.log(e.name, e.message) }",
  );
  expect(logs).toEqual(["INFO RangeError JSON that is nested more than 1000 deep is refused"]);
  expect(exitCode).toBe(0);
});

test("JSON from outside that is too deep is refused the same way", async () => {
  const host = new TestHost();
  host.answer = async () => respond("[".repeat(100_000));
  const { error } = await bench.run("await (await fetch('https://example.com')).json()", {}, host);
  expect(error).toMatchObject({ code: "UNCAUGHT_EXCEPTION", message: expect.stringContaining("1000 deep") });
});

test("[V9] a flood of output ends at its limit, and what was printed before it is kept", async () => {
  const { logs } = await expectLimit("OUTPUT_LIMIT", "for (;;) console.log('x'.repeat(1000))", {
    limits: { outputBytes: 10_000 },
  });
  expect(logs).toHaveLength(9);
});

test("[V9] text without a line end counts as output too", async () => {
  await expectLimit("OUTPUT_LIMIT", "for (;;) process.stdout.write('x'.repeat(1000))", {
    limits: { outputBytes: 10_000 },
  });
});

test("[V7] files beyond their limit are an error of the call, which can be caught", async () => {
  const source =
    "try { Deno.writeFileSync('a', new Uint8Array(5000)) } catch (e) { console.log(e.code) }\nDeno.writeFileSync('b', new Uint8Array(5000))";
  const { logs, error } = await bench.run(source, { limits: { fileBytes: 4_000 } });
  expect(logs).toEqual(["INFO FILE_LIMIT"]);
  expect(error).toMatchObject({
    code: "FILE_LIMIT",
    message: expect.stringContaining(CURE),
    stack: expect.stringContaining(":2:"),
  });
});

test("[V7] input files beyond the limit stop the run before it starts", async () => {
  const { error } = await bench.run("1", { files: { big: new Uint8Array(5_000) }, limits: { fileBytes: 4_000 } });
  expect(error?.code).toBe("FILE_LIMIT");
});

test("[V7] many empty files have a limit too", async () => {
  const { error } = await bench.run("for (let i = 0; ; i++) Deno.writeTextFileSync('f' + i, '')", {
    limits: { fileBytes: 100_000 },
  });
  expect(error?.code).toBe("FILE_LIMIT");
});

test("requests beyond their limit are an error of the call", async () => {
  const { error, host } = await bench.run("for (let i = 0; i < 9; i++) await fetch('https://example.com')", {
    limits: { fetches: 3 },
  });
  expect(error?.code).toBe("FETCH_LIMIT");
  expect(host.requests).toHaveLength(3);
});

test("waiting longer than the time limit ends the run", async () => {
  await expectLimit("TIME_LIMIT", "await new Promise((resolve) => setTimeout(resolve, 120000))");
});

test("an answer that never comes ends the run at the time limit", async () => {
  const host = new TestHost();
  host.answer = () => new Promise(() => undefined);
  const { error } = await bench.run("await fetch('https://example.com')", {}, host);
  expect(error?.code).toBe("TIME_LIMIT");
});

test("where the clock moves during CPU work, the time limit ends that too", async () => {
  const host = new TestHost();
  host.now = () => (host.clock += 100);
  const { error } = await bench.run("for (;;);", { limits: { wallMs: 5_000 } }, host);
  expect(error?.code).toBe("TIME_LIMIT");
});

test("more timers than anyone needs are refused", async () => {
  const { error } = await bench.run("for (;;) setTimeout(() => {}, 1000)", { limits: { interrupts: 50_000 } });
  expect(error?.message).toContain("more than 10000 timers");
});
