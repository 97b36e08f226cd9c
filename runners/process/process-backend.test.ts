import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Step } from "#runners/agent/backend.ts";
import { Journal } from "./journal.ts";
import { processIdentity } from "./proc.ts";
import { ProcessBackend } from "./process-backend.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "windhover-process-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const attempt = { label: "x/1#1" };
const never = new AbortController().signal;
const shell = (script: string, onOutput: Step["onOutput"] = () => undefined): Step => ({
  argv: ["/bin/sh", "-c", script],
  env: {},
  onOutput,
});

test("[B1] the working directory is empty, apart from outputs, programs and temporary files, and cleanup may come twice", async () => {
  const backend = new ProcessBackend(dir);
  const workspace = await backend.prepare(attempt);
  expect(readdirSync(workspace.dir)).toEqual([]);
  const exit = await backend.run(attempt, shell('echo x > a; test -d "$TMPDIR"; test "$PWD" != "$TMPDIR"'), never);
  expect(exit).toEqual({ code: 0 });
  await backend.cleanup(attempt);
  await backend.cleanup(attempt);
  expect(existsSync(workspace.dir)).toBe(false);
});

test("[B3] all output has been passed on when run resolves, of both streams", async () => {
  const backend = new ProcessBackend(dir);
  await backend.prepare(attempt);
  const bytes = { stdout: 0, stderr: 0 };
  const count: Step["onOutput"] = (stream, chunk) => {
    bytes[stream] += chunk.length;
  };
  await backend.run(attempt, shell("head -c 3000000 /dev/zero; head -c 1000000 /dev/zero >&2", count), never);
  await backend.cleanup(attempt);
  expect(bytes).toEqual({ stdout: 3_000_000, stderr: 1_000_000 });
});

test("a program that is not there rejects, and an end by signal is told", async () => {
  const backend = new ProcessBackend(dir);
  await backend.prepare(attempt);
  const none: Step = { argv: ["no-such-program"], env: {}, onOutput: () => undefined };
  await expect(backend.run(attempt, none, never)).rejects.toThrow("no-such-program");
  expect(await backend.run(attempt, shell("kill -SEGV $$"), never)).toEqual({ killedBy: "SIGSEGV" });
  await backend.cleanup(attempt);
});

test("an attempt that was stopped before it ran is not started", async () => {
  const backend = new ProcessBackend(dir);
  const { dir: work } = await backend.prepare(attempt);
  expect(await backend.run(attempt, shell("touch ran"), AbortSignal.abort({ kind: "killed" }))).toEqual({
    killedBy: "SIGTERM",
  });
  expect(readdirSync(work)).toEqual([]);
  await backend.cleanup(attempt);
});

test("[B4] a process that only has the id of a recorded one is left alone", async () => {
  const stranger = spawn("sleep", ["60"], { detached: true });
  const pid = stranger.pid ?? 0;
  const identity = processIdentity(pid);
  new Journal(join(dir, "journal")).write({
    label: "old",
    dir: join(dir, "work", "old"),
    process: { pid, identity: "boot/1" },
  });
  mkdirSync(join(dir, "work", "old"), { recursive: true });
  expect(await new ProcessBackend(dir).recover()).toBe(1);
  expect(processIdentity(pid)).toBe(identity);
  expect(readdirSync(join(dir, "work"))).toEqual([]);
  stranger.kill("SIGKILL");
});

test("[B4] a journal file that a crash has cut does not stop the start", async () => {
  const backend = new ProcessBackend(dir);
  writeFileSync(join(dir, "journal", "cut.json"), '{"label":');
  expect(await backend.recover()).toBe(0);
  expect(readdirSync(join(dir, "journal"))).toEqual([]);
});

test("[P1] nothing of the agent's environment reaches the task but what is named", async () => {
  process.env.WINDHOVER_AGENT_TOKEN = "secret-token";
  const backend = new ProcessBackend(dir);
  await backend.prepare(attempt);
  let text = "";
  const step = shell("cat /proc/self/environ", (_, chunk) => {
    text += Buffer.from(chunk).toString();
  });
  await backend.run(attempt, step, never);
  await backend.cleanup(attempt);
  delete process.env.WINDHOVER_AGENT_TOKEN;
  expect(text).toContain("PATH=");
  expect(text).not.toContain("secret-token");
});
