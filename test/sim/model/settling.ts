import type { Flow } from "#schema/flow.ts";
import { isTerminal, type State } from "#schema/state.ts";
import { type Family, type Place, type Rank, type Run, type Stage, softened, Tree, worst } from "./tree.ts";

/** What follows from how task runs have ended: which start next, which flowables are over, how the execution ends. */
export abstract class Settling {
  readonly tree: Tree;
  at = 0;
  protected current: State = "CREATED";
  protected isHeld = false;
  protected stopAs: State | undefined;
  /** Some of it ran: `afterExecution` may follow. */
  protected hasBegun = false;
  protected goesOnAfterStop = false;
  protected endsAs: Rank | undefined;

  constructor(flow: Flow) {
    this.tree = new Tree(flow);
  }

  run(key: string): Run | undefined {
    return this.tree.runs.get(key);
  }

  protected start(owner: string, stage: Stage, place: Place): void {
    const key = this.tree.keyOf(owner, stage, place);
    this.tree.runs.set(key, {
      key,
      parent: owner,
      stage,
      task: place.task,
      retry: this.tree.retryOf(place.task, owner),
      iteration: place.iteration,
      state: "CREATED",
      waits: this.isHeld ? "held" : "start",
      tries: [],
      losses: 0,
      outputs: undefined,
      family: undefined,
    });
  }

  protected close(run: Run): void {
    const last = run.tries.at(-1);
    if (last !== undefined) last.to ??= this.at;
  }

  protected end(run: Run, state: State): void {
    this.close(run);
    run.state = softened(run.task, state);
    run.waits = undefined;
  }

  /** Everything that follows, until nothing follows any more. */
  settle(): void {
    if (this.current === "CREATED" || this.current === "QUEUED") return;
    if (this.current === "KILLING") this.settleStop();
    if (this.current === "KILLING") return;
    while (this.step());
  }

  private settleStop(): void {
    const runs = [...this.tree.runs.values()];
    if (runs.some((run) => run.state === "KILLING" && run.family === undefined)) return;
    for (const run of runs) if (run.family !== undefined && !isTerminal(run.state)) this.end(run, "KILLED");
    for (const run of runs) if (run.family !== undefined) run.family.ended = true;
    this.tree.root.ended = true;
    this.isHeld = false;
    this.current = this.stopAs ?? "KILLED";
  }

  private get mayFollow(): boolean {
    const isStopped = this.current === "KILLED" || this.current === "CANCELLED";
    return this.hasBegun && (this.goesOnAfterStop || !isStopped);
  }

  /** One thing that follows; false when nothing does. */
  private step(): boolean {
    for (const run of this.tree.runs.values())
      if (run.family !== undefined && !run.family.ended && this.move(run.key, run.family)) return true;
    if (!this.tree.root.ended) return this.move("", this.tree.root);
    return isTerminal(this.current) && this.mayFollow && this.goThrough("", "afterExecution") === "moved";
  }

  /** Moves a flowable; false when it waits for its children. */
  private move(owner: string, family: Family): boolean {
    const asked = this.run(owner)?.waits;
    if (asked === "condition" || asked === "interval") return false;
    if (family.isLoopOver && family.stage === "main") {
      this.endStage(owner, family);
      return true;
    }
    if (family.stage !== "main") {
      const gone = this.goThrough(owner, family.stage);
      if (gone === "over") this.endStage(owner, family);
      return gone !== "waits";
    }
    const states = this.tree.children(owner, "main").map((run) => run.state);
    if (states.includes("KILLED")) return this.endFamily(owner, family, "KILLED");
    if (states.includes("FAILED")) {
      if (this.tree.list(owner, "errors").length === 0) this.endStage(owner, family);
      else family.stage = "errors";
      return true;
    }
    const next = this.tree.next(owner, family);
    for (const place of next) this.start(owner, "main", place);
    if (next.length > 0) return true;
    if (!this.tree.isMainOver(owner, family)) return false;
    const run = this.run(owner);
    if (run !== undefined && family.expansion.kind === "loop-until" && states.length > 0) {
      run.waits = "condition";
      return false;
    }
    this.endStage(owner, family);
    return true;
  }

  /** One task after the other, whatever became of the one before. */
  private goThrough(owner: string, stage: Stage): "moved" | "waits" | "over" {
    for (const task of this.tree.list(owner, stage)) {
      const place = { task, iteration: undefined };
      const run = this.run(this.tree.keyOf(owner, stage, place));
      if (run !== undefined && !isTerminal(run.state)) return "waits";
      if (run !== undefined) continue;
      this.start(owner, stage, place);
      return "moved";
    }
    return "over";
  }

  private endStage(owner: string, family: Family): void {
    if (family.stage !== "finally") {
      const states = this.tree.children(owner, "main").map((run) => run.state);
      if (family.hasWarned) states.push("WARNING");
      if (family.hasFailedLoop) states.push("FAILED");
      family.worstBefore = worst(states);
      if (this.tree.list(owner, "finally").length > 0) {
        family.stage = "finally";
        this.abandon(owner, ["main", "errors"]);
        return;
      }
    }
    const before = family.worstBefore ?? "SUCCESS";
    const failed = this.tree.children(owner, "finally").some((run) => run.state === "FAILED");
    this.endFamily(owner, family, failed ? worst([before, "FAILED"]) : before);
  }

  private endFamily(owner: string, family: Family, state: Rank): true {
    family.ended = true;
    this.abandon(owner, ["main", "errors", "finally"]);
    const run = this.run(owner);
    if (run !== undefined && family.expansion.kind === "place" && state !== "KILLED") {
      family.endsAs = state;
      run.waits = "place-close";
      return true;
    }
    if (run !== undefined) {
      this.end(run, state);
      return true;
    }
    if (this.tree.flow.outputs.length > 0 && state !== "KILLED") this.endsAs = state;
    else this.finish(state);
    return true;
  }

  /** What cannot go on without its flowable is over; what runs elsewhere is left to itself. */
  private abandon(owner: string, stages: readonly Stage[]): void {
    for (const stage of stages)
      for (const run of this.tree.children(owner, stage)) {
        if (isTerminal(run.state)) continue;
        if (run.family?.ended === false) this.endFamily(run.key, run.family, "KILLED");
        else if (run.waits !== "answer" && run.waits !== "subflow") this.end(run, "KILLED");
      }
  }

  protected finish(state: State): void {
    this.current = state;
    this.isHeld = false;
  }

  protected isLeftBehind(run: Run): boolean {
    const family = this.tree.family(run.parent);
    if (family === undefined || run.stage === "afterExecution") return false;
    return family.ended || (family.stage === "finally" && run.stage !== "finally");
  }
}
