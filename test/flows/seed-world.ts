import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ProcessBackend } from "#runners/process/process-backend.ts";
import { ScriptRunner } from "#runners/scripts/script-runner.ts";
import { SharedPlaces } from "#runners/scripts/shared-places.ts";
import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import type { TaskAnswer } from "#schema/event.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { cutMessage, type LogLine } from "#schema/log.ts";
import { Masker } from "#schema/mask.ts";
import { parseManifest } from "#schema/place.ts";
import type { Job } from "#schema/runner.ts";
import type { State } from "#schema/state.ts";
import type { PlaceContents } from "#shell/world.ts";
import { type Downloaded, type HttpAnswer, type HttpCall, TaskFailure } from "#tasks/define.ts";
import { matchesGlob } from "#tasks/glob.ts";
import { MemoryContext } from "#tasks/memory-context.ts";
import { Bench } from "./harness.ts";

// The world in which the example flows of the documentation run: HTTP is answered by what the example's file says, key-values and
// files are kept in memory, scripts run as real processes of this machine by the agent's own code.

/** What is around the execution. */
export type Around = {
  /** Answers by URL; a text or a JSON value is the body of a 200. */
  http?: Record<string, Json>;
  /** Stored files by their URI, and namespace files by their path. */
  files?: Record<string, string>;
  /** Key-values by `namespace/key`. */
  kv?: Record<string, Json>;
  /** Secrets by name. */
  secrets?: Record<string, string>;
  /** Other executions by id. */
  executions?: Record<string, { namespace: string; flowId: string; state: State }>;
  /** Sources of other flows that it starts. */
  flows?: string[];
};

class SeedContext extends MemoryContext {
  // Not private: each task run has a context made of this one, which reaches no private names.
  readonly bodies: Readonly<Record<string, Json>>;

  constructor({ http = {}, files = {}, kv = {}, executions = {} }: Around) {
    super();
    for (const [id, facts] of Object.entries(executions))
      this.others.set(id, { ...facts, startedAt: this.now - 60_000, endedAt: this.now });
    this.bodies = http;
    for (const [uri, text] of Object.entries(files)) this.stored.set(uri, encodeUtf8(text));
    for (const [key, value] of Object.entries(kv)) this.values.set(key, { type: "JSON", value });
  }

  override async http(call: HttpCall): Promise<HttpAnswer> {
    this.calls.push(call);
    const body = this.bodies[call.url];
    if (body === undefined) throw new TaskFailure(`Nothing answers ${call.url}`);
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return { url: call.url, status: 200, headers: {}, body: encodeUtf8(text) };
  }

  override ofRun(): this {
    return this;
  }

  override async download(call: HttpCall, nameOf: (head: Omit<HttpAnswer, "body">) => string): Promise<Downloaded> {
    this.answer = await this.http(call);
    return super.download(call, nameOf);
  }
}

/** A bench with this around it. Dispose of it: it has a folder. */
export class SeedBench extends Bench implements Disposable {
  readonly #dir = mkdtempSync(join(tmpdir(), "windhover-seeds-"));
  readonly #runner = new ScriptRunner([new ProcessBackend(this.#dir)], new SharedPlaces(join(this.#dir, "places")));
  readonly #stops = new Map<string, AbortController>();

  readonly #secrets: Readonly<Record<string, string>>;

  constructor(around: Around) {
    super({ context: new SeedContext(around) });
    this.#secrets = around.secrets ?? {};
    for (const source of around.flows ?? []) this.add(source);
    this.runsEdge = true;
    this.worker = (job, tell) => this.#run(job, tell);
    this.world.onLookup = (kind, args) => this.#lookUp(kind, args);
    this.world.onOpenPlace = (contents) => this.#openPlace(contents);
    this.world.onClosePlace = (manifest, patterns) => this.#closePlace(manifest, patterns);
    this.world.onCancel = ({ id }) => {
      this.#stops.get(id)?.abort({ kind: "killed" });
      return this.#stops.has(id) ? "told" : "gone";
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #run(job: Job, tell: (line: LogLine) => void): Promise<TaskAnswer> {
    if (!this.#runner.runs(job.type)) return { state: "FAILED", error: `This runner agent cannot run ${job.type}.` };
    const stop = new AbortController();
    this.#stops.set(job.id, stop);
    try {
      const answer = await this.#runner.run({
        job: { ...job, epoch: 1 },
        attempt: { label: job.id },
        signal: stop.signal,
        masker: new Masker(job.secrets),
        log: (level, message) => tell({ at: 0, level, message: cutMessage(message) }),
        lines: (lines) => lines.forEach(tell),
        download: async (uri, path) => writeFileSync(path, await this.context.files.get(uri)),
        upload: (name, path) => this.context.files.put(name, readFileSync(path)),
      });
      return stop.signal.aborted ? { state: "KILLED" } : answer;
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      tell({ at: 0, level: "ERROR", message: error.message });
      return { state: "FAILED", error: error.message };
    } finally {
      this.#stops.delete(job.id);
    }
  }

  #openPlace({ files: given }: PlaceContents): { ok: true; manifest: string | undefined } {
    const files = Object.entries(given).map(([name, content]) => {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      const stored = this.context.stored.get(text);
      const uri = stored === undefined ? `kestra:///place/${name}` : text;
      const body = stored ?? encodeUtf8(text);
      this.context.stored.set(uri, body);
      return { name, uri, size: body.length };
    });
    if (files.length === 0) return { ok: true, manifest: undefined };
    const manifest = "kestra:///place.json";
    this.context.stored.set(manifest, encodeUtf8(JSON.stringify({ files })));
    return { ok: true, manifest };
  }

  #closePlace(manifest: string | undefined, patterns: readonly string[]): { ok: true; outputFiles: JsonObject } {
    const list = manifest === undefined ? undefined : this.context.stored.get(manifest);
    const files = list === undefined ? [] : parseManifest(decodeText(list)).files;
    const kept = files.filter(({ name }) => patterns.some((pattern) => matchesGlob(pattern, name)));
    return { ok: true, outputFiles: Object.fromEntries(kept.map(({ name, uri }) => [name, uri])) };
  }

  #lookUp(kind: string, args: JsonObject): { ok: true; value: Json } | { ok: false; message: string } {
    if (kind === "kv")
      return { ok: true, value: this.context.values.get(`${args.namespace}/${args.key}`)?.value ?? null };
    if (kind === "secret") return { ok: true, value: this.#secrets[String(args.key)] ?? null };
    if (kind !== "read") return { ok: false, message: `Nothing answers ${kind}.` };
    const stored = this.context.stored.get(String(args.path));
    return { ok: true, value: stored === undefined ? null : decodeText(stored) };
  }
}

/** True when the machine has the program. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
