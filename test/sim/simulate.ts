import type { ExecutionState } from "#engine/index.ts";
import type { Fork } from "#schema/cell.ts";
import type { Flow } from "#schema/flow.ts";
import { cellName } from "#schema/ids.ts";
import type { Cell } from "#shell/cell.ts";
import { Audit } from "./audit/audit.ts";
import { Client } from "./client.ts";
import { Clockwork } from "./clockwork.ts";
import { has } from "./constructs.ts";
import { Coverage } from "./coverage.ts";
import { checkAtEnd, locked, slotted } from "./final-checks.ts";
import { randomFlow, recursiveFlow, SIM_NAMESPACE, scheduledFlow } from "./flows.ts";
import { CELLS, type Lab } from "./lab.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { Random } from "./random.ts";
import { drawSettings, isPunctual, type Settings } from "./settings.ts";
import type { SimActor } from "./sim-actor.ts";
import { SimCalls } from "./sim-calls.ts";
import { SimCell } from "./sim-cell.ts";
import { WallClock } from "./sim-clock.ts";
import { SimDispatch } from "./sim-dispatch.ts";
import { SimFlow } from "./sim-flow.ts";
import { SimLists } from "./sim-lists.ts";
import { SimWorkers } from "./sim-workers.ts";
import { SimWorld } from "./sim-world.ts";
import { letGoOn, steer } from "./steering.ts";

/** Virtual time in which faults and commands happen; after it everything must come to rest. */
const FAULTS_MS = 120_000;
const HOUR_MS = 3_600_000;
/** Virtual time of a schedule at most: loops with pauses in them take long, and clocks may have jumped by two days. */
const LONGEST_MS = 54 * HOUR_MS;
/** Happenings with faults, which then end early, and from their end until all must be quiet. */
const MOST_STEPS = 20_000;

export type Outcome = {
  seed: number;
  violations: string[];
  trace: string;
  crashes: number;
  steps: number;
  executions: number;
  coverage: Coverage;
};

export type Options = {
  mutant?: Mutant | undefined;
  /** Changes what the seed says. */
  settings?: (drawn: Settings) => Settings;
  /** Flows instead of random ones; the first is started, once. */
  flows?: readonly Flow[];
  /** The write, counted from 1 since the first start of an execution, at which the process dies. */
  point?: { write: number; when: "before" | "after" };
};

/** One schedule: random flows, random faults, random commands, all from `seed`. */
export async function simulate(seed: number, options: Options = {}): Promise<Outcome> {
  const { error } = console;
  // What the actors say aloud about failures of the world is no news here.
  console.error = () => {};
  try {
    return await new Simulation(seed, options).run();
  } finally {
    console.error = error;
  }
}

export class Simulation {
  readonly lab: Lab;
  readonly workers: SimWorkers;
  readonly lists: SimLists;
  /** Writes since the first start of an execution. */
  writes = 0;
  readonly #options: Options;
  readonly #cells = new Map<string, SimCell>();
  readonly #flows = new Map<string, SimFlow>();
  readonly #dispatches = new Map<string, SimDispatch>();
  readonly #client: Client;
  #boot = 1;
  #isStarted = false;
  #endOfFaults: number;
  /** When each start of the process died, by its name. */
  readonly #bootEnds = new Map<string, number>();

  constructor(seed: number, options: Options) {
    this.#options = options;
    const random = new Random(seed);
    const drawn = drawSettings(random);
    const settings = options.settings?.(drawn) ?? drawn;
    const clock = new Clockwork(random);
    const wall = new WallClock(clock);
    const coverage = new Coverage();
    const isRevived = settings.write.failBeforeWrite + settings.apartMs + settings.jumps.length === 0;
    const around = {
      isPunctual: isPunctual(settings) && options.point === undefined,
      isRevived,
      bootEnds: this.#bootEnds,
    };
    const audit = new Audit({ reducer: options.mutant?.reducer, around, coverage });
    this.#endOfFaults = clock.now + FAULTS_MS;
    const isFaulty = () => clock.now < this.#endOfFaults;
    const boot = () => `boot-${this.#boot}`;
    const die = (name: string) => this.#die(options.point !== undefined || random.chance(0.5) ? undefined : name);
    const isPoint = (when: "before" | "after") => this.#isPoint(when);
    this.lab = {
      isPoint,
      seed,
      clock,
      wall,
      random,
      coverage,
      audit,
      settings,
      mutant: options.mutant,
      isFaulty,
      boot,
      die,
    };
    const calls = new SimCalls(this.lab);
    const reach = this.#reach.bind(this);
    this.workers = new SimWorkers(this.lab, calls, reach);
    this.lists = new SimLists(this.lab);
    this.#client = new Client(this.lab, reach, (id) => this.#cells.get(cellName(id) ?? ""));
    this.#make(calls);
  }

  #make(calls: SimCalls): void {
    const { lab, workers, lists } = this;
    const reach = this.#reach.bind(this);
    for (const tenant of lab.settings.tenants)
      this.#dispatches.set(tenant, new SimDispatch(`dispatch ${tenant}`, lab, calls, workers, reach));
    const world = new SimWorld({
      lab,
      calls,
      reach,
      workers,
      lists,
      flow: (tenant, flowId) => this.#flows.get(`${tenant}/${flowId}`),
      dispatch: (tenant) => this.#dispatches.get(tenant) ?? missing(`dispatch of ${tenant}`),
      isBoot: () => {
        const boot = this.#boot;
        return () => this.#boot === boot;
      },
    });
    for (let index = 0; index < CELLS; index++) {
      const name = `cell-0${index}`;
      this.#cells.set(name, new SimCell(name, lab, world));
    }
    this.#makeFlows(calls);
    for (const actor of this.#actors()) actor.up();
  }

  #makeFlows(calls: SimCalls): void {
    const { lab } = this;
    const { random, coverage, settings } = lab;
    for (const tenant of settings.tenants) {
      const add = (flow: Flow) => {
        const key = { tenant, namespace: SIM_NAMESPACE, flowId: flow.id };
        const actor = new SimFlow(key, lab, calls, this.#reach.bind(this));
        this.#flows.set(`${tenant}/${flow.id}`, actor);
        lab.clock.in(0, `save ${flow.id}`, () => actor.save(flow));
      };
      if (this.#options.flows !== undefined) {
        this.#options.flows.forEach(add);
        continue;
      }
      const names: string[] = [];
      for (const name of ["leaf", "middle", "top"]) {
        const size = name === "top" ? settings.flowSize : random.int(1, 9);
        add(this.#marked(randomFlow({ random, coverage, settings, size }, name, names), tenant));
        names.push(name);
      }
      if (settings.isRecursive) add(recursiveFlow());
      if (settings.schedule !== undefined) add(this.#marked(scheduledFlow(random, settings.schedule), tenant));
    }
  }

  /** [I23] The flow, as only this tenant has it. */
  #marked(flow: Flow, tenant: string): Flow {
    return { ...flow, description: tenant };
  }

  *#actors(): Iterable<SimActor<unknown>> {
    yield* this.#flows.values();
    yield* this.#dispatches.values();
    yield* this.#cells.values();
  }

  #isPoint(when: "before" | "after"): boolean {
    if (!this.#isStarted) return false;
    if (when === "before") this.writes += 1;
    const { point } = this.#options;
    return point?.write === this.writes && point.when === when;
  }

  /** One object is reset, or (`only` left out) the whole process dies. */
  #die(only: string | undefined): void {
    const { clock, wall, random } = this.lab;
    if (only === undefined) {
      this.#bootEnds.set(`boot-${this.#boot}`, wall.now());
      this.#boot += 1;
    }
    for (const actor of this.#actors()) {
      if (only !== undefined && actor.name !== only) continue;
      actor.down();
      clock.in(random.int(0, 5_000), `${actor.name} up`, () => {
        if (!actor.isUp) actor.up();
      });
    }
  }

  #reach<T>(executionId: string, body: (cell: Cell) => T): T | undefined {
    return this.#cells.get(cellName(executionId) ?? "")?.call(body);
  }

  async run(): Promise<Outcome> {
    this.#plan();
    const { clock, audit } = this.lab;
    const until = clock.now + LONGEST_MS;
    let isQuiet = false;
    let most = Number.POSITIVE_INFINITY;
    while (!isQuiet && clock.happened < most && (await clock.step(until))) {
      const { now, happened } = clock;
      if (this.#options.mutant !== undefined && audit.found.length > 0) break;
      if (happened === MOST_STEPS) this.#endOfFaults = Math.min(now, this.#endOfFaults);
      if (now <= this.#endOfFaults) continue;
      if (most === Number.POSITIVE_INFINITY) {
        most = happened + MOST_STEPS;
        this.#calmDown();
      }
      isQuiet = happened % 16 === 0 && this.#isQuiet();
    }
    if (!isQuiet && audit.found.length === 0 && !this.#isQuiet())
      audit.complain(`I25 not quiet after ${clock.happened} steps`);
    // The fresh start is no point of a crash.
    this.#isStarted = false;
    this.#boot += 1;
    const [cells, flows, actors] = [[...this.#cells.values()], this.#flows, [...this.#actors()]];
    const { lab, workers, lists } = this;
    checkAtEnd({ lab, cells, flows, actors, workers, lists, accepted: this.#client.accepted });
    return this.#outcome();
  }

  #isQuiet(): boolean {
    return (
      this.lab.audit.isQuiet &&
      this.lists.isQuiet &&
      locked(this.#flows.values()).length === 0 &&
      slotted(this.#flows.values()).length === 0
    );
  }

  #outcome(): Outcome {
    const { seed, clock, audit, coverage } = this.lab;
    let crashes = 0;
    for (const actor of this.#actors()) {
      crashes += actor.crashes;
      actor.database.close();
    }
    const { trace, happened } = clock;
    const violations = audit.found;
    const executions = audit.trails.size;
    return { seed, violations, trace: trace.toString(16), crashes, steps: happened, executions, coverage };
  }

  #plan(): void {
    const { clock, random, settings, coverage, wall } = this.lab;
    const startable = [...this.#flows.values()].filter(({ key }) => key.flowId !== "clock");
    const [first] = startable;
    if (this.#options.flows !== undefined && first !== undefined) {
      clock.in(100, "start", () => {
        this.#isStarted = true;
        this.#client.order(first, "start");
      });
    } else {
      for (let index = 0; index < settings.starts; index++)
        clock.in(random.int(0, 10_000), `start ${index}`, () =>
          this.#client.order(random.pick(startable), `start ${index}`),
        );
      for (let index = 0; index < settings.commands; index++)
        clock.in(random.int(0, FAULTS_MS), `command ${index}`, () =>
          steer({
            lab: this.lab,
            reach: this.#reach.bind(this),
            saveSome: () => this.#saveSome(),
            fork: (state, fork) => this.#fork(state, fork),
          }),
        );
    }
    for (const ms of settings.jumps)
      clock.in(random.int(1, FAULTS_MS), "clock jumps", () => {
        if (!this.lab.isFaulty()) return;
        coverage.hit("fault", ms < 0 ? "clock jumps back" : "clock jumps forward");
        wall.jump(ms);
      });
    this.#sweep();
  }

  #fork({ facts }: ExecutionState, fork: Fork): void {
    const actor = this.#flows.get(`${facts?.tenant}/${facts?.flowId}`);
    if (actor === undefined || facts === undefined) return;
    const { inputs, labels } = facts;
    this.#client.fork(actor, `fork ${this.lab.clock.happened}`, fork, { inputs, labels });
  }

  /** A new revision of some flow. */
  #saveSome(): void {
    const { random, coverage, settings } = this.lab;
    const actor = random.pick([...this.#flows.values()]);
    const { tenant, flowId } = actor.key;
    const last = actor.saved.at(-1);
    if (last === undefined) return;
    const flow = JSON.parse(last) as Flow;
    if (flowId === "clock" || flowId === "self")
      return actor.save({ ...flow, variables: { saved: actor.saved.length } });
    const children = flowId === "top" ? ["leaf", "middle"] : flowId === "middle" ? ["leaf"] : [];
    actor.save(
      this.#marked(randomFlow({ random, coverage, settings, size: random.int(1, 9) }, flowId, children), tenant),
    );
  }

  /** Faults are over: the clock is put right, and schedules are switched off. */
  #calmDown(): void {
    const { wall } = this.lab;
    if (wall.skewMs !== 0) wall.jump(-wall.skewMs);
    for (const actor of this.#flows.values()) {
      const last = actor.saved.at(-1);
      if (actor.key.flowId !== "clock" || last === undefined) continue;
      const flow = JSON.parse(last) as Flow;
      actor.save({ ...flow, triggers: flow.triggers.map((trigger) => ({ ...trigger, disabled: true })) });
    }
  }

  /** Each minute: what is overdue is looked at; later, when only far timers are left, less often. */
  #sweep(hasLetGo = false): void {
    const { clock } = this.lab;
    // Somebody who has let one go on looks again soon: it may hold a pause for each turn of a loop.
    const isLate = clock.now > this.#endOfFaults + HOUR_MS && !hasLetGo;
    clock.in(isLate ? 1_800_000 : 60_000, "sweep", () => {
      let letsGo = false;
      for (const cell of this.#cells.values()) {
        cell.call((up) => up.wake());
        if (clock.now <= this.#endOfFaults) continue;
        for (const id of cell.ids()) letsGo = cell.call((up) => letGoOn(up, id)) === true || letsGo;
      }
      for (const flow of this.#flows.values()) if (has("schedule")) flow.sweep();
      for (const dispatch of this.#dispatches.values()) dispatch.sweep();
      this.#sweep(letsGo);
    });
  }
}

function missing(what: string): never {
  throw new Error(`There is no ${what}`);
}
