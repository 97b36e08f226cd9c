import { LineSplitter } from "#runners/agent/line-splitter.ts";
import type { Metric } from "#schema/event.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { LogLine } from "#schema/log.ts";
import type { Masker } from "#schema/mask.ts";
import { parseScriptLine, type Metric as ScriptMetric } from "#schema/script-output.ts";

type Stream = "stdout" | "stderr";

/** Most bytes of the JSON of all outputs a script may set by markers. */
const MAX_OUTPUTS_CHARS = 1_000_000;

/** Makes log lines, outputs and metrics of what a script writes. */
export class ScriptOutput {
  readonly metrics: Metric[] = [];
  stderrLines = 0;
  /** Set when the outputs are longer than they may be. */
  tooLong = false;
  readonly #outputs = new Map<string, Json>();
  readonly #splitters: Readonly<Record<Stream, LineSplitter>>;
  readonly #sink: (lines: LogLine[]) => void;
  readonly #now: () => number;
  #outputChars = 0;

  constructor(sink: (lines: LogLine[]) => void, now: () => number, masker?: Masker) {
    this.#splitters = { stdout: new LineSplitter(masker), stderr: new LineSplitter(masker) };
    this.#sink = sink;
    this.#now = now;
  }

  push(stream: Stream, chunk: Uint8Array): void {
    this.#take(stream, this.#splitters[stream].push(chunk));
  }

  /** What the markers set, later ones over earlier ones. */
  get outputs(): JsonObject {
    return Object.fromEntries(this.#outputs);
  }

  end(): void {
    for (const stream of ["stdout", "stderr"] as const) this.#take(stream, this.#splitters[stream].end());
  }

  #take(stream: Stream, texts: readonly string[]): void {
    if (stream === "stderr") this.stderrLines += texts.length;
    const at = this.#now();
    const level = stream === "stdout" ? "INFO" : "ERROR";
    this.#sink(
      texts.flatMap((text) =>
        text.startsWith("::{") ? this.#marker(text, at, level) : [{ at, level, message: text }],
      ),
    );
  }

  #marker(text: string, at: number, level: "INFO" | "ERROR"): LogLine[] {
    const marker = parseScriptLine(text);
    if (marker === "not-a-marker") return [{ at, level, message: text }];
    if ("invalid" in marker) return [{ at, level: "WARN", message: marker.invalid }];
    if (marker.outputs) {
      this.#outputChars += text.length;
      if (this.#outputChars > MAX_OUTPUTS_CHARS) this.tooLong = true;
      else for (const [name, value] of Object.entries(marker.outputs)) this.#outputs.set(name, value);
    }
    for (const metric of marker.metrics ?? []) this.metrics.push(inMs(metric));
    return (marker.logs ?? []).map((line) => ({ at, level: line.level, message: line.message }));
  }
}

/** A script gives durations in seconds; an answer has them in ms. */
function inMs({ name, type, value, tags }: ScriptMetric): Metric {
  return { name, type, value: type === "timer" ? value * 1_000 : value, ...(tags ? { tags } : {}) };
}
