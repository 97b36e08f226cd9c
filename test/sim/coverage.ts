// What happened in a run, counted: a fault that never fired, or a command that never met a state, proves nothing.

export class Coverage {
  readonly counts = new Map<string, number>();

  hit(kind: "fault" | "pair" | "construct" | "model", name: string, times = 1): void {
    const key = `${kind} ${name}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + times);
  }

  count(kind: string, name: string): number {
    return this.counts.get(`${kind} ${name}`) ?? 0;
  }

  add(counts: Iterable<readonly [string, number]>): void {
    for (const [key, times] of counts) this.counts.set(key, (this.counts.get(key) ?? 0) + times);
  }

  /** The expected ones that never happened. */
  missing(expected: Iterable<string>): string[] {
    return [...expected].filter((key) => !this.counts.has(key));
  }
}
