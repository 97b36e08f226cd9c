// One QuickJS machine with a hard memory limit, made for one run and thrown away after it.
//
// Owns: the wasm memory, the runtime, the context, the fuel, the log of rejected promises.
// Does not own: what the guest may call (bridge), when it runs (event loop), what is counted against whom (budget).
import ffiAndLoader from "@jitl/quickjs-wasmfile-release-sync";
import {
  type EmscriptenModuleLoader,
  type EmscriptenModuleLoaderOptions,
  type JSRuntimePointer,
  type JSValuePointer,
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSEmscriptenModule,
  type QuickJSHandle,
  type QuickJSRuntime,
} from "quickjs-emscripten-core";
import { FUEL_EXPORT, REJECTION_LOG, RUNTIME_OFFSETS } from "./harden.ts";

export const WASM_PAGE_BYTES = 65_536;
/** What the module asks for at its start: below this it cannot run. */
export const MIN_MEMORY_BYTES = 256 * WASM_PAGE_BYTES;
const REJECTION_LOG_CAPACITY = 4_096;
/** Freeing a full machine takes loops too, and a run that used up its budget must not fail at them. */
const FUEL_TO_FREE = 2 ** 30;

export interface MachineOptions {
  wasmModule: WebAssembly.Module;
  memoryBytes: number;
  stackBytes: number;
}

/** One entry of the rejection log. `reason` is a pointer that the reader owns; it is 0 when the promise got its handler. */
export interface RejectionEntry {
  promise: bigint;
  reason: number;
}

export interface Machine {
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
  /** Loop iterations left before the machine traps. */
  readonly fuel: { value: number };
  /** True once the guest was refused memory and has not got any since. */
  isOutOfMemory(): boolean;
  /** Takes what was logged since the last call; `overflowed` means that the entries are not complete and were dropped. */
  takeRejections(): { entries: readonly RejectionEntry[]; overflowed: boolean };
  /** A handle for a `reason` of the rejection log. The caller owns it. */
  adopt(reason: number): QuickJSHandle;
  /** Frees everything. Throws if a handle is still alive. Never call it after an exception of the machine. */
  dispose(): void;
}

interface Pointers {
  runtime: number;
  log: number;
}

/** Throws when `wasmModule` is not the hardened build. Takes about 0.5 ms. */
export async function openMachine(options: MachineOptions): Promise<Machine> {
  assertHardened(options.wasmModule);
  const watched = createMemory(options.memoryBytes);
  const pointers: Pointers = { runtime: 0, log: 0 };
  let fuel: { value: number } | undefined;
  let allocate: ((bytes: number) => number) | undefined;
  const quickjs = await newQuickJSWASMModuleFromVariant({
    type: "sync",
    importFFI: async () => {
      const Ffi = await ffiAndLoader.importFFI();
      return class extends Ffi {
        constructor(module: QuickJSEmscriptenModule) {
          super(module);
          this.QTS_NewRuntime = watchRuntime(this.QTS_NewRuntime, pointers);
        }
      };
    },
    importModuleLoader: async () => {
      const load = await moduleLoader();
      return async () => {
        const start = startOnce(options.wasmModule);
        const starting = load({ ...SILENT, wasmMemory: watched.memory, instantiateWasm: start.instantiate });
        const module = await Promise.race([starting, start.failed]);
        fuel = start.fuel();
        allocate = guardAllocation(module);
        return module;
      };
    },
  });
  if (!fuel || !allocate) throw new Error("the QuickJS module did not start");
  const runtime = quickjs.newRuntime({ maxStackSizeBytes: options.stackBytes });
  const context = runtime.newContext();
  pointers.log = allocate(REJECTION_LOG.headerBytes + REJECTION_LOG_CAPACITY * REJECTION_LOG.entryBytes);
  startRejectionLog(watched.memory, pointers);
  return {
    runtime,
    context,
    fuel,
    isOutOfMemory: watched.isExhausted,
    takeRejections: () => takeRejections(watched.memory, pointers.log),
    adopt: (reason) =>
      context.getMemory(pointers.runtime as JSRuntimePointer).heapValueHandle(reason as JSValuePointer),
    dispose: () => {
      if (fuel) fuel.value = FUEL_TO_FREE;
      context.dispose();
      runtime.dispose();
    },
  };
}

const SILENT: EmscriptenModuleLoaderOptions & Record<string, unknown> = {
  print: () => undefined,
  printErr: () => undefined,
  quickjsEmscriptenInit: () => ({ mock: true }),
};

/** The emscripten glue comes as a default export, wrapped once or twice depending on who bundles it. */
async function moduleLoader(): Promise<EmscriptenModuleLoader<QuickJSEmscriptenModule>> {
  let found: unknown = await ffiAndLoader.importModuleLoader();
  while (typeof found === "object" && found !== null && "default" in found) found = found.default;
  if (typeof found !== "function") throw new Error("the QuickJS loader is missing");
  return found as EmscriptenModuleLoader<QuickJSEmscriptenModule>;
}

function assertHardened(wasmModule: WebAssembly.Module): void {
  if (WebAssembly.Module.exports(wasmModule).some((found) => found.name === FUEL_EXPORT)) return;
  throw new Error("the QuickJS module has no fuel: import sandbox/vm/engine/quickjs.wasm, not the one of the package");
}

/** Instantiates for the glue, which would wait for ever if that failed: `failed` rejects then. */
function startOnce(wasmModule: WebAssembly.Module) {
  let instance: WebAssembly.Instance | undefined;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  return {
    failed,
    fuel: () => instance?.exports[FUEL_EXPORT] as { value: number } | undefined,
    async instantiate(imports: WebAssembly.Imports, onSuccess: (instance: WebAssembly.Instance) => void) {
      try {
        instance = await WebAssembly.instantiate(wasmModule, imports);
        onSuccess(instance);
      } catch (error) {
        fail(error);
      }
      return instance?.exports ?? {};
    },
  };
}

function createMemory(memoryBytes: number) {
  const maximum = Math.max(Math.floor(memoryBytes / WASM_PAGE_BYTES), MIN_MEMORY_BYTES / WASM_PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: MIN_MEMORY_BYTES / WASM_PAGE_BYTES, maximum });
  const grow = memory.grow.bind(memory);
  let exhausted = false;
  // The glue asks for more than is needed first, then for less: only the last answer counts.
  memory.grow = (pages: number) => {
    exhausted = true;
    const before = grow(pages);
    exhausted = false;
    return before;
  };
  return { memory, isExhausted: () => exhausted };
}

/** The package writes to whatever address it gets: without this, a failed allocation would overwrite address 0. */
function guardAllocation(module: QuickJSEmscriptenModule): (bytes: number) => number {
  const allocate = module._malloc;
  module._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0) throw new Error("the machine has no memory left for a host value");
    return address;
  };
  return module._malloc;
}

function watchRuntime<T extends number>(create: () => T, pointers: Pointers): () => T {
  return () => {
    const runtime = create();
    pointers.runtime = runtime;
    return runtime;
  };
}

function startRejectionLog(memory: WebAssembly.Memory, pointers: Pointers): void {
  const view = new DataView(memory.buffer);
  view.setUint32(pointers.log, REJECTION_LOG_CAPACITY, true);
  view.setUint32(pointers.log + 4, 0, true);
  // Any value but 0 will do as the tracker: the hardened module calls its own and never looks it up.
  view.setUint32(pointers.runtime + RUNTIME_OFFSETS.tracker, 1, true);
  view.setUint32(pointers.runtime + RUNTIME_OFFSETS.opaque, pointers.log, true);
}

function takeRejections(memory: WebAssembly.Memory, log: number): ReturnType<Machine["takeRejections"]> {
  const view = new DataView(memory.buffer);
  const count = view.getUint32(log + 4, true);
  if (count === 0) return { entries: [], overflowed: false };
  view.setUint32(log + 4, 0, true);
  const entries: RejectionEntry[] = [];
  for (let index = 0; index < Math.min(count, REJECTION_LOG_CAPACITY); index++) {
    const at = log + REJECTION_LOG.headerBytes + index * REJECTION_LOG.entryBytes;
    const isHandled = view.getUint32(at + 8, true) !== 0;
    entries.push({ promise: view.getBigUint64(at, true), reason: isHandled ? 0 : view.getUint32(at + 12, true) });
  }
  return { entries, overflowed: count > REJECTION_LOG_CAPACITY };
}
