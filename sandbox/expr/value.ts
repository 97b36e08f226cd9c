import { NeedsLookup } from "./errors.ts";
import type { Lookup } from "./lookups.ts";

/**
 * The values an expression works on.
 *
 * A JSON value from the context is used as it stands, without conversion: an integral number is one of Java's integers,
 * any other number a double. Two things JSON cannot say have their own form: an integer beyond 2^53 is a bigint, and a
 * double without a fraction (`2.0`), a 32-bit float or a decimal is a `Double`.
 */
export class Double {
  readonly value: number;
  readonly kind: "double" | "float" | "decimal";
  constructor(value: number, kind: "double" | "float" | "decimal" = "double") {
    this.value = value;
    this.kind = kind;
  }
}

/** A map whose entries are computed when asked for (`outputs` of a large execution). Own keys only. */
export interface LazyMap {
  readonly lazyMap: true;
  /** The entry, or undefined when there is none. */
  get(key: string): unknown;
  keys(): Iterable<string>;
}

export interface ValueMap {
  readonly [key: string]: Value;
}
export type Value = null | boolean | number | bigint | string | Double | LazyMap | readonly Value[] | ValueMap;

/** A map under construction: without a prototype, so that no key of a user can mean anything but itself. */
export type MapBuilder = { [key: string]: Value };
export function newMap(): MapBuilder {
  return Object.create(null);
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
  return typeof value === "object" && value !== null && "lazyMap" in value && typeof value.get === "function";
}

export function isMap(value: Value): value is LazyMap | ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Double);
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
  const missing: Lookup[] = [];
  for (const key of mapKeys(map)) {
    try {
      const value = mapGet(map, key);
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
      return "java.lang.Long";
    case "number":
      if (!Number.isInteger(value)) return "java.lang.Double";
      return value >= -2147483648 && value <= 2147483647 ? "java.lang.Integer" : "java.lang.Long";
    default:
      if (value === null) return "null";
      if (isList(value)) return "java.util.ArrayList";
      if (value instanceof Double) {
        if (value.kind === "decimal") return "java.math.BigDecimal";
        return value.kind === "float" ? "java.lang.Float" : "java.lang.Double";
      }
      return "java.util.LinkedHashMap";
  }
}

/** The class name without its package. */
export function shortClassName(value: Value): string {
  const name = className(value);
  return name.slice(name.lastIndexOf(".") + 1);
}
