import type { EpochMs } from "#schema/json.ts";
import type { Host } from "./world.ts";

/** When each execution of a cell is looked at again though nobody calls, and the cell's one alarm. */
export class Agenda {
  readonly #host: Pick<Host, "wakeAt">;
  readonly #dues = new Map<string, EpochMs>();
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(host: Pick<Host, "wakeAt">) {
    this.#host = host;
  }

  /** Sets no alarm: see `arm` and `rearm`. */
  put(id: string, due: EpochMs | undefined): void {
    if (due === undefined) this.#dues.delete(id);
    else this.#dues.set(id, due);
  }

  /** Takes out those that are due. The alarm has gone off: it has to be set again. */
  takeDue(now: EpochMs): string[] {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    const taken: string[] = [];
    for (const [id, due] of this.#dues) if (due <= now) taken.push(id);
    for (const id of taken) this.#dues.delete(id);
    return taken;
  }

  /** Sees to it that the alarm goes off at `at`, or earlier. */
  arm(at: EpochMs): void {
    if (at >= this.#alarmAt) return;
    this.#alarmAt = at;
    this.#host.wakeAt(at);
  }

  /** Sets the alarm for the earliest of all. */
  rearm(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const due of this.#dues.values()) if (due < next) next = due;
    this.arm(next);
  }
}
