import type { EpochMs, JsonObject } from "#schema/json.ts";
import type { Sql } from "#shell/sql.ts";
import type { TemplateKey } from "./namespace-rpc.ts";

// The templates of one tenant, all in one actor: they are few, deprecated, and looked for over all namespaces.
//
// M1. A template is what its last write said; a read gives all of it or none.

const MAX_CHARACTERS = 1_000_000;

export class TemplateCore {
  readonly #sql: Sql;
  readonly #now: () => EpochMs;

  constructor(sql: Sql, now: () => EpochMs) {
    this.#sql = sql;
    this.#now = now;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS template (
        namespace TEXT, id TEXT, body TEXT NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (namespace, id)
      ) WITHOUT ROWID`,
    );
  }

  /** Those of `keys` that there are. */
  find(keys: readonly TemplateKey[]): JsonObject[] {
    return keys.flatMap(({ namespace, id }) => {
      const [row] = this.#sql.exec("SELECT body FROM template WHERE namespace = ? AND id = ?", namespace, id);
      return row === undefined ? [] : [JSON.parse(String(row.body)) as JsonObject];
    });
  }

  /** `create` leaves one that is there, `update` makes none. */
  save(
    { namespace, id }: TemplateKey,
    body: JsonObject,
    mode: "create" | "update" | "put",
  ): "saved" | "exists" | "absent" {
    const text = JSON.stringify(body);
    if (text.length > MAX_CHARACTERS)
      throw new RangeError(`the template ${namespace}.${id} has more than ${MAX_CHARACTERS} characters`);
    const isThere = this.find([{ namespace, id }]).length > 0;
    if (mode === "create" && isThere) return "exists";
    if (mode === "update" && !isThere) return "absent";
    this.#sql.exec("INSERT OR REPLACE INTO template VALUES (?, ?, ?, ?)", namespace, id, text, this.#now());
    return "saved";
  }

  remove({ namespace, id }: TemplateKey): boolean {
    const [row] = this.#sql.exec("DELETE FROM template WHERE namespace = ? AND id = ? RETURNING id", namespace, id);
    return row !== undefined;
  }

  /** All, by namespace and id. */
  list(): JsonObject[] {
    const rows = this.#sql.exec("SELECT body FROM template ORDER BY namespace, id");
    return Array.from(rows, (row) => JSON.parse(String(row.body)) as JsonObject);
  }
}
