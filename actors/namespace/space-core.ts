import type { EpochMs } from "#schema/json.ts";
import type { Row, Sql } from "#shell/sql.ts";
import {
  type SealedSecret,
  type SecretEntry,
  type SecretSearch,
  type Space,
  type SpaceBody,
  type SpaceChain,
  withParents,
} from "./namespace-rpc.ts";

// The namespaces of one tenant: what they say for their flows, and their secrets. All in one actor: they are few, one call answers for
// a namespace and its parents, and a change of keys finds every secret.
//
// N1. Each change of what a namespace says has a new version; who knows the version knows all namespaces of the tenant.
// N2. A secret is held sealed. Nothing here can open it, and no list has its sealed text.
// N3. A sealed text is replaced only where it is still the one that was read.

export class SpaceCore {
  readonly #sql: Sql;
  readonly #now: () => EpochMs;

  constructor(sql: Sql, now: () => EpochMs) {
    this.#sql = sql;
    this.#now = now;
    sql.transaction(() => {
      sql.exec(
        `CREATE TABLE IF NOT EXISTS space (
          id TEXT PRIMARY KEY, body TEXT NOT NULL, explicit INTEGER NOT NULL, updated_at INTEGER NOT NULL
        ) WITHOUT ROWID`,
      );
      sql.exec("CREATE TABLE IF NOT EXISTS space_version (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER)");
      sql.exec(
        `CREATE TABLE IF NOT EXISTS secret (
          namespace TEXT, key TEXT, sealed TEXT NOT NULL, description TEXT, tags TEXT NOT NULL,
          created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (namespace, key)
        ) WITHOUT ROWID`,
      );
    });
  }

  chain(namespace: string, knownVersion?: number): SpaceChain {
    const version = this.#version();
    if (version === knownVersion) return { version };
    const spaces = withParents(namespace).flatMap((id) => this.get(id) ?? []);
    return { version, spaces };
  }

  get(id: string): Space | undefined {
    const [row] = this.#sql.exec("SELECT id, body FROM space WHERE id = ? AND explicit = 1", id);
    return row && { ...(JSON.parse(String(row.body)) as SpaceBody), id: String(row.id) };
  }

  save(id: string, body: SpaceBody, mode: "create" | "update"): "saved" | "exists" | "absent" {
    return this.#sql.transaction(() => {
      const isThere = this.get(id) !== undefined;
      if (isThere && mode === "create") return "exists";
      if (!isThere && mode === "update") return "absent";
      this.#sql.exec("INSERT OR REPLACE INTO space VALUES (?, ?, 1, ?)", id, JSON.stringify(body), this.#now());
      this.#changed();
      return "saved";
    });
  }

  remove(id: string): boolean {
    return this.#sql.transaction(() => {
      const [row] = this.#sql.exec("DELETE FROM space WHERE id = ? AND explicit = 1 RETURNING id", id);
      if (row === undefined) return false;
      this.#sql.exec("DELETE FROM secret WHERE namespace = ?", id);
      this.#changed();
      return true;
    });
  }

  list(): { id: string; explicit: boolean; description?: string }[] {
    return Array.from(this.#sql.exec("SELECT id, body, explicit FROM space ORDER BY id"), (row) => {
      const { description } = JSON.parse(String(row.body)) as SpaceBody;
      return { id: String(row.id), explicit: row.explicit === 1, ...(description ? { description } : {}) };
    });
  }

  note(id: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO space VALUES (?, '{}', 0, ?)", id, this.#now());
  }

  findSecret(namespaces: readonly string[], key: string): SealedSecret | undefined {
    for (const namespace of namespaces) {
      const [row] = this.#sql.exec("SELECT sealed FROM secret WHERE namespace = ? AND key = ?", namespace, key);
      if (row !== undefined) return { namespace, key, sealed: String(row.sealed) };
    }
    return undefined;
  }

  saveSecret({
    namespace,
    key,
    sealed,
    description,
    tags = [],
  }: SealedSecret & { description?: string; tags?: SecretEntry["tags"] }): void {
    const now = this.#now();
    this.#sql.transaction(() => {
      const [row] = this.#sql.exec("SELECT created_at FROM secret WHERE namespace = ? AND key = ?", namespace, key);
      this.#sql.exec(
        "INSERT OR REPLACE INTO secret VALUES (?, ?, ?, ?, ?, ?, ?)",
        namespace,
        key,
        sealed,
        description ?? null,
        JSON.stringify(tags),
        row === undefined ? now : Number(row.created_at),
        now,
      );
      this.note(namespace);
    });
  }

  describeSecret(
    namespace: string,
    key: string,
    { description, tags }: { description?: string | undefined; tags?: SecretEntry["tags"] | undefined },
  ): boolean {
    const [row] = this.#sql.exec(
      "UPDATE secret SET description = coalesce(?, description), tags = coalesce(?, tags), updated_at = ? WHERE namespace = ? AND key = ? RETURNING key",
      description ?? null,
      tags === undefined ? null : JSON.stringify(tags),
      this.#now(),
      namespace,
      key,
    );
    return row !== undefined;
  }

  removeSecret(namespace: string, key: string): boolean {
    const [row] = this.#sql.exec("DELETE FROM secret WHERE namespace = ? AND key = ? RETURNING key", namespace, key);
    return row !== undefined;
  }

  searchSecrets({ namespaces, q, page, size }: SecretSearch): { results: SecretEntry[]; total: number } {
    const words = q.toLowerCase();
    const where =
      "(?1 IS NULL OR namespace IN (SELECT value FROM json_each(?1))) AND (?2 = '' OR instr(lower(key), ?2) > 0 OR instr(lower(coalesce(description, '')), ?2) > 0)";
    const bindings = [namespaces === undefined ? null : JSON.stringify(namespaces), words];
    const rows = this.#sql.exec(
      `SELECT namespace, key, description, tags, created_at, updated_at FROM secret WHERE ${where} ORDER BY namespace, key LIMIT ?3 OFFSET ?4`,
      ...bindings,
      size,
      (page - 1) * size,
    );
    const [counted] = this.#sql.exec(`SELECT count(*) AS total FROM secret WHERE ${where}`, ...bindings);
    return { results: Array.from(rows, entryOf), total: Number(counted?.total ?? 0) };
  }

  staleSecrets(keyId: string, limit: number): SealedSecret[] {
    // What `edge/cipher.ts` writes begins with its version and the name of its key.
    const rows = this.#sql.exec(
      "SELECT namespace, key, sealed FROM secret WHERE instr(sealed, '.' || ? || '.') <> 3 ORDER BY namespace, key LIMIT ?",
      keyId,
      limit,
    );
    return Array.from(rows, (row) => ({
      namespace: String(row.namespace),
      key: String(row.key),
      sealed: String(row.sealed),
    }));
  }

  /** [N3] */
  resealSecret({ namespace, key, sealed }: SealedSecret, to: string): boolean {
    const [row] = this.#sql.exec(
      "UPDATE secret SET sealed = ? WHERE namespace = ? AND key = ? AND sealed = ? RETURNING key",
      to,
      namespace,
      key,
      sealed,
    );
    return row !== undefined;
  }

  #version(): number {
    const [row] = this.#sql.exec("SELECT version FROM space_version");
    return Number(row?.version ?? 0);
  }

  /** [N1] */
  #changed(): void {
    this.#sql.exec("INSERT OR REPLACE INTO space_version VALUES (1, ?)", this.#version() + 1);
  }
}

function entryOf(row: Row): SecretEntry {
  return {
    namespace: String(row.namespace),
    key: String(row.key),
    description: row.description === null ? null : String(row.description),
    tags: JSON.parse(String(row.tags)),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}
