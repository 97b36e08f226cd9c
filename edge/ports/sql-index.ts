import type { IndexRpc } from "#actors/index/index-rpc.ts";
import { type ActorNamespace, actorByName } from "../env.ts";
import type { RunSql } from "./projection-sql.ts";

/** The one index actor of a local server. */
const INDEX_NAME = "main";

/** Statements on the index actor's own database. */
export function createIndexSql(namespace: ActorNamespace<IndexRpc>): RunSql {
  return (statements) => actorByName(namespace, INDEX_NAME).query(statements);
}
