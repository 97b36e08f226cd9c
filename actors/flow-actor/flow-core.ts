import type { Flow } from "#schema/flow.ts";
import type { EpochMs } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import type { Row, Sql } from "#shell/sql.ts";
import type { FlowHead, FlowKey, FlowRevision, SaveAnswer, SaveMode } from "./flow-rpc.ts";
import { type SlotLimit, SlotTable } from "./slot-table.ts";
import { TriggerTable } from "./trigger-table.ts";

// The truth of one flow: its revisions, and through TriggerTable and SlotTable the states of its time triggers and its concurrency slots.
//
// W1. A source is kept byte for byte. Each change of it is a new revision, one higher; saving what is there is no change.
// W2. Deleting is a revision too: it keeps all others, and a flow that comes back goes on counting.
// W3. Only a source without errors is saved, and only under the names that it says itself.
// W4. What lists must know is marked in the transaction that changed it, and the mark is taken away only when they know.
// W5. The limit of its executions is that of the newest revision; deleting a flow leaves it in force for those that are there.

export type ParseFlow = (source: string) => { flow?: Flow | undefined; problems: readonly Problem[] };

export class FlowCore {
  readonly triggers: TriggerTable;
  readonly slots: SlotTable;
  private readonly sql: Sql;
  private readonly parse: ParseFlow;
  private last: FlowRevision | undefined;
  private parsed: { revision: number; flow: Flow } | undefined;

  constructor(sql: Sql, parse: ParseFlow) {
    this.sql = sql;
    this.parse = parse;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS revisions (revision INTEGER PRIMARY KEY, source TEXT NOT NULL, disabled INTEGER NOT NULL, deleted INTEGER NOT NULL, saved_at INTEGER NOT NULL)",
    );
    sql.exec(
      "CREATE TABLE IF NOT EXISTS flow (one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, namespace TEXT NOT NULL, id TEXT NOT NULL, changes INTEGER NOT NULL, known INTEGER NOT NULL)",
    );
    const columns = Array.from(sql.exec("SELECT name FROM pragma_table_info('flow')"), ({ name }) => name);
    if (!columns.includes("around")) sql.exec("ALTER TABLE flow ADD COLUMN around TEXT");
    this.triggers = new TriggerTable(sql);
    this.slots = new SlotTable(sql);
    const [row] = sql.exec("SELECT * FROM revisions ORDER BY revision DESC LIMIT 1");
    this.last = row && revisionOf(row);
    if (this.slots.isNew && this.limit() !== undefined) this.slots.planAdoption(0);
  }

  /** `around`: stands behind the source wherever it is read, and is no part of it. */
  save(key: FlowKey, source: string, mode: SaveMode, now: EpochMs, around = ""): SaveAnswer {
    const live = this.last !== undefined && !this.last.deleted;
    if (mode === "create" && live) return { kind: "exists" };
    if (mode === "update" && !live) return { kind: "absent" };
    const { flow, problems } = this.parse(source + around);
    if (!flow || flow.id !== key.flowId || flow.namespace !== key.namespace) {
      return { kind: "invalid", problems: [...problems] };
    }
    const isSame = live && this.last?.source === source;
    if (isSame && around !== this.around()) {
      this.sql.transaction(() => {
        this.keepAround(around);
        this.triggers.sync(flow, now);
        this.slots.settle(flow.concurrency, now);
        this.changed();
      });
    }
    if (!isSame) {
      const isNewLimit = this.last !== undefined && this.limit() === undefined && flow.concurrency !== undefined;
      this.sql.transaction(() => {
        this.sql.exec(
          "INSERT OR IGNORE INTO flow (one, tenant, namespace, id, changes, known) VALUES (1, ?, ?, ?, 0, 0)",
          key.tenant,
          key.namespace,
          key.flowId,
        );
        this.keepAround(around);
        this.append({ source, disabled: flow.disabled, deleted: false }, now);
        this.triggers.sync(flow, now);
        if (isNewLimit) this.slots.planAdoption(now);
        this.slots.settle(flow.concurrency, now);
      });
    }
    return this.last ? { kind: "saved", flow: this.last, problems: [...problems] } : { kind: "absent" };
  }

  remove(now: EpochMs): boolean {
    const { last } = this;
    if (!last || last.deleted) return false;
    this.sql.transaction(() => {
      this.append({ source: last.source, disabled: last.disabled, deleted: true }, now);
      this.triggers.sync(undefined, now);
    });
    return true;
  }

  head(revision?: number, knows?: number): FlowHead {
    const { last } = this;
    if (!last) return { kind: "absent" };
    if (revision === undefined || revision === last.revision) {
      if (last.deleted) return { kind: "deleted", last };
      return { kind: "found", flow: last.revision === knows ? { ...last, source: "" } : last };
    }
    const [row] = this.sql.exec("SELECT * FROM revisions WHERE revision = ?", revision);
    if (!row || row.deleted === 1) return { kind: "absent" };
    const found = revisionOf(row);
    // An old revision of a disabled flow is not to run either, and one of a limited flow is limited too.
    const limited = this.limit() === undefined ? {} : { limited: true as const };
    const flow = { ...found, disabled: last.disabled || found.disabled, ...limited };
    if (last.deleted) return { kind: "deleted", last: flow };
    return { kind: "found", flow: revision === knows ? { ...flow, source: "" } : flow };
  }

  revisions(): FlowRevision[] {
    return Array.from(this.sql.exec("SELECT * FROM revisions ORDER BY revision"), revisionOf);
  }

  /** The flow as it runs now, with its key; undefined while there is none, or it is deleted or cannot be read any more. */
  current(): { key: FlowKey; head: FlowRevision; flow: Flow } | undefined {
    const { last } = this;
    const key = this.key();
    if (!key || !last || last.deleted) return undefined;
    const flow = this.newest();
    return flow && { key, head: last, flow };
  }

  /** [W5] */
  limit(): SlotLimit | undefined {
    return this.newest()?.concurrency;
  }

  /** The flow of the last revision, deleted or not; undefined when it cannot be read any more. */
  private newest(): Flow | undefined {
    const { last } = this;
    if (!last) return undefined;
    if (this.parsed?.revision !== last.revision) {
      const { flow } = this.parse(last.source + this.around());
      this.parsed = flow && { revision: last.revision, flow };
    }
    return this.parsed?.flow;
  }

  private around(): string {
    const [row] = this.sql.exec("SELECT around FROM flow");
    return typeof row?.around === "string" ? row.around : "";
  }

  private keepAround(around: string): void {
    this.sql.exec("UPDATE flow SET around = ?", around === "" ? null : around);
    this.parsed = undefined;
  }

  key(): FlowKey | undefined {
    const [row] = this.sql.exec("SELECT tenant, namespace, id FROM flow");
    return row && { tenant: String(row.tenant), namespace: String(row.namespace), flowId: String(row.id) };
  }

  /** [W4] Something that lists show has changed. */
  changed(): void {
    this.sql.exec("UPDATE flow SET changes = changes + 1");
  }

  /** The number of the newest change when lists do not know it yet. */
  unknownChange(): number | undefined {
    const [row] = this.sql.exec("SELECT changes FROM flow WHERE changes > known");
    return row && Number(row.changes);
  }

  knownUpTo(change: number): void {
    this.sql.exec("UPDATE flow SET known = max(known, ?)", change);
  }

  private append({ source, disabled, deleted }: Omit<FlowRevision, "revision">, now: EpochMs): void {
    const revision = (this.last?.revision ?? 0) + 1;
    this.sql.exec(
      "INSERT INTO revisions (revision, source, disabled, deleted, saved_at) VALUES (?, ?, ?, ?, ?)",
      revision,
      source,
      Number(disabled),
      Number(deleted),
      now,
    );
    this.last = { revision, source, disabled, deleted };
    this.changed();
  }
}

function revisionOf(row: Row): FlowRevision {
  return {
    revision: Number(row.revision),
    source: String(row.source),
    disabled: row.disabled === 1,
    deleted: row.deleted === 1,
  };
}
