import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Json } from "#schema/json.ts";
import { storedIn } from "#schema/stored.ts";
import { childNodes, type OutputNode, outputNode, outputsByTask, withFetched } from "../model/outputs.ts";
import { api, asFailure, type Evaluation } from "./api.ts";

export type OutputTreeNode = OutputNode;

/** The outputs tree of an execution and the box that evaluates expressions against it. */
export class OutputsView {
  readonly open = new SvelteSet<string>();
  text = $state("");
  expression = $state("");
  taskRunId = $state<string>();
  busy = $state(false);
  answer = $state.raw<Evaluation>();
  /** Values fetched from their files, by address. */
  readonly #fetched = new SvelteMap<string, Json>();
  readonly #run: () => ExecutionJson;

  constructor(run: () => ExecutionJson) {
    this.#run = run;
    this.taskRunId = run().taskRunList?.at(-1)?.id;
  }

  readonly #tree = $derived.by(() => outputsByTask(this.#run()));
  readonly roots = $derived.by((): readonly OutputNode[] => {
    const wanted = this.text.trim().toLowerCase();
    return Object.keys(this.#tree)
      .filter((task) => task.toLowerCase().includes(wanted))
      .map((task) => withFetched(outputNode("outputs", task, this.#tree[task] ?? null), this.#fetched));
  });

  children(node: OutputNode, limit: number): readonly OutputNode[] {
    return childNodes(node, 0, limit).map((child) => withFetched(child, this.#fetched));
  }
  /** Fetches the value of a node whose kind is `stored`, and opens it. */
  async fetch(node: OutputNode): Promise<void> {
    const stored = storedIn(node.value);
    if (stored === undefined) return;
    try {
      this.#fetched.set(stored.uri, await api.storedValue(this.#run().id, stored.uri));
      this.open.add(node.key);
    } catch (cause) {
      this.answer = { error: asFailure(cause).message };
    }
  }
  toggle(key: string): void {
    if (!this.open.delete(key)) this.open.add(key);
  }
  use(expression: string): void {
    this.expression = expression;
    void this.evaluate();
  }

  async evaluate(): Promise<void> {
    const expression = this.expression.trim();
    if (this.busy || expression === "") return;
    this.busy = true;
    try {
      this.answer = await api.evaluate(this.#run().id, this.taskRunId, expression);
    } catch (cause) {
      this.answer = { error: asFailure(cause).message };
    }
    this.busy = false;
  }
}
