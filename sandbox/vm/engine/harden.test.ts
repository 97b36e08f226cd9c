import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { harden } from "./harden.ts";
import { openMachine } from "./instance.ts";

const original = readFileSync(createRequire(import.meta.url).resolve("@jitl/quickjs-wasmfile-release-sync/wasm"));
const committed = readFileSync(new URL("quickjs.wasm", import.meta.url));
const options = { memoryBytes: 32 * 1_048_576, stackBytes: 256 * 1024 };

test("the committed machine is what the build script makes of the installed package", () => {
  expect(Buffer.compare(harden(original), committed)).toBe(0);
});

test("[H3] the rewritten module has the imports and exports of the original, and the fuel", () => {
  const before = new WebAssembly.Module(original);
  const after = new WebAssembly.Module(committed);
  expect(WebAssembly.Module.imports(after)).toEqual(WebAssembly.Module.imports(before));
  expect(WebAssembly.Module.exports(after)).toEqual([
    ...WebAssembly.Module.exports(before),
    { name: "fuel", kind: "global" },
  ]);
});

test("a module of something else is refused", () => {
  expect(() => harden(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))).toThrow("not the QuickJS module");
});

test("the module of the package itself, which has no fuel, is refused", async () => {
  await expect(openMachine({ ...options, wasmModule: new WebAssembly.Module(original) })).rejects.toThrow("no fuel");
});

test("[H1] loops inside native functions and moved bytes cost fuel", async () => {
  const machine = await openMachine({ ...options, wasmModule: new WebAssembly.Module(committed) });
  const costOf = (source: string) => {
    const before = machine.fuel.value;
    machine.context.evalCode(source).unwrap().dispose();
    return before - machine.fuel.value;
  };
  expect(costOf("[].includes.call({ length: 100000 }, 1)")).toBeGreaterThan(100_000);
  expect(costOf("new Uint8Array(1600000).fill(1); 0")).toBeGreaterThan(100_000);
  expect(costOf("1")).toBeLessThan(1_000);
  machine.dispose();
});

test("[H2] the log has every promise that is rejected without a handler, and every one that gets its handler late", async () => {
  const machine = await openMachine({ ...options, wasmModule: new WebAssembly.Module(committed) });
  machine.context
    .evalCode("globalThis.late = Promise.reject('why'); Promise.reject(1).catch(() => 0); 0")
    .unwrap()
    .dispose();
  const [late, early, handled, ...rest] = machine.takeRejections().entries;
  expect(rest).toEqual([]);
  expect(handled).toEqual({ promise: early?.promise, reason: 0 });
  const reason = machine.adopt(late?.reason ?? 0);
  expect(machine.context.getString(reason)).toBe("why");
  reason.dispose();
  machine.adopt(early?.reason ?? 0).dispose();
  machine.dispose();
});
