import type { EpochMs } from "#schema/json.ts";
import type { SlotAnswer, SlotBehavior, SlotHolder, SlotView, SlotWaiter, SlotWish } from "#schema/slot.ts";
import type { Row, Sql } from "#shell/sql.ts";

// The concurrency slots of one flow: leases owned by executions. A row for each that holds a slot, waits for one, or is to be told that it
// gets none.
//
// H1. At most `limit` rows are held, but for those that were forced, adopted, or granted under a higher limit; these count too.
// H2. First in, first out: the row that is granted is always the one with the lowest arrival number. A slot that is free while somebody
//     waits is granted in the transaction that freed it.
// H3. A row belongs to one effect of its execution. The same effect again gets the same answer; a later effect is a new arrival, and what
//     the earlier one had is freed; an earlier one, or a release by it, changes nothing.
// H4. Limit and behaviour are arguments: those of the flow's newest revision. Without a limit everybody is granted, the queue at once.
// H5. A verdict that nobody asked for (a grant from the queue, a refusal of who waits) is told until the execution has taken it. One that
//     does not want it any more loses the row.
// H6. Every held row is told again from time to time: an owner that has ended, is gone, or holds by another effect loses the slot.
// H7. Somebody waits only while one holder at least can end without it: a holder waits for those whose ancestor it is. Were all holders to
//     wait for executions in the queue, the newest of these is refused, with the reason.
// H8. A release that finds no row is remembered for a while: the wish that it ends may come later than itself.

export type SlotLimit = { limit: number; behavior: SlotBehavior };
/** A verdict to tell: `refused` ends the wait, `granted` is also the question whether the slot is still held. */
export type SlotTelling = { executionId: string; effect: string; answer: "granted" | "refused"; reason?: string };

const FIRST_LOOK_MS = 60_000;
const MAX_LOOK_MS = 600_000;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 60_000;
const REMEMBERED_MS = 600_000;
const MAX_TELLINGS = 100;
const VIEW_SIZE = 200;

const DEADLOCK =
  "It would wait for ever: every slot of the flow is held by an execution that waits for one in the queue. Raise the flow's `concurrency.limit`, or let what starts it not wait for it.";

export class SlotTable {
  /** True when this is the first time that the flow has such a table. */
  readonly isNew: boolean;
  private readonly sql: Sql;

  constructor(sql: Sql) {
    this.sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS slots (
        execution_id TEXT PRIMARY KEY, state TEXT NOT NULL, number INTEGER NOT NULL, effect TEXT NOT NULL, since INTEGER NOT NULL,
        forced INTEGER NOT NULL, confirmed INTEGER NOT NULL, tries INTEGER NOT NULL, look_at INTEGER
      ) WITHOUT ROWID`,
    );
    sql.exec("CREATE INDEX IF NOT EXISTS slots_in_order ON slots (state, number)");
    // Who waits for whom, for those in the queue alone.
    sql.exec(
      "CREATE TABLE IF NOT EXISTS slot_waits (ancestor TEXT NOT NULL, execution_id TEXT NOT NULL, depth INTEGER NOT NULL, PRIMARY KEY (ancestor, execution_id)) WITHOUT ROWID",
    );
    sql.exec("CREATE INDEX IF NOT EXISTS slot_waits_of ON slot_waits (execution_id)");
    sql.exec(
      "CREATE TABLE IF NOT EXISTS slot_book (one INTEGER PRIMARY KEY CHECK (one = 1), arrivals INTEGER NOT NULL, adopt_at INTEGER, rounds INTEGER NOT NULL)",
    );
    const [book] = sql.exec("SELECT one FROM slot_book");
    this.isNew = book === undefined;
    sql.exec("INSERT OR IGNORE INTO slot_book (one, arrivals, adopt_at, rounds) VALUES (1, 0, NULL, 0)");
  }

  /** [H2, H3, H7] */
  acquire({ executionId, effect, force, ancestors }: SlotWish, limit: SlotLimit | undefined, now: EpochMs): SlotAnswer {
    return this.sql.transaction(() => {
      const known = this.row(executionId);
      const order = known === undefined ? 1 : numberOf(effect) - numberOf(String(known.effect));
      if (known && order <= 0) return order === 0 ? this.answerTo(known, limit) : { answer: "refused" as const };
      if (force) {
        const keeps = known?.state === "held";
        this.put({ executionId, effect, state: "held", forced: !keeps || known.forced === 1 }, now);
        this.settle(limit, now);
        return this.granted();
      }
      if (known) {
        this.remove(executionId);
        this.settle(limit, now);
      }
      const held = this.count("held");
      const isFull = limit !== undefined && held >= limit.limit;
      if (isFull && limit.behavior !== "QUEUE")
        return { answer: "refused" as const, running: held, behavior: limit.behavior };
      this.put({ executionId, effect, state: isFull ? "queued" : "held", forced: false }, now);
      if (!isFull) return this.granted();
      this.wait(executionId, ancestors);
      this.settle(limit, now);
      const row = this.row(executionId);
      if (row?.state !== "refused") return { answer: "queued" as const, running: held };
      this.remove(executionId);
      return { answer: "refused" as const, running: held, reason: DEADLOCK };
    });
  }

  private answerTo(row: Row, limit: SlotLimit | undefined): SlotAnswer {
    if (row.state === "held") return this.granted();
    if (row.state === "queued") return { answer: "queued", running: this.count("held") };
    if (row.state === "released") return { answer: "refused" };
    return { answer: "refused", reason: DEADLOCK, ...(limit && { behavior: limit.behavior }) };
  }

  private granted(): SlotAnswer {
    return { answer: "granted", running: this.count("held") };
  }

  /** [H3, H8] The execution no longer wants what `effect` asked for. */
  release(executionId: string, effect: string, limit: SlotLimit | undefined, now: EpochMs): void {
    this.sql.transaction(() => {
      const row = this.row(executionId);
      if (row && numberOf(String(row.effect)) > numberOf(effect)) return;
      if (row) this.remove(executionId);
      else this.put({ executionId, effect, state: "released", forced: false }, now);
      this.settle(limit, now);
    });
  }

  /** [H2, H7] Lets the queue move as far as it may. */
  settle(limit: SlotLimit | undefined, now: EpochMs): void {
    this.sql.transaction(() => {
      this.grantFree(limit, now);
      while (this.isDeadlocked()) {
        const [last] = this.sql.exec(
          `SELECT execution_id FROM slots WHERE state = 'queued' AND execution_id IN (SELECT w.execution_id FROM slot_waits w
           JOIN slots h ON h.execution_id = w.ancestor AND h.state = 'held') ORDER BY number DESC LIMIT 1`,
        );
        if (!last) return;
        this.move(String(last.execution_id), "refused", now);
      }
    });
  }

  private grantFree(limit: SlotLimit | undefined, now: EpochMs): void {
    let free = limit === undefined ? Number.POSITIVE_INFINITY : limit.limit - this.count("held");
    for (; free > 0; free--) {
      const [first] = this.sql.exec("SELECT execution_id FROM slots WHERE state = 'queued' ORDER BY number LIMIT 1");
      if (!first) return;
      this.move(String(first.execution_id), "held", now);
    }
  }

  /** [H7] True when somebody waits and each holder waits for somebody in the queue. */
  private isDeadlocked(): boolean {
    if (this.count("queued") === 0 || this.count("held") === 0) return false;
    const [able] = this.sql.exec(
      "SELECT 1 AS able FROM slots h WHERE h.state = 'held' AND NOT EXISTS (SELECT 1 FROM slot_waits w WHERE w.ancestor = h.execution_id) LIMIT 1",
    );
    return able === undefined;
  }

  /** [H5, H6] What is to be told now; each is put off to a later try. */
  tellings(now: EpochMs): SlotTelling[] {
    return this.sql.transaction(() => {
      this.sql.exec("DELETE FROM slots WHERE state = 'released' AND look_at <= ?", now);
      const rows = [
        ...this.sql.exec(
          "SELECT * FROM slots WHERE state IN ('held', 'refused') AND look_at <= ? ORDER BY look_at LIMIT ?",
          now,
          MAX_TELLINGS,
        ),
      ];
      return rows.map((row) => {
        const tries = Number(row.tries);
        const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries, 10));
        const id = String(row.execution_id);
        this.sql.exec("UPDATE slots SET tries = ?, look_at = ? WHERE execution_id = ?", tries + 1, now + delayMs, id);
        const isHeld = row.state === "held";
        const verdict = isHeld ? { answer: "granted" as const } : { answer: "refused" as const, reason: DEADLOCK };
        return { executionId: id, effect: String(row.effect), ...verdict };
      });
    });
  }

  /** The execution has heard: `taken` says whether it holds the slot. */
  told(telling: SlotTelling, taken: boolean, limit: SlotLimit | undefined, now: EpochMs): void {
    const { executionId, effect, answer } = telling;
    this.sql.transaction(() => {
      const row = this.row(executionId);
      if (row?.effect !== effect || row.state !== (answer === "granted" ? "held" : "refused")) return;
      if (!taken || answer === "refused") {
        this.remove(executionId);
        this.settle(limit, now);
        return;
      }
      const looks = Number(row.confirmed);
      const lookAt = now + Math.min(MAX_LOOK_MS, FIRST_LOOK_MS * 2 ** Math.min(looks, 10));
      this.sql.exec(
        "UPDATE slots SET confirmed = ?, tries = 0, look_at = ? WHERE execution_id = ?",
        looks + 1,
        lookAt,
        executionId,
      );
    });
  }

  /** A limit has come: at `at`, what runs is to be adopted. */
  planAdoption(at: EpochMs): void {
    this.sql.exec("UPDATE slot_book SET adopt_at = ?, rounds = 0", at);
  }

  /** One round is done; `againMs` says when the next ones are. */
  adopted(now: EpochMs, againMs: readonly number[]): void {
    const [row] = this.sql.exec("SELECT rounds FROM slot_book");
    const rounds = Number(row?.rounds ?? 0);
    const next = againMs[rounds];
    this.sql.exec("UPDATE slot_book SET adopt_at = ?, rounds = ?", next === undefined ? null : now + next, rounds + 1);
  }

  get adoptAt(): EpochMs | undefined {
    const [row] = this.sql.exec("SELECT adopt_at FROM slot_book");
    return typeof row?.adopt_at === "number" ? row.adopt_at : undefined;
  }

  /** Executions that run without ever having asked hold slots from now on, if they say so when told. */
  adopt(executionIds: readonly string[], effect: string, now: EpochMs): void {
    this.sql.transaction(() => {
      for (const executionId of executionIds) {
        if (this.row(executionId)) continue;
        this.put({ executionId, effect, state: "held", forced: true }, now);
        this.sql.exec("UPDATE slots SET confirmed = 0, look_at = ? WHERE execution_id = ?", now, executionId);
      }
    });
  }

  nextWakeAt(): EpochMs | undefined {
    const [row] = this.sql.exec("SELECT min(look_at) AS at FROM slots WHERE state IN ('held', 'refused', 'released')");
    const times = [row?.at, this.adoptAt].filter((at) => typeof at === "number");
    return times.length === 0 ? undefined : Math.min(...times);
  }

  view(limit: SlotLimit | undefined): SlotView {
    const holders: SlotHolder[] = Array.from(
      this.sql.exec("SELECT * FROM slots WHERE state = 'held' ORDER BY number LIMIT ?", VIEW_SIZE),
      (row) => ({ executionId: String(row.execution_id), since: Number(row.since), forced: row.forced === 1 }),
    );
    const queue: SlotWaiter[] = Array.from(
      this.sql.exec("SELECT * FROM slots WHERE state = 'queued' ORDER BY number LIMIT ?", VIEW_SIZE),
      (row, index) => ({ executionId: String(row.execution_id), since: Number(row.since), position: index + 1 }),
    );
    return { limit, holders, queue, queued: this.count("queued") };
  }

  private row(executionId: string): Row | undefined {
    const [row] = this.sql.exec("SELECT * FROM slots WHERE execution_id = ?", executionId);
    return row;
  }

  private count(state: "held" | "queued"): number {
    const [row] = this.sql.exec("SELECT count(*) AS n FROM slots WHERE state = ?", state);
    return Number(row?.n ?? 0);
  }

  /** A new arrival. What it answers is heard by whoever asked, who asks until it has heard. */
  private put(
    row: { executionId: string; effect: string; state: "held" | "queued" | "released"; forced: boolean },
    now: EpochMs,
  ): void {
    this.remove(row.executionId);
    this.sql.exec("UPDATE slot_book SET arrivals = arrivals + 1");
    const lookAt = { held: now + FIRST_LOOK_MS, queued: null, released: now + REMEMBERED_MS }[row.state];
    this.sql.exec(
      `INSERT INTO slots (execution_id, state, number, effect, since, forced, confirmed, tries, look_at)
       SELECT ?, ?, arrivals, ?, ?, ?, 1, 0, ? FROM slot_book`,
      row.executionId,
      row.state,
      row.effect,
      now,
      Number(row.forced),
      lookAt,
    );
  }

  private wait(executionId: string, ancestors: readonly string[]): void {
    ancestors.forEach((ancestor, depth) => {
      this.sql.exec(
        "INSERT OR IGNORE INTO slot_waits (ancestor, execution_id, depth) VALUES (?, ?, ?)",
        ancestor,
        executionId,
        depth,
      );
    });
  }

  /** Out of the queue, by a verdict that is to be told. */
  private move(executionId: string, state: "held" | "refused", now: EpochMs): void {
    this.sql.exec("DELETE FROM slot_waits WHERE execution_id = ?", executionId);
    this.sql.exec(
      "UPDATE slots SET state = ?, since = ?, confirmed = 0, tries = 0, look_at = ? WHERE execution_id = ?",
      state,
      now,
      now,
      executionId,
    );
  }

  /** Takes the row away. Nobody waits through it any more: neither itself, nor whoever is further from those below it. */
  private remove(executionId: string): void {
    this.sql.exec("DELETE FROM slot_waits WHERE execution_id = ?", executionId);
    const below = [...this.sql.exec("SELECT execution_id, depth FROM slot_waits WHERE ancestor = ?", executionId)];
    for (const row of below)
      this.sql.exec(
        "DELETE FROM slot_waits WHERE execution_id = ? AND depth >= ?",
        row.execution_id ?? null,
        Number(row.depth),
      );
    this.sql.exec("DELETE FROM slots WHERE execution_id = ?", executionId);
  }
}

/** How late in its execution's life an effect was asked for; 0 for one that nobody asked. */
function numberOf(effect: string): number {
  const number = Number(effect.slice(effect.indexOf(":") + 1));
  return Number.isNaN(number) ? 0 : number;
}
