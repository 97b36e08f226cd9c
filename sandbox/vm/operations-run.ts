// What the guest's core needs from its own run: printing, ending, timers, requests, module texts, hashes.
import { hmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { numberOf, type Operations, textOf } from "./bridge.ts";
import type { Budget } from "./budget.ts";
import type { Host, Limits, LogLevel } from "./contract.ts";
import type { EventLoop } from "./event-loop.ts";
import { limitMessage, MOVE_TO_AGENT, Refusal } from "./failure.ts";
import type { MemoryFiles } from "./files.ts";
import { GUEST_LIBRARY } from "./guest/library.ts";
import { readSource, resolveModule } from "./modules.ts";
import type { Output, Stream } from "./output.ts";

export interface RunParts {
  budget: Budget;
  files: MemoryFiles;
  host: Host;
  limits: Limits;
  loop: EventLoop;
  output: Output;
  /** Told by the guest; read when it ends. */
  exit: { code: number };
}

export function runOperations(parts: RunParts): Operations {
  const { budget, exit, files, loop, output } = parts;
  return {
    library: (input) => ({ json: GUEST_LIBRARY.get(textOf(input, "name")) }),
    print: (input) => {
      const stream: Stream = input.stream === "stderr" ? "stderr" : "stdout";
      output.write(stream, textOf(input, "text"), levelOf(input.level));
    },
    exit: (input) => {
      exit.code = exitCode(input.code, exit.code);
      budget.halt("exit");
    },
    "exit.code": (input) => {
      exit.code = exitCode(input.code, exit.code);
      return exit.code;
    },
    "timer.set": (input) => {
      loop.setTimer(numberOf(input, "id", 0), numberOf(input, "delayMs", 0), input.repeats === true);
    },
    "timer.clear": (input) => {
      loop.clearTimer(numberOf(input, "id", 0));
    },
    fetch: fetchOperation(parts),
    require: (input) => {
      const found = resolveModule(textOf(input, "request"), textOf(input, "folder"), files);
      if ("builtin" in found) return { json: found };
      return { json: { ...found, source: readSource(found.path, files), isJson: found.path.endsWith(".json") } };
    },
    hash: (input, bytes) => {
      budget.chargeForHost(bytes.length * 2);
      return hash(textOf(input, "algorithm"), bytes, input.keyLength);
    },
  };
}

function fetchOperation({ host, limits, loop }: RunParts): Operations[string] {
  let sent = 0;
  return (input, bytes) => {
    if (sent >= limits.fetches)
      throw new Refusal("FetchLimitError", "FETCH_LIMIT", limitMessage("FETCH_LIMIT", limits));
    const request = {
      url: textOf(input, "url"),
      method: textOf(input, "method"),
      headers: Object.fromEntries(
        Array.isArray(input.headers)
          ? input.headers.map(([name, value]: unknown[]) => [String(name), String(value)])
          : [],
      ),
      ...(bytes.length > 0 && { body: bytes }),
    };
    loop.start(numberOf(input, "id", 0), async () => {
      const { body, ...value } = await host.fetch(request).catch(networkError);
      if (body.length > limits.fileBytes) {
        throw new Refusal(
          "TypeError",
          "BODY_TOO_LARGE",
          `The answer has ${body.length} bytes, more than the limit of ${limits.fileBytes}; ${MOVE_TO_AGENT}`,
        );
      }
      return { value, bytes: body };
    });
    sent++;
  };
}

/** What `fetch` throws when there is no answer at all. */
function networkError(error: unknown): never {
  throw new Refusal(
    "TypeError",
    "FETCH_FAILED",
    `fetch failed: ${error instanceof Error ? error.message : String(error)}`,
  );
}

function levelOf(level: unknown): LogLevel | undefined {
  return level === "DEBUG" ? level : undefined;
}

/** As a process has it: 0 to 255. Anything that is not a number leaves it as it was. */
function exitCode(told: unknown, before: number): number {
  const code = Math.trunc(Number(told ?? Number.NaN));
  return Number.isFinite(code) ? code & 0xff : before;
}

const HASHES = new Map([
  ["md5", md5],
  ["sha1", sha1],
  ["sha256", sha256],
  ["sha384", sha384],
  ["sha512", sha512],
]);

function hash(algorithm: string, bytes: Uint8Array, keyLength: unknown): Uint8Array {
  const run = HASHES.get(algorithm.toLowerCase().replace("-", ""));
  if (!run)
    throw new Refusal(
      "NotSupportedError",
      "NOT_SUPPORTED",
      `The hash ${algorithm} is not available in the sandbox; ${MOVE_TO_AGENT}`,
    );
  return typeof keyLength === "number"
    ? hmac(run, bytes.subarray(0, keyLength), bytes.subarray(keyLength))
    : run(bytes);
}
