import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { processesWith } from "./process/proc.ts";
import { newJob } from "./testing/dispatch-world.ts";
import { TestServer, TOKEN, until } from "./testing/test-server.ts";

vi.setConfig({ testTimeout: 30_000 });

const bin = fileURLToPath(new URL("./bin.mjs", import.meta.url));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "windhover-main-"));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function openServer(): Promise<TestServer> {
  const server = new TestServer();
  await server.start();
  cleanups.push(() => server.close());
  return server;
}

/** The real program, as a process of its own. */
function startProgram(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [bin, ...args], { env: { PATH: process.env.PATH, ...env } });
  cleanups.push(() => child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += String(chunk)));
  return { child, output: () => text };
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));
const job = (effect: string, commands: string[]) =>
  newJob(effect, { commands }, "io.kestra.plugin.scripts.shell.Commands");
const ready = (server: TestServer, effect: string) =>
  until(() => server.cells.lines(effect).includes("ready"), 10_000, "the task");

test("an agent killed with -9 ends its leftovers when it starts again, and the job runs anew at once", async () => {
  const server = await openServer();
  const data = tempDir();
  const args = ["runner", "start", "--server", server.url, "--data", data];
  const first = startProgram(args, { WINDHOVER_AGENT_TOKEN: TOKEN });
  const commands = ["setsid sleep 300 &", "echo ready", "sleep 300"];
  await server.enqueue(job("e1", commands));
  await ready(server, "e1");
  const label = `WINDHOVER_ATTEMPT=${newJob("e1").id}#1`;
  first.child.kill("SIGKILL");
  await ended(first.child);
  expect((await processesWith(label)).length).toBeGreaterThan(1);
  const before = Date.now();
  const second = startProgram(args, { WINDHOVER_AGENT_TOKEN: TOKEN });
  await until(() => server.cells.of("started").length === 2, 5_000, "the second start");
  expect(Date.now() - before).toBeLessThan(5_000);
  expect(await processesWith(label)).toEqual([]);
  expect(second.output()).toContain("1 tasks of an earlier start were ended");
  expect(server.cells.of("lost")[0]?.reason).toContain("was started again");
  second.child.kill("SIGTERM");
  await ended(second.child);
  expect(await processesWith(label.replace("#1", "#2"))).toEqual([]);
  expect(readdirSync(join(data, "journal"))).toEqual([]);
});

test("with --drain, SIGTERM lets running tasks end and takes no more", async () => {
  const server = await openServer();
  const tokenFile = join(tempDir(), "token");
  writeFileSync(tokenFile, `${TOKEN}\n`);
  const args = [
    "runner",
    "start",
    "--server",
    server.url,
    "--data",
    tempDir(),
    "--token-file",
    tokenFile,
    "--drain",
    "20",
  ];
  const { child } = startProgram(args);
  await server.enqueue(job("e1", ["echo ready", "sleep 1", "echo end"]));
  await ready(server, "e1");
  child.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 200));
  await server.enqueue(job("e2", ["true"]));
  expect(await ended(child)).toBe(0);
  expect(server.cells.lines("e1")).toContain("end");
  expect(await server.room.status()).toMatchObject({ queued: 1, running: 0 });
});

test("without a token the agent says how to give one", async () => {
  const { child, output } = startProgram(["runner", "start", "--server", "http://127.0.0.1:9", "--data", tempDir()]);
  expect(await ended(child)).toBe(2);
  expect(output()).toContain("--token-file");
});

test("the program tells its version, and what is wrong with its arguments", async () => {
  const version = startProgram(["--version"]);
  expect(await ended(version.child)).toBe(0);
  expect(version.output()).toMatch(/^\d+\.\d+\.\d+\n$/);
  const wrong = startProgram(["runner", "start", "--server", "http://x", "--slots", "0"]);
  expect(await ended(wrong.child)).toBe(1);
  expect(wrong.output()).toContain("a whole number from 1 to 1000");
});
