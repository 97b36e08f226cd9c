import { DatabaseSync } from "node:sqlite";
import type { Sql, SqlValue } from "#shell/sql.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { Crash, faultySql, StorageFailure, tooLarge } from "./faulty-sql.ts";
import { CANARY, type Lab, Refused } from "./lab.ts";
import { SimAlarm } from "./sim-clock.ts";

/** An object on a database that outlives it. It may die at any write; its alarm is kept. */
export abstract class SimActor<T> {
  readonly name: string;
  readonly database = new DatabaseSync(":memory:");
  readonly alarm: SimAlarm;
  readonly apartMs: number;
  /** What went wrong, deaths and failures of the world left out. */
  readonly errors: unknown[] = [];
  crashes = 0;
  up_: T | undefined;
  readonly #rows = nodeSql(this.database);
  #life = 0;
  protected readonly lab: Lab;

  constructor(name: string, lab: Lab) {
    this.name = name;
    this.lab = lab;
    const { apartMs } = lab.settings;
    this.apartMs = apartMs === 0 ? 0 : lab.random.int(-apartMs, apartMs);
    if (this.apartMs !== 0) lab.coverage.hit("fault", "clocks of two objects apart");
    this.alarm = new SimAlarm({
      ...lab,
      name,
      apartMs: this.apartMs,
      faults: () => (lab.isFaulty() ? lab.settings.alarm : undefined),
      run: () => this.woken(),
    });
  }

  protected abstract make(life: number): T;
  protected abstract woken(): Promise<void> | undefined;

  /** A transaction is on the disk. */
  protected durable(): void {}

  now(): number {
    return this.lab.wall.now(this.apartMs);
  }

  get isUp(): boolean {
    return this.up_ !== undefined;
  }

  up(): void {
    this.#life += 1;
    try {
      this.up_ = this.make(this.#life);
    } catch (error) {
      if (error instanceof Crash) this.lab.coverage.hit("fault", "crash inside start-up");
      if (this.note(error)) return this.#retryUp();
    }
  }

  /** The storage failed while the object started: the platform starts it again. */
  #retryUp(): void {
    this.lab.clock.in(1_000, `${this.name} up again`, () => {
      if (!this.isUp) this.up();
    });
  }

  down(): void {
    this.#life += 1;
    this.up_ = undefined;
  }

  isAlive(life: number): boolean {
    return life === this.#life;
  }

  /** Runs `body` on the object; undefined when it is down or dies of it. */
  call<R>(body: (thing: T) => R): R | undefined {
    if (this.up_ === undefined) return undefined;
    try {
      return body(this.up_);
    } catch (error) {
      if (this.note(error)) return undefined;
      throw error;
    }
  }

  /** As `call`, for what answers later. Rejects when it cannot be known what became of it. */
  async ask<R>(body: (thing: T) => Promise<R>): Promise<R> {
    if (this.up_ === undefined) throw new Refused("it is down");
    return await body(this.up_);
  }

  /** Takes note of what went wrong; true when that is nothing but a fault of the simulation. */
  note(error: unknown): boolean {
    if (error instanceof Crash || error instanceof Refused || error instanceof StorageFailure) return true;
    this.errors.push(error);
    return false;
  }

  protected sql(life: number): Sql {
    const { lab } = this;
    return faultySql({
      sql: this.#rows,
      random: lab.random,
      coverage: lab.coverage,
      faults: () => (lab.isFaulty() ? lab.settings.write : undefined),
      isAlive: () => this.isAlive(life),
      isPoint: lab.isPoint,
      die: () => {
        this.crashes += 1;
        lab.die(this.name);
      },
      reset: () => {
        this.down();
        this.#retryUp();
      },
      durable: () => this.durable(),
      written: (values) => this.#written(values),
    });
  }

  #written(values: readonly SqlValue[]): void {
    const large = tooLarge(values);
    if (large !== undefined) this.lab.audit.complain(large);
    for (const value of values)
      if (typeof value === "string" && value.includes(CANARY))
        this.lab.audit.complain(`I21 a secret in a row of ${this.name}`);
  }
}
