// The command line of `npm run bench`. Pure.

export const WORK_NAMES = [
  "W1",
  "W2",
  "W2x",
  "W3",
  "W4",
  "W5",
  "W6",
  "W7",
  "W8",
  "W9",
  "W10",
  "W11",
  "W12",
  "W13",
  "KV",
  "W14",
  "UI",
  "micro",
] as const;
export type WorkName = (typeof WORK_NAMES)[number];

export interface BenchOptions {
  readonly works: readonly WorkName[];
  readonly rounds: number;
  readonly quick: boolean;
  /** File that gets all samples as JSON. */
  readonly jsonFile: string | undefined;
}

export const USAGE = `Usage: npm run bench -- [options]

  --work W1,W2   works to do, of ${WORK_NAMES.join(", ")} (default: all)
  --rounds N     rounds, each on fresh data, floor and product in turn (default 3)
  --quick        one round of few runs: shows that everything works, measures nothing
  --json FILE    all samples as JSON
`;

const MAX_ROUNDS = 20;

/** A text instead of options is what to tell the user. */
export function parseOptions(argv: readonly string[]): BenchOptions | string {
  let works: readonly WorkName[] = WORK_NAMES;
  let rounds: number | undefined;
  let quick = false;
  let jsonFile: string | undefined;
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index];
    if (word === "--quick") quick = true;
    else if (word === "--work") {
      const names = (argv[++index] ?? "").split(",");
      const unknown = names.filter((name) => !isWork(name));
      if (unknown.length > 0) return `Unknown work "${unknown.join(", ")}".\n\n${USAGE}`;
      works = names.filter(isWork);
    } else if (word === "--rounds") {
      rounds = Number(argv[++index]);
      if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS)
        return `--rounds takes 1 to ${MAX_ROUNDS}.\n\n${USAGE}`;
    } else if (word === "--json") jsonFile = argv[++index];
    else return word === "--help" ? USAGE : `Unknown option "${word}".\n\n${USAGE}`;
  }
  return { works, rounds: rounds ?? (quick ? 1 : 3), quick, jsonFile };
}

function isWork(name: string): name is WorkName {
  return WORK_NAMES.some((known) => known === name);
}
