import type { Flow, Trigger } from "#schema/flow.ts";
import type { EpochMs } from "#schema/json.ts";
import type { State } from "#schema/state.ts";
import type { Row, Sql } from "#shell/sql.ts";
import type { TriggerState } from "./flow-rpc.ts";
import { computeDue, dateAfter, scheduleOf } from "./schedule.ts";

// The states of a flow's time triggers, one row each.
//
// T1. A row changes with its trigger's definition: a new or changed one starts from now; one that is gone is deleted.
// T2. A date that is due becomes a claim: due date, execution id and lock are written before anything is started. A claim is started again
//     until the start was confirmed; its execution id is made from the due date, so that it starts once.
// T3. While a trigger is locked it claims nothing. `release` of another execution than the one it waits for changes nothing.
// T4. Every row has a time at which it is looked at again, unless its trigger is disabled: the next date, the next try, or the next look at
//     the execution it waits for.

export type Claim = { triggerId: string; dueAt: EpochMs; executionId: string };
export type Waiting = { triggerId: string; executionId: string };

const FIRST_LOOK_MS = 60_000;
const MAX_LOOK_MS = 600_000;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 60_000;

export class TriggerTable {
  private readonly sql: Sql;

  constructor(sql: Sql) {
    this.sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS triggers (
        id TEXT PRIMARY KEY, type TEXT NOT NULL, definition TEXT NOT NULL,
        date_at INTEGER, next_at INTEGER, disabled INTEGER NOT NULL,
        locked_by TEXT, locked_at INTEGER, confirmed INTEGER NOT NULL, tries INTEGER NOT NULL, look_at INTEGER,
        free_since INTEGER NOT NULL, last_error TEXT
      ) WITHOUT ROWID`,
    );
  }

  /** [T1] Makes the rows those of `flow`; of none when it is deleted. */
  sync(flow: Flow | undefined, now: EpochMs): void {
    const scheduled = (flow?.triggers ?? []).filter((trigger) => scheduleOf(trigger) !== undefined);
    const known = new Map(
      Array.from(this.sql.exec("SELECT id, definition FROM triggers"), (row) => [row.id, row.definition]),
    );
    for (const trigger of scheduled) {
      const definition = JSON.stringify([flow?.disabled ?? false, trigger]);
      if (known.get(trigger.id) !== definition)
        this.restart(trigger, definition, (flow?.disabled || trigger.disabled) ?? false, now);
      known.delete(trigger.id);
    }
    for (const id of known.keys()) this.sql.exec("DELETE FROM triggers WHERE id = ?", id ?? null);
  }

  private restart(trigger: Trigger, definition: string, isOff: boolean, now: EpochMs): void {
    const schedule = scheduleOf(trigger);
    const nextAt = schedule && !isOff ? (dateAfter(schedule, now) ?? null) : null;
    this.sql.exec(
      `INSERT INTO triggers (id, type, definition, date_at, next_at, disabled, locked_by, locked_at, confirmed, tries, look_at, free_since, last_error)
       VALUES (?, ?, ?, ?, ?, 0, NULL, NULL, 1, 0, NULL, ?, NULL)
       ON CONFLICT (id) DO UPDATE SET type = excluded.type, definition = excluded.definition, next_at = excluded.next_at, last_error = NULL`,
      trigger.id,
      trigger.type,
      definition,
      now,
      nextAt,
      now,
    );
  }

  /** Lets the trigger fire from now on, or never; false when it has no row. It stays so whatever its definition becomes. */
  toggle(trigger: Trigger, enabled: boolean, now: EpochMs): boolean {
    const [row] = this.sql.exec("SELECT disabled, definition FROM triggers WHERE id = ?", trigger.id);
    const schedule = scheduleOf(trigger);
    if (!row || !schedule) return false;
    if (!enabled) {
      this.sql.exec("UPDATE triggers SET disabled = 1 WHERE id = ?", trigger.id);
    } else if (row.disabled === 1) {
      // The flow's own word still keeps it from firing.
      const [isFlowOff]: [boolean] = JSON.parse(String(row.definition));
      const nextAt = isFlowOff || trigger.disabled ? null : (dateAfter(schedule, now) ?? null);
      this.sql.exec(
        "UPDATE triggers SET disabled = 0, next_at = ?, free_since = ? WHERE id = ?",
        nextAt,
        now,
        trigger.id,
      );
    }
    return true;
  }

  /** [T2] Writes a claim for each trigger that is due, and answers these and the ones whose start was not confirmed yet. */
  claim(flow: Flow, now: EpochMs, executionId: (triggerId: string, dueAt: EpochMs) => string): Claim[] {
    const due = this.sql.exec(
      "SELECT id, next_at, free_since FROM triggers WHERE disabled = 0 AND locked_by IS NULL AND next_at <= ?",
      now,
    );
    for (const row of [...due]) {
      const trigger = flow.triggers.find(({ id }) => id === row.id);
      if (trigger) this.claimOne(trigger, row, now, executionId);
    }
    const open = this.sql.exec("SELECT id, date_at, locked_by FROM triggers WHERE confirmed = 0 AND look_at <= ?", now);
    return Array.from(open, (row) => ({
      triggerId: String(row.id),
      dueAt: Number(row.date_at),
      executionId: String(row.locked_by),
    }));
  }

  private claimOne(
    trigger: Trigger,
    row: Row,
    now: EpochMs,
    executionId: (triggerId: string, dueAt: EpochMs) => string,
  ): void {
    const schedule = scheduleOf(trigger);
    if (!schedule) return;
    const due = computeDue(schedule, { nextAt: Number(row.next_at), freeSince: Number(row.free_since), now });
    if (due.dueAt === undefined) {
      this.sql.exec("UPDATE triggers SET next_at = ? WHERE id = ?", due.nextAt ?? null, trigger.id);
      return;
    }
    this.sql.exec(
      "UPDATE triggers SET date_at = ?, next_at = ?, locked_by = ?, locked_at = ?, confirmed = 0, tries = 0, look_at = ?, last_error = NULL WHERE id = ?",
      due.dueAt,
      dateAfter(schedule, due.dueAt) ?? null,
      executionId(trigger.id, due.dueAt),
      now,
      now,
      trigger.id,
    );
  }

  /** The execution was started: from now on it is looked at from time to time. */
  confirm({ triggerId, executionId }: Waiting, now: EpochMs): void {
    this.sql.exec(
      "UPDATE triggers SET confirmed = 1, tries = 0, look_at = ?, last_error = NULL WHERE id = ? AND locked_by = ?",
      now + FIRST_LOOK_MS,
      triggerId,
      executionId,
    );
  }

  /** The start failed on the way: it is tried again, later each time. */
  retry({ triggerId, executionId }: Waiting, error: string, now: EpochMs): void {
    const [row] = this.sql.exec("SELECT tries FROM triggers WHERE id = ? AND locked_by = ?", triggerId, executionId);
    const tries = Number(row?.tries ?? 0);
    this.sql.exec(
      "UPDATE triggers SET tries = ?, look_at = ?, last_error = ? WHERE id = ? AND locked_by = ?",
      tries + 1,
      now + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries, 10)),
      error,
      triggerId,
      executionId,
    );
  }

  /** Executions that a trigger waits for and that are to be looked at now; each is put off to a later look. */
  looks(now: EpochMs): Waiting[] {
    const rows = [
      ...this.sql.exec(
        "SELECT id, locked_by, tries FROM triggers WHERE confirmed = 1 AND locked_by IS NOT NULL AND look_at <= ?",
        now,
      ),
    ];
    return rows.map((row) => {
      const tries = Number(row.tries);
      const lookAt = now + Math.min(MAX_LOOK_MS, FIRST_LOOK_MS * 2 ** Math.min(tries + 1, 10));
      this.sql.exec("UPDATE triggers SET tries = ?, look_at = ? WHERE id = ?", tries + 1, lookAt, row.id ?? null);
      return { triggerId: String(row.id), executionId: String(row.locked_by) };
    });
  }

  /** [T3] Unlocks the trigger, and disables it when `state` is one it stops after. `error`: why nothing was started. */
  release({ triggerId, executionId }: Waiting, state: State | undefined, now: EpochMs, error?: string): boolean {
    const [row] = this.sql.exec(
      "SELECT definition FROM triggers WHERE id = ? AND locked_by = ?",
      triggerId,
      executionId,
    );
    if (!row) return false;
    const stops = state !== undefined && stopsAfter(String(row.definition), state);
    this.sql.exec(
      `UPDATE triggers SET locked_by = NULL, locked_at = NULL, confirmed = 1, tries = 0, look_at = NULL, free_since = ?,
       disabled = max(disabled, ?), last_error = ? WHERE id = ?`,
      now,
      Number(stops),
      error ?? null,
      triggerId,
    );
    return true;
  }

  /** [T4] The earliest time at which a row is to be looked at. */
  nextWakeAt(): EpochMs | undefined {
    const [row] = this.sql.exec(
      `SELECT min(CASE WHEN locked_by IS NOT NULL THEN look_at WHEN disabled = 0 THEN next_at END) AS at FROM triggers`,
    );
    return typeof row?.at === "number" ? row.at : undefined;
  }

  states(): TriggerState[] {
    return Array.from(this.sql.exec("SELECT * FROM triggers ORDER BY id"), (row) => ({
      triggerId: String(row.id),
      type: String(row.type),
      dateAt: numberOrNull(row.date_at),
      nextAt: numberOrNull(row.next_at),
      disabled: row.disabled === 1,
      lockedBy: row.locked_by === null ? null : String(row.locked_by),
      lockedAt: numberOrNull(row.locked_at),
      lastError: row.last_error === null ? null : String(row.last_error),
    }));
  }
}

function numberOrNull(value: string | number | null | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function stopsAfter(definition: string, state: State): boolean {
  const [, trigger]: [boolean, Trigger] = JSON.parse(definition);
  return trigger.stopAfter?.includes(state) ?? false;
}
