import { expect, test } from "vitest";
import { createLocalConfig, DURABLE_OBJECTS, quote } from "./config.ts";

const base = {
  port: 8080,
  objectsDir: "/data/do",
  filesDir: "/data/files",
  uiDir: "/app/ui",
  modules: [
    { name: "index.js", kind: "esModule", path: "../app/index.js" },
    { name: "quickjs-1a.wasm", kind: "wasm", path: "../app/quickjs-1a.wasm" },
  ],
  allowPrivate: [],
  vars: { RUNTIME: "local" },
  secretVars: ["INTERNAL_SECRET"],
} as const;

test("[C1] quotes what could end a string, and what is not ASCII", () => {
  expect(quote('a"b\\c')).toBe('"a\\"b\\\\c"');
  expect(quote("ü\n")).toBe('"\\xc3\\xbc\\x0a"');
  const text = createLocalConfig({ ...base, vars: { CELLS: '32"), (name = "X", text = "y' } });
  expect(text).toContain('text = "32\\"), (name = \\"X\\", text = \\"y"');
});

test("[C2] names secret bindings, not their values", () => {
  expect(createLocalConfig(base)).toContain('(name = "INTERNAL_SECRET", fromEnvironment = "INTERNAL_SECRET"),');
});

test("[C3] listens on the loopback address only", () => {
  const addresses = createLocalConfig(base).match(/address = "[^"]*"/g);
  expect(addresses).toEqual(['address = "127.0.0.1:8080"']);
});

test("names every module, and every Durable Object with its storage", () => {
  const text = createLocalConfig(base);
  expect(text).toContain('(name = "index.js", esModule = embed "../app/index.js"),');
  expect(text).toContain('(name = "quickjs-1a.wasm", wasm = embed "../app/quickjs-1a.wasm"),');
  for (const { binding, className, uniqueKey } of DURABLE_OBJECTS) {
    expect(text).toContain(`(className = "${className}", uniqueKey = "${uniqueKey}", enableSql = true),`);
    expect(text).toContain(`(name = "${binding}", durableObjectNamespace = "${className}"),`);
  }
});

test("lets tasks reach public networks only, unless others are named", () => {
  expect(createLocalConfig(base)).toContain('allow = ["public"]');
  expect(createLocalConfig({ ...base, allowPrivate: ["10.0.0.0/8"] })).toContain('allow = ["public", "10.0.0.0/8"]');
});

test("agrees with wrangler.toml on classes, bindings and the compatibility date", async () => {
  const { readFileSync } = await import("node:fs");
  const { COMPATIBILITY_DATE, COMPATIBILITY_FLAGS } = await import("./config.ts");
  const toml = readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8");
  expect(toml).toContain(`compatibility_date = "${COMPATIBILITY_DATE}"`);
  expect(toml).toContain(`compatibility_flags = ${JSON.stringify(COMPATIBILITY_FLAGS)}`);
  for (const { binding, className } of DURABLE_OBJECTS) {
    expect(toml).toContain(`{ name = "${binding}", class_name = "${className}" }`);
  }
  const classes = DURABLE_OBJECTS.map(({ className }) => `"${className}"`).join(", ");
  expect(toml).toContain(`new_sqlite_classes = [${classes}]`);
});
