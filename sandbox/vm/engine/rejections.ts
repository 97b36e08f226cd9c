// Finds promises that were rejected and that nobody looked after by the end of a turn.
import type { QuickJSHandle } from "quickjs-emscripten-core";
import type { Machine } from "./instance.ts";

export class RejectionWatch {
  #machine: Machine;
  /** Promise → its reason, while it has no handler. */
  #open = new Map<bigint, QuickJSHandle>();
  /** Reasons of promises that are gone already: their address belongs to another one now. */
  #lost: QuickJSHandle[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Reads the log. Call it often: a log that runs over is given up, and what it had is then never reported. */
  update(): void {
    const { entries, overflowed } = this.#machine.takeRejections();
    for (const { promise, reason } of entries) {
      const known = this.#open.get(promise);
      this.#open.delete(promise);
      if (reason === 0) known?.dispose();
      else {
        if (known) this.#lost.push(known);
        this.#open.set(promise, this.#machine.adopt(reason));
      }
    }
    if (overflowed) this.dispose();
  }

  /** The reason of a promise that nobody handles; stays owned by this object. */
  first(): QuickJSHandle | undefined {
    return this.#lost[0] ?? this.#open.values().next().value;
  }

  dispose(): void {
    for (const handle of [...this.#lost, ...this.#open.values()]) handle.dispose();
    this.#lost = [];
    this.#open.clear();
  }
}
