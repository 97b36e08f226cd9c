import type { ArgSpec, Args, Call, Func } from "../entry.ts";
import { failure } from "../errors.ts";
import type { LookupKind } from "../lookups.ts";
import { fromOutside, isMap, mapGet, type Value } from "../value.ts";

/** Functions whose answer comes from the outside world: see the look-up protocol in DESIGN.md. */
const PATH: ArgSpec = { name: "path", description: "a namespace file's path or a kestra:// URI", required: true };
const NAMESPACE: ArgSpec = { name: "namespace", description: "another namespace than the flow's" };

function namespaceOf(args: Args, call: Call): Value {
  const given = args.value("namespace");
  if (given !== null) return given;
  const flow = fromOutside(call.scope.get("flow")) ?? null;
  return flow !== null && isMap(flow) ? (mapGet(flow, "namespace") ?? null) : null;
}

function kv(args: Args, call: Call): Value {
  const key = args.text("key");
  const namespace = namespaceOf(args, call);
  const value = call.lookup("kv", { key, namespace });
  if (value === null && args.flag("errorOnMissing", true)) {
    throw failure(`The key '${key}' does not exist in the namespace '${namespace}'.`);
  }
  return value;
}

function secret(args: Args, call: Call): Value {
  const key = args.text("key");
  const subkey = args.optionalText("subkey");
  const value = call.lookup("secret", { key, namespace: namespaceOf(args, call), subkey });
  if (value === null) throw failure(`Cannot find secret for key '${key}'.`);
  return value;
}

/** A file's property, asked for by path. */
function fileFunction(name: string, kind: LookupKind, description: string, aliases: string[] = []): Func {
  return {
    name,
    aliases,
    description,
    args: [PATH, NAMESPACE],
    examples: [],
    run: (args, call) => call.lookup(kind, { path: args.text("path"), namespace: namespaceOf(args, call) }),
  };
}

/** A function that hands all its arguments to the world. */
function passedOn(name: LookupKind, description: string, args: readonly ArgSpec[]): Func {
  return {
    name,
    description,
    args,
    examples: [],
    run: (given, call) => call.lookup(name, Object.fromEntries(args.map((arg) => [arg.name, given.value(arg.name)]))),
  };
}

function read(args: Args, call: Call): Value {
  const path = args.text("path");
  const value = call.lookup("read", { path, namespace: namespaceOf(args, call), version: args.value("version") });
  if (value === null) throw failure(`Unable to read the file '${path}': it does not exist.`);
  return value;
}

export const WORLD_FUNCTIONS: readonly Func[] = [
  {
    name: "kv",
    description: "the value of a key in the key-value store",
    args: [
      { name: "key", description: "the key", required: true },
      NAMESPACE,
      { name: "errorOnMissing", description: "false gives null for a missing key", default: true },
    ],
    examples: [],
    run: kv,
  },
  {
    name: "secret",
    description: "the value of a secret; logs show it as ******",
    args: [
      { name: "key", description: "the secret's name", required: true },
      NAMESPACE,
      { name: "subkey", description: "an entry of a secret that is a JSON map" },
    ],
    examples: [],
    run: secret,
  },
  {
    name: "read",
    description: "the text of a file",
    args: [PATH, NAMESPACE, { name: "version", description: "an earlier version of a namespace file" }],
    examples: [],
    run: read,
  },
  fileFunction("fileSize", "fileSize", "the size of a file in bytes"),
  fileFunction("fileExists", "fileExists", "whether the file is there"),
  fileFunction("isFileEmpty", "fileEmpty", "whether the file has no bytes", ["fileEmpty"]),
  passedOn("http", "the body of an HTTP answer", [
    { name: "uri", description: "the address", required: true },
    { name: "method", description: "GET when left out", default: "GET" },
    { name: "query", description: "a map of query parameters" },
    { name: "body", description: "what is sent" },
    { name: "contentType", description: "of the body", default: "application/json" },
    { name: "headers", description: "a map" },
    { name: "options", description: "of the HTTP client" },
    { name: "accept", description: "the wanted type", default: "application/json" },
  ]),
  passedOn("errorLogs", "the execution's log entries of level ERROR", []),
  passedOn("encrypt", "the text encrypted with AES-GCM, in base64", [
    { name: "key", description: "the key in base64", required: true },
    { name: "plaintext", description: "the text", required: true },
  ]),
  passedOn("decrypt", "the text that was encrypted", [
    { name: "key", description: "the key in base64", required: true },
    { name: "encrypted", description: "what encrypt gave", required: true },
  ]),
  passedOn("appLink", "the address of an app", [
    { name: "appId", description: "the app's id" },
    { name: "baseUrl", description: "true gives only the address of the apps" },
  ]),
];
