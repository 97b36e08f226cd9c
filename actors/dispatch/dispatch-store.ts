import { assertNever } from "#schema/assert-never.ts";
import type { Sql, SqlValue } from "#shell/sql.ts";
import { AgentFacts, applyChanges, type Change, emptyState, JobFacts, type MutableState } from "./dispatch-state.ts";

// The rows of a Dispatch actor: one for each job (its facts and its properties), one for each agent, and one for each
// job that has logged. No index but the keys: rows written are the bill.

const TABLES = [
  "CREATE TABLE IF NOT EXISTS job (id TEXT PRIMARY KEY, facts TEXT NOT NULL, payload TEXT NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS logged (id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, next INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS agent (id TEXT PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID",
];

export class DispatchStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    for (const table of TABLES) sql.exec(table);
  }

  /** All that is known, as it was committed. */
  load(): MutableState {
    const state = emptyState();
    const jobs = this.#rows("SELECT facts FROM job").map((row) => JobFacts.parse(JSON.parse(text(row, "facts"))));
    jobs.sort((a, b) => a.queuedAt - b.queuedAt);
    applyChanges(
      state,
      jobs.map((facts) => ({ kind: "job-moved", facts })),
    );
    for (const row of this.#rows("SELECT id, epoch, next FROM logged")) {
      const id = text(row, "id");
      const current = state.leased.has(id) && state.jobs.get(id)?.epoch === Number(row.epoch);
      if (current) state.logged.set(id, Number(row.next));
    }
    for (const row of this.#rows("SELECT facts FROM agent")) {
      const facts = AgentFacts.parse(JSON.parse(text(row, "facts")));
      applyChanges(state, [{ kind: "agent-heard", facts, durable: true }]);
    }
    return state;
  }

  /** The job as it was handed over, in JSON; undefined when it is over. */
  payload(id: string): string | undefined {
    const row = this.#rows("SELECT payload FROM job WHERE id = ?", id)[0];
    return row && text(row, "payload");
  }

  /** Writes `changes`, all or none. */
  commit(changes: readonly Change[]): void {
    const durable = changes.filter((change) => change.kind !== "agent-heard" || change.durable);
    if (durable.length === 0) return;
    this.#sql.transaction(() => {
      for (const change of durable) this.#write(change);
    });
  }

  #write(change: Change): void {
    switch (change.kind) {
      case "job-added":
        this.#run("INSERT INTO job VALUES (?, ?, ?)", change.facts.id, JSON.stringify(change.facts), change.payload);
        return;
      case "job-moved":
        this.#move(change.facts);
        return;
      case "job-forgotten":
        this.#run("DELETE FROM job WHERE id = ?", change.id);
        return;
      case "lines-taken":
        this.#run("INSERT OR REPLACE INTO logged VALUES (?, ?, ?)", change.id, change.epoch, change.next);
        return;
      case "agent-heard": {
        const { facts } = change;
        this.#run("INSERT OR REPLACE INTO agent VALUES (?, ?)", facts.presence.agentId, JSON.stringify(facts));
        return;
      }
      case "agent-forgotten":
        this.#run("DELETE FROM agent WHERE id = ?", change.agentId);
        return;
      default:
        assertNever(change);
    }
  }

  #move(facts: JobFacts): void {
    const json = JSON.stringify(facts);
    const over = facts.phase.kind === "done";
    this.#run(`UPDATE job SET facts = ?${over ? ", payload = ''" : ""} WHERE id = ?`, json, facts.id);
    if (over) this.#run("DELETE FROM logged WHERE id = ?", facts.id);
  }

  #run(query: string, ...bindings: SqlValue[]): void {
    this.#rows(query, ...bindings);
  }

  #rows(query: string, ...bindings: SqlValue[]) {
    return [...this.#sql.exec(query, ...bindings)];
  }
}

function text(row: Record<string, unknown>, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`column ${column} holds no text`);
  return value;
}
