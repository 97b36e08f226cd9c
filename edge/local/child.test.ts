import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepAlive, restartPauseMs } from "./child.ts";
import { processIdentity } from "./processes.ts";

test("pauses longer after each failure, never above 5 s, and not at all after the first", () => {
  expect([1, 2, 3, 4, 20].map(restartPauseMs)).toEqual([0, 250, 500, 1000, 5_000]);
});

function keep(script: string, said: string[] = []) {
  const children: ChildProcess[] = [];
  const kept = keepAlive({
    name: "The child",
    spawn: () => spawn("/bin/sh", ["-c", script], { detached: true, stdio: "ignore" }),
    started: (child) => children.push(child),
    restart: () => true,
    say: (line) => said.push(line),
  });
  return { kept, children, said };
}

test("starts a child that ended again and says why", async () => {
  const { kept, children, said } = keep("exit 3");
  await expect.poll(() => children.length).toBeGreaterThanOrEqual(2);
  await kept.stop(100);
  expect(said[0]).toBe("The child ended with code 3. Starting it again.");
});

test("kills a child that does not listen, with all it started", async () => {
  const dir = mkdtempSync(join(tmpdir(), "windhover-child-"));
  const note = join(dir, "pid");
  const { kept, children } = keep(
    `trap "" TERM; sleep 1000 & echo $! > "${note}.new"; mv "${note}.new" "${note}"; wait`,
  );
  await expect.poll(() => existsSync(note)).toBe(true);
  const pids = [children[0]?.pid ?? 0, Number(readFileSync(note, "utf8"))];
  expect(pids.map(processIdentity)).not.toContain(undefined);
  await kept.stop(50);
  await expect.poll(() => pids.map(processIdentity)).toEqual([undefined, undefined]);
  rmSync(dir, { recursive: true });
});

test("says when a program cannot be started, and tries again", async () => {
  const said: string[] = [];
  const kept = keepAlive({
    name: "The child",
    spawn: () => spawn("/nowhere/at/all", [], { stdio: "ignore" }),
    started: () => {},
    restart: () => true,
    say: (line) => said.push(line),
  });
  await expect.poll(() => said.length).toBeGreaterThan(0);
  kept.kill();
  expect(said[0]).toContain("could not be started");
});
