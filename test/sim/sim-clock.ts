import type { Clockwork } from "./clockwork.ts";
import type { Coverage } from "./coverage.ts";
import type { Random } from "./random.ts";
import type { AlarmFaults } from "./settings.ts";

const FARTHEST_MS = 48 * 3_600_000;

/** What the machine's clock says: it may be wrong, and may jump. */
export class WallClock {
  skewMs = 0;
  readonly #clock: Clockwork;
  readonly #jumped: (() => void)[] = [];

  constructor(clock: Clockwork) {
    this.#clock = clock;
  }

  now(apartMs = 0): number {
    return this.#clock.now + this.skewMs + apartMs;
  }

  /** Never further from the truth than FARTHEST_MS. */
  jump(ms: number): void {
    this.skewMs = Math.max(-FARTHEST_MS, Math.min(FARTHEST_MS, this.skewMs + ms));
    for (const hear of this.#jumped) hear();
  }

  onJump(hear: () => void): void {
    this.#jumped.push(hear);
  }
}

/** The one alarm of an object: set again, it is another one. Kept when the object dies; may come late, twice or never. */
export class SimAlarm {
  readonly #parts: AlarmParts;
  #at: number | undefined;
  #set = 0;
  #isBusy = false;
  #isMissed = false;

  constructor(parts: AlarmParts) {
    this.#parts = parts;
    parts.wall.onJump(() => this.#schedule(0));
  }

  set(at: number | undefined): void {
    const { faults, random, coverage } = this.#parts;
    this.#at = at;
    if (at === undefined) return;
    const rates = faults();
    if (rates !== undefined && random.chance(rates.alarmLost)) {
      coverage.hit("fault", "alarm lost");
      this.#at = undefined;
      return;
    }
    const late = rates === undefined || rates.alarmLateMs === 0 ? 0 : random.int(0, rates.alarmLateMs + 1);
    if (late > 0) coverage.hit("fault", "alarm late");
    this.#schedule(late);
  }

  #schedule(late: number): void {
    const at = this.#at;
    this.#set += 1;
    if (at === undefined) return;
    const { clock, wall, name, apartMs } = this.#parts;
    const set = this.#set;
    clock.in(Math.max(0, at - wall.now(apartMs)) + late, `${name} alarm`, () => {
      if (set === this.#set) this.#fire();
    });
  }

  #fire(): void {
    const { faults, random, coverage, clock, name } = this.#parts;
    this.#at = undefined;
    const rates = faults();
    if (rates !== undefined && random.chance(rates.alarmTwice)) {
      coverage.hit("fault", "alarm twice");
      clock.in(random.int(0, 5_000), `${name} alarm again`, () => this.#handle());
    }
    this.#handle();
  }

  /** One handler at a time, as the platform has it. */
  #handle(): void {
    this.#isMissed = this.#isBusy;
    if (this.#isBusy) return;
    const handled = this.#parts.run();
    if (handled === undefined) return;
    this.#isBusy = true;
    void handled.then(() => {
      this.#isBusy = false;
      if (this.#isMissed) this.#parts.clock.in(0, `${this.#parts.name} alarm`, () => this.#handle());
    });
  }
}

export type AlarmParts = {
  name: string;
  clock: Clockwork;
  wall: WallClock;
  /** How far this object's clock is from the others'. */
  apartMs: number;
  random: Random;
  coverage: Coverage;
  faults: () => AlarmFaults | undefined;
  /** The handler; it never rejects. */
  run: () => Promise<void> | undefined;
};
