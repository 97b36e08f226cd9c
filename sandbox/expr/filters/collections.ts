import type { Args, Call, Filter } from "../entry.ts";
import { argumentError, typeError } from "../errors.ts";
import { Growth } from "../growth.ts";
import { compareValues } from "../operators.ts";
import { isEmpty } from "../tests.ts";
import { javaText, print } from "../text.ts";
import { className, copyMap, isList, isMap, mapEntries, mapKeys, newMap, type Value } from "../value.ts";

function listOf(value: Value, filter: string): readonly Value[] {
  if (isList(value)) return value;
  throw typeError(`'${filter}' filter can only be applied to List. Actual type was: ${className(value)}`);
}

function lengthOf(value: Value): number {
  if (typeof value === "string" || isList(value)) return value.length;
  return value !== null && isMap(value) ? mapKeys(value).length : 0;
}

function edge(value: Value, filter: string, index: number): Value {
  if (isList(value)) return value.at(index) ?? null;
  if (typeof value === "string" && value !== "") return value.at(index) ?? null;
  throw typeError(
    `'${filter}' filter expects a list or a text that is not empty. Actual type was: ${className(value)}`,
  );
}

function join(value: Value, args: Args, call: Call): string {
  const separator = print(args.value("separator"), call);
  const growth = new Growth(call);
  return listOf(value, "join")
    .map((item) => growth.add(javaText(item, call)))
    .map((text, index) => (index === 0 ? text : growth.add(separator) + text))
    .join("");
}

function slice(value: Value, args: Args): Value {
  if (typeof value !== "string" && !isList(value)) {
    throw typeError(
      `'slice' filter can only be applied to String, List and arrays. Actual type was: ${className(value)}`,
    );
  }
  const from = args.integer("fromIndex", 0);
  const to = args.integer("toIndex", value.length);
  if (from < 0) throw argumentError("fromIndex must be greater than 0");
  if (to > value.length) throw argumentError(`toIndex must be smaller than input size: ${value.length}`);
  if (from > to || (from === to && args.value("toIndex") !== null)) {
    throw argumentError("toIndex must be greater than fromIndex");
  }
  return value.slice(from, to);
}

/** A new list: the input stays as it is. */
function sorted(value: Value, filter: string, direction: 1 | -1, call: Call): Value {
  const list = listOf(value, filter);
  call.step(list.length * 4);
  return [...list].sort((left, right) => {
    const order = compareValues(left, right);
    if (order !== null) return order * direction;
    throw typeError(`'${filter}' filter cannot compare ${className(left)} with ${className(right)}.`);
  });
}

function merge(value: Value, items: Value, call: Call): Value {
  call.step(lengthOf(value) + lengthOf(items));
  if (value === null && items === null) throw argumentError("The two arguments to be merged are null");
  if (items === null) return value;
  if (value === null) return items;
  if (isList(value)) {
    if (isList(items)) return [...value, ...items];
    if (isMap(items)) return [...value, ...mapEntries(items).map(([key]) => key)];
  } else if (isMap(value)) {
    const merged = copyMap(value);
    if (isList(items)) for (const item of items) merged[print(item, call)] = item;
    else if (isMap(items)) for (const [key, item] of mapEntries(items)) merged[key] = item;
    else throw unmergeable(value, items);
    return merged;
  }
  throw unmergeable(value, items);
}

function unmergeable(value: Value, items: Value): Error {
  return typeError(`'merge' filter joins two lists or two maps, not ${className(value)} and ${className(items)}.`);
}

function chunk(value: Value, size: number): Value {
  const list = listOf(value, "chunk");
  if (size < 1) throw argumentError("The 'size' of a chunk must be at least 1.");
  const chunks: Value[] = [];
  for (let from = 0; from < list.length; from += size) chunks.push(list.slice(from, from + size));
  return chunks;
}

/** Charged before it is built: a list can hold one long list many times. */
function flatten(value: Value, _args: Args, call: Call): Value {
  const list = listOf(value, "flatten");
  call.step(list.reduce<number>((length, item) => length + (isList(item) ? item.length : 1), 0));
  return list.flatMap((item) => (isList(item) ? item : [item]));
}

function keys(value: Value): Value {
  if (isList(value)) return value.map((_, index) => index);
  if (value !== null && isMap(value)) return mapKeys(value);
  throw typeError(`'keys' filter can only be applied to List, Map, Array. Actual type was: ${className(value)}`);
}

function values(value: Value): Value {
  if (value !== null && isMap(value)) return mapEntries(value).map(([, item]) => item);
  throw typeError(`'values' filter can only be applied to Map. Actual type was: ${className(value)}`);
}

/** The first of equal elements stays. */
function distinct(value: Value, call: Call): Value {
  const seen = newMap();
  return listOf(value, "distinct").filter((item) => {
    const key = `${typeof item === "string"}${javaText(item, call)}`;
    call.step(1);
    if (key in seen) return false;
    seen[key] = true;
    return true;
  });
}

export const COLLECTION_FILTERS: readonly Filter[] = [
  {
    name: "default",
    description: "another value when this one is empty or not there",
    args: [{ name: "default", description: "the value instead", required: true }],
    examples: [["{{ a | default('z') }}", "z"]],
    takesNull: true,
    takesUndefined: true,
    run: (value, args) => (isEmpty(value) ? args.value("default") : value),
  },
  {
    name: "length",
    description: "characters, elements or entries; 0 for null",
    examples: [["{{ 'abc' | length }}", "3"]],
    takesNull: true,
    run: lengthOf,
  },
  {
    name: "first",
    description: "the first element or character; null for an empty list",
    examples: [["{{ [1,2] | first }}", "1"]],
    run: (value) => edge(value, "first", 0),
  },
  {
    name: "last",
    description: "the last element or character; null for an empty list",
    examples: [["{{ 'abc' | last }}", "c"]],
    run: (value) => edge(value, "last", -1),
  },
  {
    name: "join",
    description: "the elements as one text",
    args: [{ name: "separator", description: "what stands between them" }],
    examples: [["{{ [1,2] | join(',') }}", "1,2"]],
    run: join,
  },
  {
    name: "slice",
    description: "a part of a list or text",
    args: [
      { name: "fromIndex", description: "the first, counted from 0", default: 0 },
      { name: "toIndex", description: "behind the last; the length when left out" },
    ],
    examples: [["{{ 'abcdef' | slice(1,3) }}", "bc"]],
    run: slice,
  },
  {
    name: "sort",
    description: "in natural order",
    examples: [["{{ [3,1,2] | sort }}", "[1,2,3]"]],
    run: (value, _args, call) => sorted(value, "sort", 1, call),
  },
  {
    name: "rsort",
    description: "in reverse natural order",
    examples: [["{{ [3,1,2] | rsort }}", "[3,2,1]"]],
    run: (value, _args, call) => sorted(value, "rsort", -1, call),
  },
  {
    name: "reverse",
    description: "the list from its end",
    examples: [["{{ [3,1] | reverse }}", "[1,3]"]],
    run: (value) => [...listOf(value, "reverse")].reverse(),
  },
  {
    name: "merge",
    description: "two lists one after the other, or two maps of which the right one wins",
    args: [{ name: "items", description: "the other list or map", required: true }],
    examples: [["{{ {'a':1} | merge({'b':3}) }}", '{"a":1,"b":3}']],
    takesNull: true,
    run: (value, args, call) => merge(value, args.value("items"), call),
  },
  {
    name: "chunk",
    description: "lists of a given size",
    args: [{ name: "size", description: "elements in each", required: true }],
    examples: [["{{ [1,2,3] | chunk(2) }}", "[[1,2],[3]]"]],
    run: (value, args) => chunk(value, args.integer("size")),
  },
  {
    name: "flatten",
    description: "lists within the list replaced by their elements, one level",
    examples: [["{{ [[1],[2,[3]]] | flatten }}", "[1,2,[3]]"]],
    run: flatten,
  },
  {
    name: "keys",
    description: "the keys of a map or the indexes of a list",
    examples: [["{{ {'a':1} | keys }}", '["a"]']],
    run: keys,
  },
  {
    name: "values",
    description: "the values of a map",
    examples: [["{{ {'a':1} | values }}", "[1]"]],
    run: values,
  },
  {
    name: "distinct",
    description: "the list without repeated elements",
    examples: [["{{ [1,2,1] | distinct }}", "[1,2]"]],
    run: (value, _args, call) => distinct(value, call),
  },
];
