import { eventRun, eventWords } from "../model/event-words.ts";
import { runName } from "../model/steering.ts";
import type { ExecutionView } from "./execution.svelte.ts";

const PLAY_MS = 450;

/** Moves a view through the events of its execution. Call it where the component is made. */
export class TimeTravel {
  readonly #view: ExecutionView;
  playing = $state(false);

  constructor(view: ExecutionView) {
    this.#view = view;
    $effect(() => {
      if (!this.playing) return;
      const timer = setInterval(() => this.step(1), PLAY_MS);
      return () => clearInterval(timer);
    });
  }

  get count(): number {
    return Math.max(1, this.#view.eventCount);
  }
  /** Counts from 1. */
  get seq(): number {
    return Math.min(this.#view.at ?? this.count, this.count);
  }

  /** What happened there: the event, and the task it is about. */
  get words(): string {
    const event = this.#view.eventAt(this.seq);
    if (event === undefined) return "";
    const index = eventRun(event);
    const run = index === undefined ? undefined : this.#runOf(index);
    return run === undefined ? eventWords(event) : `${eventWords(event)}: ${runName(run)}`;
  }

  go(seq: number): void {
    this.#view.at = Math.min(Math.max(1, seq), this.count);
  }
  step(by: number): void {
    this.go(this.seq + by);
    if (this.seq >= this.count) this.playing = false;
  }
  toggle(): void {
    if (!this.playing && this.seq >= this.count) this.go(1);
    this.playing = !this.playing;
  }
  leave(): void {
    this.playing = false;
    this.#view.at = undefined;
  }

  /** The end of a task run's id is its index in base 36. */
  #runOf(index: number) {
    const end = `-${index.toString(36)}`;
    return this.#view.now?.taskRunList?.find(({ id }) => id.endsWith(end));
  }
}
