import type { SqlDatabase } from "../env.ts";
import type { RunSql } from "./projection-sql.ts";

/** Statements on D1. A batch answers rows as objects, whose keys stand in the order of the columns; no statement here names one twice. */
export function createD1Sql(database: SqlDatabase): RunSql {
  return async (statements) => {
    const prepared = statements.map(({ sql, params }) => database.prepare(sql).bind(...params));
    const answers = await database.batch(prepared);
    return answers.map(({ results }) => results.map((row) => Object.values(row)));
  };
}
