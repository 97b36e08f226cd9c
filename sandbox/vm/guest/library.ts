import { BUFFER_GUEST } from "./buffer.ts";
import { CONSOLE_GUEST } from "./console.ts";
import { DENO_GUEST } from "./deno.ts";
import { FETCH_GUEST } from "./fetch.ts";
import { FS_GUEST } from "./fs.ts";
import { INSPECT_GUEST } from "./inspect.ts";
import { KESTRA_GUEST } from "./kestra.ts";
import { MODULES_GUEST } from "./modules.ts";
import { NODE_GUEST } from "./node.ts";
import { PATHS_GUEST } from "./paths.ts";
import { TEXT_GUEST } from "./text.ts";
import { URL_GUEST } from "./url.ts";
import { WEB_GUEST } from "./web.ts";

/** Guest code that is loaded when one of its globals is first used. Each text is a function of the core's `lib`. */
export const GUEST_LIBRARY: ReadonlyMap<string, string> = new Map([
  ["buffer", BUFFER_GUEST],
  ["console", CONSOLE_GUEST],
  ["deno", DENO_GUEST],
  ["fetch", FETCH_GUEST],
  ["fs", FS_GUEST],
  ["inspect", INSPECT_GUEST],
  ["kestra", KESTRA_GUEST],
  ["modules", MODULES_GUEST],
  ["node", NODE_GUEST],
  ["paths", PATHS_GUEST],
  ["text", TEXT_GUEST],
  ["url", URL_GUEST],
  ["web", WEB_GUEST],
]);

/** Which globals come from which library. */
export const LAZY_GLOBALS: Readonly<Record<string, readonly string[]>> = {
  console: ["console"],
  url: ["URL", "URLSearchParams"],
  text: ["TextEncoder", "TextDecoder", "atob", "btoa"],
  fetch: ["fetch", "Headers", "Request", "Response"],
  web: [
    "DOMException",
    "Event",
    "EventTarget",
    "AbortSignal",
    "AbortController",
    "structuredClone",
    "crypto",
    "performance",
  ],
  deno: ["Deno"],
  node: ["process"],
  buffer: ["Buffer"],
  kestra: ["Kestra"],
};
