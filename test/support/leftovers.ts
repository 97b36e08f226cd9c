// What must not outlive this process, however it ends (short of -9).

const endings = new Set<() => void>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `end` (synchronous, harmless when done already) at the end of this process. Gives back how to take it off again. */
export function atTheEnd(end: () => void): () => void {
  if (endings.size === 0) listen();
  endings.add(end);
  return () => endings.delete(end);
}

let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  process.on("exit", endAll);
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      endAll();
      process.exit(1);
    });
  }
}

function endAll(): void {
  for (const end of endings) end();
}
