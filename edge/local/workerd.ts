// The plain runtime's program and its control channel.
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { Readable } from "node:stream";

const PACKAGES: Readonly<Record<string, string>> = {
  "darwin arm64": "@cloudflare/workerd-darwin-arm64/bin/workerd",
  "darwin x64": "@cloudflare/workerd-darwin-64/bin/workerd",
  "linux arm64": "@cloudflare/workerd-linux-arm64/bin/workerd",
  "linux x64": "@cloudflare/workerd-linux-64/bin/workerd",
  "win32 x64": "@cloudflare/workerd-windows-64/bin/workerd.exe",
};

/**
 * Path of the native program: the one of the platform's package, not the Node script round it (which would be one more
 * process). Throws when the platform has none or it is not installed.
 */
export function findWorkerd(): string {
  const platform = `${process.platform} ${process.arch}`;
  const specifier = PACKAGES[platform];
  if (!specifier)
    throw new Error(`The local server has no runtime for ${platform}; use Linux, macOS or Windows on x64, or arm64.`);
  try {
    const path = createRequire(import.meta.url).resolve(specifier);
    if (existsSync(path)) return path;
  } catch {
    // Reported below.
  }
  throw new Error(`The runtime is not installed (${specifier}). Run: npm ci`);
}

/** Calls back once, when all sockets of the process listen. It must run with `--control-fd=3` and a pipe there. */
export function onListening(child: ChildProcess, listening: () => void): void {
  const control = child.stdio[3] as Readable;
  let text = "";
  control.on("data", function read(chunk: Buffer) {
    text += chunk;
    if (!/"event"\s*:\s*"listen"/.test(text)) return;
    control.off("data", read);
    control.resume();
    listening();
  });
}
