import { createReducer, type ExecutionState } from "#engine/index.ts";
import type { Flow } from "#schema/flow.ts";
import { cellName, derivedExecutionId } from "#schema/ids.ts";
import { isTerminal } from "#schema/state.ts";
import type { Cell } from "#shell/cell.ts";
import { Clockwork } from "./clockwork.ts";
import { familyViolations, limitViolations, type Member } from "./families.ts";
import { randomFlow, SIM_NAMESPACE } from "./flows.ts";
import { violations } from "./invariants.ts";
import type { Mutant } from "./mutants.ts";
import { Random } from "./random.ts";
import { planOf, SimCell, type SimFaults } from "./sim-cell.ts";
import { SimWorld, type WorldFaults } from "./sim-world.ts";

/** Virtual time in which faults and commands happen; after it everything must come to rest. */
const FAULTS_MS = 120_000;
const QUIET_BY_MS = 6 * 3_600_000;
/** Happenings with faults, which then end early, and from their end until all must be quiet. */
const MOST_STEPS = 20_000;
const CELLS = 3;

export type Outcome = {
  seed: number;
  violations: string[];
  trace: string;
  crashes: number;
  steps: number;
  executions: number;
};

/** One schedule: random flows, random faults, random commands, all from `seed`; with a planted mistake when there is one. */
export async function simulate(seed: number, mutant?: Mutant): Promise<Outcome> {
  return await new Simulation(seed, mutant).run();
}

class Simulation {
  readonly #seed: number;
  readonly #mutant: Mutant | undefined;
  readonly #random: Random;
  readonly #limits: Random;
  readonly #clock: Clockwork;
  readonly #world: SimWorld;
  readonly #cells = new Map<string, SimCell>();
  readonly #sources = new Map<string, string>();
  readonly #accepted = new Set<string>();
  readonly #cellFaults: SimFaults;
  readonly #worldFaults: WorldFaults;
  #endOfFaults: number;
  /** When each start of the process died, by its name. */
  readonly #bootEnds = new Map<string, number>();

  constructor(seed: number, mutant: Mutant | undefined) {
    this.#seed = seed;
    this.#mutant = mutant;
    const random = new Random(seed);
    this.#random = random;
    this.#limits = new Random(seed ^ 0x5107);
    this.#clock = new Clockwork(random);
    this.#endOfFaults = this.#clock.now + FAULTS_MS;
    const crash = random.pick([0, 0.01, 0.05, 0.15]);
    this.#cellFaults = {
      crashBeforeWrite: crash,
      crashAfterWrite: crash,
      alarmLost: random.pick([0, 0.2, 1]),
      alarmLateMs: random.pick([0, 100, 60_000]),
    };
    this.#worldFaults = {
      lost: random.pick([0, 0.05, 0.3]),
      duplicate: random.pick([0, 0.2]),
      refused: random.pick([0, 0.05, 0.3]),
      longestDelayMs: random.pick([1, 50, 2_000, 60_000]),
    };
    this.#world = new SimWorld({
      clock: this.#clock,
      random,
      faults: () => this.#faulty(this.#worldFaults),
      reach: (id, body) => this.#reach(id, body),
      sources: this.#sources,
      isGuarded: mutant?.projection !== "unguarded",
      mutant,
    });
    for (let index = 0; index < CELLS; index++) this.#addCell(`cell-0${index}`);
  }

  /** True when nothing dies, and alarms come when they should. */
  get #isPunctual(): boolean {
    const { crashBeforeWrite, alarmLost, alarmLateMs } = this.#cellFaults;
    return crashBeforeWrite === 0 && alarmLost === 0 && alarmLateMs === 0;
  }

  #faulty<T>(faults: T): T | undefined {
    return this.#clock.now < this.#endOfFaults ? faults : undefined;
  }

  #addCell(name: string): void {
    const onCrash = () => this.#crash(this.#random.chance(0.5) ? undefined : name);
    const cell = new SimCell({
      name,
      clock: this.#clock,
      random: this.#random,
      faults: () => this.#faulty(this.#cellFaults),
      world: this.#world,
      onCrash,
      mutant: this.#mutant,
    });
    this.#cells.set(name, cell);
    cell.up(`boot-${this.#world.boot}`);
  }

  /** One object is reset, or (`only` left out) the whole process dies. */
  #crash(only: string | undefined): void {
    if (only === undefined) {
      this.#bootEnds.set(`boot-${this.#world.boot}`, this.#clock.now);
      this.#world.boot += 1;
    }
    for (const cell of this.#cells.values()) {
      if (only !== undefined && cell.name !== only) continue;
      cell.down();
      this.#clock.in(this.#random.int(0, 5_000), `${cell.name} up`, () => {
        if (cell.cell === undefined) cell.up(`boot-${this.#world.boot}`);
      });
    }
  }

  #reach(executionId: string, body: (cell: Cell) => boolean): boolean {
    const cell = this.#cells.get(cellName(executionId) ?? "");
    return cell?.call(body) ?? false;
  }

  async run(): Promise<Outcome> {
    this.#makeFlows();
    const starts = this.#random.int(1, 5);
    for (let index = 0; index < starts; index++)
      this.#clock.in(this.#random.int(0, 10_000), `start ${index}`, () => this.#start(index));
    for (let index = 0; index < 6; index++)
      this.#clock.in(this.#random.int(0, FAULTS_MS), `command ${index}`, () => this.#command());
    this.#sweep();
    const until = this.#clock.now + QUIET_BY_MS;
    let isQuiet = false;
    let most = Number.POSITIVE_INFINITY;
    while (!isQuiet && this.#clock.happened < most && (await this.#clock.step(until))) {
      const { now, happened } = this.#clock;
      if (happened === MOST_STEPS) this.#endOfFaults = Math.min(now, this.#endOfFaults);
      if (now <= this.#endOfFaults) continue;
      if (most === Number.POSITIVE_INFINITY) most = happened + MOST_STEPS;
      isQuiet = happened % 16 === 0 && this.#isQuiet();
    }
    const found = this.#check();
    if (!isQuiet && !this.#isQuiet()) found.unshift(`I25 not quiet after ${this.#clock.happened} steps`);
    let crashes = 0;
    for (const cell of this.#cells.values()) crashes += cell.crashes;
    for (const cell of this.#cells.values()) cell.database.close();
    const { trace, happened } = this.#clock;
    return {
      seed: this.#seed,
      violations: found,
      trace: trace.toString(16),
      crashes,
      steps: happened,
      executions: this.#accepted.size,
    };
  }

  #makeFlows(): void {
    const names: string[] = [];
    for (const name of ["leaf", "middle", "top"]) {
      const flow = randomFlow(this.#random, name, this.#random.int(1, 16), names);
      const concurrency = this.#concurrency();
      this.#sources.set(name, JSON.stringify({ ...flow, ...(concurrency && { concurrency }) }));
      names.push(name);
    }
  }

  /** Drawn from numbers of its own, so that older seeds stay what they were where there is none. */
  #concurrency(): Flow["concurrency"] {
    const random = this.#limits;
    if (!random.chance(0.3)) return undefined;
    return { limit: random.int(1, 3), behavior: random.pick(["QUEUE", "QUEUE", "QUEUE", "CANCEL", "FAIL"]) };
  }

  /** A client starts an execution and tries again until it hears that it was accepted. */
  #start(index: number): void {
    const flowId = this.#random.pick(["top", "middle", "leaf"]);
    const id = derivedExecutionId([String(this.#seed), String(index)], CELLS);
    const source = this.#sources.get(flowId) ?? "";
    const request = {
      id,
      tenant: "main",
      namespace: SIM_NAMESPACE,
      flowId,
      revision: 1,
      source,
      inputs: {},
      labels: [],
    };
    const scheduled = this.#random.chance(0.1) ? { scheduleAt: this.#clock.now + this.#random.int(0, 90_000) } : {};
    const attempt = () => {
      const accepted = this.#reach(id, (cell) => cell.start({ ...request, ...scheduled }) !== undefined);
      if (accepted) this.#accepted.add(id);
      else this.#clock.in(1_000, `start again ${index}`, attempt);
    };
    attempt();
  }

  /** Somebody steers some execution. */
  #command(): void {
    const known = [...this.#world.projection.keys()];
    if (known.length === 0) return;
    const id = this.#random.pick(known);
    const kind = this.#random.pick(["kill", "pause", "resume", "restart", "restart"] as const);
    this.#reach(id, (cell) => {
      const live = cell.find(id);
      if (live !== undefined)
        cell.command(live, kind === "kill" ? { kind, cascade: this.#random.chance(0.8) } : { kind });
      return true;
    });
  }

  /** Each minute: what is overdue is looked at, and once faults are over a person resumes whatever is paused. */
  #sweep(): void {
    this.#clock.in(60_000, "sweep", () => {
      for (const cell of this.#cells.values()) {
        cell.call((up) => up.wake());
        if (this.#clock.now > this.#endOfFaults) this.#resumeAll(cell);
      }
      this.#sweep();
    });
  }

  #resumeAll(cell: SimCell): void {
    for (const id of this.#idsOf(cell))
      cell.call((up) => {
        const live = up.find(id);
        if (live !== undefined && waitsForPerson(live.state)) up.command(live, { kind: "resume" });
      });
  }

  #idsOf(cell: SimCell): string[] {
    return cell.database
      .prepare("SELECT id FROM execution")
      .all()
      .map((row) => String(row.id));
  }

  #isQuiet(): boolean {
    for (const cell of this.#cells.values()) {
      for (const id of this.#idsOf(cell)) {
        const live = cell.call((up) => up.find(id));
        if (live === undefined || !isTerminal(live.state.status) || live.isBusy || live.state.pending.length > 0)
          return false;
        if (this.#world.projection.get(id)?.seq !== live.state.seq) return false;
        for (const run of live.state.runs) if (!run.dropped && !isTerminal(run.state)) return false;
      }
    }
    return this.#world.slots.taken().length === 0;
  }

  #check(): string[] {
    const found: string[] = [];
    const seen = new Set<string>();
    const family = new Map<string, Member>();
    for (const cell of this.#cells.values()) {
      cell.down();
      cell.up("check");
      for (const id of this.#idsOf(cell)) {
        seen.add(id);
        const live = cell.call((up) => up.find(id));
        const { store } = cell;
        if (live === undefined || store === undefined) continue;
        const plan = planOf(live.program.source);
        const reduce = (this.#mutant?.reducer ?? createReducer)(plan);
        family.set(id, { events: store.events(id, 0), reduce, state: live.state, limit: plan.concurrency?.limit });
        found.push(
          ...violations({
            id,
            plan,
            reduce,
            isPunctual: this.#isPunctual,
            bootEnds: this.#bootEnds,
            events: store.events(id, 0),
            loaded: live.state,
            projected: this.#world.projection.get(id),
          }),
        );
      }
    }
    found.push(...familyViolations(family));
    found.push(...this.#world.slots.violations, ...this.#world.slots.unreturned(), ...limitViolations(family));
    for (const { flowId, executionId, held } of this.#world.slots.taken())
      found.push(`I4 ${executionId} ${held ? "holds a slot" : "is in the queue"} of ${flowId} though all is quiet`);
    for (const { name, errors } of this.#cells.values())
      for (const error of errors.slice(0, 3)) found.push(`${name} broke: ${String(error)}`);
    for (const id of this.#accepted) if (!seen.has(id)) found.push(`I6 ${id} was accepted and is gone`);
    return found;
  }
}

/** True when nothing but a person will move it: a pause with a time is left to its timer. */
function waitsForPerson(state: ExecutionState): boolean {
  if (state.held) return true;
  for (const { waiting, dropped } of state.runs)
    if (!dropped && waiting?.kind === "pause" && waiting.until === undefined) return true;
  return false;
}
