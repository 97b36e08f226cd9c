// Runs first in every machine: the way to the host, timers, promises of answers, and lazy globals. Kept small, because
// every script pays for it; everything else is loaded when first used.
//
// Guest texts are plain JavaScript without backticks, so that they can stand in a raw template.
export const CORE_GUEST = `(function (host, config) {
  "use strict";
  const { parse, stringify } = JSON;
  const evaluate = eval;
  const pending = new Map();
  const timers = new Map();
  const libraries = new Map();
  const ErrorTypes = { Error, TypeError, RangeError, SyntaxError, URIError };
  const MAX_MESSAGE = 16000000;
  let lastId = 0;

  function newError(told) {
    const Type = ErrorTypes[told.name] || Error;
    const error = new Type(told.message);
    if (told.name !== error.name) error.name = told.name;
    if (told.code !== undefined) error.code = told.code;
    return error;
  }

  // No answer means that the host has ended this run: wait for the interrupt, which nothing here can catch.
  function call(operation, input, bytes) {
    const json = input === undefined ? "" : stringify(input);
    if (json.length > MAX_MESSAGE || (bytes && bytes.byteLength > MAX_MESSAGE)) throw new RangeError("the value is too large to leave the sandbox");
    const answer = host(operation, json, bytes);
    if (answer === undefined) for (;;);
    if (typeof answer !== "string") return answer;
    const told = parse(answer);
    if (told.error) throw newError(told.error);
    return told.value;
  }

  function later(operation, input, bytes) {
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      try {
        call(operation, { ...input, id }, bytes);
      } catch (error) {
        pending.delete(id);
        reject(error);
      }
    });
  }

  function notSupported(what) {
    const error = new Error(what + " is not available in the sandbox; " + config.moveToAgent);
    error.name = "NotSupportedError";
    error.code = "NOT_SUPPORTED";
    return error;
  }

  function setTimer(repeats) {
    return function (callback, delay, ...args) {
      if (typeof callback !== "function") throw new TypeError("the timer's callback must be a function");
      const id = ++lastId;
      call("timer.set", { id, delayMs: Number(delay) || 0, repeats });
      timers.set(id, { callback, args, repeats });
      return id;
    };
  }

  function clearTimer(id) {
    if (timers.delete(id)) call("timer.clear", { id });
  }

  function deliver(kind, id, json, bytes) {
    if (kind === "timer") {
      const timer = timers.get(id);
      if (!timer) return;
      if (!timer.repeats) timers.delete(id);
      timer.callback(...timer.args);
      return;
    }
    const waiting = pending.get(id);
    pending.delete(id);
    if (!waiting) return;
    if (kind === "failure") waiting.reject(newError(parse(json)));
    else waiting.resolve({ value: parse(json), bytes });
  }

  function load(name) {
    if (!libraries.has(name)) libraries.set(name, evaluate(call("library", { name }))(lib));
    return libraries.get(name);
  }

  function define(target, name, value) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  }

  function lazy(target, name, library, key) {
    Object.defineProperty(target, name, {
      configurable: true,
      enumerable: false,
      get() {
        const value = load(library)[key || name];
        define(target, name, value);
        return value;
      },
      set(value) {
        define(target, name, value);
      },
    });
  }

  function describe(error) {
    if (typeof error !== "object" || error === null) return stringify({ name: "", message: String(error), stack: "" });
    const text = (value) => (typeof value === "string" ? value : "");
    return stringify({ name: text(error.name), message: text(error.message), stack: text(error.stack), code: text(error.code) });
  }

  const lib = { call, later, load, define, lazy, config, notSupported, newError };

  const NativeDate = Date;
  function HostDate(...args) {
    if (!new.target) return new NativeDate(call("now")).toString();
    return Reflect.construct(NativeDate, args.length === 0 ? [call("now")] : args, new.target);
  }
  HostDate.prototype = NativeDate.prototype;
  define(HostDate, "now", () => call("now"));
  define(HostDate, "parse", NativeDate.parse);
  define(HostDate, "UTC", NativeDate.UTC);
  Object.defineProperty(HostDate, "name", { value: "Date" });
  Object.defineProperty(HostDate, "length", { value: 7 });
  define(NativeDate.prototype, "constructor", HostDate);
  define(globalThis, "Date", HostDate);

  let pool = new Uint32Array(0);
  let poolAt = 0;
  define(Math, "random", () => {
    if (poolAt + 2 > pool.length) {
      pool = new Uint32Array(call("random", { length: 512 }));
      poolAt = 0;
    }
    const high = pool[poolAt++] >>> 5;
    const low = pool[poolAt++] >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  });

  // The engine reads nested JSON with the machine's own stack: a text that could exhaust it is looked at first.
  define(JSON, "parse", function (text, reviver) {
    const source = String(text);
    if (source.length > 2000) call("json.check", { text: source });
    return parse(source, reviver);
  });

  define(globalThis, "setTimeout", setTimer(false));
  define(globalThis, "setInterval", setTimer(true));
  define(globalThis, "setImmediate", (callback, ...args) => globalThis.setTimeout(callback, 0, ...args));
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) define(globalThis, name, clearTimer);
  if (typeof queueMicrotask !== "function") {
    define(globalThis, "queueMicrotask", (callback) => {
      Promise.resolve().then(callback);
    });
  }
  define(globalThis, "global", globalThis);
  define(globalThis, "self", globalThis);
  for (const [library, names] of Object.entries(config.lazyGlobals)) {
    for (const name of names) lazy(globalThis, name, library);
  }

  define(globalThis, Symbol.for("windhover.builtin"), (name) => load("node").builtin(name));

  function runClassic(body, fileName) {
    return load("node").runMain(body, fileName);
  }

  return { deliver, describe, runClassic };
})`;
