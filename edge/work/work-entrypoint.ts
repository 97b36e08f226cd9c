import { WorkerEntrypoint } from "cloudflare:workers";
import { formatDuration } from "#schema/duration.ts";
import type { TaskAnswer } from "#schema/event.ts";
import { cellName } from "#schema/ids.ts";
import type { LogLine, LogSpan } from "#schema/log.ts";
import type { Job } from "#schema/runner.ts";
import type { PlacePort } from "#shell/world.ts";
import { TaskFailure } from "#tasks/define.ts";
import { createSandbox, type Sandbox } from "#vm/index.ts";
import wasmModule from "../../sandbox/vm/engine/quickjs.wasm";
import type { CellRpc } from "../cells.ts";
import { actorByName, type Env } from "../env.ts";
import { portsOf } from "../ports/ports.ts";
import { keptAnswer } from "../values.ts";
import { closePlace, openPlace, type PlaceWorld, removePlace } from "./places.ts";
import { runJob } from "./run-job.ts";
import { beginWork, endWork } from "./running.ts";
import { listNamespaceFiles } from "./task-namespace-files.ts";

const FLUSH_MS = 250;
const ANSWER_TRIES = 5;
const FIRST_RETRY_MS = 100;

let sandbox: Sandbox | undefined;
const theSandbox = (): Sandbox => {
  sandbox ??= createSandbox({ wasmModule });
  return sandbox;
};

/** The stateless invocations that run edge and sandbox tasks, and work with many files for cells. */
export class WorkEntrypoint extends WorkerEntrypoint<Env> {
  /** Resolves when every job's answer has reached its cell. */
  async run(jobs: readonly Job[]): Promise<void> {
    await Promise.all(jobs.map((job) => work(this.env, job)));
  }

  openPlace(...[asker, owner, contents]: Parameters<PlacePort["openPlace"]>) {
    return openPlace(placeWorld(this.env, asker.tenant), asker, owner, contents);
  }
  closePlace(...[asker, owner, manifest, keeping]: Parameters<PlacePort["closePlace"]>) {
    return closePlace(placeWorld(this.env, asker.tenant), asker, owner, manifest, keeping);
  }
  removePlace(...[asker, runs]: Parameters<PlacePort["removePlace"]>): Promise<void> {
    return removePlace(portsOf(this.env).files, asker, runs);
  }
}

function placeWorld(env: Env, tenant: string): PlaceWorld {
  const listNamespace = listNamespaceFiles(env, tenant);
  return { files: portsOf(env).files, now: () => Date.now(), listNamespace };
}

async function work(env: Env, job: Job): Promise<void> {
  const name = cellName(job.executionId);
  if (name === undefined) return;
  const cell = actorByName(env.CELL, name);
  const effect = job.id.slice(job.executionId.length + 1);
  const controller = beginWork(job.id);
  const timer = job.timeoutMs === undefined ? null : setTimeout(() => controller.abort(timedOut(job)), job.timeoutMs);
  const logs = new LogBuffer((lines, from) =>
    cell.appendLogs(job.executionId, effect, lines, { epoch: job.epoch, from }),
  );
  try {
    const given = await runJob(env, job, theSandbox, controller.signal, (line) => logs.add(line));
    const answer = await keptAnswer(portsOf(env).files, job, effect, given);
    if (answer.error !== undefined && answer.error !== given.error) logs.add(errorLine(job, answer.error));
    const { lines, from } = await logs.end();
    await deliver(cell, job, effect, answer, lines, { epoch: job.epoch, from });
  } finally {
    clearTimeout(timer);
    endWork(job.id, controller);
  }
}

function errorLine({ taskId, taskRunId, attempt }: Job, message: string): LogLine {
  return { at: Date.now(), level: "ERROR", message, taskId, taskRunId, attempt };
}

function timedOut({ timeoutMs = 0 }: Job): TaskFailure {
  return new TaskFailure(`The task did not finish within its timeout of ${formatDuration(timeoutMs)}.`);
}

/** Tells the cell, again if need be: an answer that is never heard costs the whole attempt once more. */
async function deliver(
  cell: CellRpc,
  job: Job,
  effect: string,
  answer: TaskAnswer,
  lines: readonly LogLine[],
  span: LogSpan,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await cell.answer(job.executionId, effect, answer, lines, span);
      return;
    } catch (error) {
      if (attempt === ANSWER_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS * 2 ** attempt));
    }
  }
}

/** Lines on their way to the cell: a slow task's are told every FLUSH_MS, a quick one's with its answer. */
class LogBuffer {
  #lines: LogLine[] = [];
  /** How many have been told: the number of the first that was not. */
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #sending: Promise<unknown> = Promise.resolve();
  readonly #send: (lines: readonly LogLine[], from: number) => Promise<unknown>;

  constructor(send: (lines: readonly LogLine[], from: number) => Promise<unknown>) {
    this.#send = send;
  }

  add(line: LogLine): void {
    this.#lines.push(line);
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    this.#timer = null;
    this.#sending = this.#sending.then(() => this.#tell());
  }

  async #tell(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    try {
      await this.#send(lines, this.#told);
      this.#told += lines.length;
    } catch {
      // They go with those that follow, or with the answer. Some may have arrived: the cell knows them by their numbers.
      this.#lines.unshift(...lines);
    }
  }

  /** The lines not told yet, and the number of the first. */
  async end(): Promise<{ lines: readonly LogLine[]; from: number }> {
    clearTimeout(this.#timer);
    await this.#sending;
    return { lines: this.#lines, from: this.#told };
  }
}
