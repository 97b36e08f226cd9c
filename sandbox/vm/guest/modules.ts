// The other node modules: small, and each only as far as a script without a process can use it.
export const MODULES_GUEST = String.raw`(function (lib) {
  "use strict";
  const { path } = lib.load("paths");
  const { inspect, format } = lib.load("inspect");
  const { Buffer } = lib.load("buffer");
  const { toBytes, encode } = lib.load("text");

  const refuse = (label, members) =>
    new Proxy(members, {
      get(target, name) {
        if (name in target || typeof name === "symbol" || name === "then" || name === "default" || name === "__esModule") return target[name];
        throw lib.notSupported(label + "." + name);
      },
    });

  const promisify = (run) => (...args) =>
    new Promise((resolve, reject) => run(...args, (error, value) => (error ? reject(error) : resolve(value))));

  function isDeepStrictEqual(a, b) {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (a instanceof Date) return a.getTime() === b.getTime();
    if (a instanceof Map || a instanceof Set) return a.size === b.size && isDeepStrictEqual([...a], [...b]);
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isDeepStrictEqual(a[key], b[key]));
  }

  const util = refuse("util", {
    inspect,
    format,
    promisify,
    isDeepStrictEqual,
    types: { isDate: (value) => value instanceof Date, isRegExp: (value) => value instanceof RegExp, isPromise: (value) => value instanceof Promise },
    inherits: (child, parent) => Object.setPrototypeOf(child.prototype, parent.prototype),
    deprecate: (run) => run,
    TextEncoder: globalThis.TextEncoder,
    TextDecoder: globalThis.TextDecoder,
  });

  class AssertionError extends Error {
    constructor(message) {
      super(message);
      this.name = "AssertionError";
      this.code = "ERR_ASSERTION";
    }
  }
  function fail(message, otherwise) {
    throw message instanceof Error ? message : new AssertionError(message || otherwise);
  }
  const check = (test, words) => (actual, expected, message) => test(actual, expected) || fail(message, inspect(actual) + " " + words + " " + inspect(expected));
  const assert = (value, message) => value || fail(message, "the value is not truthy: " + inspect(value));
  Object.assign(assert, {
    ok: assert,
    AssertionError,
    fail: (message) => fail(message, "failed"),
    equal: check((a, b) => a == b, "=="),
    notEqual: check((a, b) => a != b, "!="),
    strictEqual: check(Object.is, "==="),
    notStrictEqual: check((a, b) => !Object.is(a, b), "!=="),
    deepEqual: check(isDeepStrictEqual, "is deeply equal to"),
    deepStrictEqual: check(isDeepStrictEqual, "is deeply equal to"),
    throws(run, message) {
      try {
        run();
      } catch {
        return;
      }
      fail(message, "nothing was thrown");
    },
    async rejects(promise, message) {
      try {
        await (typeof promise === "function" ? promise() : promise);
      } catch {
        return;
      }
      fail(message, "nothing was rejected");
    },
  });
  assert.strict = assert;

  class EventEmitter {
    #listeners = new Map();

    on(name, listener) {
      this.#listeners.set(name, [...(this.#listeners.get(name) || []), listener]);
      return this;
    }
    once(name, listener) {
      const run = (...args) => (this.off(name, run), listener.apply(this, args));
      run.listener = listener;
      return this.on(name, run);
    }
    off(name, listener) {
      this.#listeners.set(name, (this.#listeners.get(name) || []).filter((run) => run !== listener && run.listener !== listener));
      return this;
    }
    emit(name, ...args) {
      const listeners = this.#listeners.get(name) || [];
      if (listeners.length === 0 && name === "error") throw args[0];
      for (const run of listeners) run.apply(this, args);
      return listeners.length > 0;
    }
    listenerCount(name) {
      return (this.#listeners.get(name) || []).length;
    }
    removeAllListeners() {
      this.#listeners.clear();
      return this;
    }
  }
  EventEmitter.prototype.addListener = EventEmitter.prototype.on;
  EventEmitter.prototype.removeListener = EventEmitter.prototype.off;
  EventEmitter.EventEmitter = EventEmitter;

  const bytesOf = (data, encoding) => (typeof data === "string" ? (encoding ? Buffer.from(data, encoding) : encode(data)) : data);
  function hasher(operation, algorithm, key) {
    const parts = [];
    return {
      update(data, encoding) {
        parts.push(bytesOf(data, encoding));
        return this;
      },
      digest(encoding) {
        const joined = Buffer.concat(key === undefined ? parts : [key, ...parts]);
        const input = { algorithm, keyLength: key === undefined ? undefined : key.length };
        const bytes = Buffer.from(lib.call(operation, input, toBytes(joined)));
        return encoding ? bytes.toString(encoding) : bytes;
      },
    };
  }
  const webCrypto = globalThis.crypto;
  const crypto = refuse("crypto", {
    randomUUID: () => webCrypto.randomUUID(),
    randomBytes: (length) => Buffer.over(webCrypto.getRandomValues(new Uint8Array(length))),
    randomInt(from, to) {
      const [low, high] = to === undefined ? [0, from] : [from, to];
      return low + Math.floor(Math.random() * (high - low));
    },
    getRandomValues: (view) => webCrypto.getRandomValues(view),
    createHash: (algorithm) => hasher("hash", algorithm),
    createHmac: (algorithm, key) => hasher("hash", algorithm, bytesOf(key)),
    timingSafeEqual: (a, b) => Buffer.compare(a, b) === 0,
    subtle: webCrypto.subtle,
    webcrypto: webCrypto,
  });

  const timersPromises = { setTimeout: (ms, value) => new Promise((resolve) => globalThis.setTimeout(resolve, ms, value)) };

  return {
    path,
    util,
    assert,
    "assert/strict": assert,
    events: EventEmitter,
    crypto,
    buffer: { Buffer, atob: globalThis.atob, btoa: globalThis.btoa },
    url: {
      URL: globalThis.URL,
      URLSearchParams: globalThis.URLSearchParams,
      fileURLToPath: (url) => decodeURIComponent(new globalThis.URL(String(url)).pathname),
      pathToFileURL: (text) => new globalThis.URL("file://" + path.resolve(text)),
    },
    querystring: {
      parse: (text) => Object.fromEntries(new globalThis.URLSearchParams(text)),
      stringify: (values) => new globalThis.URLSearchParams(values).toString(),
      escape: encodeURIComponent,
      unescape: decodeURIComponent,
    },
    os: { EOL: "\n", platform: () => "linux", tmpdir: () => "/tmp", homedir: () => lib.config.cwd, hostname: () => "sandbox", cpus: () => [], arch: () => "wasm32", type: () => "Linux" },
    timers: { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval, setImmediate: globalThis.setImmediate, clearTimeout: globalThis.clearTimeout, clearInterval: globalThis.clearInterval, clearImmediate: globalThis.clearImmediate },
    "timers/promises": timersPromises,
    perf_hooks: { performance: globalThis.performance },
    "@kestra-io/libs": globalThis.Kestra,
  };
})`;
