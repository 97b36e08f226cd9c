// Everything a script says: log lines, marker lines, outputs, metrics.
//
// V8. A line that is a marker is never logged; one that looks like a marker and is none is logged as a warning.
// V9. Printed text, output values and metrics count against one limit; nothing is kept beyond it.
import type { Json, JsonObject } from "#schema/json.ts";
import { type Metric, parseScriptLine, type ScriptLog, type ScriptMarker } from "#schema/script-output.ts";
import type { Budget } from "./budget.ts";
import type { Host, Limits, LogLevel } from "./contract.ts";

export type Stream = "stdout" | "stderr";

const LEVELS: Record<ScriptLog["level"], LogLevel> = {
  TRACE: "DEBUG",
  DEBUG: "DEBUG",
  INFO: "INFO",
  WARN: "WARN",
  ERROR: "ERROR",
};

/** What a line costs beside its text: many empty lines have a limit too. */
const LINE_BYTES = 16;

export class Output {
  outputs: JsonObject = {};
  readonly metrics: Metric[] = [];
  stderrLines = 0;
  #host: Host;
  #budget: Budget;
  #leftBytes: number;
  #unfinished: Record<Stream, string> = { stdout: "", stderr: "" };

  constructor(host: Host, budget: Budget, limits: Limits) {
    this.#host = host;
    this.#budget = budget;
    this.#leftBytes = limits.outputBytes;
  }

  /** Takes printed text; a line counts when its end arrives. `level` replaces the stream's own. */
  write(stream: Stream, text: string, level?: LogLevel): void {
    this.#leftBytes -= text.length;
    if (this.#leftBytes < 0) {
      this.#budget.haltByLimit("OUTPUT_LIMIT");
      return;
    }
    if (!text.includes("\n")) {
      this.#unfinished[stream] += text;
      return;
    }
    const lines = (this.#unfinished[stream] + text).split("\n");
    this.#unfinished[stream] = lines.pop() ?? "";
    for (const line of lines) this.#line(stream, line, level);
  }

  /** Prints what has no line end yet. */
  flush(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.#unfinished[stream] !== "") this.write(stream, "\n");
    }
  }

  #line(stream: Stream, line: string, level?: LogLevel): void {
    this.#leftBytes -= LINE_BYTES;
    if (this.#leftBytes < 0) {
      this.#budget.haltByLimit("OUTPUT_LIMIT");
      return;
    }
    const marker = parseScriptLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    if (marker === "not-a-marker") {
      if (stream === "stderr") this.stderrLines++;
      this.#log(level ?? (stream === "stderr" ? "ERROR" : "INFO"), line);
    } else if ("invalid" in marker) this.#log("WARN", marker.invalid);
    else this.#take(marker);
  }

  #take({ outputs, metrics, logs }: ScriptMarker): void {
    for (const [name, value] of Object.entries(outputs ?? {})) setOwn(this.outputs, name, value);
    for (const metric of metrics ?? []) this.metrics.push(metric);
    for (const log of logs ?? []) this.#log(LEVELS[log.level], log.message);
  }

  #log(level: LogLevel, text: string): void {
    try {
      this.#host.log({ level, text });
    } catch {
      // A log that cannot be written must not change what the script does.
    }
  }
}

/** Sets a property even if its name is `__proto__`. */
function setOwn(target: JsonObject, name: string, value: Json): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
