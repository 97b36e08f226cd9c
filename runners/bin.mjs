#!/usr/bin/env node
// Starts the program on a Node that runs TypeScript directly: this one, or the one pinned in package.json.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;
// An agent makes much short-lived text and keeps little: a small young generation halves its memory.
const FLAGS = ["--max-semi-space-size=2", "--disable-warning=ExperimentalWarning"];
const main = fileURLToPath(new URL("./start.mjs", import.meta.url));

function pinnedNode() {
  const require = createRequire(import.meta.url);
  const windows = process.platform === "win32";
  const names = [
    `node-bin-${process.platform}-${process.arch}`,
    `node-${windows ? "win" : process.platform}-${process.arch}`,
  ];
  for (const name of names) {
    try {
      const file = join(dirname(require.resolve(`${name}/package.json`)), "bin", windows ? "node.exe" : "node");
      if (existsSync(file)) return file;
    } catch {
      // Another platform's package, or none is installed.
    }
  }
  return undefined;
}

const ownIsNew = Number(process.versions.node.split(".")[0]) >= OLDEST_MAJOR;
const node = ownIsNew ? process.execPath : pinnedNode();
const words = [...FLAGS, main, ...process.argv.slice(2)];

if (ownIsNew && (process.execve === undefined || process.platform === "win32")) {
  await import("./start.mjs");
} else if (ownIsNew) {
  // In place: no second process, and the id stays.
  process.execve(node, [node, ...words]);
} else {
  if (!node) {
    process.stderr.write(`windhover needs Node ${OLDEST_MAJOR} or newer, or the package's own: run "npm install".\n`);
    process.exit(1);
  }
  const child = spawn(node, words, { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
