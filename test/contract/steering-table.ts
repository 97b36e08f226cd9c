import type { CommandKind } from "#schema/cell.ts";
import { STATES, type State } from "#schema/state.ts";

// The table of states and commands in docs/steering.md, from whatever knows what each pair means.

/** `taken`: it does something. `kept`: accepted, and nothing changes. A number: refused with that status. */
export type Verdict = "taken" | "kept" | number;

/** Columns in the order of the page; the type sees to it that none is missing. */
const COLUMNS: Readonly<Record<CommandKind, string>> = {
  kill: "kill",
  pause: "pause",
  resume: "resume",
  restart: "restart",
  unqueue: "unqueue",
  "force-run": "force run",
  "change-state": "task state",
  "change-status": "status",
  "set-labels": "labels",
  "resume-from-breakpoint": "from breakpoint",
};
const COMMANDS = Object.keys(COLUMNS) as CommandKind[];
/** States that only task runs are in. */
const OF_TASKS: ReadonlySet<State> = new Set(["SKIPPED"]);
const EXECUTION_STATES = STATES.filter((state) => !OF_TASKS.has(state));

export function steeringTable(verdict: (command: CommandKind, state: State) => Verdict): string {
  const words = (command: CommandKind, state: State): string => {
    const found = verdict(command, state);
    return found === "taken" ? "yes" : found === "kept" ? "same" : String(found);
  };
  return [
    ["state", ...COMMANDS.map((command) => COLUMNS[command])],
    ["---", ...COMMANDS.map(() => "---")],
    ...EXECUTION_STATES.map((state) => [state, ...COMMANDS.map((command) => words(command, state))]),
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** What a page with such a table says of a pair; undefined where it says nothing that is a verdict. */
export function readSteeringTable(page: string): (command: CommandKind, state: State) => Verdict | undefined {
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  const head = rows.find(([first]) => first === "state") ?? [];
  return (command, state) => {
    const cell = rows.find(([first]) => first === state)?.[head.indexOf(COLUMNS[command])];
    if (cell === "yes") return "taken";
    if (cell === "same") return "kept";
    return cell !== undefined && /^4\d\d$/.test(cell) ? Number(cell) : undefined;
  };
}
