// The sandbox for light JavaScript and TypeScript. See DESIGN.md for what it promises.
import type { Host, Sandbox, ScriptErrorCode, ScriptRequest, ScriptResult } from "./contract.ts";
import { openMachine } from "./engine/instance.ts";
import { limitMessage, Refusal, ScriptFailure } from "./failure.ts";
import { MemoryFiles } from "./files.ts";
import { withDefaults } from "./limits.ts";
import { inWorkingDirectory, resolvePath } from "./paths.ts";
import { Run } from "./run.ts";

export type {
  FetchRequest,
  FetchResponse,
  Host,
  Limits,
  LogLevel,
  Sandbox,
  ScriptError,
  ScriptErrorCode,
  ScriptRequest,
  ScriptResult,
} from "./contract.ts";
export { DEFAULT_LIMITS } from "./limits.ts";

/** How a machine ended. `discarded`: after an exception of its own. `leaked`: something was still alive; a bug of the sandbox. */
export type MachineEnd = "disposed" | "discarded" | "leaked";

export interface SandboxOptions {
  /** `sandbox/vm/engine/quickjs.wasm`, compiled. */
  wasmModule: WebAssembly.Module;
  onMachineEnd?(end: MachineEnd, cause?: unknown): void;
}

export function createSandbox(options: SandboxOptions): Sandbox {
  return { run: (request, host, signal) => runScript(options, request, host, signal) };
}

async function runScript(
  { wasmModule, onMachineEnd }: SandboxOptions,
  request: ScriptRequest,
  host: Host,
  signal?: AbortSignal,
): Promise<ScriptResult> {
  const limits = withDefaults(request.limits);
  let run: Run | undefined;
  let files: MemoryFiles | undefined;
  let failure: ScriptFailure | undefined;
  try {
    if (signal?.aborted) throw new ScriptFailure("CANCELLED", "The script was cancelled");
    files = openFiles(request, limits.fileBytes);
    const machine = await openMachine({ wasmModule, memoryBytes: limits.memoryBytes, stackBytes: limits.stackBytes });
    run = new Run({ machine, request, host, limits, files, signal });
    await run.execute();
  } catch (error) {
    failure = error instanceof ScriptFailure ? error : engineFailure(error);
  }
  if (run) onMachineEnd?.(...endMachine(run));
  return {
    exitCode: failure ? EXIT_CODES[failure.code] : (run?.exit.code ?? 0),
    outputs: run?.output.outputs ?? {},
    metrics: run?.output.metrics ?? [],
    files: files?.written() ?? {},
    removed: files?.removed() ?? [],
    stderrLines: run?.output.stderrLines ?? 0,
    ...(failure && { error: failure.toError() }),
  };

  function openFiles(of: ScriptRequest, limitBytes: number): MemoryFiles {
    try {
      if (inWorkingDirectory(resolvePath(of.fileName)) !== of.fileName) {
        throw new Refusal("Error", "EINVAL", `'${of.fileName}' is not a relative path in the working directory`);
      }
      return new MemoryFiles(of.files, limitBytes);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === "FILE_LIMIT") throw new ScriptFailure("FILE_LIMIT", limitMessage("FILE_LIMIT", limits));
      throw new ScriptFailure("INVALID_REQUEST", error.message);
    }
  }
}

function endMachine(run: Run): [MachineEnd, unknown?] {
  if (run.isDiscarded) return ["discarded"];
  try {
    run.dispose();
    return ["disposed"];
  } catch (error) {
    return ["leaked", error];
  }
}

function engineFailure(error: unknown): ScriptFailure {
  const reason = error instanceof Error ? error.message : String(error);
  return new ScriptFailure("ENGINE_FAILED", `The sandbox could not run the script: ${reason}`);
}

/** As a shell would see them: 128 + 9 for what a limit ended, 128 + 15 for what was cancelled. */
const EXIT_CODES: Record<ScriptErrorCode, number> = {
  UNCAUGHT_EXCEPTION: 1,
  UNHANDLED_REJECTION: 1,
  NEVER_SETTLED: 13,
  SYNTAX: 1,
  MODULE_NOT_FOUND: 1,
  NOT_SUPPORTED: 1,
  CPU_LIMIT: 137,
  MEMORY_LIMIT: 137,
  STACK_LIMIT: 137,
  OUTPUT_LIMIT: 137,
  FILE_LIMIT: 1,
  JOB_LIMIT: 137,
  FETCH_LIMIT: 1,
  TIME_LIMIT: 137,
  CANCELLED: 143,
  INVALID_REQUEST: 1,
  ENGINE_FAILED: 1,
};
