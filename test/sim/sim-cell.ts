import type { Flow } from "#schema/flow.ts";
import { Cell, type CellParts } from "#shell/cell.ts";
import { CellStore, type Commit } from "#shell/store.ts";
import type { Host, World } from "#shell/world.ts";
import { toyVault } from "#test/support/toy-vault.ts";
import { simDialect } from "./dialect.ts";
import type { Lab } from "./lab.ts";
import { withMethods } from "./mutants/mutant.ts";
import { SimActor } from "./sim-actor.ts";

/** A cell, whose every commit is audited. */
export class SimCell extends SimActor<Cell> {
  store: CellStore | undefined;
  readonly #world: World;
  #committing: Commit[] = [];
  #removing: string[] = [];

  constructor(name: string, lab: Lab, world: World) {
    super(name, lab);
    this.#world = world;
  }

  protected make(life: number): Cell {
    const { reducer, store, world, host, cell = (parts: CellParts) => new Cell(parts) } = this.lab.mutant ?? {};
    const ownHost = this.#host(life, this.lab.boot());
    const ownStore = this.#audited(new CellStore(this.sql(life), toyVault));
    this.store = store?.(ownStore, ownHost, this.database) ?? ownStore;
    const made = cell({
      store: this.store,
      world: world?.(this.#world, ownHost) ?? this.#world,
      host: host?.(ownHost) ?? ownHost,
      dialect: simDialect,
      parse: (source) => JSON.parse(source) as Flow,
      renderOutputs: (flow) => ({ ok: true, value: { out: flow.id } }),
      snapshotAfter: 8,
      ...(reducer === undefined ? {} : { reducer }),
    });
    return made;
  }

  protected woken(): undefined {
    this.call((cell) => cell.wake());
  }

  override down(): void {
    super.down();
    this.store = undefined;
  }

  /** Ids of the executions that have rows here. */
  ids(): string[] {
    return this.database
      .prepare("SELECT id FROM execution")
      .all()
      .map((row) => String(row.id));
  }

  #audited(store: CellStore): CellStore {
    return withMethods(store, {
      commit: (commit) => {
        this.#committing.push(commit);
        try {
          store.commit(commit);
        } finally {
          this.#committing = [];
        }
      },
      remove: (...args) => {
        this.#removing.push(args[0]);
        try {
          store.remove(...args);
        } finally {
          this.#removing = [];
        }
      },
    });
  }

  protected override durable(): void {
    const { audit } = this.lab;
    for (const { id, source, events, due } of this.#committing) audit.committed(id, source?.body, events, due);
    for (const id of this.#removing) audit.removed(id);
    this.#committing = [];
    this.#removing = [];
  }

  #host(life: number, boot: string): Host {
    const alive = (run: () => void) => () => {
      if (this.isAlive(life)) this.call(() => run());
    };
    const { clock, random } = this.lab;
    return {
      now: () => this.now(),
      random: () => random.next(),
      soon: (run) => clock.in(0, `${this.name} soon`, alive(run)),
      later: (ms, run) => clock.in(ms, `${this.name} later`, alive(run)),
      wakeAt: (at) => this.alarm.set(at),
      failed: (error) => void this.note(error),
      boot,
    };
  }
}
