/** Sent with every answer of the API: nothing in it is to be run, framed or guessed at. */
const API_HEADERS: readonly [string, string][] = [
  ["x-content-type-options", "nosniff"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"],
  ["referrer-policy", "no-referrer"],
];

/**
 * For the pages of the UI: own scripts only. `style-src` allows inline styles, which charts and the graph set on elements;
 * scripts inside the page are allowed by the hashes that the build writes into the page itself (a meta policy can only narrow this one).
 */
export function pageHeaders(scriptHashes: readonly string[]): readonly [string, string][] {
  const scripts = ["'self'", ...scriptHashes.map((hash) => `'${hash}'`)].join(" ");
  return [
    ["x-content-type-options", "nosniff"],
    [
      "content-security-policy",
      `default-src 'self'; script-src ${scripts} 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'`,
    ],
    ["referrer-policy", "same-origin"],
    ["x-frame-options", "DENY"],
  ];
}

/** Adds the API's headers to an answer of our own (one whose headers may be changed). */
export function setApiHeaders(headers: Headers): void {
  for (const [name, value] of API_HEADERS) headers.set(name, value);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}
