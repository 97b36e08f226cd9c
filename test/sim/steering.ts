import { copyRuns, type ExecutionState } from "#engine/index.ts";
import type { Command, Fork } from "#schema/cell.ts";
import { taskRunId } from "#schema/ids.ts";
import { isTerminal, TERMINAL_STATES } from "#schema/state.ts";
import type { Cell } from "#shell/cell.ts";
import type { Live } from "#shell/live.ts";
import { type CommandName, has, pickWeighted } from "./constructs.ts";
import type { Lab } from "./lab.ts";
import type { Reach } from "./sim-workers.ts";

// Somebody steers some execution: any command, in any state, sometimes twice.

export type Steering = {
  lab: Lab;
  reach: Reach;
  saveSome: () => void;
  /** Starts the fork of an execution. */
  fork: (state: ExecutionState, fork: Fork) => void;
};

export function steer({ lab, reach, saveSome, fork }: Steering): void {
  const { random, settings, audit, coverage, clock } = lab;
  const name = pickWeighted(random, settings.weights.commands);
  const ids = [...audit.trails.keys()];
  if (name === undefined) return;
  if (name === "save") {
    coverage.hit("pair", "a flow x save");
    return saveSome();
  }
  if (ids.length === 0) return;
  const id = random.pick(ids);
  const commandId = has("commandIds") && random.chance(0.5) ? `command-${clock.happened}` : undefined;
  // Sent again it is the same command, whatever has become of the execution.
  let command: Command | undefined;
  const send = (): boolean | undefined =>
    reach(id, (cell) => {
      const live = cell.find(id);
      if (live === undefined) return undefined;
      coverage.hit("pair", `${live.state.status} x ${name}`);
      if (name === "replay") fork(live.state, forkOf(lab, live));
      if (name === "delete") cell.remove(live);
      command ??= commandOf(lab, live.id, live.state, name);
      return command && act(lab, cell, live, commandId === undefined ? command : { ...command, commandId });
    });
  const first = send();
  if (commandId === undefined || first === undefined) return;
  // One that found nothing to change is not written down, and means something else later.
  if (reach(id, (cell) => cell.find(id)?.state.commandIds.includes(commandId)) !== true) return;
  clock.in(random.int(0, 2_000), `${commandId} again`, () => {
    const second = send();
    // What was refused had no effect: the same name may be tried again.
    if (first === true && second === false) audit.complain(`I19 ${commandId} was answered ${first}, then ${second}`);
  });
}

/** From what failed, or from any of its task runs, some with other outputs, and with a task skipped at times. */
function forkOf({ random }: Lab, { id, state, program }: Live): Fork {
  const { runs } = copyRuns(state, program.plan);
  const from = runs.length === 0 || random.chance(0.3) ? "failed" : random.int(0, runs.length);
  const skip = random.chance(0.2) ? { skip: [`t${random.int(1, 10)}`] } : {};
  const outputs = runs.length > 0 && random.chance(0.2) ? { outputs: { "0": { value: "changed" } } } : {};
  return { executionId: id, seq: state.seq, runs, from, ...skip, ...outputs };
}

/** True when the command was taken. */
function act(lab: Lab, cell: Cell, live: Live, command: Command): boolean {
  const { status: before, commandIds } = live.state;
  const isKnown = command.commandId !== undefined && commandIds.includes(command.commandId);
  const { ok } = cell.command(live, command);
  const { status } = live.state;
  if (isKnown) return ok;
  if (command.kind === "kill" && ok && !isTerminal(before) && status !== "KILLING" && !isTerminal(status))
    lab.audit.complain(`I3 ${live.id} was ${before}, was killed and is ${status}`);
  return ok;
}

function commandOf({ random }: Lab, id: string, state: ExecutionState, name: CommandName): Command | undefined {
  switch (name) {
    case "kill":
      return { kind: "kill", cascade: random.chance(0.8) };
    case "pause":
    case "restart":
    case "force-run":
      return { kind: name };
    case "resume":
      return random.chance(0.3) ? { kind: "resume", inputs: { answer: "yes" } } : { kind: "resume" };
    case "unqueue":
      return { kind: "unqueue", state: random.pick(["RUNNING", "CANCELLED", "FAILED"]) };
    case "change-state": {
      if (state.runs.size === 0) return undefined;
      const taskRun = taskRunId(id, random.int(0, state.runs.size));
      return {
        kind: "change-state",
        taskRunId: taskRun,
        state: random.pick(["SUCCESS", "WARNING", "FAILED", "KILLED"]),
      };
    }
    case "change-status":
      return { kind: "change-status", state: random.pick(TERMINAL_STATES.filter((one) => one !== "SKIPPED")) };
    case "set-labels":
      return { kind: "set-labels", labels: [{ key: "color", value: random.pick(["red", "blue"]) }] };
    case "resume-from-breakpoint":
      return { kind: "resume-from-breakpoint" };
    default:
      return undefined;
  }
}

/** After the faults a person lets go on whatever waits for a person. */
export function letGoOn(cell: Cell, id: string): boolean {
  const live = cell.find(id);
  if (live === undefined || (isTerminal(live.state.status) && live.state.live === 0)) return false;
  const isAtBreakpoint = live.state.status === "BREAKPOINT";
  if (!isAtBreakpoint && !waitsForPerson(live.state)) return false;
  cell.command(live, isAtBreakpoint ? { kind: "resume-from-breakpoint", breakpoints: [] } : { kind: "resume" });
  return true;
}

/** True when nothing but a person will move it: a pause with a time is left to its timer. */
function waitsForPerson(state: ExecutionState): boolean {
  if (state.held) return true;
  for (const { waiting, dropped } of state.runs)
    if (!dropped && waiting?.kind === "pause" && waiting.until === undefined) return true;
  return false;
}
