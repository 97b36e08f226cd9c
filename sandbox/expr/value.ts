import { Decimal } from "./decimal.ts";
import { NeedsLookup } from "./errors.ts";
import type { Lookup } from "./lookups.ts";

/**
 * The values an expression works on.
 *
 * A JSON value from the context is used as it stands, without conversion: an integral number is one of Java's integers,
 * any other number a double. What JSON cannot say has its own form: an integer beyond 2^53 is a bigint, a double without a
 * fraction (`2.0`) or a 32-bit float is a `Double`, a BigDecimal is a `Decimal`.
 */
export class Double {
  readonly value: number;
  readonly kind: "double" | "float";
  constructor(value: number, kind: "double" | "float" = "double") {
    this.value = value;
    this.kind = kind;
  }
}

/** A map whose entries are computed when asked for (`outputs` of a large execution). Own keys only. */
export abstract class LazyMap {
  /** The entry, or undefined when there is none. */
  abstract get(key: string): unknown;
  abstract keys(): Iterable<string>;
}

class ComputedMap extends LazyMap {
  readonly get: (key: string) => unknown;
  readonly keys: () => Iterable<string>;
  constructor(get: (key: string) => unknown, keys: () => Iterable<string>) {
    super();
    this.get = get;
    this.keys = keys;
  }
}

/** A lazy map of two functions. */
export function lazyMap(get: (key: string) => unknown, keys: () => Iterable<string>): LazyMap {
  return new ComputedMap(get, keys);
}

export interface ValueMap {
  readonly [key: string]: Value;
}
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Double
  | Decimal
  | LazyMap
  | readonly Value[]
  | ValueMap;

/** A map under construction: without a prototype, so that no key of a user can mean anything but itself. */
export type MapBuilder = { [key: string]: Value };
export function newMap(): MapBuilder {
  return Object.create(null);
}

/** A map of the given entries. */
export function mapOf(entries: { readonly [key: string]: Value }): MapBuilder {
  return Object.assign(newMap(), entries);
}

/** A value of the outside world as a Value; undefined for what is no data (functions, symbols, undefined). */
export function fromOutside(value: unknown): Value | undefined {
  switch (typeof value) {
    case "undefined":
    case "function":
    case "symbol":
      return undefined;
    default:
      return value as Value; // the one door: everything behind it reads own keys only
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isLazyMap(value: Value): value is LazyMap {
  return value instanceof LazyMap;
}

function isBoxed(value: object): value is Double | Decimal {
  return value instanceof Double || value instanceof Decimal;
}

export function isMap(value: Value): value is LazyMap | ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBoxed(value);
}

/** The entry of a map by its own key; undefined when absent. Never looks at a prototype. */
export function mapGet(map: LazyMap | ValueMap, key: string): Value | undefined {
  if (isLazyMap(map)) return fromOutside(map.get(key));
  return Object.hasOwn(map, key) ? fromOutside(map[key]) : undefined;
}

export function mapKeys(map: LazyMap | ValueMap): string[] {
  return isLazyMap(map) ? [...map.keys()] : Object.keys(map);
}

/** Entries that hold data, in their order. */
export function mapEntries(map: LazyMap | ValueMap): [string, Value][] {
  const entries: [string, Value][] = [];
  if (!isLazyMap(map)) {
    for (const key of Object.keys(map)) {
      const value = fromOutside(map[key]);
      if (value !== undefined) entries.push([key, value]);
    }
    return entries;
  }
  const missing: Lookup[] = [];
  for (const key of map.keys()) {
    try {
      const value = fromOutside(map.get(key));
      if (value !== undefined) entries.push([key, value]);
    } catch (error) {
      // All that the world holds of it is asked for at once.
      if (!(error instanceof NeedsLookup)) throw error;
      missing.push(...error.lookups);
    }
  }
  if (missing.length > 0) throw new NeedsLookup(missing);
  return entries;
}

/** A builder with the entries of `map`. */
export function copyMap(map: LazyMap | ValueMap): MapBuilder {
  const copy = newMap();
  for (const [key, value] of mapEntries(map)) copy[key] = value;
  return copy;
}

/** The name Java gives the class of this value; error messages and `className` show it. */
export function className(value: Value): string {
  switch (typeof value) {
    case "string":
      return "java.lang.String";
    case "boolean":
      return "java.lang.Boolean";
    case "bigint":
      return BigInt.asIntN(64, value) === value ? "java.lang.Long" : "java.math.BigInteger";
    case "number":
      if (!Number.isInteger(value)) return "java.lang.Double";
      return value >= -2147483648 && value <= 2147483647 ? "java.lang.Integer" : "java.lang.Long";
    default:
      if (value === null) return "null";
      if (isList(value)) return "java.util.ArrayList";
      if (value instanceof Decimal) return "java.math.BigDecimal";
      if (value instanceof Double) return value.kind === "float" ? "java.lang.Float" : "java.lang.Double";
      return "java.util.LinkedHashMap";
  }
}

/** The class name without its package. */
export function shortClassName(value: Value): string {
  const name = className(value);
  return name.slice(name.lastIndexOf(".") + 1);
}
