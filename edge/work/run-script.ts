import type { Metric } from "#schema/event.ts";
import type { Metric as ScriptMetric } from "#schema/script-output.ts";
import type { Level } from "#schema/state.ts";
import type { ScriptCall, ScriptOutcome } from "#tasks/define.ts";
import type { Host, Sandbox } from "#vm/index.ts";
import { type Guard, httpCall } from "./guarded-http.ts";

const FETCH_TIMEOUT_MS = 60_000;
const MAX_FETCH_BYTES = 10_000_000;

/** Runs a script in a fresh sandbox, with the guarded client as its `fetch`. */
export async function runScript(
  sandbox: Sandbox,
  call: ScriptCall,
  { guard, signal, log }: { guard: Guard; signal: AbortSignal; log: (level: Level, message: string) => void },
): Promise<ScriptOutcome> {
  const host: Host = {
    now: () => Date.now(),
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    log: ({ level, text }) => log(level, text),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async fetch({ url, method, headers, body }) {
      const request = {
        url,
        method,
        headers,
        followRedirects: true,
        timeoutMs: FETCH_TIMEOUT_MS,
        maxBytes: MAX_FETCH_BYTES,
      };
      const answer = await httpCall(body === undefined ? request : { ...request, body }, guard, signal);
      const pairs = Object.entries(answer.headers).flatMap(([name, values]) =>
        values.map((value): [string, string] => [name, value]),
      );
      return { status: answer.status, statusText: "", url: answer.url, headers: pairs, body: answer.body };
    },
  };
  const result = await sandbox.run({ ...call, args: [] }, host, signal);
  const { exitCode, outputs, metrics, files, removed, stderrLines, error } = result;
  return {
    exitCode,
    outputs,
    metrics: metrics.map(inMs),
    files,
    removed,
    stderrLines,
    ...(error ? { error: error.message } : {}),
  };
}

/** Scripts give timers in seconds; we keep them in ms. */
function inMs({ name, type, value, tags }: ScriptMetric): Metric {
  return { name, type, value: type === "timer" ? value * 1000 : value, ...(tags ? { tags } : {}) };
}
