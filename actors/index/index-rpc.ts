export type SqlValue = string | number | null;
export type SqlQuery = { sql: string; params: SqlValue[] };

/** A database behind one call: runs the statements as one transaction and answers the rows of each, as arrays of values. */
export interface IndexRpc {
  query(statements: readonly SqlQuery[]): Promise<SqlValue[][][]>;
}
