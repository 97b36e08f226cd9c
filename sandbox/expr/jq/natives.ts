import type { Json } from "#schema/json.ts";
import { CONTROL } from "./control.ts";
import { DATES } from "./dates.ts";
import { MATHS } from "./maths.ts";
import { indices } from "./paths.ts";
import { SEARCHES } from "./searches.ts";
import { TEXTS } from "./texts.ts";
import {
  type Cell,
  type Closure,
  derived,
  JqError,
  type JqHost,
  type Native,
  untracked,
  type ValueFunction,
} from "./types.ts";
import { compare, described, isObject, isSame, sortedKeys, typeName } from "./values.ts";

function list(value: Json, what: string): Json[] {
  if (Array.isArray(value)) return value;
  throw new JqError(`${described(value)} cannot be ${what}, as it is not an array`);
}

function length(value: Json): Json {
  if (value === null) return 0;
  if (typeof value === "boolean") throw new JqError(`${described(value)} has no length`);
  if (typeof value === "number") return Math.abs(value);
  return typeof value === "string" ? [...value].length : Object.keys(value).length;
}

function keys(value: Json, isSorted: boolean, host: JqHost): Json {
  if (Array.isArray(value)) return value.map((_, index) => index);
  if (!isObject(value)) throw new JqError(`${described(value)} has no keys`);
  return isSorted ? sortedKeys(value, host) : Object.keys(value);
}

function has(value: Json, key: Json): boolean {
  if (isObject(value) && typeof key === "string") return Object.hasOwn(value, key);
  if (Array.isArray(value) && typeof key === "number") return key >= 0 && key < value.length;
  throw new JqError(
    `Cannot check whether ${typeName(value)} has a ${typeof key === "string" ? "string" : typeName(key)} key`,
  );
}

function contains(left: Json, right: Json, host: JqHost): boolean {
  host.step(1);
  if (isObject(left) && isObject(right)) {
    return Object.keys(right).every(
      (key) => Object.hasOwn(left, key) && contains(left[key] ?? null, right[key] ?? null, host),
    );
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return right.every((wanted) =>
      left.some((item) => typeName(item) === typeName(wanted) && contains(item, wanted, host)),
    );
  }
  if (typeof left === "string" && typeof right === "string") return left.includes(right);
  if (typeName(left) === typeName(right)) return isSame(left, right, host);
  throw new JqError(`${described(left)} and ${described(right)} cannot have their containment checked`);
}

function sorted(values: readonly Json[], host: JqHost): Json[] {
  host.step(values.length * 4);
  return [...values].sort((left, right) => compare(left, right, host));
}

/** The elements with their keys, in the order of the keys. */
function byKey(input: Json, keysOfItems: Json | undefined, what: string, host: JqHost): { item: Json; key: Json }[] {
  const items = list(input, what);
  host.step(items.length * 4);
  const itemKeys = keysOfItems === undefined ? items : list(keysOfItems, what);
  return items
    .map((item, index) => ({ item, key: itemKeys[index] ?? null }))
    .sort((left, right) => compare(left.key, right.key, host));
}

function grouped(input: Json, itemKeys: Json | undefined, host: JqHost): Json {
  const groups: { key: Json; items: Json[] }[] = [];
  for (const { item, key } of byKey(input, itemKeys, "grouped", host)) {
    const last = groups.at(-1);
    if (last !== undefined && isSame(last.key, key, host)) last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return groups.map(({ items }) => items);
}

/** The last of the largest or the first of the smallest. */
function extreme(input: Json, itemKeys: Json | undefined, isMax: boolean, host: JqHost): Json {
  const order = byKey(input, itemKeys, "iterated over", host);
  return (isMax ? order.at(-1) : order[0])?.item ?? null;
}

function flatten(value: Json, depth: number, host: JqHost): Json[] {
  if (depth < 0) throw new JqError("flatten depth must not be negative");
  return list(value, "flattened").flatMap((item) => {
    host.step(1);
    return Array.isArray(item) && depth > 0 ? flatten(item, depth - 1, host) : [item];
  });
}

function reverse(value: Json): Json {
  if (typeof value === "string") return [...value].reverse().join("");
  return value === null ? [] : [...list(value, "reversed")].reverse();
}

function indexes(input: Json, wanted: Json, host: JqHost): Json {
  if (input === null || wanted === null) return null;
  if (typeof input === "string" && typeof wanted === "string") {
    const found: number[] = [];
    if (wanted === "") return null;
    for (let at = input.indexOf(wanted); at >= 0; at = input.indexOf(wanted, at + 1))
      found.push([...input.slice(0, at)].length);
    return found;
  }
  return indices(list(input, "searched"), Array.isArray(wanted) ? wanted : [wanted], host);
}

function edgeIndex(input: Json, wanted: Json, isLast: boolean, host: JqHost): Json {
  const found = indexes(input, wanted, host);
  return Array.isArray(found) ? (found.at(isLast ? -1 : 0) ?? null) : null;
}

const COLLECTIONS: readonly [string, ValueFunction][] = [
  ["length/0", length],
  ["utf8bytelength/0", (input) => utf8Bytes(input)],
  ["type/0", typeName],
  ["keys/0", (input, _args, host) => keys(input, true, host)],
  ["keys_unsorted/0", (input, _args, host) => keys(input, false, host)],
  ["has/1", (input, [key = null]) => has(input, key)],
  ["contains/1", (input, [wanted = null], host) => contains(input, wanted, host)],
  ["sort/0", (input, _args, host) => sorted(list(input, "sorted"), host)],
  ["_sort_by/1", (input, [itemKeys], host) => byKey(input, itemKeys, "sorted", host).map(({ item }) => item)],
  ["_group_by/1", (input, [itemKeys], host) => grouped(input, itemKeys, host)],
  ["_min_by/1", (input, [itemKeys], host) => extreme(input, itemKeys, false, host)],
  ["_max_by/1", (input, [itemKeys], host) => extreme(input, itemKeys, true, host)],
  ["min/0", (input, _args, host) => extreme(input, undefined, false, host)],
  ["max/0", (input, _args, host) => extreme(input, undefined, true, host)],
  ["flatten/0", (input, _args, host) => flatten(input, 1e9, host)],
  ["flatten/1", (input, [depth = 0], host) => flatten(input, Number(depth), host)],
  ["reverse/0", reverse],
  ["indices/1", (input, [wanted = null], host) => indexes(input, wanted, host)],
  ["index/1", (input, [wanted = null], host) => edgeIndex(input, wanted, false, host)],
  ["rindex/1", (input, [wanted = null], host) => edgeIndex(input, wanted, true, host)],
  ["builtins/0", () => [...NATIVES.keys()].filter((name) => !name.startsWith("_"))],
  ["bsearch/1", (input, [wanted = null], host) => search(list(input, "searched"), wanted, host)],
];

function utf8Bytes(input: Json): Json {
  if (typeof input !== "string") throw new JqError(`${described(input)} only strings have UTF-8 byte length`);
  return [...input].reduce((sum, character) => {
    const point = character.codePointAt(0) ?? 0;
    return sum + (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);
  }, 0);
}

/** The index of the value in a sorted list, or -1 minus the index where it belongs. */
function search(items: readonly Json[], wanted: Json, host: JqHost): number {
  let from = 0;
  let to = items.length;
  while (from < to) {
    host.step(1);
    const middle = (from + to) >> 1;
    const order = compare(items[middle] ?? null, wanted, host);
    if (order === 0) return middle;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return -1 - from;
}

/** Every combination of the arguments' values; the first argument varies slowest. */
function native(func: ValueFunction): Native {
  return function* (host, cell, args) {
    for (const values of combinations(host, cell, args, 0)) {
      host.step(1);
      yield derived(func(cell.value, values, host), cell);
    }
  };
}

function* combinations(host: JqHost, cell: Cell, args: readonly Closure[], index: number): Generator<Json[]> {
  const arg = args[index];
  if (arg === undefined) {
    yield [];
    return;
  }
  for (const { value } of host.run(arg, untracked(cell))) {
    for (const rest of combinations(host, cell, args, index + 1)) yield [value, ...rest];
  }
}

/** Built-in functions by name and number of arguments. */
export const NATIVES: ReadonlyMap<string, Native> = new Map<string, Native>([
  ...CONTROL,
  ...SEARCHES,
  ...[...COLLECTIONS, ...MATHS, ...TEXTS, ...DATES].map(([name, func]): [string, Native] => [name, native(func)]),
]);
