import { toSummary } from "#engine/index.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import type { Live } from "./live.ts";
import type { CellStore } from "./store.ts";
import type { Host, ProjectionPort } from "./world.ts";

const FLUSH_MS = 150;
const MAX_RETRY_MS = 60_000;

/**
 * Tells the projection what changed, in batches, until it has confirmed.
 *
 * J1. A row carries the sequence number of the state it shows.
 * J2. What is not confirmed is told again: after a failure here, after a crash by whoever finds it open.
 */
export class Projector {
  readonly #port: ProjectionPort;
  readonly #host: Host;
  readonly #store: CellStore;
  readonly #changed = new Map<string, ExecutionSummary>();
  #isScheduled = false;
  #isFlushing = false;
  #retryMs = FLUSH_MS;

  constructor(port: ProjectionPort, host: Host, store: CellStore) {
    this.#port = port;
    this.#host = host;
    this.#store = store;
  }

  changed(live: Live): void {
    const { state } = live;
    if (live.projected >= state.seq || state.facts === undefined) return;
    // Lists show no steps: until it ends, only another state or other labels are news.
    const isNews = live.isTerminal || live.shown?.status !== state.status || live.shown.labels !== state.labels;
    if (!isNews) return;
    live.shown = state;
    live.projected = state.seq;
    const summary = toSummary(state);
    // Lists show labels to everybody.
    const labels = summary.labels.map(({ key, value }) => ({ key, value: live.masker.mask(value) }));
    this.#changed.set(live.id, { ...summary, labels });
    this.#schedule(FLUSH_MS);
  }

  /** The row that takes the execution out of the lists. */
  removed(summary: ExecutionSummary): void {
    this.#changed.set(summary.id, summary);
    this.#schedule(FLUSH_MS);
  }

  /** True while something is not confirmed. */
  get isOpen(): boolean {
    return this.#changed.size > 0 || this.#isFlushing;
  }

  #schedule(ms: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#host.later(ms, () => void this.#flush());
  }

  async #flush(): Promise<void> {
    this.#isScheduled = false;
    const batch = [...this.#changed.values()];
    this.#changed.clear();
    if (batch.length === 0) return;
    this.#isFlushing = true;
    try {
      await this.#port.project(batch);
      this.#retryMs = FLUSH_MS;
      for (const { id, seq, deleted } of batch) {
        if (deleted) this.#store.told(id);
        else this.#store.confirm(id, seq);
      }
    } catch (error) {
      this.#host.failed(error);
      for (const row of batch) if ((this.#changed.get(row.id)?.seq ?? -1) < row.seq) this.#changed.set(row.id, row);
      this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
    } finally {
      this.#isFlushing = false;
    }
    if (this.#changed.size > 0) this.#schedule(this.#retryMs);
  }
}
