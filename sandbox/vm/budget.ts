// Counts what a run has used of its CPU and time.
//
// V1. CPU is counted, not timed: the clock stands still during CPU work on some platforms.
// V2. A run ends after `interrupts` units whatever it does: a unit is one call of the interrupt handler or 20,000 loop
//     iterations of the machine, whichever comes first. Loops inside native functions count by iterations and trap.
import type { Host, Limits } from "./contract.ts";
import type { Machine } from "./engine/instance.ts";
import { type LimitCode, limitMessage, ScriptFailure } from "./failure.ts";
import { FIXED } from "./limits.ts";

const MAX_FUEL = 2 ** 30;
/** Units for asking the guest where it was when its budget ended. */
const GRACE_UNITS = 50;
/** Fuel beyond the budget, so that the interrupt, which tells where the script was, comes before the trap. */
const OVERRUN_UNITS = 100;

export class Budget {
  readonly limits: Limits;
  readonly deadlineAt: number;
  /** Why the guest must stop, once it must. */
  stop: ScriptFailure | "exit" | undefined;
  #host: Host;
  #machine: Machine;
  #unitsLeft: number;
  #filled = 0;
  #isGrace = false;

  constructor(limits: Limits, host: Host, machine: Machine) {
    this.limits = limits;
    this.#host = host;
    this.#machine = machine;
    this.#unitsLeft = limits.interrupts;
    this.deadlineAt = host.now() + limits.wallMs;
    this.#refill();
    machine.runtime.setInterruptHandler(() => this.#onInterrupt());
  }

  /** Ends the run at the guest's next step. The first reason stays. */
  halt(reason: ScriptFailure | "exit"): void {
    this.stop ??= reason;
  }

  haltByLimit(code: LimitCode): void {
    this.halt(new ScriptFailure(code, limitMessage(code, this.limits)));
  }

  /** Is the machine out of fuel? It trapped then, and nothing can run in it any more. */
  isFuelOut(): boolean {
    return this.#machine.fuel.value < 0;
  }

  /** Runs `ask` with a little extra budget, after the guest was stopped. */
  inGrace<T>(ask: () => T): T {
    this.#isGrace = true;
    this.#unitsLeft = GRACE_UNITS;
    this.#refill();
    try {
      return ask();
    } finally {
      this.#isGrace = false;
    }
  }

  /** Charges the fuel used since the last call. For the end of a turn, in which there may have been no interrupt. */
  settle(): void {
    this.#charge(0);
  }

  /** Charges for work that the host does for the guest, as if it were `steps` loop iterations of the machine. */
  chargeForHost(steps: number): void {
    this.#machine.fuel.value = Math.max(-1, this.#machine.fuel.value - Math.ceil(steps));
  }

  #onInterrupt(): boolean {
    this.#charge(1);
    if (this.#isGrace) return this.#unitsLeft <= 0;
    if (this.#host.now() >= this.deadlineAt) this.haltByLimit("TIME_LIMIT");
    return this.stop !== undefined;
  }

  #charge(atLeast: number): void {
    const used = (this.#filled - this.#machine.fuel.value) / FIXED.fuelPerInterrupt;
    this.#unitsLeft -= Math.max(atLeast, used);
    if (this.#unitsLeft <= 0 && !this.#isGrace) this.haltByLimit("CPU_LIMIT");
    this.#refill();
  }

  #refill(): void {
    const units = Math.max(this.#unitsLeft, 0) + OVERRUN_UNITS;
    this.#filled = Math.min(Math.ceil(units * FIXED.fuelPerInterrupt), MAX_FUEL);
    this.#machine.fuel.value = this.#filled;
  }
}
