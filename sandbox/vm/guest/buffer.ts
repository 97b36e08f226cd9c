// A small `Buffer`: text encodings, joining, comparing.
export const BUFFER_GUEST = `(function (lib) {
  "use strict";
  const { toBytes, encode, decode } = lib.load("text");

  function encodingOf(name) {
    const encoding = String(name === undefined ? "utf8" : name).toLowerCase().replace("utf-8", "utf8");
    if (!["utf8", "hex", "base64", "base64url", "latin1", "binary", "ascii"].includes(encoding)) throw lib.notSupported("the Buffer encoding " + name);
    return encoding;
  }

  function fromText(text, name) {
    const encoding = encodingOf(name);
    if (encoding === "utf8") return encode(text);
    if (encoding === "hex") return Uint8Array.from(text.match(/[0-9a-fA-F]{2}/g) || [], (pair) => parseInt(pair, 16));
    if (encoding.startsWith("base64")) {
      return new Uint8Array(lib.call("base64.decode", { text: text.replaceAll("-", "+").replaceAll("_", "/").replace(/[^A-Za-z0-9+/]/g, "") }));
    }
    return Uint8Array.from(text, (character) => character.charCodeAt(0) & 255);
  }

  class Buffer extends Uint8Array {
    static from(value, encoding, length) {
      if (typeof value === "string") return Buffer.over(fromText(value, encoding));
      if (value instanceof ArrayBuffer) return new Buffer(value, encoding, length);
      if (value && value.type === "Buffer" && Array.isArray(value.data)) return Buffer.over(Uint8Array.from(value.data));
      return Buffer.over(Uint8Array.from(value));
    }
    static over(bytes) {
      return new Buffer(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    static alloc(size, fill, encoding) {
      const buffer = new Buffer(size);
      return fill === undefined ? buffer : buffer.fill(fill, 0, size, encoding);
    }
    static allocUnsafe(size) {
      return new Buffer(size);
    }
    static isBuffer(value) {
      return value instanceof Buffer;
    }
    static isEncoding(name) {
      try {
        return encodingOf(name) !== "";
      } catch {
        return false;
      }
    }
    static byteLength(value, encoding) {
      return typeof value === "string" ? fromText(value, encoding).length : value.byteLength;
    }
    static compare(a, b) {
      for (let at = 0; at < Math.min(a.length, b.length); at++) if (a[at] !== b[at]) return a[at] < b[at] ? -1 : 1;
      return Math.sign(a.length - b.length);
    }
    static concat(list, total) {
      const length = total === undefined ? list.reduce((sum, item) => sum + item.length, 0) : total;
      const joined = new Buffer(length);
      let at = 0;
      for (const item of list) {
        joined.set(item.subarray(0, Math.max(0, length - at)), at);
        at += item.length;
      }
      return joined;
    }
    toString(name, start = 0, end = this.length) {
      const bytes = toBytes(this.subarray(start, end));
      const encoding = encodingOf(name);
      if (encoding === "utf8") return decode(bytes, "utf-8", { ignoreBOM: true });
      if (encoding === "hex") return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (!encoding.startsWith("base64")) return Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(encoding === "ascii" ? byte & 127 : byte)).join("");
      const text = lib.call("base64.encode", {}, bytes);
      return encoding === "base64" ? text : text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    }
    toJSON() {
      return { type: "Buffer", data: [...this] };
    }
    equals(other) {
      return Buffer.compare(this, other) === 0;
    }
    compare(other) {
      return Buffer.compare(this, other);
    }
    slice(start, end) {
      return this.subarray(start, end);
    }
    write(text, offset = 0, length = this.length, encoding) {
      const bytes = fromText(text, encoding).subarray(0, Math.min(length, this.length - offset));
      this.set(bytes, offset);
      return bytes.length;
    }
    fill(value, start = 0, end = this.length, encoding) {
      const bytes = typeof value === "string" ? fromText(value, encoding) : typeof value === "number" ? undefined : value;
      if (!bytes) return super.fill(value, start, end);
      for (let at = start; at < end && bytes.length > 0; at++) this[at] = bytes[(at - start) % bytes.length];
      return this;
    }
    indexOf(value, from = 0) {
      if (typeof value === "number") return super.indexOf(value, from);
      const bytes = typeof value === "string" ? fromText(value) : value;
      for (let at = from; at + bytes.length <= this.length; at++) if (bytes.every((byte, offset) => this[at + offset] === byte)) return at;
      return -1;
    }
    includes(value, from) {
      return this.indexOf(value, from) >= 0;
    }
  }
  for (const [name, size] of [["Uint8", 1], ["Int8", 1], ["Uint16", 2], ["Int16", 2], ["Uint32", 4], ["Int32", 4], ["Float32", 4], ["Float64", 8]]) {
    const label = { Uint8: "UInt8", Uint16: "UInt16", Uint32: "UInt32", Float32: "Float", Float64: "Double" }[name] || name;
    for (const ending of size === 1 ? [""] : ["LE", "BE"]) {
      const view = (buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      lib.define(Buffer.prototype, "read" + label + ending, function (at = 0) {
        return view(this)["get" + name](at, ending === "LE");
      });
      lib.define(Buffer.prototype, "write" + label + ending, function (value, at = 0) {
        view(this)["set" + name](at, value, ending === "LE");
        return at + size;
      });
    }
  }
  return { Buffer };
})`;
