import type { Command, StartRequest } from "#schema/cell.ts";
import type { SubflowRequest } from "#schema/effect.ts";
import type { ExecutionTrigger } from "#schema/event.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import type { EpochMs, Json, JsonObject } from "#schema/json.ts";
import type { Job } from "#schema/runner.ts";
import { sealedValue } from "#schema/sealed.ts";
import type { SlotAnswer, SlotWish } from "#schema/slot.ts";
import type { State } from "#schema/state.ts";
import type { Stored } from "#schema/stored.ts";
import type { Vault } from "./store.ts";
import type { Asker, Host, PlaceContents, PlaceKeeping, RunOfPlace, Told, World } from "./world.ts";

// A host and a world for tests of the shell: time moves when the test says so, and every call outside is written down.

type LookupAnswer = Awaited<ReturnType<World["lookup"]>>;
type Due = { at: EpochMs; order: number; run: () => void };

/** Virtual time. Nothing happens but in `run`. */
export class FakeHost implements Host {
  boot: string | undefined;
  time: EpochMs;
  readonly errors: unknown[] = [];
  /** The earliest alarm set and not yet gone off. */
  alarmAt: EpochMs | undefined;
  wake: () => void = () => {};
  #dues: Due[] = [];
  #order = 0;

  constructor(boot: string | undefined = "b1", time: EpochMs = 1_700_000_000_000) {
    this.boot = boot;
    this.time = time;
  }

  now(): EpochMs {
    return this.time;
  }

  random(): number {
    return 0.5;
  }

  soon(run: () => void): void {
    this.later(0, run);
  }

  later(ms: number, run: () => void): void {
    this.#order += 1;
    this.#dues.push({ at: this.time + ms, order: this.#order, run });
  }

  wakeAt(at: EpochMs): void {
    if (this.alarmAt === undefined || at < this.alarmAt) this.alarmAt = at;
  }

  failed(error: unknown): void {
    this.errors.push(error);
  }

  /** Forgets what was to happen, as a process that dies does. */
  die(): void {
    this.#dues = [];
    this.alarmAt = undefined;
    this.wake = () => {};
  }

  /** Lets everything happen that is due within the next `ms`, in order of time; then it is that much later. */
  async run(ms = 0): Promise<void> {
    const until = this.time + ms;
    await settled();
    for (;;) {
      const next = this.#next(until);
      if (next === undefined) break;
      this.time = Math.max(this.time, next.at);
      next.run();
      await settled();
    }
    this.time = until;
  }

  #next(until: EpochMs): Due | undefined {
    const [first] = this.#dues.toSorted((a, b) => a.at - b.at || a.order - b.order);
    if (
      this.alarmAt !== undefined &&
      this.alarmAt <= until &&
      this.alarmAt <= (first?.at ?? Number.POSITIVE_INFINITY)
    ) {
      const at = this.alarmAt;
      this.alarmAt = undefined;
      return { at, order: 0, run: () => this.wake() };
    }
    if (first === undefined || first.at > until) return undefined;
    this.#dues.splice(this.#dues.indexOf(first), 1);
    return first;
  }
}

/** Resolves when every promise that can go on has done so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export type Call = { name: keyof World; args: readonly unknown[] };

/** A world that answers as it is told, and writes down what it was asked. */
export class FakeWorld implements World {
  readonly calls: Call[] = [];
  /** How many further calls of that name are rejected. */
  readonly refusals = new Map<keyof World, number>();
  readonly jobs: Job[] = [];
  /** Stored values, by URI. */
  readonly kept = new Map<string, string>();
  onRun: (job: Job) => void = () => {};
  onEnqueue: (job: Job, group: string) => void = () => {};
  onCancel: (job: { id: string; group: string | undefined }) => "told" | "gone" = () => "gone";
  onSubflow: (
    asker: Asker,
    effect: string,
    request: SubflowRequest,
    trigger: ExecutionTrigger,
  ) => Promise<{ ok: true; executionId: string } | { ok: false; message: string }> = async () => ({
    ok: true,
    executionId: "child",
  });
  onFind: (effect: string) => string | undefined = () => undefined;
  /** What encrypts SECRET inputs and outputs. */
  vault: Vault | undefined;
  onLookup: (kind: string, args: JsonObject) => { ok: true; value: Json } | { ok: false; message: string } = () => ({
    ok: true,
    value: null,
  });
  onOpenPlace: (
    contents: PlaceContents,
  ) => { ok: true; manifest: string | undefined } | { ok: false; message: string } = () => ({
    ok: true,
    manifest: "kestra:///list-0",
  });
  onClosePlace: (
    manifest: string | undefined,
    patterns: readonly string[],
  ) => { ok: true; outputFiles: JsonObject } | { ok: false; message: string } = () => ({ ok: true, outputFiles: {} });
  onRetry: (executionId: string, effect: string, request: Omit<StartRequest, "id">) => string = () => "next";
  onCommand: (executionId: string, command: Command) => void = () => {};
  onSlot: (asker: Asker, wish: SlotWish) => SlotAnswer = () => ({ answer: "granted" });
  onSlotReleased: (asker: Asker, effect: string) => void = () => {};
  onTold: (told: Told) => void = () => {};
  /** The newest row of each execution, in the order of its sequence number. */
  readonly rows = new Map<string, ExecutionSummary>();

  names(): string[] {
    return this.calls.map((call) => call.name);
  }

  of(name: keyof World): readonly (readonly unknown[])[] {
    return this.calls.filter((call) => call.name === name).map((call) => call.args);
  }

  async #called(name: keyof World, ...args: readonly unknown[]): Promise<void> {
    this.calls.push({ name, args });
    const left = this.refusals.get(name) ?? 0;
    if (left === 0) return;
    this.refusals.set(name, left - 1);
    throw new Error(`${name} refused`);
  }

  async run(jobs: readonly Job[]): Promise<void> {
    await this.#called("run", jobs);
    this.jobs.push(...jobs);
    for (const job of jobs) this.onRun(job);
  }

  async enqueue(job: Job, group: string): Promise<void> {
    await this.#called("enqueue", job, group);
    this.jobs.push(job);
    this.onEnqueue(job, group);
  }

  async cancel(
    job: { id: string; tenant: string; group: string | undefined },
    reason: "killed" | "lost",
  ): Promise<"told" | "gone"> {
    await this.#called("cancel", job, reason);
    return this.onCancel(job);
  }

  async startSubflow(asker: Asker, effect: string, request: SubflowRequest, trigger: ExecutionTrigger) {
    await this.#called("startSubflow", asker, effect, request, trigger);
    return await this.onSubflow(asker, effect, request, trigger);
  }

  async startRetry(executionId: string, effect: string, request: Omit<StartRequest, "id">): Promise<string> {
    await this.#called("startRetry", executionId, effect, request);
    return this.onRetry(executionId, effect, request);
  }

  async findSubflow(asker: Asker, effect: string): Promise<string | undefined> {
    await this.#called("findSubflow", asker, effect);
    return this.onFind(effect);
  }

  async command(executionId: string, command: Command): Promise<void> {
    await this.#called("command", executionId, command);
    this.onCommand(executionId, command);
  }

  async tellParent(told: Told): Promise<void> {
    await this.#called("tellParent", told);
    this.onTold(told);
  }

  async tellTrigger(asker: Asker, triggerId: string, state: State): Promise<void> {
    await this.#called("tellTrigger", asker, triggerId, state);
  }

  async acquireSlot(asker: Asker, wish: SlotWish): Promise<SlotAnswer> {
    await this.#called("acquireSlot", asker, wish);
    return this.onSlot(asker, wish);
  }

  async releaseSlot(asker: Asker, effect: string): Promise<void> {
    await this.#called("releaseSlot", asker, effect);
    this.onSlotReleased(asker, effect);
  }

  async lookup(asker: Asker, lookup: { kind: string; args: JsonObject }) {
    await this.#called("lookup", asker, lookup);
    const kept = lookup.kind === "stored" ? this.kept.get(String(lookup.args.uri)) : undefined;
    if (kept !== undefined) return { ok: true as const, value: JSON.parse(kept) as Json };
    return sealAnswer(this.vault, lookup) ?? this.onLookup(lookup.kind, lookup.args);
  }

  async openPlace(asker: Asker, owner: RunOfPlace, contents: PlaceContents) {
    await this.#called("openPlace", asker, owner, contents);
    return this.onOpenPlace(contents);
  }

  async closePlace(asker: Asker, owner: RunOfPlace, manifest: string | undefined, keeping: PlaceKeeping) {
    await this.#called("closePlace", asker, owner, manifest, keeping);
    return this.onClosePlace(manifest, keeping.patterns);
  }

  async removePlace(asker: Asker, runs: readonly RunOfPlace[]): Promise<void> {
    await this.#called("removePlace", asker, runs);
  }

  async keepValues(asker: Asker, effect: string, texts: readonly string[]): Promise<Stored[]> {
    await this.#called("keepValues", asker, effect, texts);
    return texts.map((text) => {
      const uri = `kestra:///values/${this.kept.size}`;
      this.kept.set(uri, text);
      return { uri, size: text.length };
    });
  }

  async project(summaries: readonly ExecutionSummary[]): Promise<void> {
    await this.#called("project", summaries);
    for (const row of summaries) if ((this.rows.get(row.id)?.seq ?? -1) < row.seq) this.rows.set(row.id, row);
  }
}

/** What the world answers about what is sealed; undefined for any other question, and without a vault. */
export function sealAnswer(
  vault: Vault | undefined,
  { kind, args }: { kind: string; args: JsonObject },
): LookupAnswer | undefined {
  if (vault === undefined) return undefined;
  if (kind === "seal") return { ok: true, value: sealedValue(vault.seal(String(args.text)) ?? "") };
  if (kind === "unseal") return { ok: true, value: vault.open(String(args.cipher)) ?? null, secret: true };
  return undefined;
}
