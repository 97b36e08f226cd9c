import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Call, Example, Filter } from "../entry.ts";
import { typeError } from "../errors.ts";
import { decodeUtf8, encodeUtf8, fromBase64, toBase64 } from "../utf8.ts";
import { className, type Value } from "../value.ts";

function textOf(value: Value, filter: string): string {
  if (typeof value === "string") return value;
  throw typeError(`'${filter}' filter can only be applied to String. Actual type was: ${className(value)}`);
}

function hash(name: string, digest: (bytes: Uint8Array) => Uint8Array, example: Example): Filter {
  return {
    name,
    description: `${name.toUpperCase()} hash of the text, in hexadecimal`,
    examples: [example],
    run: (value, _args, call: Call) => {
      const text = textOf(value, name);
      call.step(Math.ceil(text.length / 8));
      return bytesToHex(digest(encodeUtf8(text)));
    },
  };
}

export const HASH_FILTERS: readonly Filter[] = [
  hash("md5", md5, ["{{ 'a' | md5 }}", "0cc175b9c0f1b6a831c399e269772661"]),
  hash("sha1", sha1, ["{{ 'a' | sha1 }}", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"]),
  hash("sha256", sha256, ["{{ 'a' | sha256 }}", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"]),
  hash("sha512", sha512, ["{{ 'a' | sha512 | length }}", "128"]),
  {
    name: "base64encode",
    description: "the text's UTF-8 bytes in base64",
    examples: [["{{ 'hello' | base64encode }}", "aGVsbG8="]],
    run: (value) => toBase64(encodeUtf8(textOf(value, "base64encode"))),
  },
  {
    name: "base64decode",
    description: "text from base64",
    examples: [["{{ 'aGVsbG8=' | base64decode }}", "hello"]],
    run: (value) => decodeUtf8(fromBase64(textOf(value, "base64decode"))),
  },
];
