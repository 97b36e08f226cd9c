import { DatabaseSync } from "node:sqlite";
import { compilePlan } from "#engine/index.ts";
import type { Flow } from "#schema/flow.ts";
import { Cell, type CellParts } from "#shell/cell.ts";
import type { Sql } from "#shell/sql.ts";
import { CellStore } from "#shell/store.ts";
import type { Host, World } from "#shell/world.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import type { Clockwork } from "./clockwork.ts";
import { simDialect } from "./dialect.ts";
import type { Mutant } from "./mutants.ts";
import type { Random } from "./random.ts";
import { Refused } from "./sim-world.ts";

/** Thrown where the process dies. */
export class Crash extends Error {}

export type SimFaults = {
  crashBeforeWrite: number;
  crashAfterWrite: number;
  alarmLost: number;
  alarmLateMs: number;
};

/**
 * A cell on a database that outlives it. It may die before or after any write; the alarm it set is kept, and may come late or never.
 */
export class SimCell {
  readonly name: string;
  readonly database = new DatabaseSync(":memory:");
  cell: Cell | undefined;
  store: CellStore | undefined;
  crashes = 0;
  /** What went wrong in turns that nobody waited for, deaths left out. */
  readonly errors: unknown[] = [];
  #life = 0;
  readonly #clock: Clockwork;
  readonly #random: Random;
  readonly #faults: () => SimFaults | undefined;
  readonly #world: World;
  readonly #onCrash: () => void;
  readonly #mutant: Mutant | undefined;

  constructor(parts: {
    name: string;
    clock: Clockwork;
    random: Random;
    faults: () => SimFaults | undefined;
    world: World;
    onCrash: () => void;
    mutant?: Mutant | undefined;
  }) {
    this.#mutant = parts.mutant;
    this.name = parts.name;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#faults = parts.faults;
    this.#world = parts.world;
    this.#onCrash = parts.onCrash;
  }

  /** Starts it, as the process named `boot`. Dies again when the start itself is hit. */
  up(boot: string): void {
    this.#life += 1;
    try {
      const { reducer, store, world, host, cell = (parts: CellParts) => new Cell(parts) } = this.#mutant ?? {};
      const ownHost = this.#host(this.#life, boot);
      const ownStore = new CellStore(this.#sql(this.#life));
      this.store = store?.(ownStore, ownHost) ?? ownStore;
      const parse = (source: string): Flow => JSON.parse(source) as Flow;
      this.cell = cell({
        store: this.store,
        world: world?.(this.#world) ?? this.#world,
        host: host?.(ownHost) ?? ownHost,
        dialect: simDialect,
        parse,
        renderOutputs: () => ({ ok: true, value: { out: "x" } }),
        snapshotAfter: 8,
        ...(reducer === undefined ? {} : { reducer }),
      });
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  down(): void {
    this.#life += 1;
    this.cell = undefined;
    this.store = undefined;
  }

  /** Runs `body` on the cell; undefined when it is down or dies of it. */
  call<T>(body: (cell: Cell) => T): T | undefined {
    if (this.cell === undefined) return undefined;
    try {
      return body(this.cell);
    } catch (error) {
      if (error instanceof Crash) return undefined;
      throw error;
    }
  }

  #sql(life: number): Sql {
    const sql = nodeSql(this.database);
    const check = (probability: number | undefined) => {
      if (life !== this.#life) throw new Crash();
      if (probability === undefined || !this.#random.chance(probability)) return;
      this.crashes += 1;
      this.#onCrash();
      throw new Crash();
    };
    let depth = 0;
    return {
      exec: (query, ...bindings) => {
        if (life !== this.#life) throw new Crash();
        return sql.exec(query, ...bindings);
      },
      transaction: (body) => {
        if (depth === 0) check(this.#faults()?.crashBeforeWrite);
        depth += 1;
        let result: ReturnType<typeof sql.transaction<Awaited<ReturnType<typeof body>>>>;
        try {
          result = sql.transaction(body as never);
        } finally {
          depth -= 1;
        }
        if (depth === 0) check(this.#faults()?.crashAfterWrite);
        return result as never;
      },
    };
  }

  #host(life: number, boot: string): Host {
    const alive = (run: () => void) => () => {
      if (life !== this.#life) return;
      this.call(() => run());
    };
    return {
      now: () => this.#clock.now,
      random: () => this.#random.next(),
      soon: (run) => this.#clock.in(0, `${this.name} soon`, alive(run)),
      later: (ms, run) => this.#clock.in(ms, `${this.name} later`, alive(run)),
      wakeAt: (at) => {
        const faults = this.#faults();
        if (faults !== undefined && this.#random.chance(faults.alarmLost)) return;
        const late = faults === undefined ? 0 : this.#random.int(0, faults.alarmLateMs + 1);
        this.#clock.in(at - this.#clock.now + late, `${this.name} alarm`, () => void this.call((cell) => cell.wake()));
      },
      failed: (error) => {
        if (!(error instanceof Crash || error instanceof Refused)) this.errors.push(error);
      },
      boot,
    };
  }
}

export function planOf(source: string) {
  return compilePlan(JSON.parse(source) as Flow);
}
