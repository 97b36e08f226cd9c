// `fetch` with `Headers`, `Request` and `Response`. Bodies are whole: there are no streams in the sandbox.
export const FETCH_GUEST = String.raw`(function (lib) {
  "use strict";
  const { toBytes, encode, decode } = lib.load("text");

  class Headers {
    #values = new Map();

    constructor(init) {
      if (init === undefined || init === null) return;
      const entries = typeof init[Symbol.iterator] === "function" ? init : Object.entries(init);
      for (const [name, value] of entries) this.append(name, value);
    }
    static #name(name) {
      const text = String(name).toLowerCase();
      if (!/^[!#$%&'*+\-.^_|~0-9a-z\x60]+$/.test(text)) throw new TypeError("'" + name + "' is not a header name");
      return text;
    }
    static #value(value) {
      const text = String(value).trim();
      if (/[\r\n\0]/.test(text)) throw new TypeError("a header value has no line breaks");
      return text;
    }
    append(name, value) {
      const key = Headers.#name(name);
      const text = Headers.#value(value);
      this.#values.set(key, this.#values.has(key) ? [...this.#values.get(key), text] : [text]);
    }
    set(name, value) {
      this.#values.set(Headers.#name(name), [Headers.#value(value)]);
    }
    get(name) {
      const found = this.#values.get(Headers.#name(name));
      return found ? found.join(", ") : null;
    }
    getSetCookie() {
      return [...(this.#values.get("set-cookie") || [])];
    }
    has(name) {
      return this.#values.has(Headers.#name(name));
    }
    delete(name) {
      this.#values.delete(Headers.#name(name));
    }
    forEach(callback, self) {
      for (const [name, value] of this) callback.call(self, value, name, this);
    }
    *entries() {
      for (const name of [...this.#values.keys()].sort()) yield [name, this.get(name)];
    }
    *keys() {
      for (const [name] of this) yield name;
    }
    *values() {
      for (const [, value] of this) yield value;
    }
    [Symbol.iterator]() {
      return this.entries();
    }
  }

  // The bytes of a body and the type that goes with them.
  function readBody(body) {
    if (body === undefined || body === null) return { bytes: undefined, type: undefined };
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { bytes: toBytes(body), type: undefined };
    const isQuery = Object.prototype.toString.call(body) !== "[object String]" && body instanceof globalThis.URLSearchParams;
    const type = isQuery ? "application/x-www-form-urlencoded;charset=UTF-8" : "text/plain;charset=UTF-8";
    if (typeof body === "object" && !isQuery && body.toString === Object.prototype.toString) throw new TypeError("a body is a string, bytes or URLSearchParams; for JSON use JSON.stringify");
    return { bytes: toBytes(encode(String(body))), type };
  }

  class Body {
    #bytes;
    bodyUsed = false;

    constructor(bytes) {
      this.#bytes = bytes;
    }
    get body() {
      if (this.#bytes === undefined) return null;
      throw lib.notSupported("a body as a stream (use text(), json() or arrayBuffer())");
    }
    #take() {
      if (this.bodyUsed) throw new TypeError("the body was read already");
      this.bodyUsed = this.#bytes !== undefined;
      return this.#bytes || new ArrayBuffer(0);
    }
    _copy() {
      if (this.bodyUsed) throw new TypeError("the body was read already");
      return this.#bytes === undefined ? undefined : this.#bytes.slice(0);
    }
    async arrayBuffer() {
      return this.#take();
    }
    async bytes() {
      return new Uint8Array(this.#take());
    }
    async text() {
      return decode(this.#take());
    }
    async json() {
      return JSON.parse(decode(this.#take()));
    }
    async blob() {
      throw lib.notSupported("Blob");
    }
    async formData() {
      throw lib.notSupported("FormData");
    }
  }

  class Request extends Body {
    constructor(input, init = {}) {
      const from = input instanceof Request ? input : undefined;
      const { bytes, type } = init.body === undefined && from ? { bytes: from._copy() } : readBody(init.body);
      super(bytes);
      this.url = from ? from.url : new globalThis.URL(String(input)).href;
      this.method = String(init.method || (from ? from.method : "GET")).toUpperCase();
      this.headers = new Headers(init.headers || (from ? from.headers : undefined));
      this.signal = init.signal || (from ? from.signal : undefined);
      if (bytes && (this.method === "GET" || this.method === "HEAD")) throw new TypeError("a " + this.method + " request has no body");
      if (type && !this.headers.has("content-type")) this.headers.set("content-type", type);
    }
    clone() {
      return new Request(this);
    }
  }

  class Response extends Body {
    constructor(body, init = {}) {
      const { bytes, type } = readBody(body);
      super(bytes);
      this.status = init.status === undefined ? 200 : init.status;
      this.statusText = init.statusText || "";
      this.headers = new Headers(init.headers);
      this.url = init.url || "";
      this.redirected = init.redirected === true;
      this.type = "default";
      if (type && !this.headers.has("content-type")) this.headers.set("content-type", type);
    }
    get ok() {
      return this.status >= 200 && this.status < 300;
    }
    clone() {
      return new Response(this._copy(), this);
    }
    static json(value, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("content-type")) headers.set("content-type", "application/json");
      return new Response(JSON.stringify(value), { ...init, headers });
    }
    static error() {
      return new Response(null, { status: 0 });
    }
  }

  async function fetch(input, init) {
    const request = new Request(input, init);
    const { signal } = request;
    if (signal && signal.aborted) throw signal.reason;
    const asked = { url: request.url, method: request.method, headers: [...request.headers] };
    const answered = lib.later("fetch", asked, request._copy());
    const aborted = signal && new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    if (aborted) aborted.catch(() => {});
    const { value, bytes } = await (aborted ? Promise.race([answered, aborted]) : answered);
    return new Response(bytes, { ...value, redirected: value.url !== request.url });
  }

  return { fetch, Headers, Request, Response };
})`;
