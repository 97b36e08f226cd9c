import { STATES, type State } from "#schema/state.ts";

// What the executions list shows, kept in the page's address: a link or "back" brings it again.
//
// F1. parseFilters(printFilters(f)) is f, and what the address says beyond is ignored.
// F2. Defaults are not written: the plain address is the plain list.

export type SortField =
  | "state.startDate"
  | "state.endDate"
  | "state.duration"
  | "namespace"
  | "flowId"
  | "state.current"
  | "id";
const SORT_FIELDS: readonly SortField[] = [
  "state.startDate",
  "state.endDate",
  "state.duration",
  "namespace",
  "flowId",
  "state.current",
  "id",
];
export const TIME_RANGES = ["PT1H", "PT24H", "P7D", "P30D"] as const;
export type TimeRange = (typeof TIME_RANGES)[number];
export const PAGE_SIZES = [25, 50, 100] as const;

export type ExecutionFilters = {
  text: string;
  namespace: string;
  flowId: string;
  states: readonly State[];
  /** `key:value` each. */
  labels: readonly string[];
  /** Either a range back from now or two dates (`2026-05-01T10:00`), never both. */
  range: TimeRange | "";
  from: string;
  to: string;
  sort: SortField;
  descending: boolean;
  /** From 1. */
  page: number;
  size: number;
};

export const NO_FILTERS: ExecutionFilters = {
  text: "",
  namespace: "",
  flowId: "",
  states: [],
  labels: [],
  range: "",
  from: "",
  to: "",
  sort: "state.startDate",
  descending: true,
  page: 1,
  size: 25,
};

/** Name and value, as an address or a form has them; a name may come more than once. */
export type Pairs = readonly (readonly [name: string, value: string])[];

export function parseFilters(pairs: Pairs): ExecutionFilters {
  const first = (name: string): string => pairs.find(([key]) => key === name)?.[1] ?? "";
  const all = (name: string): string[] => [
    ...new Set(pairs.filter(([key, value]) => key === name && value !== "").map(([, value]) => value)),
  ];
  const range = TIME_RANGES.find((known) => known === first("timeRange")) ?? "";
  const [field, direction] = first("sort").split(":");
  const sort = SORT_FIELDS.find((known) => known === field);
  return {
    text: first("q"),
    namespace: first("namespace"),
    flowId: first("flowId"),
    states: STATES.filter((state) => all("state").includes(state)),
    labels: all("labels").filter((label) => label.indexOf(":") > 0),
    range,
    from: range === "" ? first("startDate") : "",
    to: range === "" ? first("endDate") : "",
    sort: sort ?? NO_FILTERS.sort,
    descending: sort === undefined ? NO_FILTERS.descending : direction !== "asc",
    page: atLeastOne(first("page")),
    size: PAGE_SIZES.find((size) => String(size) === first("size")) ?? NO_FILTERS.size,
  };
}

/** What the page's address says. */
export function printFilters(filters: ExecutionFilters): Pairs {
  const pairs: [string, string][] = [];
  const add = (name: string, value: string): void => {
    if (value !== "") pairs.push([name, value]);
  };
  add("q", filters.text);
  add("namespace", filters.namespace);
  add("flowId", filters.flowId);
  for (const state of filters.states) add("state", state);
  for (const label of filters.labels) add("labels", label);
  add("timeRange", filters.range);
  if (filters.range === "") {
    add("startDate", filters.from);
    add("endDate", filters.to);
  }
  if (filters.sort !== NO_FILTERS.sort || filters.descending !== NO_FILTERS.descending) {
    add("sort", `${filters.sort}:${filters.descending ? "desc" : "asc"}`);
  }
  if (filters.page > 1) add("page", String(filters.page));
  if (filters.size !== NO_FILTERS.size) add("size", String(filters.size));
  return pairs;
}

/** What the search is asked. `toInstant` reads a local date and time (`2026-05-01T10:00`) as an ISO instant. */
export function searchQuery(filters: ExecutionFilters, toInstant: (local: string) => string | undefined): Pairs {
  const pairs = printFilters({ ...filters, from: "", to: "", page: 1, size: NO_FILTERS.size }).filter(
    ([name]) => name !== "sort",
  );
  const dates: [string, string][] = [];
  if (filters.range === "") {
    const from = filters.from === "" ? undefined : toInstant(filters.from);
    const to = filters.to === "" ? undefined : toInstant(filters.to);
    if (from !== undefined) dates.push(["startDate", from]);
    if (to !== undefined) dates.push(["endDate", to]);
  }
  return [
    ...pairs,
    ...dates,
    ["page", String(filters.page)],
    ["size", String(filters.size)],
    ["sort", `${filters.sort}:${filters.descending ? "desc" : "asc"}`],
  ];
}

/** What narrows the list, without its order and page: for what is done to all that match. */
export function filterQuery(filters: ExecutionFilters, toInstant: (local: string) => string | undefined): Pairs {
  return searchQuery(filters, toInstant).filter(([name]) => name !== "page" && name !== "size" && name !== "sort");
}

/** True when the list is narrowed by anything but its order and page. */
export function isNarrowed(filters: ExecutionFilters): boolean {
  const { text, namespace, flowId, states, labels, range, from, to } = filters;
  return [text, namespace, flowId, range, from, to].some((value) => value !== "") || states.length + labels.length > 0;
}

function atLeastOne(text: string): number {
  const page = Number.parseInt(text, 10);
  return Number.isSafeInteger(page) && page >= 1 ? page : 1;
}
