import type { Entry, Filter, Func, Test } from "./entry.ts";
import { COLLECTION_FILTERS } from "./filters/collections.ts";
import { DATE_FILTERS } from "./filters/dates.ts";
import { FORMAT_FILTERS } from "./filters/formats.ts";
import { HASH_FILTERS } from "./filters/hashes.ts";
import { NUMBER_FILTERS } from "./filters/numbers.ts";
import { REGEX_FILTERS } from "./filters/regex.ts";
import { STRING_FILTERS } from "./filters/strings.ts";
import { TEXT_PART_FILTERS } from "./filters/text-parts.ts";
import { DATA_FUNCTIONS } from "./functions/data.ts";
import { DATE_FUNCTIONS } from "./functions/dates.ts";
import { TEMPLATE_FUNCTIONS } from "./functions/template.ts";
import { WORLD_FUNCTIONS } from "./functions/world.ts";
import { BINARY_OPERATORS, TAGS, UNARY_OPERATORS } from "./syntax.ts";
import { TEST_ENTRIES } from "./tests.ts";

function byName<T extends Entry>(...groups: readonly (readonly T[])[]): ReadonlyMap<string, T> {
  const entries = new Map<string, T>();
  for (const entry of groups.flat()) {
    for (const name of [entry.name, ...(entry.aliases ?? [])]) entries.set(name, entry);
  }
  return entries;
}

/** By name and alias. */
export const FILTERS: ReadonlyMap<string, Filter> = byName<Filter>(
  STRING_FILTERS,
  REGEX_FILTERS,
  TEXT_PART_FILTERS,
  HASH_FILTERS,
  NUMBER_FILTERS,
  COLLECTION_FILTERS,
  FORMAT_FILTERS,
  DATE_FILTERS,
);
export const FUNCTIONS: ReadonlyMap<string, Func> = byName<Func>(
  DATA_FUNCTIONS,
  DATE_FUNCTIONS,
  TEMPLATE_FUNCTIONS,
  WORLD_FUNCTIONS,
);
export const TESTS: ReadonlyMap<string, Test> = byName<Test>(TEST_ENTRIES);

/** The dialect as data: for documentation, completion and checks. */
export const catalogue = {
  filters: [...new Set(FILTERS.values())],
  functions: [...new Set(FUNCTIONS.values())],
  tests: [...new Set(TESTS.values())],
  operators: [...UNARY_OPERATORS, ...BINARY_OPERATORS],
  tags: TAGS,
};
