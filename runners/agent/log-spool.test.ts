import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { LogLine } from "#schema/log.ts";
import { LogSpool } from "./log-spool.ts";

const dir = mkdtempSync(join(tmpdir(), "windhover-spool-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
const spoolOf = (maxBytes = 1_000_000) => new LogSpool(join(dir, "sub", `${++files}.ndjson`), maxBytes);
const lineOf = (message: string): LogLine => ({ at: 1, level: "INFO", message });
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => lineOf(String(from + i)));

function drain(spool: LogSpool, maxLines = 1_000): string[] {
  const messages: string[] = [];
  while (spool.pending) {
    const { from, lines } = spool.oldest(maxLines, 1_000_000);
    expect(from).toBe(messages.length);
    messages.push(...lines.map(({ message }) => message));
    spool.acknowledge(from + lines.length);
  }
  return messages;
}

test("[L1][L2] lines keep their order and numbers over memory and file, whatever is pushed and acknowledged when", () => {
  const step = fc.oneof(
    fc.record({ push: fc.nat(3_000) }),
    fc.record({ take: fc.integer({ min: 1, max: 1_500 }), acknowledge: fc.nat(1_500) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const spool = spoolOf();
      let pushed = 0;
      let acknowledged = 0;
      for (const each of steps) {
        if ("push" in each) {
          spool.push(numbered(pushed, pushed + each.push));
          pushed += each.push;
          continue;
        }
        const { from, lines } = spool.oldest(each.take, 1_000_000);
        expect(from).toBe(acknowledged);
        expect(lines.map(({ message }) => Number(message))).toEqual(lines.map((_, i) => from + i));
        acknowledged += Math.min(each.acknowledge, lines.length);
        spool.acknowledge(acknowledged);
      }
      while (spool.pending) {
        const { from, lines } = spool.oldest(1_000, 1_000_000);
        expect(lines[0]?.message).toBe(String(from));
        acknowledged = from + lines.length;
        spool.acknowledge(acknowledged);
      }
      expect(acknowledged).toBe(pushed);
      spool.close();
    }),
    { numRuns: 50 },
  );
});

test("[L3] what does not fit is dropped with one line that counts, and the file stays within its bound", () => {
  const spool = spoolOf(100_000);
  for (let i = 0; i < 100; i++) spool.push(numbered(i * 1_000, (i + 1) * 1_000));
  spool.finish();
  expect(statSync(join(dir, "sub", `${files}.ndjson`)).size).toBeLessThan(400_000);
  const messages = drain(spool);
  const marks = messages.filter((message) => message.includes("lines dropped"));
  expect(marks).toHaveLength(1);
  expect(messages.length - 1 + Number(/^\d+/.exec(marks[0] ?? "")?.[0])).toBe(100_000);
  expect(messages.slice(0, 1_000)).toEqual(numbered(0, 1_000).map(({ message }) => message));
});

test("[L3] after a flood has been read, later lines come after the mark", () => {
  const spool = spoolOf(10_000);
  for (let i = 0; i < 100; i++) spool.push(numbered(i * 100, (i + 1) * 100));
  const flooded = drain(spool);
  spool.push([lineOf("later")]);
  expect(flooded.at(-1)).toContain("lines dropped");
  const { lines } = spool.oldest(10, 1_000);
  expect(lines.map(({ message }) => message)).toEqual(["later"]);
});

test("a batch is bounded in characters, but holds one line at least", () => {
  const spool = spoolOf();
  spool.push([lineOf("x".repeat(1_000)), lineOf("y".repeat(1_000))]);
  expect(spool.oldest(1_000, 500).lines).toHaveLength(1);
  expect(spool.oldest(1_000, 1_500).lines).toHaveLength(1);
  expect(spool.oldest(1_000, 2_000).lines).toHaveLength(2);
});

test("the file is gone once it is closed", () => {
  const spool = spoolOf();
  spool.push(numbered(0, 5_000));
  const file = join(dir, "sub", `${files}.ndjson`);
  expect(existsSync(file)).toBe(true);
  spool.close();
  expect(existsSync(file)).toBe(false);
});
