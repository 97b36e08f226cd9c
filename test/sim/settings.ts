import { drawWeights, has, type Weights } from "./constructs.ts";
import type { Random } from "./random.ts";

// What is unlike itself from one schedule to the next.

export type WriteFaults = {
  crashBeforeWrite: number;
  crashAfterWrite: number;
  failBeforeWrite: number;
  failAfterWrite: number;
};

export type AlarmFaults = { alarmLost: number; alarmLateMs: number; alarmTwice: number };

export type MessageFaults = { lost: number; duplicate: number; refused: number; longestDelayMs: number };

export type WorkerFaults = {
  dies: number;
  freezes: number;
  answersTwice: number;
  ignoresKill: number;
  otherAttempt: number;
  wrongEpoch: number;
  hugeOutput: number;
};

export type ListFaults = { downMs: number; slowMs: number; stale: number };

export type Settings = {
  weights: Weights;
  write: WriteFaults;
  alarm: AlarmFaults;
  message: MessageFaults;
  worker: WorkerFaults;
  lists: ListFaults;
  /** Jumps of the wall clock, ms; each at a random time. */
  jumps: number[];
  /** How far the clocks of two objects may be apart, ms. */
  apartMs: number;
  flowSize: number;
  depth: number;
  starts: number;
  commands: number;
  tenants: readonly string[];
  schedule: { seconds: number; recover: "ALL" | "LAST" | "NONE" } | undefined;
  isRecursive: boolean;
  /** Probability that an execution was started by an earlier version. */
  oldVersion: number;
};

const HOUR_MS = 3_600_000;

export function drawSettings(random: Random): Settings {
  const isCalm = random.chance(0.2);
  const rate = (rates: readonly number[]) => (isCalm ? 0 : random.pick(rates));
  const crash = rate([0, 0.01, 0.05, 0.15]);
  const fail = rate([0, 0, 0.02]);
  const schedule =
    has("schedule") && random.chance(0.15)
      ? { seconds: random.pick([10, 20, 30]), recover: random.pick(["ALL", "LAST", "NONE"] as const) }
      : undefined;
  return {
    weights: drawWeights(random),
    write: { crashBeforeWrite: crash, crashAfterWrite: crash, failBeforeWrite: fail, failAfterWrite: fail },
    alarm: {
      alarmLost: rate([0, 0, 0.2, 1]),
      alarmLateMs: rate([0, 100, 60_000, 600_000]),
      alarmTwice: rate([0, 0.2]),
    },
    message: {
      lost: rate([0, 0.05, 0.3]),
      duplicate: rate([0, 0.2]),
      refused: rate([0, 0.05, 0.3]),
      longestDelayMs: isCalm ? 50 : random.pick([1, 50, 2_000, 2_000, 60_000, 60_000, 600_000]),
    },
    worker: {
      dies: rate([0, 0.05]),
      freezes: rate([0, 0.03]),
      answersTwice: rate([0, 0.2]),
      ignoresKill: rate([0, 0.5]),
      otherAttempt: rate([0, 0.1]),
      wrongEpoch: rate([0, 0.1]),
      hugeOutput: rate([0, 0, 0, 0.02]),
    },
    lists: { downMs: rate([0, 0, 80_000, 600_000]), slowMs: rate([0, 60_000]), stale: rate([0, 0.2]) },
    jumps: isCalm || !random.chance(0.15) ? [] : drawJumps(random, schedule !== undefined),
    apartMs: isCalm || random.chance(0.8) ? 0 : 300_000,
    flowSize: random.chance(0.1) ? random.int(17, 61) : random.int(1, 17),
    depth: random.chance(0.15) ? 6 : 3,
    starts: random.int(1, 5),
    commands: random.pick([0, 3, 6, 12]),
    tenants: random.chance(0.2) ? ["main", "other"] : ["main"],
    schedule,
    isRecursive: has("recursion") && random.chance(0.02),
    oldVersion: has("oldVersions") ? random.pick([0, 0, 0.5]) : 0,
  };
}

/** A schedule would make up for every date of a long jump: there the jumps are short. */
function drawJumps(random: Random, isScheduled: boolean): number[] {
  const longest = isScheduled ? 300_000 : 48 * HOUR_MS;
  const shortest = isScheduled ? 300_000 : random.pick([1_000, HOUR_MS, 48 * HOUR_MS]);
  return Array.from({ length: random.int(1, 4) }, () => random.int(-shortest, longest));
}

/** True when nothing dies and clocks and alarms are right: timers have to be on time, too. */
export function isPunctual({ write, alarm, jumps, apartMs, lists }: Settings): boolean {
  const dies = write.crashBeforeWrite + write.failBeforeWrite;
  return dies + alarm.alarmLost + alarm.alarmLateMs + jumps.length + apartMs + lists.slowMs === 0;
}
