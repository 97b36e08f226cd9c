#!/usr/bin/env node
// Starts the program on a Node that runs TypeScript directly: this one, or the one pinned in package.json.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const OLDEST_MAJOR = 24;

function pinnedNode() {
  const require = createRequire(import.meta.url);
  const windows = process.platform === "win32";
  for (const name of [
    `node-bin-${process.platform}-${process.arch}`,
    `node-${windows ? "win" : process.platform}-${process.arch}`,
  ]) {
    try {
      const file = join(dirname(require.resolve(`${name}/package.json`)), "bin", windows ? "node.exe" : "node");
      if (existsSync(file)) return file;
    } catch {
      // Another platform's package, or none is installed.
    }
  }
  return undefined;
}

if (Number(process.versions.node.split(".")[0]) >= OLDEST_MAJOR) {
  await import("./main.ts");
} else {
  const node = pinnedNode();
  if (!node) {
    process.stderr.write(`windhover needs Node ${OLDEST_MAJOR} or newer, or the package's own: run "npm install".\n`);
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
