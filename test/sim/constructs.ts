import type { Random } from "./random.ts";

// What random flows are made of, and what is done to them. A construct that the engine does not have yet is `false` here and nowhere else:
// the simulated dialect, world and checks know it already.

export const CONSTRUCTS = {
  sequence: true,
  parallel: true,
  each: true,
  spread: true,
  choice: true,
  pause: true,
  sleep: true,
  subflow: true,
  recursion: true,
  lookup: true,
  secret: true,
  reader: true,
  schedule: true,
  runIf: true,
  deletion: true,
  revisions: true,
  dag: true,
  loopUntil: true,
  place: true,
  items: true,
  slots: true,
  sla: true,
  breakpoints: true,
  fork: true,
  overrides: true,
  newExecutionRetry: true,
  commandIds: true,
  oldVersions: true,
} as const satisfies Record<string, boolean>;

export type Construct = keyof typeof CONSTRUCTS;

export function has(construct: Construct): boolean {
  return CONSTRUCTS[construct];
}

/** How often each command is drawn. */
export const COMMANDS = {
  kill: 3,
  pause: 2,
  resume: 2,
  restart: 4,
  replay: 2,
  "change-state": 2,
  "change-status": 1,
  "force-run": 1,
  unqueue: 1,
  "set-labels": 1,
  "resume-from-breakpoint": 1,
  delete: 1,
  save: 1,
} as const;

export type CommandName = keyof typeof COMMANDS;

/** How often each kind of task is drawn among leaves, and among flowables. */
const LEAVES = {
  inline: 4,
  edge: 4,
  agent: 2,
  pause: 2,
  sleep: 2,
  subflow: 2,
  lookup: 2,
  secret: 1,
  reader: 2,
  items: 1,
} as const;
const FLOWABLES = { sequence: 2, parallel: 2, each: 2, choice: 2, dag: 2, loopUntil: 1, place: 1 } as const;

export type Leaf = keyof typeof LEAVES;
export type Flowable = keyof typeof FLOWABLES;

export type Weights = {
  leaves: Map<Leaf, number>;
  flowables: Map<Flowable, number>;
  commands: Map<CommandName, number>;
};

/** The weights of one schedule: one in five is drawn anew, so that rare mixes occur. */
export function drawWeights(random: Random): Weights {
  const drawn = <K extends string>(usual: Readonly<Record<K, number>>, isOn: (name: K) => boolean) =>
    new Map<K, number>(
      (Object.entries(usual) as [K, number][]).map(([name, weight]) => {
        const other = random.chance(0.2) ? random.pick([0, 0.2, 5, 20]) : 1;
        return [name, isOn(name) ? weight * other : 0] as const;
      }),
    );
  const isOn = (name: string) => !(name in CONSTRUCTS) || has(name as Construct);
  const commands = drawn<CommandName>(COMMANDS, (name) => isCommandOn(name));
  return { leaves: drawn<Leaf>(LEAVES, isOn), flowables: drawn<Flowable>(FLOWABLES, isOn), commands };
}

const NEEDS: Readonly<Record<string, Construct>> = {
  replay: "fork",
  "change-state": "overrides",
  "change-status": "overrides",
  "force-run": "slots",
  unqueue: "slots",
  delete: "deletion",
  save: "revisions",
  "resume-from-breakpoint": "breakpoints",
};

export function isCommandOn(name: string): boolean {
  const needs = NEEDS[name];
  return needs === undefined || has(needs);
}

/** One name by weight; undefined when all weights are 0. */
export function pickWeighted<K>(random: Random, weights: ReadonlyMap<K, number>): K | undefined {
  let sum = 0;
  for (const weight of weights.values()) sum += weight;
  let left = random.next() * sum;
  for (const [name, weight] of weights) {
    left -= weight;
    if (left < 0 && weight > 0) return name;
  }
  return undefined;
}
