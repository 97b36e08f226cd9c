// Brings `dist/` up to date: the Worker's bundle (`dist/server`) and the UI (`dist/ui`). Does nothing, and loads
// nothing heavy, when the sources have not changed since the last build.
import type { SpawnOptions } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "./bundle.ts";
import { checkFreshness, type Freshness } from "./stamp.ts";

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
  await Promise.all([buildServer(paths, say), buildUi(paths, say)]);
}

/** The same in a process of its own when there is anything to do: what a build needs of memory is then given back. */
export async function buildAllApart(paths: BuildPaths): Promise<void> {
  if (isServerFresh(paths).fresh && isUiFresh(paths).fresh) return;
  const code = await runNode([import.meta.filename], { cwd: paths.root, stdio: "inherit" });
  if (code !== 0) throw new Error("The build failed; its message is above.");
}

function isServerFresh({ root, serverDir }: BuildPaths): Freshness {
  return checkFreshness({
    stampFile: join(root, "dist", "server.stamp.json"),
    output: join(serverDir, "manifest.json"),
    sources: ["actors", "edge", "sandbox", "package.json", "package-lock.json"].map((name) => join(root, name)),
  });
}

/** Without a UI in the repository an empty folder does. */
function isUiFresh({ root, uiDir }: BuildPaths): Freshness {
  if (!existsSync(join(root, "ui", "svelte.config.js"))) {
    mkdirSync(uiDir, { recursive: true });
    return { fresh: true };
  }
  return checkFreshness({
    stampFile: join(root, "dist", "ui.stamp.json"),
    output: join(uiDir, "index.html"),
    sources: ["ui", "actors", "sandbox/expr", "package.json", "package-lock.json"].map((name) => join(root, name)),
  });
}

/** The Worker alone. */
export async function buildServer(paths: BuildPaths, say: (line: string) => void): Promise<void> {
  const state = isServerFresh(paths);
  if (state.fresh) return;
  const entry = join(paths.root, "edge", "index.ts");
  if (!existsSync(entry)) throw new Error("The Worker's entry edge/index.ts is missing.");
  const startMs = performance.now();
  const { bundleWorker } = await import("./bundle.ts");
  const manifest = await bundleWorker({ entry, outDir: paths.serverDir });
  state.done();
  say(`Built the server: ${formatSize(manifest)} in ${Math.round(performance.now() - startMs)} ms.`);
}

/** The UI alone. */
export async function buildUi(paths: BuildPaths, say: (line: string) => void): Promise<void> {
  const state = isUiFresh(paths);
  if (state.fresh) return;
  const startMs = performance.now();
  say("Building the UI ...");
  const vite = join(paths.root, "node_modules", "vite", "bin", "vite.js");
  const code = await runNode([vite, "build", "--logLevel", "warn"], { cwd: join(paths.root, "ui"), stdio: "inherit" });
  if (code !== 0) throw new Error("The build of the UI failed; its message is above.");
  if (!existsSync(join(paths.uiDir, "index.html"))) throw new Error("The UI's build wrote no dist/ui/index.html.");
  state.done();
  say(`Built the UI in ${Math.round(performance.now() - startMs)} ms.`);
}

/** Runs Node to its end; gives the exit code, or 1. The child does not outlive us. */
async function runNode(args: readonly string[], options: SpawnOptions): Promise<number> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(process.execPath, args, options);
  const killChild = () => child.kill();
  process.once("exit", killChild);
  const code = await new Promise<number>((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", (value) => resolve(value ?? 1));
  });
  process.off("exit", killChild);
  return code;
}

/** What the last build of the Worker wrote. Throws when there is none. */
export function readManifest(serverDir: string): Manifest {
  return JSON.parse(readFileSync(join(serverDir, "manifest.json"), "utf8")) as Manifest;
}

/** "812 kB (231 kB gzip)". */
export function formatSize({ bytes, gzipBytes }: { bytes: number; gzipBytes: number }): string {
  return `${Math.round(bytes / 1000)} kB (${Math.round(gzipBytes / 1000)} kB gzip)`;
}

/** `npm run build`. Ends with code 1 and a message when something cannot be built. */
export async function main(): Promise<void> {
  try {
    await buildAll(buildPaths(join(import.meta.dirname, "..", "..")), console.log);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
