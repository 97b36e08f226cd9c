import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import type { Backend, Exit, Workspace } from "#runners/agent/backend.ts";
import { type JobContext, type JobRunner, replaceInTexts } from "#runners/agent/job-runner.ts";
import type { TaskAnswer } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import { OUTPUT_DIR_MARKER, WORKING_DIR_MARKER } from "#schema/runner.ts";
import { TaskFailure } from "#tasks/define.ts";
import { chooseBackend } from "./choose-backend.ts";
import { commandLine } from "./command-line.ts";
import { type Language, type ScriptType, scriptType } from "./languages.ts";
import { modernProperties } from "./legacy.ts";
import { provideProgram } from "./programs.ts";
import { ScriptOutput } from "./script-output.ts";
import { asText, parseScriptProperties, type ScriptProperties } from "./script-properties.ts";
import type { SharedDir, SharedPlaces } from "./shared-places.ts";
import { collectFiles, localiseUris, placeInputFiles } from "./working-files.ts";

/** Runs `io.kestra.plugin.scripts.*` tasks: what they mean is in DESIGN.md, where they run is a backend's. */
export class ScriptRunner implements JobRunner {
  readonly #backends: readonly Backend[];
  readonly #places: SharedPlaces;

  constructor(backends: readonly Backend[], places: SharedPlaces) {
    this.#backends = backends;
    this.#places = places;
  }

  runs(type: string): boolean {
    return scriptType(type) !== undefined;
  }

  async run(context: JobContext): Promise<TaskAnswer> {
    const type = scriptType(context.job.type);
    if (!type) throw new Error(`${context.job.type} is no script`);
    const asked = modernProperties(context.job.type, context.job.properties);
    const { backend, warning } = chooseBackend(parseScriptProperties(asked), this.#backends);
    if (warning) context.log("WARN", warning);
    const shared = context.job.place === undefined ? undefined : await this.#places.open(context);
    try {
      const workspace = await backend.prepare(context.attempt, shared?.dir);
      return await perform({ context, type, backend, workspace, shared });
    } finally {
      await backend.cleanup(context.attempt);
      shared?.release();
    }
  }
}

type Run = {
  context: JobContext;
  type: ScriptType;
  backend: Backend;
  workspace: Workspace;
  shared: SharedDir | undefined;
};

async function perform({ context, type, backend, workspace, shared }: Run): Promise<TaskAnswer> {
  const { job } = context;
  const properties = parseScriptProperties(withPlaces(modernProperties(job.type, job.properties), workspace));
  await placeInputFiles(context, workspace.dir, properties.inputFiles ?? {});
  const prepared = await prepareLines(context, type, properties, workspace);
  const env = environment(type, properties, workspace);
  const { interpreter, failFast = true } = properties;
  const argv = await commandLine({ interpreter, failFast, lines: prepared.lines }, workspace.tempDir);
  if (type.language !== "shell") await requireProgram(type, env.PATH, workspace);
  const output = new ScriptOutput((lines) => context.lines(lines), Date.now, context.masker);
  const step = { argv, env, onOutput: (stream: "stdout" | "stderr", chunk: Uint8Array) => output.push(stream, chunk) };
  const exit = await backend.run(context.attempt, step, context.signal);
  output.end();
  if (context.signal.aborted) return answerOf(exit, output, {}, true);
  const place = await shared?.leave(prepared.ownFiles);
  const left = place === undefined ? {} : { place };
  try {
    const outputFiles = await collect(context, properties, workspace, prepared.ownFiles);
    return { ...answerOf(exit, output, outputFiles, properties.warningOnStdErr ?? true), ...left };
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    context.log("ERROR", error.message);
    return { state: "FAILED", error: error.message, ...left };
  }
}

function withPlaces(properties: JsonObject, { seen }: Workspace): JsonObject {
  const placed = replaceInTexts(
    replaceInTexts(properties, WORKING_DIR_MARKER, seen.dir),
    OUTPUT_DIR_MARKER,
    seen.outputDir,
  );
  return typeof placed === "object" && placed !== null && !Array.isArray(placed) ? placed : {};
}

/** The lines to run, and the files put into the working directory that are no results. */
async function prepareLines(context: JobContext, type: ScriptType, properties: ScriptProperties, workspace: Workspace) {
  const before = properties.beforeCommands ?? [];
  const main =
    type.form === "script" ? [required(properties.script, "script")] : required(properties.commands, "commands");
  const places = { dir: workspace.dir, seenDir: workspace.seen.dir };
  const { texts, names } = await localiseUris(context, places, [...before, ...main]);
  const ownFiles = new Set(names);
  if (type.form === "commands" || type.language === "shell") return { lines: texts, ownFiles };
  const file = `script-${randomUUID().slice(0, 8)}${type.language.extension}`;
  await writeFile(join(workspace.dir, file), texts.at(-1) ?? "");
  ownFiles.add(file);
  const line = [type.language.program, ...(type.language.args ?? []), file].join(" ");
  return { lines: [...texts.slice(0, -1), line], ownFiles };
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TaskFailure(`The task has no ${name}.`);
  return value;
}

function environment(type: ScriptType, properties: ScriptProperties, { seen }: Workspace): Record<string, string> {
  const env: Record<string, string> = { ...(type.language === "shell" ? {} : type.language.env) };
  env.WORKING_DIR = seen.dir;
  if (properties.outputDirectory) env.OUTPUT_DIR = seen.outputDir;
  for (const [name, value] of Object.entries(properties.env ?? {})) {
    const text = asText(value);
    if (!/^[^=\0]+$/.test(name) || text?.includes("\0"))
      throw new TaskFailure(`env: ${JSON.stringify(name)} cannot be set.`);
    if (text !== undefined) env[name] = text;
  }
  return env;
}

async function requireProgram(type: ScriptType, path: string | undefined, workspace: Workspace): Promise<void> {
  const language: Language | "shell" = type.language;
  if (language === "shell") return;
  const found = await provideProgram(language, path ?? process.env.PATH ?? "", workspace.binDir);
  if (found || type.form === "commands") return;
  throw new TaskFailure(
    `${language.program} is not installed on this runner agent. Install it there, or use a runner group whose agents have it.`,
  );
}

async function collect(
  context: JobContext,
  properties: ScriptProperties,
  workspace: Workspace,
  own: ReadonlySet<string>,
) {
  const named = await collectFiles(context, workspace.dir, properties.outputFiles ?? [], own);
  if (!properties.outputDirectory) return named;
  return { ...named, ...(await collectFiles(context, workspace.outputDir, ["**"], new Set())) };
}

function answerOf(exit: Exit, output: ScriptOutput, outputFiles: Record<string, string>, warns: boolean): TaskAnswer {
  const metrics = output.metrics.length > 0 ? { metrics: output.metrics } : {};
  const exitCode = "code" in exit ? exit.code : signalCode(exit.killedBy);
  const outputs = { vars: output.outputs, exitCode, outputFiles };
  const hint = exitCode === 137 ? " (perhaps the machine ran out of memory)" : "";
  if (output.tooLong) {
    return {
      state: "FAILED",
      error: "The script's outputs are longer than 1 MB. Write a file instead (outputFiles).",
      ...metrics,
    };
  }
  if ("killedBy" in exit)
    return { state: "FAILED", error: `Command ended by ${exit.killedBy}${hint}`, outputs, ...metrics };
  if (exitCode !== 0)
    return { state: "FAILED", error: `Command failed with exit code ${exitCode}`, outputs, ...metrics };
  return { state: warns && output.stderrLines > 0 ? "WARNING" : "SUCCESS", outputs, ...metrics };
}

/** As a shell tells the end by a signal: 128 and its number. */
function signalCode(name: string): number {
  return 128 + (Object.entries(constants.signals).find(([signal]) => signal === name)?.[1] ?? 0);
}
