// One run of one script in one machine, from its first line until nothing is left to wait for.
//
// V3. Every handle belongs to a scope that ends with its turn, or with the run. A run that ends leaves nothing alive.
// V4. After any exception of the host or the machine nothing is called in the machine again: it is dropped as it is.
import { type QuickJSContext, type QuickJSHandle, Scope } from "quickjs-emscripten-core";
import { Bridge, describeForGuest } from "./bridge.ts";
import { Budget } from "./budget.ts";
import type { Host, Limits, ScriptErrorCode, ScriptRequest } from "./contract.ts";
import type { Machine } from "./engine/instance.ts";
import { RejectionWatch } from "./engine/rejections.ts";
import { type Delivery, EventLoop } from "./event-loop.ts";
import { type LimitCode, limitMessage, MOVE_TO_AGENT, ScriptFailure } from "./failure.ts";
import type { MemoryFiles } from "./files.ts";
import { CORE_GUEST } from "./guest/core.ts";
import { LAZY_GLOBALS } from "./guest/library.ts";
import { engineLimit, type MainText, parseThrown, readableStack, type ThrownValue, toFailure } from "./guest-error.ts";
import { asModule, installModuleLoader, withoutShebang } from "./modules.ts";
import { fileOperations } from "./operations-files.ts";
import { runOperations } from "./operations-run.ts";
import { webOperations } from "./operations-web.ts";
import { Output } from "./output.ts";
import { WORKING_DIRECTORY } from "./paths.ts";
import { toJavaScript } from "./typescript.ts";

type GuestResult = ReturnType<QuickJSContext["evalCode"]>;

const JOBS_AT_A_TIME = 1_000;
const CLASSIC_HEAD = "(async function (exports, require, module, __filename, __dirname) {";
const MODULE_FILE = /\.m[jt]s$/;
const MODULE_STATEMENT = /^\s*(import|export)\b|\bimport\.meta\b/m;
/** Thrown through the host's own frames when the script ended itself. */
const EXIT = new Error("the script ended itself");
const UNKNOWN: ThrownValue = { name: "", message: "an error that cannot be read", stack: "", code: "" };

interface Guest {
  deliver: QuickJSHandle;
  describe: QuickJSHandle;
  runClassic: QuickJSHandle;
}

export interface RunOptions {
  machine: Machine;
  request: ScriptRequest;
  host: Host;
  limits: Limits;
  files: MemoryFiles;
  signal: AbortSignal | undefined;
}

export class Run {
  readonly output: Output;
  readonly exit = { code: 0 };
  /** True after an exception of the host or the machine: it must not be disposed of. */
  isDiscarded = false;
  #machine: Machine;
  #request: ScriptRequest;
  #limits: Limits;
  #budget: Budget;
  #loop: EventLoop;
  #bridge: Bridge;
  #rejections: RejectionWatch;
  #scope = new Scope();
  #guest: Guest | undefined;
  #main: MainText;

  constructor({ machine, request, host, limits, files, signal }: RunOptions) {
    this.#machine = machine;
    this.#request = request;
    this.#limits = limits;
    this.#main = { fileName: request.fileName, headLength: 0 };
    this.#budget = new Budget(limits, host, machine);
    this.#loop = new EventLoop(host, this.#budget, signal);
    this.#rejections = new RejectionWatch(machine);
    this.output = new Output(host, this.#budget, limits);
    this.#bridge = new Bridge(machine.context, this.#budget, {
      ...runOperations({
        budget: this.#budget,
        files,
        host,
        limits,
        loop: this.#loop,
        output: this.output,
        exit: this.exit,
      }),
      ...fileOperations(files, this.#budget),
      ...webOperations(host, this.#budget, this.#loop),
    });
    installModuleLoader(machine.runtime, files);
  }

  /** Throws a ScriptFailure for everything that ends the run badly. */
  async execute(): Promise<void> {
    try {
      this.#guest = this.#startGuest();
      const main = this.#startMain(this.#guest);
      for (;;) {
        this.#drainJobs();
        const hasEnded = this.#hasEnded(main);
        const unhandled = this.#rejections.first();
        if (unhandled) this.#failWith(unhandled, "UNHANDLED_REJECTION");
        if (this.#loop.isIdle) {
          if (hasEnded) return;
          throw new ScriptFailure("NEVER_SETTLED", "The script awaits a promise that nothing will ever settle");
        }
        const delivery = await this.#loop.next();
        Scope.withScope((scope) => this.#deliver(delivery, scope));
      }
    } catch (error) {
      if (error !== EXIT) throw error;
    } finally {
      this.#loop.close();
      this.output.flush();
    }
  }

  /** Frees the machine, if that is still possible. Throws when a handle was left alive. */
  dispose(): void {
    if (this.isDiscarded) return;
    this.#rejections.update();
    this.#rejections.dispose();
    this.#scope.dispose();
    this.#machine.dispose();
  }

  #startGuest(): Guest {
    const { context } = this.#machine;
    const config = {
      args: this.#request.args,
      env: this.#request.env,
      fileName: this.#request.fileName,
      cwd: WORKING_DIRECTORY,
      moveToAgent: MOVE_TO_AGENT,
      lazyGlobals: LAZY_GLOBALS,
    };
    return this.#enter(() =>
      Scope.withScope((scope) => {
        const core = scope.manage(context.evalCode(CORE_GUEST, "<sandbox>").unwrap());
        const json = scope.manage(this.#bridge.newJson(config));
        const parsed = scope.manage(context.getProp(scope.manage(context.getProp(context.global, "JSON")), "parse"));
        const given = scope.manage(context.callFunction(parsed, context.undefined, json).unwrap());
        const host = scope.manage(this.#bridge.createFunction());
        const guest = scope.manage(context.callFunction(core, context.undefined, host, given).unwrap());
        const member = (name: string) => this.#scope.manage(context.getProp(guest, name));
        return { deliver: member("deliver"), describe: member("describe"), runClassic: member("runClassic") };
      }),
    );
  }

  /** Starts the script; gives the promise of its end, or whatever else its evaluation gave. */
  #startMain(guest: Guest): QuickJSHandle {
    const { fileName, language } = this.#request;
    const source = withoutShebang(this.#request.source);
    if (language === "typescript") return this.#startModule(toJavaScript(source, fileName));
    if (MODULE_FILE.test(fileName)) return this.#startModule(source);
    const classic = this.#compileClassic(source);
    if (!classic.error) return this.#startClassic(guest, classic.value);
    if (!MODULE_STATEMENT.test(source)) this.#failWith(classic.error, "SYNTAX");
    return this.#startModule(source);
  }

  #startModule(source: string): QuickJSHandle {
    const { fileName } = this.#request;
    const text = asModule(source, fileName, true);
    this.#main.headLength = text.length - source.length;
    return this.#result(this.#scope, () => this.#machine.context.evalCode(text, fileName, { type: "module" }));
  }

  /** The script as the body of a function, as node has classic scripts; unlike there, it may `await`. */
  #compileClassic(source: string): GuestResult {
    this.#main.headLength = CLASSIC_HEAD.length;
    const text = `${CLASSIC_HEAD}${source}\n})`;
    return this.#enter(() =>
      this.#scope.manage(this.#machine.context.evalCode(text, this.#request.fileName, { type: "global" })),
    );
  }

  #startClassic(guest: Guest, body: QuickJSHandle): QuickJSHandle {
    const { context } = this.#machine;
    return this.#result(this.#scope, () =>
      Scope.withScope((scope) => {
        const name = scope.manage(context.newString(this.#request.fileName));
        return context.callFunction(guest.runClassic, context.undefined, body, name);
      }),
    );
  }

  #deliver(delivery: Delivery, scope: Scope): void {
    const { context } = this.#machine;
    if (!this.#guest) return;
    const { deliver } = this.#guest;
    this.#result(scope, () => {
      const kind = scope.manage(context.newString(delivery.kind));
      const id = scope.manage(context.newNumber(delivery.id));
      if (delivery.kind === "timer") return context.callFunction(deliver, context.undefined, kind, id);
      const told = delivery.kind === "failure" ? describeForGuest(delivery.error) : delivery.value;
      const json = scope.manage(this.#bridge.newJson(told));
      const bytes =
        "bytes" in delivery && delivery.bytes ? scope.manage(this.#bridge.newBytes(delivery.bytes)) : context.undefined;
      return context.callFunction(deliver, context.undefined, kind, id, json, bytes);
    });
  }

  /** Runs promise jobs until there are none. */
  #drainJobs(): void {
    const { runtime } = this.#machine;
    let left = this.#limits.pendingJobs;
    while (this.#enter(() => runtime.hasPendingJob())) {
      if (left <= 0) throw this.#limitFailure("JOB_LIMIT");
      left -= Scope.withScope((scope) => this.#runJobs(Math.min(left, JOBS_AT_A_TIME), scope));
    }
    this.#enter(() => this.#rejections.update());
    this.#budget.settle();
    this.#checkStop();
  }

  #runJobs(count: number, scope: Scope): number {
    const done = this.#enter(() => scope.manage(this.#machine.runtime.executePendingJobs(count)));
    this.#checkStop(done.error);
    if (done.error) this.#failWith(done.error, "UNCAUGHT_EXCEPTION");
    this.#enter(() => this.#rejections.update());
    return done.value;
  }

  /** Has the script's own text run to its end? Throws when it failed. */
  #hasEnded(main: QuickJSHandle): boolean {
    return Scope.withScope((scope) => {
      const state = this.#enter(() => this.#machine.context.getPromiseState(main));
      if (state.type === "rejected") this.#failWith(scope.manage(state.error), "UNCAUGHT_EXCEPTION");
      if (state.type === "fulfilled" && !state.notAPromise) scope.manage(state.value);
      return state.type !== "pending";
    });
  }

  /** The value of a call into the machine, owned by `scope`. Throws when the guest threw or must stop. */
  #result(scope: Scope, step: () => GuestResult): QuickJSHandle {
    const result = this.#enter(() => scope.manage(step()));
    this.#checkStop(result.error);
    if (result.error) this.#failWith(result.error, "UNCAUGHT_EXCEPTION");
    return result.value;
  }

  /** Every call into the machine goes through here (V4). */
  #enter<T>(step: () => T): T {
    let value: T;
    try {
      value = step();
    } catch (error) {
      throw this.#discard(error);
    }
    if (this.#bridge.poison !== undefined) throw this.#discard(this.#bridge.poison);
    return value;
  }

  #discard(error: unknown): ScriptFailure {
    if (error instanceof ScriptFailure) return error;
    this.isDiscarded = true;
    if (this.#budget.isFuelOut()) return this.#limitFailure("CPU_LIMIT");
    if (this.#machine.isOutOfMemory()) return this.#limitFailure("MEMORY_LIMIT");
    if (error instanceof RangeError) return this.#limitFailure("STACK_LIMIT");
    const reason = error instanceof Error ? error.message : String(error);
    return new ScriptFailure("ENGINE_FAILED", `The sandbox broke on this script (${reason}); ${MOVE_TO_AGENT}`);
  }

  /** Throws when the budget has stopped the guest. `thrown` is what the guest threw then: it tells where it was. */
  #checkStop(thrown?: QuickJSHandle): void {
    const { stop } = this.#budget;
    if (stop === undefined) return;
    if (stop === "exit") throw EXIT;
    // In an async function the interrupt rejects its promise instead.
    this.#enter(() => this.#rejections.update());
    const last = thrown ?? this.#rejections.first();
    const where = last ? this.#budget.inGrace(() => this.#describe(last)).stack : "";
    throw new ScriptFailure(stop.code, stop.message, readableStack(where, this.#main));
  }

  #failWith(thrown: QuickJSHandle, code: ScriptErrorCode): never {
    const told = this.#describe(thrown);
    const limit = engineLimit(told) ?? (told === UNKNOWN && this.#machine.isOutOfMemory() ? "MEMORY_LIMIT" : undefined);
    if (limit) throw this.#limitFailure(limit, told.stack);
    throw toFailure(told, this.#main, code);
  }

  #limitFailure(code: LimitCode, stack = ""): ScriptFailure {
    return new ScriptFailure(code, limitMessage(code, this.#limits), readableStack(stack, this.#main));
  }

  #describe(thrown: QuickJSHandle): ThrownValue {
    const { context } = this.#machine;
    const guest = this.#guest;
    if (!guest) return UNKNOWN;
    return this.#enter(() =>
      Scope.withScope((scope) => {
        const told = scope.manage(context.callFunction(guest.describe, context.undefined, thrown));
        if (told.error || context.typeof(told.value) !== "string") return UNKNOWN;
        return parseThrown(context.getString(told.value));
      }),
    );
  }
}
