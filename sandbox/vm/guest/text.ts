// Text and bytes: `TextEncoder`, `TextDecoder`, `atob`, `btoa`. `toBytes` gives an own buffer of exactly the bytes of a view.
export const TEXT_GUEST = `(function (lib) {
  "use strict";
  const { call } = lib;

  function toBytes(value) {
    if (value instanceof ArrayBuffer) return value.slice(0);
    if (ArrayBuffer.isView(value)) return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
    throw new TypeError("expected an ArrayBuffer or a view of one");
  }

  function encode(text) {
    return new Uint8Array(call("text.encode", { text: String(text) }));
  }

  function decode(bytes, label = "utf-8", options = {}) {
    return call("text.decode", { label, fatal: options.fatal === true, ignoreBOM: options.ignoreBOM === true }, bytes);
  }

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(text = "") {
      return encode(text);
    }
    encodeInto(text, target) {
      let read = 0;
      let written = 0;
      for (const character of String(text)) {
        const bytes = encode(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        read += character.length;
        written += bytes.length;
      }
      return { read, written };
    }
  }

  class TextDecoder {
    #rest = new Uint8Array();

    constructor(label = "utf-8", options = {}) {
      this.encoding = call("text.label", { label: String(label) });
      this.fatal = options.fatal === true;
      this.ignoreBOM = options.ignoreBOM === true;
    }
    decode(value, options = {}) {
      const given = value === undefined ? new Uint8Array() : new Uint8Array(toBytes(value));
      let bytes = given;
      if (this.#rest.length > 0) {
        bytes = new Uint8Array(this.#rest.length + given.length);
        bytes.set(this.#rest);
        bytes.set(given, this.#rest.length);
      }
      const cut = options.stream === true && this.encoding === "utf-8" ? bytes.length - unfinished(bytes) : bytes.length;
      this.#rest = bytes.slice(cut);
      return decode(toBytes(bytes.subarray(0, cut)), this.encoding, this);
    }
  }

  // How many bytes at the end begin a character that is not complete.
  function unfinished(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back];
      if (byte < 0x80) return 0;
      if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    }
    return 0;
  }

  function btoa(value) {
    const text = String(value);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code > 255) throw new RangeError("btoa: the text has characters above U+00FF");
      bytes[at] = code;
    }
    return call("base64.encode", {}, bytes.buffer);
  }

  function atob(value) {
    const bytes = new Uint8Array(call("base64.decode", { text: String(value) }));
    let text = "";
    for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode.apply(null, bytes.subarray(at, at + 4096));
    return text;
  }

  return { TextEncoder, TextDecoder, atob, btoa, toBytes, encode, decode };
})`;
