// Brings `dist/` up to date: the Worker's bundle (`dist/server`) and the UI (`dist/ui`). Does nothing, and loads
// nothing heavy, when the sources have not changed since the last build.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "./bundle.ts";
import { checkFreshness } from "./stamp.ts";

export interface BuildPaths {
  /** The repository. */
  readonly root: string;
  readonly serverDir: string;
  readonly uiDir: string;
}

export function buildPaths(root: string): BuildPaths {
  return { root, serverDir: join(root, "dist", "server"), uiDir: join(root, "dist", "ui") };
}

/** Builds what is out of date; both at once. Throws with a message for the user when one fails. */
export async function buildAll(paths: BuildPaths, say: (line: string) => void): Promise<void> {
  mkdirSync(join(paths.root, "dist"), { recursive: true });
  await Promise.all([buildServer(paths, say), buildUi(paths, say)]);
}

/** The Worker alone. */
export async function buildServer({ root, serverDir }: BuildPaths, say: (line: string) => void): Promise<void> {
  const state = checkFreshness({
    stampFile: join(root, "dist", "server.stamp.json"),
    output: join(serverDir, "manifest.json"),
    sources: ["actors", "edge", "sandbox", "package.json", "package-lock.json"].map((name) => join(root, name)),
  });
  if (state.fresh) return;
  const entry = join(root, "edge", "index.ts");
  if (!existsSync(entry)) throw new Error("The Worker's entry edge/index.ts is missing.");
  const startMs = performance.now();
  const { bundleWorker } = await import("./bundle.ts");
  const manifest = await bundleWorker({ entry, outDir: serverDir });
  state.done();
  say(`Built the server: ${formatSize(manifest)} in ${Math.round(performance.now() - startMs)} ms.`);
}

/** The UI alone. Leaves an empty folder when the repository has no UI. */
export async function buildUi({ root, uiDir }: BuildPaths, say: (line: string) => void): Promise<void> {
  if (!existsSync(join(root, "ui", "svelte.config.js"))) {
    mkdirSync(uiDir, { recursive: true });
    return;
  }
  const state = checkFreshness({
    stampFile: join(root, "dist", "ui.stamp.json"),
    output: join(uiDir, "index.html"),
    sources: ["ui", "actors", "sandbox/expr", "package.json", "package-lock.json"].map((name) => join(root, name)),
  });
  if (state.fresh) return;
  const startMs = performance.now();
  say("Building the UI ...");
  await runVite(root);
  if (!existsSync(join(uiDir, "index.html"))) throw new Error("The UI's build wrote no dist/ui/index.html.");
  state.done();
  say(`Built the UI in ${Math.round(performance.now() - startMs)} ms.`);
}

/** Runs `vite build` in a process of its own, so that its memory is given back. Throws with its output on failure. */
async function runVite(root: string): Promise<void> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(process.execPath, [join(root, "node_modules", "vite", "bin", "vite.js"), "build"], {
    cwd: join(root, "ui"),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killChild = () => child.kill();
  process.once("exit", killChild);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => {
    child.once("error", (error) => {
      output += error.message;
      resolve(-1);
    });
    child.once("close", resolve);
  });
  process.off("exit", killChild);
  if (code !== 0) throw new Error(`The UI's build failed:\n${output.trim()}`);
}

/** What the last build of the Worker wrote. Throws when there is none. */
export function readManifest(serverDir: string): Manifest {
  return JSON.parse(readFileSync(join(serverDir, "manifest.json"), "utf8")) as Manifest;
}

/** "812 kB (231 kB gzip)". */
export function formatSize({ bytes, gzipBytes }: { bytes: number; gzipBytes: number }): string {
  return `${Math.round(bytes / 1000)} kB (${Math.round(gzipBytes / 1000)} kB gzip)`;
}

/** `npm run build`. */
export async function main(): Promise<void> {
  await buildAll(buildPaths(join(import.meta.dirname, "..", "..")), console.log);
}
