import type { Json } from "#schema/json.ts";
import type { Jq, Pattern } from "./ast.ts";
import { entryOf } from "./paths.ts";
import { type Env, JqError } from "./types.ts";

type KeyValues = (key: Jq, env: Env) => Iterable<Json>;

/** Environments in which the variables of the pattern have their parts of the value. */
export function* destructure(patterns: readonly Pattern[], value: Json, env: Env, keys: KeyValues): Generator<Env> {
  const [pattern, ...others] = patterns;
  if (pattern === undefined) return;
  if (others.length === 0) {
    yield* bind(pattern, value, env, keys);
    return;
  }
  const all = patterns.flatMap(variablesOf).reduce<Env>((up, name) => bindValue(up, name, null), env);
  try {
    yield* bind(pattern, value, all, keys);
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    yield* destructure(others, value, all, keys);
  }
}

function bindValue(up: Env, name: string, value: Json): Env {
  return { up, name: `$${name}`, bound: { kind: "value", value } };
}

function* bind(pattern: Pattern, value: Json, env: Env, keys: KeyValues): Generator<Env> {
  if (pattern.kind === "variable") yield bindValue(env, pattern.name, value);
  else if (pattern.kind === "list") yield* bindList(pattern.items, 0, value, env, keys);
  else yield* bindObject(pattern.entries, 0, value, env, keys);
}

function* bindList(items: readonly Pattern[], index: number, value: Json, env: Env, keys: KeyValues): Generator<Env> {
  const item = items[index];
  if (item === undefined) {
    yield env;
    return;
  }
  for (const inner of bind(item, entryOf(value, index), env, keys))
    yield* bindList(items, index + 1, value, inner, keys);
}

function* bindObject(
  entries: Extract<Pattern, { kind: "object" }>["entries"],
  index: number,
  value: Json,
  env: Env,
  keys: KeyValues,
): Generator<Env> {
  const entry = entries[index];
  if (entry === undefined) {
    yield env;
    return;
  }
  for (const key of keys(entry.key, env)) {
    const part = entryOf(value, key);
    const named = entry.variable === null ? env : bindValue(env, entry.variable, part);
    const inners = entry.value === null ? [named] : bind(entry.value, part, named, keys);
    for (const inner of inners) yield* bindObject(entries, index + 1, value, inner, keys);
  }
}

function variablesOf(pattern: Pattern): string[] {
  if (pattern.kind === "variable") return [pattern.name];
  if (pattern.kind === "list") return pattern.items.flatMap(variablesOf);
  return pattern.entries.flatMap(({ variable, value }) => [
    ...(variable === null ? [] : [variable]),
    ...(value === null ? [] : variablesOf(value)),
  ]);
}
