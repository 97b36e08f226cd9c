import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { findWorkerd } from "../../edge/local/workerd.ts";
import type { MatrixData, MatrixResults } from "./spec.ts";

// The same sources, bundled for and run in another runtime.

/** One file of JavaScript that needs nothing else. */
async function bundle(entry: string, format: "esm" | "iife"): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    write: false,
    format,
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    target: "es2023",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")], compatibilityDate = "2026-06-01"))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);
`;

/** What workerd says. */
export async function inWorkerd(data: MatrixData): Promise<MatrixResults> {
  const folder = mkdtempSync(join(tmpdir(), "windhover-matrix-"));
  writeFileSync(join(folder, "worker.js"), await bundle("worker.ts", "esm"));
  writeFileSync(join(folder, "config.capnp"), CONFIG);
  const child = spawn(findWorkerd(), ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
      child.stdio[3]?.on("data", (chunk: Buffer) => {
        const found = /"port"\s*:\s*(\d+)/.exec(String(chunk));
        if (found !== null) resolve(Number(found[1]));
      });
    });
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: JSON.stringify(data) });
    if (!answer.ok) throw new Error(`workerd answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as MatrixResults;
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What Chromium says. */
export async function inChromium(data: MatrixData, executablePath: string): Promise<MatrixResults> {
  const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: await bundle("page.ts", "iife") });
    // As text: the page's answer is typed by whoever reads it.
    const text = await page.evaluate((given: string) => {
      const { matrixResults } = globalThis as unknown as { matrixResults(data: unknown): unknown };
      return JSON.stringify(matrixResults(JSON.parse(given)));
    }, JSON.stringify(data));
    return JSON.parse(text) as MatrixResults;
  } finally {
    await browser.close();
  }
}
