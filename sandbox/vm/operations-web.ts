// What the platform already does well, done there for the guest: addresses, text encodings, digests, random bytes.

import { isDeeperThan } from "#schema/script-output.ts";
import { numberOf, type Operations, textOf } from "./bridge.ts";
import type { Budget } from "./budget.ts";
import type { Host } from "./contract.ts";
import type { Completions } from "./event-loop.ts";
import { Refusal } from "./failure.ts";
import { FIXED } from "./limits.ts";

const URL_PARTS = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;
const SETTABLE = new Set<string>(URL_PARTS.filter((part) => part !== "origin"));
const MAX_RANDOM_BYTES = 65_536;
const encoder = new TextEncoder();

export function webOperations(host: Host, budget: Budget, completions: Completions): Operations {
  const startedAt = host.now();
  return {
    now: () => host.now(),
    uptime: () => host.now() - startedAt,
    random: (input) => randomBytes(host, numberOf(input, "length", 0)),
    "json.check": (input) => {
      if (!isDeeperThan(textOf(input, "text"), FIXED.jsonDepth)) return { json: null };
      throw new Refusal("RangeError", "JSON_DEPTH", `JSON that is nested more than ${FIXED.jsonDepth} deep is refused`);
    },
    "url.parse": (input) => ({ json: parseUrl(textOf(input, "url"), input.base) }),
    "url.set": (input) => ({ json: setUrlPart(textOf(input, "href"), textOf(input, "part"), textOf(input, "value")) }),
    "query.parse": (input) => ({ json: [...new URLSearchParams(textOf(input, "text"))] }),
    "query.print": (input) => ({ json: printQuery(input.entries) }),
    "text.encode": (input) => encoder.encode(textOf(input, "text")),
    "text.decode": (input, bytes) => {
      const options = { fatal: input.fatal === true, ignoreBOM: input.ignoreBOM === true };
      return { json: new TextDecoder(textOf(input, "label"), options).decode(bytes) };
    },
    "text.label": (input) => ({ json: new TextDecoder(textOf(input, "label")).encoding }),
    "base64.encode": (_input, bytes) => ({ json: btoa(binaryText(bytes)) }),
    "base64.decode": (input) => fromBinaryText(decodeBase64(textOf(input, "text"))),
    digest: (input, bytes) => {
      const algorithm = textOf(input, "algorithm");
      budget.chargeForHost(bytes.length);
      completions.start(numberOf(input, "id", 0), async () => {
        return {
          value: null,
          bytes: new Uint8Array(await crypto.subtle.digest(algorithm, bytes.slice().buffer)),
        };
      });
      return { json: null };
    },
  };
}

function randomBytes(host: Host, length: number): Uint8Array {
  if (length < 0 || length > MAX_RANDOM_BYTES) {
    throw new Refusal("RangeError", "QUOTA", `at most ${MAX_RANDOM_BYTES} random bytes at a time`);
  }
  return host.random(Math.floor(length));
}

function parseUrl(url: string, base: unknown): Record<string, string> {
  try {
    return partsOf(typeof base === "string" ? new URL(url, base) : new URL(url));
  } catch {
    throw new Refusal("TypeError", "ERR_INVALID_URL", `Invalid URL: '${url.slice(0, 200)}'`);
  }
}

function setUrlPart(href: string, part: string, value: string): Record<string, string> {
  const url = new URL(href);
  if (SETTABLE.has(part)) Reflect.set(url, part, value);
  return partsOf(url);
}

function partsOf(url: URL): Record<string, string> {
  return Object.fromEntries(URL_PARTS.map((part) => [part, url[part]]));
}

function printQuery(entries: unknown): string {
  const query = new URLSearchParams();
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (Array.isArray(entry)) query.append(String(entry[0]), String(entry[1]));
  }
  return query.toString();
}

function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return text;
}

function decodeBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    throw new Refusal("TypeError", "InvalidCharacterError", "the text is not correctly encoded base64");
  }
}

function fromBinaryText(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
