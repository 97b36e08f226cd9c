import { encodeUtf8 } from "#schema/bytes.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { type EdgeContext, type ScriptCall, type ScriptOutcome, TaskFailure, type TaskResult } from "./define.ts";
import { matchesGlob } from "./glob.ts";
import { chooseNamespaceFiles, type NamespaceFilesWish } from "./namespace-files.ts";

// Runs a script in the sandbox: files in, files out, outputs and state as for any script task.

export type SandboxScript = {
  script: string;
  language: ScriptCall["language"];
  fileName: string;
  env: Readonly<Record<string, string>> | undefined;
  inputFiles: JsonObject | undefined;
  namespaceFiles?: NamespaceFilesWish | undefined;
  outputFiles: readonly string[] | undefined;
  warningOnStdErr: boolean;
};

const STORED = /kestra:\/\/[^\s'"`<>()[\]{},;]+/g;

/** All namespace files of a script together. */
const MAX_NAMESPACE_BYTES = 7_000_000;

/** Most files a script may be given, by property or by a URI in its text. */
const MAX_FILES = 500;

export async function runInSandbox(script: SandboxScript, ctx: EdgeContext): Promise<TaskResult> {
  const inputs = new Map([
    ...(await readNamespaceFiles(script.namespaceFiles, ctx)),
    ...(await readInputFiles(script.inputFiles, ctx)),
  ]);
  const files = new Map([...((await ctx.place?.load()) ?? []), ...inputs]);
  const source = await withStoredFiles(script.script, files, ctx);
  const outcome = await ctx.script({
    source,
    language: script.language,
    fileName: script.fileName,
    env: script.env ?? {},
    files: Object.fromEntries(files),
  });
  for (const metric of outcome.metrics) ctx.metric(metric);
  await leavePlace(inputs, outcome, ctx);
  const outputFiles = await keepFiles(outcome.files, script.outputFiles ?? [], ctx);
  const outputs = { vars: outcome.outputs, exitCode: outcome.exitCode, outputFiles };
  if (outcome.exitCode !== 0) {
    const reason = outcome.error === undefined ? "" : `: ${outcome.error}`;
    return { state: "FAILED", outputs, error: `Command failed with exit code ${outcome.exitCode}${reason}` };
  }
  return outcome.stderrLines > 0 && script.warningOnStdErr ? { state: "WARNING", outputs } : { outputs };
}

/** What the next task of a shared directory finds: input files too, and also what a script that failed has left. */
async function leavePlace(
  inputs: ReadonlyMap<string, Uint8Array>,
  { files, removed = [] }: ScriptOutcome,
  ctx: EdgeContext,
): Promise<void> {
  const kept = [...inputs].filter(([name]) => !removed.includes(name));
  await ctx.place?.save({ ...Object.fromEntries(kept), ...files }, removed);
}

/** The contents of the namespace files that the script sees. */
async function readNamespaceFiles(
  wish: NamespaceFilesWish | undefined,
  ctx: EdgeContext,
): Promise<Map<string, Uint8Array>> {
  const chosen = await chooseNamespaceFiles(wish, ctx.flow.namespace, ctx.namespaceFiles.list);
  for (const line of chosen.warnings) ctx.log("WARN", line);
  const bytes = chosen.files.reduce((sum, { size }) => sum + size, 0);
  if (chosen.files.length > MAX_FILES || bytes > MAX_NAMESPACE_BYTES)
    throw new TaskFailure(
      `\`namespaceFiles\`: ${chosen.files.length} files of ${bytes} bytes; the sandbox takes ${MAX_FILES} files of ${MAX_NAMESPACE_BYTES} bytes. Name those it needs in \`include\`, or give the task a \`containerImage\` or \`taskRunner\`, so that it runs on an agent.`,
    );
  const files = new Map<string, Uint8Array>();
  for (const { name, namespace, path } of chosen.files)
    files.set(name, await ctx.files.get(ctx.namespaceFiles.uri(namespace, path)));
  return files;
}

function checkName(name: string): string {
  const isRelative =
    name !== "" && !name.startsWith("/") && !name.startsWith("./") && !name.split(/[\\/]/).includes("..");
  if (isRelative) return name;
  throw new TaskFailure(`Invalid file name (only a relative path is supported) for path '${name}'`);
}

/** The contents of files that a property gives: texts, other values as JSON, stored files by their URI. */
export async function readInputFiles(
  inputFiles: JsonObject | undefined,
  ctx: EdgeContext,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, content] of Object.entries(inputFiles ?? {})) {
    if (content === null) continue;
    if (files.size === MAX_FILES) throw new TaskFailure(`More than ${MAX_FILES} input files`);
    const text = asText(content);
    files.set(checkName(name), isStored(text) ? await ctx.files.get(text) : encodeUtf8(text));
  }
  return files;
}

function asText(content: Json): string {
  return typeof content === "string" ? content : JSON.stringify(content);
}

const isStored = (text: string) => text.startsWith("kestra://") && !/\s/.test(text);

/** Reads each stored file that the script's text names and puts the file's name in place of its URI. */
async function withStoredFiles(script: string, files: Map<string, Uint8Array>, ctx: EdgeContext): Promise<string> {
  const names = new Map<string, string>();
  for (const [uri] of script.matchAll(STORED)) {
    if (names.has(uri)) continue;
    if (files.size >= MAX_FILES) throw new TaskFailure(`More than ${MAX_FILES} input files`);
    const name = freeName(uri.slice(uri.lastIndexOf("/") + 1) || "file", files);
    files.set(name, await ctx.files.get(uri));
    names.set(uri, name);
  }
  return script.replace(STORED, (uri) => names.get(uri) ?? uri);
}

function freeName(name: string, files: ReadonlyMap<string, Uint8Array>): string {
  let free = name;
  for (let n = 1; files.has(free); n++) free = `${n}-${name}`;
  return free;
}

/** Stores the files that a pattern names; name to URI. */
export async function keepFiles(
  files: Readonly<Record<string, Uint8Array>>,
  patterns: readonly string[],
  ctx: EdgeContext,
): Promise<Record<string, string>> {
  const kept: [string, string][] = [];
  for (const [name, content] of Object.entries(files)) {
    if (patterns.some((pattern) => matchesGlob(pattern, name))) kept.push([name, await ctx.files.put(name, content)]);
  }
  return Object.fromEntries(kept);
}
