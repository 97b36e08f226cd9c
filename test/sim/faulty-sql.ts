import type { Row, Sql, SqlValue } from "#shell/sql.ts";
import type { Coverage } from "./coverage.ts";
import type { Random } from "./random.ts";
import type { WriteFaults } from "./settings.ts";

/** Thrown where the process dies. */
export class Crash extends Error {}

/** The storage could not do it; or it could, could not say so, and the object is reset. */
export class StorageFailure extends Error {}

/** What one row, and one statement, may hold on the platform. */
const MAX_ROW_CHARACTERS = 2_000_000;
const MAX_PARAMETERS = 100;

export type SqlParts = {
  /** The rows, which outlive the object. */
  sql: Sql;
  random: Random;
  coverage: Coverage;
  faults: () => WriteFaults | undefined;
  /** False once this life of the object is over. */
  isAlive: () => boolean;
  isPoint: (when: "before" | "after") => boolean;
  die: () => void;
  /** The object alone is started anew, as the platform does when it cannot say whether a write was kept. */
  reset: () => void;
  /** A transaction is on the disk, whatever happens next. */
  durable?: () => void;
  /** Everything that is written. */
  written: (values: readonly SqlValue[]) => void;
};

/** An actor's SQLite whose process may die, and whose transactions may fail, before and after each write. */
export function faultySql(parts: SqlParts): Sql {
  const { sql, random, coverage } = parts;
  const alive = () => {
    if (!parts.isAlive()) throw new Crash();
  };
  const happens = (probability: number | undefined, fault: string): boolean => {
    if (!probability || !random.chance(probability)) return false;
    coverage.hit("fault", fault);
    return true;
  };
  const dies = (when: "before" | "after", probability: number | undefined) => {
    if (!parts.isPoint(when) && !happens(probability, `crash ${when} a write`)) return;
    parts.die();
    throw new Crash();
  };
  let depth = 0;
  return {
    exec: (query, ...bindings): Iterable<Row> => {
      alive();
      parts.written(bindings);
      return sql.exec(query, ...bindings);
    },
    transaction: (body) => {
      if (depth === 0) {
        alive();
        const faults = parts.faults();
        dies("before", faults?.crashBeforeWrite);
        if (happens(faults?.failBeforeWrite, "transaction fails before its commit")) throw new StorageFailure();
      }
      depth += 1;
      let result: ReturnType<typeof sql.transaction<Awaited<ReturnType<typeof body>>>>;
      try {
        result = sql.transaction(body as never);
      } finally {
        depth -= 1;
      }
      if (depth === 0) {
        parts.durable?.();
        const faults = parts.faults();
        dies("after", faults?.crashAfterWrite);
        if (happens(faults?.failAfterWrite, "transaction fails after its commit")) {
          parts.reset();
          throw new StorageFailure();
        }
      }
      return result as never;
    },
  };
}

/** [I22] What the platform would refuse to keep. */
export function tooLarge(values: readonly SqlValue[]): string | undefined {
  if (values.length > MAX_PARAMETERS) return `I22 a statement with ${values.length} parameters`;
  const long = values.find((value) => typeof value === "string" && value.length > MAX_ROW_CHARACTERS);
  return typeof long === "string" ? `I22 a value of ${long.length} characters in a row` : undefined;
}
