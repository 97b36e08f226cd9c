import type { ExecutionSummary } from "#schema/execution.ts";
import { CANARY, type Lab, Refused } from "./lab.ts";

/** What one message may hold on the platform, in characters. */
const MAX_MESSAGE_CHARACTERS = 128_000;

/** The projection: rows that never go back, tombstones that stay. It may be down, slow, or told old news again. */
export class SimLists {
  readonly rows = new Map<string, ExecutionSummary>();
  readonly #lab: Lab;
  readonly #downFrom: number;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#downFrom = lab.clock.now + lab.random.int(0, 60_000);
  }

  /** Executions that lists show. */
  shown(): ExecutionSummary[] {
    return [...this.rows.values()].filter((row) => !row.deleted);
  }

  get isDown(): boolean {
    const { lists } = this.#lab.settings;
    const { now } = this.#lab.clock;
    return lists.downMs > 0 && now >= this.#downFrom && now < this.#downFrom + lists.downMs;
  }

  take(rows: readonly ExecutionSummary[]): null {
    const { clock, random, coverage, settings } = this.#lab;
    if (this.isDown) {
      coverage.hit("fault", "lists down");
      throw new Refused("the lists are down");
    }
    for (const row of rows) this.#take(row);
    if (this.#lab.isFaulty() && random.chance(settings.lists.stale)) {
      coverage.hit("fault", "old news for the lists");
      clock.in(random.int(0, 120_000), "old news", () => {
        for (const row of rows) this.#take(row);
      });
    }
    return null;
  }

  #take(row: ExecutionSummary): void {
    this.#check(row);
    const known = this.rows.get(row.id);
    if (known !== undefined && this.#lab.mutant?.projection !== "unguarded") {
      if (known.deleted || (row.seq <= known.seq && !row.deleted)) return;
    }
    this.rows.set(row.id, row);
  }

  #check(row: ExecutionSummary): void {
    const { audit } = this.#lab;
    const trail = audit.trails.get(row.id);
    if (trail === undefined) return audit.complain(`I10 lists hear of ${row.id}, which was never committed`);
    const { statuses, state } = trail;
    if (row.deleted) {
      if (!audit.deleted.has(row.id)) audit.complain(`I10 ${row.id} is deleted in the lists before it is`);
    } else if (row.seq > state.seq) audit.complain(`I10 the lists are ahead of ${row.id}: ${row.seq} of ${state.seq}`);
    else if (row.state !== statuses[row.seq])
      audit.complain(`I10 ${row.id} was ${statuses[row.seq]} at ${row.seq}, the lists hear ${row.state}`);
    if (row.tenant !== state.facts?.tenant) audit.complain(`I23 a row of ${state.facts?.tenant} for ${row.tenant}`);
    const text = JSON.stringify(row);
    if (text.length > MAX_MESSAGE_CHARACTERS) audit.complain(`I22 a row of ${text.length} characters for the lists`);
    if (text.includes(CANARY)) audit.complain("I21 a secret in a row of the lists");
  }

  /** [I10, I28] What is there is shown as it is; what is deleted is not. */
  finish(): void {
    const { audit } = this.#lab;
    for (const { id, state } of audit.live()) {
      const row = this.rows.get(id);
      if (row?.seq !== state.seq || row.state !== state.status || row.deleted)
        audit.complain(
          `I10 ${id}: the list shows ${row?.state} at ${row?.seq}, the truth is ${state.status} at ${state.seq}`,
        );
    }
    for (const id of audit.deleted)
      if (this.rows.get(id)?.deleted === false) audit.complain(`I10 ${id} was deleted and is in the list`);
    const shown = this.shown().length;
    const live = audit.live().length;
    if (shown !== live) audit.complain(`I28 ${shown} in the list, ${live} in truth`);
  }

  get isQuiet(): boolean {
    const { audit } = this.#lab;
    return (
      audit.live().every(({ id, state }) => this.rows.get(id)?.seq === state.seq) &&
      [...audit.deleted].every((id) => this.rows.get(id)?.deleted !== false)
    );
  }
}
