// For the tests of this folder: a host whose clock moves by itself when the script waits.

import type { ScriptRequest, ScriptResult } from "./index.ts";
import { createSandbox, type FetchRequest, type FetchResponse, type Host, type MachineEnd } from "./index.ts";

export class TestHost implements Host {
  readonly logs: string[] = [];
  readonly requests: FetchRequest[] = [];
  clock = 1_700_000_000_000;
  answer: (request: FetchRequest) => Promise<FetchResponse> = async (request) =>
    respond(`${request.method} ${request.url}`);

  async fetch(request: FetchRequest): Promise<FetchResponse> {
    this.requests.push(request);
    return this.answer(request);
  }

  now(): number {
    return this.clock;
  }

  random(length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => (index * 37 + 11) % 256);
  }

  log({ level, text }: { level: string; text: string }): void {
    this.logs.push(`${level} ${text}`);
  }

  /** Lets everything run that can, then moves the clock, unless the sleep was given up meanwhile. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
    if (!signal?.aborted) this.clock += ms;
  }
}

export function respond(text: string, init: Partial<FetchResponse> = {}): FetchResponse {
  return {
    status: 200,
    statusText: "OK",
    url: "https://example.com/",
    headers: [],
    body: new TextEncoder().encode(text),
    ...init,
  };
}

export interface TestRun extends ScriptResult {
  logs: string[];
  host: TestHost;
}

/** Runs scripts; fails when one leaves anything alive (V3). */
export interface Bench {
  /** How each machine so far ended, oldest first. */
  readonly ends: MachineEnd[];
  run(source: string, request?: Partial<ScriptRequest>, host?: TestHost, signal?: AbortSignal): Promise<TestRun>;
}

export function createBench(wasmModule: WebAssembly.Module): Bench {
  const ends: MachineEnd[] = [];
  const sandbox = createSandbox({
    wasmModule,
    onMachineEnd: (end, cause) => {
      ends.push(end);
      leak = end === "leaked" ? cause : undefined;
    },
  });
  let leak: unknown;
  return {
    ends,
    async run(source, request = {}, host = new TestHost(), signal) {
      const asked: ScriptRequest = {
        source,
        language: "javascript",
        fileName: "script.js",
        args: [],
        env: {},
        files: {},
        ...request,
      };
      const result = await sandbox.run(asked, host, signal);
      if (leak !== undefined) throw new Error(`[V3] something outlived its run: ${leak}`);
      return { ...result, logs: host.logs, host };
    },
  };
}
