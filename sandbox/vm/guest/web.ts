// Small parts of the web platform: events and aborts, `structuredClone`, `crypto`, `performance`.
export const WEB_GUEST = `(function (lib) {
  "use strict";

  class DOMException extends Error {
    constructor(message = "", name = "Error") {
      super(message);
      this.name = name;
    }
  }

  class Event {
    constructor(type) {
      this.type = String(type);
      this.target = null;
    }
  }

  class EventTarget {
    #listeners = new Map();

    addEventListener(type, listener, options) {
      const list = this.#listeners.get(type) || [];
      if (!list.some((entry) => entry.listener === listener)) this.#listeners.set(type, [...list, { listener, once: options && options.once === true }]);
    }
    removeEventListener(type, listener) {
      this.#listeners.set(type, (this.#listeners.get(type) || []).filter((entry) => entry.listener !== listener));
    }
    dispatchEvent(event) {
      event.target = this;
      if (typeof this["on" + event.type] === "function") this["on" + event.type](event);
      for (const { listener, once } of this.#listeners.get(event.type) || []) {
        if (once) this.removeEventListener(event.type, listener);
        if (typeof listener === "function") listener.call(this, event);
        else listener.handleEvent(event);
      }
      return true;
    }
  }

  class AbortSignal extends EventTarget {
    aborted = false;
    reason = undefined;
    onabort = null;

    throwIfAborted() {
      if (this.aborted) throw this.reason;
    }
    static abort(reason) {
      const controller = new AbortController();
      controller.abort(reason);
      return controller.signal;
    }
    static timeout(ms) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new DOMException("The operation timed out", "TimeoutError")), ms);
      return controller.signal;
    }
    static any(signals) {
      const controller = new AbortController();
      for (const signal of signals) {
        if (signal.aborted) controller.abort(signal.reason);
        else signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
      }
      return controller.signal;
    }
  }

  class AbortController {
    signal = new AbortSignal();

    abort(reason) {
      if (this.signal.aborted) return;
      this.signal.aborted = true;
      this.signal.reason = reason === undefined ? new DOMException("The operation was aborted", "AbortError") : reason;
      this.signal.dispatchEvent(new Event("abort"));
    }
  }

  function structuredClone(value) {
    return clone(value, new Map());
  }

  function clone(value, seen) {
    if (typeof value === "function" || typeof value === "symbol") throw new DOMException(String(value) + " could not be cloned", "DataCloneError");
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const keep = (copy) => {
      seen.set(value, copy);
      return copy;
    };
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof Boolean || value instanceof Number || value instanceof String) return keep(Object(value.valueOf()));
    if (value instanceof ArrayBuffer) return keep(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const buffer = clone(value.buffer, seen);
      return keep(new value.constructor(buffer, value.byteOffset, value.length === undefined ? value.byteLength : value.length));
    }
    if (value instanceof Map) {
      const copy = keep(new Map());
      for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = keep(new Set());
      for (const item of value) copy.add(clone(item, seen));
      return copy;
    }
    if (value instanceof Error) {
      const copy = keep(new (globalThis[value.name] || Error)(value.message));
      lib.define(copy, "stack", value.stack);
      if (value.cause !== undefined) lib.define(copy, "cause", clone(value.cause, seen));
      return copy;
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) throw new DOMException("the value could not be cloned", "DataCloneError");
    const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) {
      Object.defineProperty(copy, key, { value: clone(value[key], seen), enumerable: true, writable: true, configurable: true });
    }
    return copy;
  }

  const random = (length) => new Uint8Array(lib.call("random", { length }));

  const crypto = {
    getRandomValues(view) {
      if (!ArrayBuffer.isView(view)) throw new TypeError("getRandomValues takes a typed array");
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(random(view.byteLength));
      return view;
    },
    randomUUID() {
      const bytes = random(16);
      bytes[6] = (bytes[6] & 0x0f) | 0x40;
      bytes[8] = (bytes[8] & 0x3f) | 0x80;
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
    },
    subtle: new Proxy({}, {
      get(_, name) {
        if (name === "digest") return digest;
        if (typeof name === "symbol" || name === "then") return undefined;
        throw lib.notSupported("crypto.subtle." + name);
      },
    }),
  };

  async function digest(algorithm, data) {
    const name = String(typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm).toUpperCase();
    return (await lib.later("digest", { algorithm: name }, lib.load("text").toBytes(data))).bytes;
  }

  const performance = {
    now: () => lib.call("uptime"),
    get timeOrigin() {
      return Date.now() - lib.call("uptime");
    },
    mark: () => {},
    measure: () => {},
  };

  return { DOMException, Event, EventTarget, AbortSignal, AbortController, structuredClone, crypto, performance };
})`;
