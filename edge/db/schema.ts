import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

// The projection: what lists, search and charts read. Never the truth, always rebuildable from the actors.
// Every row written costs: only columns that lists order or narrow by have an index, and none of those changes after the first write.

export const executions = sqliteTable(
  "executions",
  {
    tenant: text().notNull(),
    id: text().notNull(),
    namespace: text().notNull(),
    flowId: text("flow_id").notNull(),
    flowRevision: integer("flow_revision").notNull(),
    state: text().notNull(),
    startAt: integer("start_at").notNull(),
    endAt: integer("end_at"),
    durationMs: integer("duration_ms"),
    /** JSON list of `{key, value}`. */
    labels: text().notNull(),
    triggerId: text("trigger_id"),
    triggerType: text("trigger_type"),
    triggerExecutionId: text("trigger_execution_id"),
    parentId: text("parent_id"),
    /** Sequence number of the state that the row shows. */
    seq: integer().notNull(),
    /** 1: a tombstone, so that a late message does not bring the row back. */
    deleted: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index("executions_by_start").on(table.tenant, table.startAt),
    index("executions_by_flow").on(table.tenant, table.namespace, table.flowId, table.startAt),
  ],
);

export const flows = sqliteTable(
  "flows",
  {
    tenant: text().notNull(),
    namespace: text().notNull(),
    id: text().notNull(),
    revision: integer().notNull(),
    disabled: integer().notNull(),
    deleted: integer().notNull(),
    description: text(),
    /** JSON list of `{key, value}`. */
    labels: text().notNull(),
    /** The flow as the API shows it, without its source. */
    json: text().notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.namespace, table.id] })],
);

export const triggers = sqliteTable(
  "triggers",
  {
    tenant: text().notNull(),
    namespace: text().notNull(),
    flowId: text("flow_id").notNull(),
    triggerId: text("trigger_id").notNull(),
    type: text().notNull(),
    dateAt: integer("date_at"),
    nextAt: integer("next_at"),
    disabled: integer().notNull(),
    lockedBy: text("locked_by"),
    lockedAt: integer("locked_at"),
    lastError: text("last_error"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.namespace, table.flowId, table.triggerId] })],
);
