// `URL` and `URLSearchParams`. The host's own parser does the work, so addresses mean the same on both sides.
export const URL_GUEST = `(function (lib) {
  "use strict";
  const { call } = lib;

  class URLSearchParams {
    #entries = [];
    #changed;

    constructor(init = "", changed) {
      this.#changed = changed === lib ? arguments[2] : undefined;
      if (typeof init === "string") this.#entries = init === "" ? [] : call("query.parse", { text: init });
      else if (typeof init[Symbol.iterator] === "function") this.#entries = Array.from(init, ([name, value]) => [String(name), String(value)]);
      else this.#entries = Object.entries(init).map(([name, value]) => [name, String(value)]);
    }
    #done(entries) {
      this.#entries = entries;
      if (this.#changed) this.#changed(this.toString());
    }
    get size() {
      return this.#entries.length;
    }
    append(name, value) {
      this.#done([...this.#entries, [String(name), String(value)]]);
    }
    delete(name, value) {
      this.#done(this.#entries.filter(([key, item]) => key !== String(name) || (value !== undefined && item !== String(value))));
    }
    get(name) {
      const found = this.#entries.find(([key]) => key === String(name));
      return found ? found[1] : null;
    }
    getAll(name) {
      return this.#entries.filter(([key]) => key === String(name)).map(([, value]) => value);
    }
    has(name, value) {
      return this.#entries.some(([key, item]) => key === String(name) && (value === undefined || item === String(value)));
    }
    set(name, value) {
      const at = this.#entries.findIndex(([key]) => key === String(name));
      if (at < 0) return this.append(name, value);
      this.#done(this.#entries.filter(([key], index) => key !== String(name) || index === at).map((entry) => (entry[0] === String(name) ? [entry[0], String(value)] : entry)));
    }
    sort() {
      this.#done([...this.#entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    }
    forEach(callback, self) {
      for (const [name, value] of this) callback.call(self, value, name, this);
    }
    *entries() {
      for (const entry of this.#entries) yield [...entry];
    }
    *keys() {
      for (const [name] of this.#entries) yield name;
    }
    *values() {
      for (const [, value] of this.#entries) yield value;
    }
    [Symbol.iterator]() {
      return this.entries();
    }
    toString() {
      return call("query.print", { entries: this.#entries });
    }
  }

  class URL {
    #parts;
    #params;

    constructor(url, base) {
      this.#parts = call("url.parse", { url: String(url), base: base === undefined ? undefined : String(base) });
    }
    static canParse(url, base) {
      return URL.parse(url, base) !== null;
    }
    static parse(url, base) {
      try {
        return new URL(url, base);
      } catch {
        return null;
      }
    }
    static part(url, name) {
      return url.#parts[name];
    }
    static change(url, name, value) {
      url.#parts = call("url.set", { href: url.#parts.href, part: name, value: String(value) });
      if (name === "search" || name === "href") url.#params = undefined;
    }
    get searchParams() {
      this.#params ||= new URLSearchParams(this.#parts.search.slice(1), lib, (text) => {
        this.#parts = call("url.set", { href: this.#parts.href, part: "search", value: text });
      });
      return this.#params;
    }
    toString() {
      return this.#parts.href;
    }
    toJSON() {
      return this.#parts.href;
    }
    [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) {
      return "URL " + inspect(this.#parts);
    }
  }

  const { part, change } = URL;
  delete URL.part;
  delete URL.change;
  for (const name of ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash", "origin"]) {
    Object.defineProperty(URL.prototype, name, {
      enumerable: true,
      configurable: true,
      get() {
        return part(this, name);
      },
      set(value) {
        if (name === "href") call("url.parse", { url: String(value) });
        if (name !== "origin") change(this, name, value);
      },
    });
  }
  return { URL, URLSearchParams };
})`;
