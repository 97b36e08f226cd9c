// Writes quickjs.wasm beside this file from the QuickJS build in node_modules: `node sandbox/vm/engine/build.mjs`.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { harden } from "./harden.ts";

const original = createRequire(import.meta.url).resolve("@jitl/quickjs-wasmfile-release-sync/wasm");
const hardened = harden(readFileSync(original));
writeFileSync(new URL("quickjs.wasm", import.meta.url), hardened);
console.log(`quickjs.wasm: ${hardened.length} bytes`);
