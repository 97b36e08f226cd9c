import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleWorker } from "./bundle.ts";
import { checkFreshness } from "./stamp.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "windhover-build-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the stamp", () => {
  const check = () =>
    checkFreshness({
      stampFile: join(dir, "out", "stamp"),
      output: join(dir, "out", "a.js"),
      sources: [join(dir, "src")],
    });
  const build = () => {
    const state = check();
    if (!state.fresh) {
      writeFileSync(join(dir, "out", "a.js"), "");
      state.done();
    }
    return !state.fresh;
  };
  beforeEach(() => {
    mkdirSync(join(dir, "src"));
    writeFileSync(join(dir, "src", "a.ts"), "1");
  });

  test("asks for a build once, and again after an edit, a new file or a removed one", () => {
    expect([build(), build()]).toEqual([true, false]);
    writeFileSync(join(dir, "src", "a.ts"), "22");
    expect([build(), build()]).toEqual([true, false]);
    writeFileSync(join(dir, "src", "b.ts"), "3");
    expect([build(), build()]).toEqual([true, false]);
    rmSync(join(dir, "src", "b.ts"));
    expect([build(), build()]).toEqual([true, false]);
  });

  test("does not mind new times on old contents, tests, or hidden folders", () => {
    build();
    utimesSync(join(dir, "src", "a.ts"), 1, 1);
    expect(check().fresh).toBe(true);
    writeFileSync(join(dir, "src", "a.test.ts"), "");
    mkdirSync(join(dir, "src", ".svelte-kit"));
    writeFileSync(join(dir, "src", ".svelte-kit", "x.ts"), "");
    expect(check().fresh).toBe(true);
  });

  test("asks for a build when the output is gone or the stamp is broken", () => {
    build();
    rmSync(join(dir, "out", "a.js"));
    expect(build()).toBe(true);
    writeFileSync(join(dir, "out", "stamp"), "{");
    expect(check().fresh).toBe(false);
  });

  test("sees an edit that was made while the build ran", () => {
    const state = check();
    writeFileSync(join(dir, "src", "a.ts"), "later");
    writeFileSync(join(dir, "out", "a.js"), "");
    if (!state.fresh) state.done();
    expect(check().fresh).toBe(false);
  });
});

describe("the bundle", () => {
  const EMPTY_WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

  test("keeps WebAssembly beside the code, names it in the manifest, and marks builtins", async () => {
    writeFileSync(join(dir, "engine.wasm"), EMPTY_WASM);
    writeFileSync(join(dir, "other.ts"), 'import wasm from "./engine.wasm?module"; export default wasm;');
    writeFileSync(
      join(dir, "index.ts"),
      'import wasm from "./engine.wasm"; import o from "./other.ts"; import { createHash } from "crypto";\n' +
        'import { DurableObject } from "cloudflare:workers"; export { wasm, o, createHash, DurableObject };',
    );
    const manifest = await bundleWorker({ entry: join(dir, "index.ts"), outDir: join(dir, "server") });
    const names = manifest.modules.map(({ name }) => name);
    expect(names).toEqual(["index.js", expect.stringMatching(/^engine-[0-9a-f]{8}\.wasm$/)]);
    expect(readdirSync(join(dir, "server")).sort()).toEqual([...names, "manifest.json"].sort());
    const code = readFileSync(join(dir, "server", "index.js"), "utf8");
    expect(code).toContain(`"./${names[1]}"`);
    expect(code).toContain('"node:crypto"');
    expect(code).toContain('"cloudflare:workers"');
    expect(manifest.bytes).toBe(code.length + EMPTY_WASM.length);
  });

  test("fails with file and line when a source is wrong", async () => {
    writeFileSync(join(dir, "index.ts"), '\nimport "./missing.ts";');
    await expect(bundleWorker({ entry: join(dir, "index.ts"), outDir: join(dir, "server") })).rejects.toThrow(
      /index\.ts:2:.*missing\.ts/,
    );
  });
});
