import { numberOf, type Operations, textOf } from "./bridge.ts";
import type { Budget } from "./budget.ts";
import { limitMessage, Refusal } from "./failure.ts";
import type { MemoryFiles, WriteOptions } from "./files.ts";
import { resolvePath } from "./paths.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** The file system as the guest's `Deno` and `fs` use it. */
export function fileOperations(files: MemoryFiles, budget: Budget): Operations {
  const pathOf = (input: Record<string, unknown>, key = "path") => resolvePath(textOf(input, key));
  const overAll = () => budget.chargeForHost(files.entryCount * 8);
  const operations: Operations = {
    "fs.read": (input) => files.read(pathOf(input)),
    "fs.readText": (input) => ({ json: decoder.decode(files.read(pathOf(input))) }),
    "fs.write": (input, bytes) => {
      files.write(pathOf(input), bytes, writeOptions(input));
    },
    "fs.writeText": (input) => {
      files.write(pathOf(input), encoder.encode(textOf(input, "text")), writeOptions(input));
    },
    "fs.has": (input) => ({ json: files.has(pathOf(input)) }),
    "fs.stat": (input) => ({ json: files.stat(pathOf(input)) }),
    "fs.list": (input) => {
      overAll();
      return { json: files.list(pathOf(input)) };
    },
    "fs.mkdir": (input) => {
      files.makeFolder(pathOf(input), input.recursive === true);
    },
    "fs.remove": (input) => {
      overAll();
      files.remove(pathOf(input), input.recursive === true);
    },
    "fs.rename": (input) => {
      files.rename(pathOf(input, "from"), pathOf(input, "to"));
    },
    "fs.truncate": (input) => {
      const path = pathOf(input);
      files.write(path, files.read(path).subarray(0, Math.max(0, numberOf(input, "length", 0))));
    },
    "fs.resolve": (input) => ({ json: pathOf(input) }),
  };
  return Object.fromEntries(
    Object.entries(operations).map(([name, run]) => [
      name,
      (input, bytes) => explainFull(() => run(input, bytes), budget),
    ]),
  );
}

function writeOptions(input: Record<string, unknown>): WriteOptions {
  return { append: input.append === true, create: input.create !== false, createNew: input.createNew === true };
}

function explainFull<T>(run: () => T, budget: Budget): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "FILE_LIMIT") throw error;
    throw new Refusal("Error", "FILE_LIMIT", limitMessage("FILE_LIMIT", budget.limits));
  }
}
