/** Server-sent events, as the cell wrote them. */
export function eventStream(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}

/** The header that makes a browser save the answer as `name`. */
export function attachment(name: string): { "content-disposition": string } {
  const plain = name.replaceAll(/[^\w. -]/g, "_");
  return { "content-disposition": `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name)}` };
}
