// `npm run check`: what must be green before every commit. Runs all steps, also after one has failed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { main as checkImports } from "./check-imports.ts";
import { main as checkSizes } from "./check-sizes.ts";
import { ROOT, type RunOptions, runTool } from "./run.ts";

export interface CheckStep {
  readonly name: string;
  /** True when it passed. */
  readonly run: () => Promise<boolean>;
}

/** The steps without tests: format and lint, imports, sizes, types for each runtime. */
export function checkSteps(): CheckStep[] {
  const tool = (name: string, script: string, args: string[], options?: RunOptions): CheckStep => ({
    name,
    run: async () => (await runTool(script, args, options)).code === 0,
  });
  const types = (runtime: string) =>
    tool(`types (${runtime})`, "typescript/bin/tsc", ["-p", `config/tsconfig.${runtime}.json`]);
  return [
    tool("format and lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings", "."]),
    { name: "imports", run: async () => checkImports() === 0 },
    { name: "sizes", run: async () => checkSizes() === 0 },
    types("pure"),
    types("worker"),
    types("node"),
    ...(existsSync(join(ROOT, "test", "workerd")) ? [types("workerd")] : []),
    ...(existsSync(join(ROOT, "ui", "svelte.config.js")) ? [{ name: "types (ui)", run: checkUi }] : []),
  ];
}

async function checkUi(): Promise<boolean> {
  const options = { cwd: join(ROOT, "ui") };
  const sync = await runTool("@sveltejs/kit/svelte-kit.js", ["sync"], options);
  if (sync.code !== 0) return false;
  const check = await runTool(
    "svelte-check/bin/svelte-check",
    ["--tsconfig", "./tsconfig.json", "--fail-on-warnings"],
    options,
  );
  return check.code === 0;
}

/** Runs steps in order and says how each went; the names of those that failed. */
export async function runSteps(steps: readonly CheckStep[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of steps) {
    const startMs = performance.now();
    const passed = await run();
    if (!passed) failed.push(name);
    console.log(`${passed ? "ok    " : "FAILED"} ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
  }
  return failed;
}

export async function main(): Promise<void> {
  const unit: CheckStep = {
    name: "unit tests",
    run: async () => (await runTool("vitest/vitest.mjs", ["run", "--config", "config/vitest.config.ts"])).code === 0,
  };
  const failed = await runSteps([...checkSteps(), unit]);
  console.log(failed.length === 0 ? "All checks passed." : `Failed: ${failed.join(", ")}.`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
