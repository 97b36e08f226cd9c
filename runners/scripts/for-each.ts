const AT_ONCE = 4;

/** Calls `body` for each item, AT_ONCE at a time. */
export async function forEach<T>(items: readonly T[], body: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await body(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
