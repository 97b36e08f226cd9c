import { namespaceActorName } from "#actors/namespace/namespace-rpc.ts";
import { NAMESPACE_ID } from "#schema/flow.ts";
import { cellName } from "#schema/ids.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { Asker, World } from "#shell/world.ts";
import { actorByName, type Env } from "./env.ts";
import { namespaceFilesOf } from "./namespace-files.ts";
import {
  executionFolder,
  type FilePath,
  fileInFolder,
  isInside,
  namespaceFilesFolder,
  ownerOfFile,
  parseFileUri,
} from "./ports/file-path.ts";
import { portsOf } from "./ports/ports.ts";
import { secretOf } from "./secrets.ts";
import { readValue } from "./values.ts";

// Answers to what expressions ask of the world. "There is none" is an answer of null; what the user did wrong is a message.

/** Longest file that `read()` gives, in bytes. */
const MAX_READ_BYTES = 500_000;

type Lookup = Parameters<World["lookup"]>[1];
type Answer = Awaited<ReturnType<World["lookup"]>>;

export async function lookUp(env: Env, asker: Asker, { kind, args }: Lookup): Promise<Answer> {
  switch (kind) {
    case "kv":
      return keyValue(env, asker, text(args, "key"), text(args, "namespace") || asker.namespace);
    case "secret":
      return secret(env, text(args, "key"), text(args, "subkey"));
    case "read":
      return readFile(env, asker, args);
    case "fileSize":
    case "fileExists":
    case "fileEmpty":
      return fileFact(env, asker, kind, args);
    case "stored":
      return storedValue(env, asker, text(args, "uri"));
    case "errorLogs":
      return errorLogs(env, asker.executionId);
    default:
      return wrong(`The function behind '${kind}' is not available on this server.`);
  }
}

async function storedValue(env: Env, asker: Asker, uri: string): Promise<Answer> {
  const value = await readValue(portsOf(env).files, asker, uri);
  return value === undefined ? wrong(`The large output kept as '${uri}' is not there any more.`) : { ok: true, value };
}

function text(args: JsonObject, name: string): string {
  const value = args[name];
  return typeof value === "string" ? value : "";
}

function wrong(message: string): Answer {
  return { ok: false, message };
}

async function keyValue(env: Env, asker: Asker, key: string, namespace: string): Promise<Answer> {
  if (!NAMESPACE_ID.test(namespace)) return wrong(`'${namespace}' is no namespace.`);
  const found = await actorByName(env.NAMESPACE, namespaceActorName(asker.tenant, namespace)).getValue(key);
  if (found.kind === "found") return { ok: true, value: found.value };
  if (found.kind === "expired") return wrong(`The key '${key}' in the namespace '${namespace}' has expired.`);
  return { ok: true, value: null };
}

function secret(env: Env, key: string, subkey: string): Answer {
  const value = secretOf(env, key);
  if (value === undefined || subkey === "") return { ok: true, value: value ?? null, secret: true };
  try {
    const parsed: unknown = JSON.parse(value);
    const part =
      typeof parsed === "object" && parsed !== null && Object.hasOwn(parsed, subkey)
        ? Reflect.get(parsed, subkey)
        : null;
    return { ok: true, value: typeof part === "string" ? part : JSON.stringify(part), secret: true };
  } catch {
    return wrong(`The secret '${key}' is no JSON object, so it has no '${subkey}'.`);
  }
}

/** The file a path or URI means to this execution, or why it may not be read. Files of an execution are its own, and its starter's. */
export function readableFile(asker: Asker, args: JsonObject): { path: FilePath } | { reason: string } {
  const path = text(args, "path");
  if (!path.includes("://")) {
    const namespace = text(args, "namespace") || asker.namespace;
    if (!NAMESPACE_ID.test(namespace)) return { reason: `'${namespace}' is no namespace.` };
    const inside = fileInFolder(namespaceFilesFolder(asker.tenant, namespace), path.replace(/^\//, ""));
    return inside === undefined ? { reason: `'${path}' is no plain path.` } : { path: inside };
  }
  const file = parseFileUri(asker.tenant, path);
  if (file === undefined) return { reason: `'${path}' is no kestra:/// URI.` };
  const owner = ownerOfFile(file);
  if (owner.kind === "namespace-file" || isInside(executionFolder(asker), file)) return { path: file };
  const caller = asker.trigger?.variables.executionId;
  if (owner.kind === "execution" && owner.executionId === caller) return { path: file };
  return { reason: `Unable to read the file '${path}' as it didn't belong to the current execution` };
}

async function readFile(env: Env, asker: Asker, args: JsonObject): Promise<Answer> {
  const target = readableFile(asker, args);
  if ("reason" in target) return wrong(target.reason);
  const found = await openRevision(env, asker, target.path, args.version);
  if (found === null) return wrong(`There is no file '${text(args, "path")}'.`);
  if (found.size > MAX_READ_BYTES) {
    await found.body.cancel();
    return wrong(
      `The file has ${found.size} bytes; read() takes at most ${MAX_READ_BYTES}. Pass it to a script as an input file.`,
    );
  }
  return { ok: true, value: await new Response(found.body).text() };
}

/** The file as it is now, or an earlier revision of a namespace file. */
async function openRevision(env: Env, { tenant }: Asker, path: FilePath, version: Json | undefined) {
  const owner = ownerOfFile(path);
  const revision = Number(version ?? 0);
  if (owner.kind !== "namespace-file" || revision === 0) return portsOf(env).files.get(path);
  const files = namespaceFilesOf(env, tenant, owner.namespace);
  const found = Number.isInteger(revision) ? await files.revision(owner.name, revision) : undefined;
  return found === undefined ? null : files.open(found);
}

async function fileFact(
  env: Env,
  asker: Asker,
  kind: "fileSize" | "fileExists" | "fileEmpty",
  args: JsonObject,
): Promise<Answer> {
  const target = readableFile(asker, args);
  if ("reason" in target) return wrong(target.reason);
  const head = await portsOf(env).files.head(target.path);
  if (kind === "fileExists") return { ok: true, value: head !== null };
  if (head === null) return wrong(`There is no file '${text(args, "path")}'.`);
  return { ok: true, value: kind === "fileSize" ? head.size : head.size === 0 };
}

async function errorLogs(env: Env, executionId: string): Promise<Answer> {
  const name = cellName(executionId);
  if (name === undefined) return { ok: true, value: [] };
  const entries = await actorByName(env.CELL, name).logs(executionId, { minLevel: "ERROR" });
  return {
    ok: true,
    value: (entries ?? []).map(({ taskId = "", message, timestamp }) => ({ taskId, message, timestamp })),
  };
}
