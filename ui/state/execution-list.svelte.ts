import type { ExecutionJson } from "#schema/execution.ts";
import {
  type ExecutionFilters,
  filterQuery,
  isNarrowed,
  NO_FILTERS,
  PAGE_SIZES,
  parseFilters,
  printFilters,
  type SortField,
  searchQuery,
} from "../model/execution-filters.ts";
import { localToInstant, readAddress, writeAddress } from "./address.ts";
import { api, type Page } from "./api.ts";
import { type BulkTarget, Selection } from "./bulk.svelte.ts";
import { Resource } from "./resource.svelte.ts";

/** The executions list: filters from the address, rows from the search, asked again by itself. */
export class ExecutionList {
  readonly sizes = PAGE_SIZES;
  readonly filters = $derived<ExecutionFilters>(parseFilters(readAddress()));
  readonly narrowed = $derived(isNarrowed(this.filters));
  refreshing = $state(true);
  readonly resource: Resource<Page<ExecutionJson>>;
  readonly selection = new Selection();
  readonly #fixed: () => Partial<ExecutionFilters>;

  /** `fixed` narrows beyond what the reader may change, as the executions of one flow. */
  constructor(fixed: () => Partial<ExecutionFilters> = () => ({})) {
    this.#fixed = fixed;
    this.resource = new Resource((signal) =>
      api.searchExecutions(searchQuery({ ...this.filters, ...fixed() }, localToInstant), signal),
    );
    this.resource.poll(() => (this.refreshing ? 4000 : 0));
  }

  /** What the reader has chosen, as the server is told of it. */
  get target(): BulkTarget {
    if (!this.selection.all) return { kind: "ids", ids: [...this.selection.ids] };
    return { kind: "query", query: filterQuery({ ...this.filters, ...this.#fixed() }, localToInstant) };
  }

  /** Changes filters and goes back to the first page unless a page is given. */
  change(change: Partial<ExecutionFilters>, options: { push?: boolean } = {}): void {
    // What was chosen under other filters may not be among these. Other pages and another order keep it.
    if (Object.keys(change).some((name) => !["page", "size", "sort", "descending"].includes(name)))
      this.selection.clear();
    writeAddress(printFilters({ ...this.filters, page: 1, ...change }), options);
  }
  clear(): void {
    this.change({
      ...NO_FILTERS,
      sort: this.filters.sort,
      descending: this.filters.descending,
      size: this.filters.size,
    });
  }
  sortBy(sort: SortField): void {
    this.change({ sort, descending: this.filters.sort === sort ? !this.filters.descending : true });
  }
}
