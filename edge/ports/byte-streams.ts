/** A body cut into blocks of exactly `blockBytes`, the last one shorter (or empty when there is nothing at all). */
export async function* readBlocks(body: ReadableStream<Uint8Array>, blockBytes: number): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let block = new Uint8Array(blockBytes);
  let filled = 0;
  let any = false;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      let chunk: Uint8Array = next.value;
      while (chunk.length > 0) {
        const taken = Math.min(chunk.length, blockBytes - filled);
        block.set(chunk.subarray(0, taken), filled);
        filled += taken;
        chunk = chunk.subarray(taken);
        if (filled < blockBytes) continue;
        any = true;
        yield block;
        block = new Uint8Array(blockBytes);
        filled = 0;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (filled > 0 || !any) yield block.subarray(0, filled);
}

/**
 * The body, and after it was read to its end `check()`, which throws when it failed on the way or had another length than it should.
 * For receivers that take a failed stream for a finished one.
 */
export function watchBody(
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
): { body: ReadableStream<Uint8Array>; check(): void } {
  let seen = 0;
  let ended = false;
  let failure: unknown;
  const reader = body.getReader();
  const watched = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await reader.read();
        if (next.done) {
          ended = true;
          controller.close();
        } else {
          seen += next.value.byteLength;
          controller.enqueue(next.value);
        }
      } catch (error) {
        failure = error;
        controller.error(error);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return {
    body: watched,
    check() {
      if (failure !== undefined) throw failure;
      if (!ended) throw new Error("the body was not read to its end");
      if (length !== undefined && seen !== length) throw new Error(`the body has ${seen} bytes, not ${length}`);
    },
  };
}
