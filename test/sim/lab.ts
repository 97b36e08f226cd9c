import type { Audit } from "./audit/audit.ts";
import type { Clockwork } from "./clockwork.ts";
import type { Coverage } from "./coverage.ts";
import type { Mutant } from "./mutants/mutant.ts";
import type { Random } from "./random.ts";
import type { Settings } from "./settings.ts";
import type { WallClock } from "./sim-clock.ts";

/** What all parts of one schedule share. */
export type Lab = {
  readonly seed: number;
  readonly clock: Clockwork;
  readonly wall: WallClock;
  readonly random: Random;
  readonly coverage: Coverage;
  readonly audit: Audit;
  readonly settings: Settings;
  readonly mutant: Mutant | undefined;
  /** True while faults and commands happen. */
  isFaulty(): boolean;
  /** True at the one write at which the process is to die. */
  isPoint(when: "before" | "after"): boolean;
  /** The name of this start of the process. */
  boot(): string;
  /** An object, or the whole process, dies. */
  die(name: string): void;
};

export const CELLS = 3;

/** [I21] A secret: where it is written down, something leaks. */
export const CANARY = "c4n4ry-s3cr3t";

/** A call to the world that failed, or whose answer was not heard. */
export class Refused extends Error {}
