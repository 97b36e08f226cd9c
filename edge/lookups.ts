import { withParents } from "#actors/namespace/namespace-rpc.ts";
import { NAMESPACE_ID } from "#schema/flow.ts";
import { cellName } from "#schema/ids.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { sealedValue } from "#schema/sealed.ts";
import type { Asker, World } from "#shell/world.ts";
import { CipherError, cipherOf } from "./cipher.ts";
import { actorByName, type Env } from "./env.ts";
import { decryptWith, encryptWith, GivenKeyError } from "./given-key.ts";
import { httpLookup } from "./http-lookup.ts";
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
import { findSecret } from "./secrets.ts";
import { refusedUse, valuesActor } from "./spaces.ts";
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
      return secret(env, asker, args);
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
    case "http":
      return httpLookup(env, args);
    case "seal":
      return sealed(env, text(args, "text"));
    case "unseal":
      return unsealed(env, text(args, "cipher"));
    case "encrypt":
      return givenKey(() => encryptWith(text(args, "key"), text(args, "plaintext")));
    case "decrypt":
      return givenKey(() => decryptWith(text(args, "key"), text(args, "encrypted")));
    default:
      return wrong(`The function behind '${kind}' is not available on this server.`);
  }
}

async function storedValue(env: Env, asker: Asker, uri: string): Promise<Answer> {
  const value = await readValue(portsOf(env).files, asker, uri);
  return value === undefined ? wrong(`The large output kept as '${uri}' is not there any more.`) : { ok: true, value };
}

async function givenKey(call: () => Promise<string>): Promise<Answer> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    if (error instanceof GivenKeyError) return wrong(error.message);
    throw error;
  }
}

/** The text encrypted, as it may be kept. */
async function sealed(env: Env, plain: string): Promise<Answer> {
  return ciphered(async () => {
    const cipher = cipherOf(env);
    if (cipher.keyId !== undefined) return { ok: true, value: sealedValue(await cipher.encrypt(plain)) };
    const how = "set ENCRYPTION_KEYS to `id:` and 32 random bytes in base64";
    return wrong(`Unable to use a \`SECRET\` input/output as encryption is not configured: ${how}`);
  });
}

async function unsealed(env: Env, encrypted: string): Promise<Answer> {
  return ciphered(async () => ({ ok: true, value: await cipherOf(env).decrypt(encrypted), secret: true }));
}

async function ciphered(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof CipherError) return wrong(`A SECRET cannot be encrypted or read: ${error.message}`);
    throw error;
  }
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
  const refusal = await refusedUse(env, asker.tenant, asker.namespace, namespace);
  if (refusal !== undefined) return wrong(refusal);
  // What the flow's own namespace lacks, its parents may have.
  for (const each of namespace === asker.namespace ? withParents(namespace) : [namespace]) {
    const found = await valuesActor(env, asker.tenant, each).getValue(key);
    if (found.kind === "found") return { ok: true, value: found.value };
    if (found.kind === "expired") return wrong(`The key '${key}' in the namespace '${each}' has expired.`);
  }
  return { ok: true, value: null };
}

async function secret(env: Env, { tenant, namespace: from }: Asker, args: JsonObject): Promise<Answer> {
  const key = text(args, "key");
  const subkey = text(args, "subkey");
  const namespace = text(args, "namespace") || from;
  if (!NAMESPACE_ID.test(namespace)) return wrong(`'${namespace}' is no namespace.`);
  const found = await findSecret(env, { tenant, from, namespace, key });
  if ("problem" in found) return wrong(found.problem);
  if (found.value === undefined || subkey === "") return { ok: true, value: found.value ?? null, secret: true };
  const part = partOf(found.value, subkey);
  if (part === undefined) return wrong(`The secret '${key}' is no JSON object that has '${subkey}'.`);
  return { ok: true, value: typeof part === "string" ? part : JSON.stringify(part), secret: true };
}

function partOf(secretText: string, subkey: string): unknown {
  try {
    const parsed: unknown = JSON.parse(secretText);
    const isMap = typeof parsed === "object" && parsed !== null && Object.hasOwn(parsed, subkey);
    return isMap ? Reflect.get(parsed, subkey) : undefined;
  } catch {
    return undefined;
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

/** Why files of the namespace that `args` names, or whose address they give, may not be read; undefined when they may. */
async function refusedFiles(
  env: Env,
  { tenant, namespace: from }: Asker,
  args: JsonObject,
): Promise<string | undefined> {
  const path = text(args, "path");
  const file = path.includes("://") ? parseFileUri(tenant, path) : undefined;
  const owner = file && ownerOfFile(file);
  const namespace = owner?.kind === "namespace-file" ? owner.namespace : file ? "" : text(args, "namespace");
  return NAMESPACE_ID.test(namespace) ? refusedUse(env, tenant, from, namespace) : undefined;
}

async function readFile(env: Env, asker: Asker, args: JsonObject): Promise<Answer> {
  const refusal = await refusedFiles(env, asker, args);
  if (refusal !== undefined) return wrong(refusal);
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
  const refusal = await refusedFiles(env, asker, args);
  if (refusal !== undefined) return wrong(refusal);
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
