// Runs the tools of node_modules for the scripts of this folder.
import { spawn } from "node:child_process";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Folder to run in; the repository when left out. */
  readonly cwd?: string;
  /** Keep the output instead of showing it. */
  readonly quiet?: boolean;
}

export interface RunResult {
  /** Exit code; 1 when a signal ended the program. */
  readonly code: number;
  /** Standard output and error, with `quiet` only. */
  readonly output: string;
}

/** Runs a script of a package, such as "wrangler/bin/wrangler.js", on the Node that runs this. */
export function runTool(script: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runProgram(process.execPath, [join(ROOT, "node_modules", script), ...args], options);
}

/** Runs a program to its end. A program that cannot be started gives code 1 and the reason. */
export function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { env = {}, cwd = ROOT, quiet = false } = options;
  return new Promise((resolve) => {
    const stdio = quiet ? "pipe" : "inherit";
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", stdio, stdio] });
    const end = () => child.kill();
    process.once("exit", end);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        output += chunk;
      });
    }
    const finish = (code: number, more = "") => {
      process.off("exit", end);
      resolve({ code, output: output + more });
    };
    child.once("error", (error) => finish(1, `${program} could not be started: ${error.message}`));
    child.once("close", (code) => finish(code ?? 1));
  });
}
