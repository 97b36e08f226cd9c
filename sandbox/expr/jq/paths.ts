import type { Json, JsonObject } from "#schema/json.ts";
import type { Meter } from "../entry.ts";
import { setOwn } from "../text.ts";
import { type Cell, JqError, type Path } from "./types.ts";
import { compare, described, isObject, isSame, ownEntry, typeName } from "./values.ts";

const MAX_INDEX = 1_000_000;

/** The path as a list of keys. Throws when the value is no part of the input. */
export function pathKeys(cell: Cell): Json[] {
  const keys: Json[] = [];
  if (cell.path === "none" || cell.path === "untracked") {
    throw new JqError(`Invalid path expression with result ${described(cell.value)}`);
  }
  for (let step = cell.path; step !== "root"; step = step.up) keys.push(step.key);
  return keys.reverse();
}

/** The path of an entry. */
export function deeper(cell: Cell, key: Json): Path {
  if (cell.path === "untracked") return "untracked";
  if (cell.path === "none") {
    throw new JqError(`Invalid path expression with result ${described(cell.value)}`);
  }
  return { up: cell.path, key };
}

function isSlice(key: Json): key is JsonObject {
  return isObject(key) && (Object.hasOwn(key, "start") || Object.hasOwn(key, "end"));
}

/** `value[key]`; null for an entry that is not there. */
export function entryOf(value: Json, key: Json): Json {
  if (isObject(value) && typeof key === "string") return ownEntry(value, key);
  if (Array.isArray(value) && typeof key === "number") return value.at(Math.floor(key)) ?? null;
  if (isSlice(key)) return sliceOf(value, ownEntry(key, "start"), ownEntry(key, "end"));
  if (value === null && (typeof key === "string" || typeof key === "number" || key === null)) return null;
  const shown = typeof key === "string" ? `"${key}"` : typeName(key);
  throw new JqError(`Cannot index ${typeName(value)} with ${shown}`);
}

/** Where a list begins within another. */
export function indices(value: readonly Json[], wanted: readonly Json[], meter: Meter): Json {
  if (wanted.length === 0) return null;
  const found: number[] = [];
  for (let i = 0; i + wanted.length <= value.length; i++) {
    if (wanted.every((item, j) => isSame(item, value[i + j] ?? null, meter))) found.push(i);
  }
  return found;
}

export function sliceOf(value: Json, start: Json, end: Json): Json {
  if (value === null) return null;
  if (!Array.isArray(value) && typeof value !== "string")
    throw new JqError(`Cannot index ${typeName(value)} with object`);
  const items = typeof value === "string" ? [...value] : value;
  const [from, to] = bounds(items.length, start, end);
  return typeof value === "string" ? items.slice(from, to).join("") : value.slice(from, to);
}

function bounds(length: number, start: Json, end: Json): [number, number] {
  for (const bound of [start, end]) {
    if (bound !== null && typeof bound !== "number")
      throw new JqError("Start and end indices of an array slice must be numbers");
  }
  const from = typeof start === "number" ? Math.floor(start) : 0;
  const to = typeof end === "number" ? Math.ceil(end) : length;
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
  return [clamp(from), Math.max(clamp(from), clamp(to))];
}

export function getPath(value: Json, path: readonly Json[]): Json {
  let current = value;
  for (const key of path) {
    if (current === null) return null;
    current = entryOf(current, key);
  }
  return current;
}

/** A copy of `value` in which the entry at `path` is what `change` makes of it. */
export function updatePath(value: Json, path: readonly Json[], change: (old: Json) => Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  const old = value === null ? null : entryOf(value, key);
  return setEntry(value, key, updatePath(old, rest, change));
}

function setEntry(value: Json, key: Json, entry: Json): Json {
  if (typeof key === "string" && (value === null || isObject(value))) {
    const map = { ...value };
    setOwn(map, key, entry);
    return map;
  }
  if (typeof key === "number" && (value === null || Array.isArray(value))) return setElement(value ?? [], key, entry);
  if (isSlice(key) && (value === null || Array.isArray(value))) {
    if (!Array.isArray(entry)) throw new JqError("A slice of an array can only be assigned another array");
    const list = value ?? [];
    const [from, to] = bounds(list.length, ownEntry(key, "start"), ownEntry(key, "end"));
    return [...list.slice(0, from), ...entry, ...list.slice(to)];
  }
  throw new JqError(`Cannot update field at ${typeName(key)} index of ${typeName(value)}`);
}

function setElement(list: readonly Json[], key: number, entry: Json): Json {
  const index = Math.floor(key) < 0 ? Math.floor(key) + list.length : Math.floor(key);
  if (index < 0) throw new JqError("Out of bounds negative array index");
  if (index > MAX_INDEX) throw new JqError("Array index too large");
  const copy = [...list];
  while (copy.length < index) copy.push(null);
  copy[index] = entry;
  return copy;
}

/** A copy without the entries at the paths; later paths first, so that indexes stay right. */
export function deletePaths(value: Json, paths: readonly (readonly Json[])[], meter: Meter): Json {
  const sorted = [...paths].sort((left, right) => compare([...right], [...left], meter));
  return sorted.reduce<Json>((current, path) => deletePath(current, path), value);
}

function deletePath(value: Json, path: readonly Json[]): Json {
  const [key, ...rest] = path;
  if (key === undefined) return null;
  if (value === null) return null;
  if (rest.length === 0) return deleteEntry(value, key);
  const inner = entryOf(value, key);
  return inner === null ? value : setEntry(value, key, deletePath(inner, rest));
}

function deleteEntry(value: Json, key: Json): Json {
  if (isObject(value) && typeof key === "string") {
    const map = { ...value };
    delete map[key];
    return map;
  }
  if (Array.isArray(value) && typeof key === "number") {
    const index = key < 0 ? key + value.length : key;
    return value.filter((_, i) => i !== Math.floor(index));
  }
  if (Array.isArray(value) && isSlice(key)) {
    const [from, to] = bounds(value.length, ownEntry(key, "start"), ownEntry(key, "end"));
    return [...value.slice(0, from), ...value.slice(to)];
  }
  throw new JqError(`Cannot delete field at ${isObject(value) ? "object" : "array"} index of ${typeName(value)}`);
}
