import type { TaskAnswer } from "#schema/event.ts";
import type { Job } from "#schema/runner.ts";
import { isTerminal } from "#schema/state.ts";
import { MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import type { Cell } from "#shell/cell.ts";
import type { Lab } from "./lab.ts";
import type { SimCalls } from "./sim-calls.ts";

export type Reach = <T>(executionId: string, body: (cell: Cell) => T) => T | undefined;

/** An effect that really happened outside, by the job it was done for. */
export type Done = { job: string; executionId: string; taskId: string; taskRunId: string; attempt: number };

/** Work takes this long when nothing is wrong, ms. */
const LONGEST_WORK_MS = 5_000;

/** What names the lease in a line that an agent writes under it. */
export const LEASED = " under lease ";

export function effectOf(jobId: string): string {
  return jobId.slice(jobId.indexOf("/") + 1);
}

/** Stateless workers: they die with the process, and whatever else can go wrong with them goes wrong. */
export class SimWorkers {
  readonly done: Done[] = [];
  /** [I8] Log lines that agents were told are kept, by execution. */
  readonly kept: { executionId: string; message: string }[] = [];
  readonly #lab: Lab;
  readonly #calls: SimCalls;
  readonly #reach: Reach;
  readonly #earlier = new Map<string, string[]>();

  constructor(lab: Lab, calls: SimCalls, reach: Reach) {
    this.#lab = lab;
    this.#calls = calls;
    this.#reach = reach;
  }

  run(job: Job, isAlive: () => boolean): void {
    if (this.happens("dies", "worker dies")) return;
    const { clock } = this.#lab;
    const frozenMs = this.happens("freezes", "worker freezes past its lease") ? (job.timeoutMs ?? 600_000) + 35_000 : 0;
    this.#calls.send(`edge ${job.id}`, true, () =>
      clock.in(frozenMs + this.#workMs(), `work ${job.id}`, () => {
        if (isAlive()) this.#answerFrom(job, isAlive);
      }),
    );
  }

  #workMs(): number {
    const { random } = this.#lab;
    return random.chance(0.5) ? 0 : random.int(0, LONGEST_WORK_MS);
  }

  /** True when this fault of a worker happens now. */
  happens(rate: keyof Lab["settings"]["worker"], fault: string): boolean {
    const { random, coverage, settings } = this.#lab;
    if (!this.#lab.isFaulty() || !random.chance(settings.worker[rate])) return false;
    coverage.hit("fault", fault);
    return true;
  }

  /** Does the job's outside effect and says what it ends with. */
  work(job: Job): TaskAnswer {
    const { id, executionId, taskId, taskRunId, attempt } = job;
    this.done.push({ job: id, executionId, taskId, taskRunId, attempt });
    const jobs = this.#earlier.get(taskRunId) ?? [];
    this.#earlier.set(taskRunId, [...jobs, id]);
    if (attempt < Number(job.properties.failures ?? 0))
      return { state: "FAILED", error: "worker failure", outputs: { value: id } };
    if (this.happens("hugeOutput", "huge output"))
      return { state: "SUCCESS", outputs: { value: id, huge: "x".repeat(MAX_VALUE_CHARACTERS + 1) } };
    if (job.properties.warning === true) return { state: "WARNING", outputs: { value: id } };
    return { state: "SUCCESS", outputs: { value: id } };
  }

  #answerFrom(job: Job, isAlive: () => boolean): void {
    const answer = this.work(job);
    const [earlier] = this.#earlier.get(job.taskRunId) ?? [];
    if (earlier !== undefined && earlier !== job.id && this.happens("otherAttempt", "answer of another attempt"))
      this.#deliver(earlier, job.executionId, { state: "SUCCESS", outputs: { value: earlier } }, isAlive);
    this.#deliver(job.id, job.executionId, answer, isAlive);
    if (this.happens("answersTwice", "worker answers twice"))
      this.#deliver(job.id, job.executionId, { state: "SUCCESS", outputs: { value: `${job.id} again` } }, isAlive);
  }

  /** Until the cell has heard it, or the worker is dead. */
  #deliver(jobId: string, executionId: string, answer: TaskAnswer, isAlive: () => boolean): void {
    const deliver = () => {
      if (!isAlive()) return;
      const heard = this.answer(executionId, effectOf(jobId), answer);
      if (heard === undefined) this.#lab.clock.in(500, `retry ${jobId}`, deliver);
    };
    this.#calls.send(`answer ${jobId}`, false, deliver);
  }

  /** Tells the cell; undefined when it did not hear. */
  answer(executionId: string, effect: string, answer: TaskAnswer): boolean | undefined {
    const { audit, coverage } = this.#lab;
    const status = audit.state(executionId)?.status;
    if (audit.deleted.has(executionId)) coverage.hit("fault", "message to a deleted execution");
    else if (status === "KILLING" || status === "KILLED") coverage.hit("fault", "answer after a kill");
    else if (status !== undefined && isTerminal(status)) coverage.hit("fault", "answer after the end");
    return this.#reach(executionId, (cell) => {
      const live = cell.find(executionId);
      return live === undefined ? false : cell.answer(live, effect, answer, []);
    });
  }
}
