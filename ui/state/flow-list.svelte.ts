import type { ExecutionJson } from "#schema/execution.ts";
import { readAddress, writeAddress } from "./address.ts";
import { api, type FlowJson, type Page } from "./api.ts";
import { Resource } from "./resource.svelte.ts";

const SIZE = 25;

/** The flows list: search, namespace, labels and page from the address. */
export class FlowList {
  readonly size = SIZE;
  readonly #pairs = $derived(readAddress());
  readonly text = $derived(this.#first("q"));
  readonly namespace = $derived(this.#first("namespace"));
  readonly labels = $derived(this.#pairs.filter(([name]) => name === "labels").map(([, value]) => value));
  readonly page = $derived(Math.max(1, Number.parseInt(this.#first("page"), 10) || 1));
  readonly narrowed = $derived(this.text !== "" || this.namespace !== "" || this.labels.length > 0);
  readonly flows: Resource<Page<FlowJson>>;
  readonly namespaces: Resource<readonly string[]>;

  constructor() {
    this.flows = new Resource((signal) =>
      api.searchFlows(
        [
          ...this.#printed(),
          ["page", String(this.page)],
          ["size", String(SIZE)],
          ["sort", "namespace:asc"],
          ["sort", "id:asc"],
        ],
        signal,
      ),
    );
    this.namespaces = new Resource((signal) => api.namespaces(signal));
  }

  change(change: { text?: string; namespace?: string; labels?: readonly string[]; page?: number }): void {
    const { text = this.text, namespace = this.namespace, labels = this.labels, page = 1 } = change;
    const pairs: [string, string][] = labels.map((label) => ["labels", label]);
    if (text !== "") pairs.push(["q", text]);
    if (namespace !== "") pairs.push(["namespace", namespace]);
    if (page > 1) pairs.push(["page", String(page)]);
    writeAddress(pairs);
  }

  #printed(): [string, string][] {
    return this.#pairs.filter(([name]) => name !== "page").map(([name, value]) => [name, value]);
  }
  #first(name: string): string {
    return this.#pairs.find(([key]) => key === name)?.[1] ?? "";
  }
}

/** The last executions of a flow, newest first. */
export function recentRuns(
  flow: () => { namespace: string; id: string },
  size = 10,
): Resource<readonly ExecutionJson[]> {
  const runs = new Resource(async (signal) => {
    const { namespace, id } = flow();
    const { results } = await api.searchExecutions(
      [
        ["namespace", namespace],
        ["flowId", id],
        ["size", String(size)],
        ["sort", "state.startDate:desc"],
      ],
      signal,
    );
    return results;
  });
  runs.poll(() => 10_000);
  return runs;
}
