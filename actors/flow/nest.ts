import { isJsonObject } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";

/** Dotted ids as nested maps: `a.b` under `a`. */
export function nest(values: ReadonlyMap<string, Json>): JsonObject {
  const root: JsonObject = {};
  for (const [id, value] of values) {
    const parts = id.split(".");
    const last = parts.pop() ?? id;
    let map = root;
    for (const part of parts) {
      const inner = Object.hasOwn(map, part) ? map[part] : undefined;
      const next: JsonObject = isJsonObject(inner) ? inner : {};
      set(map, part, next);
      map = next;
    }
    set(map, last, value);
  }
  return root;
}

/** Sets an own property, whatever its name. */
function set(map: JsonObject, name: string, value: Json): void {
  Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
}
