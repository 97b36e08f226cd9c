import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STATES } from "#schema/state.ts";
import {
  type ExecutionFilters,
  filterQuery,
  isNarrowed,
  NO_FILTERS,
  PAGE_SIZES,
  parseFilters,
  printFilters,
  searchQuery,
  TIME_RANGES,
} from "./execution-filters.ts";

const filters: fc.Arbitrary<ExecutionFilters> = fc
  .record({
    text: fc.string(),
    namespace: fc.string(),
    flowId: fc.string(),
    states: fc.subarray([...STATES]),
    labels: fc.uniqueArray(
      fc.tuple(fc.stringMatching(/^[a-z]+$/), fc.string()).map(([key, value]) => `${key}:${value}`),
    ),
    range: fc.constantFrom("" as const, ...TIME_RANGES),
    from: fc.constantFrom("", "2026-05-01T10:00"),
    to: fc.constantFrom("", "2026-05-02T10:00"),
    sort: fc.constantFrom("state.startDate" as const, "flowId" as const, "state.duration" as const),
    descending: fc.boolean(),
    page: fc.integer({ min: 1, max: 1e6 }),
    size: fc.constantFrom(...PAGE_SIZES),
  })
  .map((made) => (made.range === "" ? made : { ...made, from: "", to: "" }));

test("[F1] what is printed is read again", () => {
  fc.assert(
    fc.property(filters, (made) => {
      expect(parseFilters(printFilters(made))).toEqual(made);
    }),
  );
});

test("[F1] nonsense in the address is ignored", () => {
  const pairs = [
    ["state", "NOPE"],
    ["state", "FAILED"],
    ["page", "-3"],
    ["size", "7"],
    ["sort", "x:asc"],
    ["labels", "none"],
    ["timeRange", "P9Y"],
  ] as const;
  expect(parseFilters(pairs)).toEqual({ ...NO_FILTERS, states: ["FAILED"] });
});

test("[F2] the plain list has the plain address", () => expect(printFilters(NO_FILTERS)).toEqual([]));

describe("searchQuery", () => {
  test("names page, size and order always, and reads local dates", () => {
    const query = searchQuery(
      { ...NO_FILTERS, states: ["FAILED", "KILLED"], from: "x", page: 3 },
      (local) => `${local}Z`,
    );
    expect(query).toEqual([
      ["state", "FAILED"],
      ["state", "KILLED"],
      ["startDate", "xZ"],
      ["page", "3"],
      ["size", "25"],
      ["sort", "state.startDate:desc"],
    ]);
  });
  test("a range leaves the dates out", () => {
    const query = searchQuery({ ...NO_FILTERS, range: "PT1H", from: "x" }, (local) => local);
    expect(query.map(([name]) => name)).toEqual(["timeRange", "page", "size", "sort"]);
  });
});

test("what is done to all that match is told the filters alone", () => {
  const filters = { ...NO_FILTERS, states: ["FAILED" as const], labels: ["a:b"], page: 3, sort: "flowId" as const };
  expect(filterQuery(filters, (local) => local)).toEqual([
    ["state", "FAILED"],
    ["labels", "a:b"],
  ]);
  expect(filterQuery(NO_FILTERS, (local) => local)).toEqual([]);
});

test("order and page do not narrow", () => {
  expect(isNarrowed({ ...NO_FILTERS, page: 4, sort: "flowId" })).toBe(false);
  expect(isNarrowed({ ...NO_FILTERS, labels: ["a:b"] })).toBe(true);
});
