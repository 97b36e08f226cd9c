import { existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { readRunFile } from "./data-folder.ts";
import { processIdentity } from "./processes.ts";
import { createStandin, type Standin } from "./standin/launch.ts";

const UP = "Windhover is up";

describe("the launcher", { timeout: 40_000 }, () => {
  let standin: Standin;
  beforeEach(async () => {
    standin = await createStandin();
  });
  afterEach(() => standin.cleanUp());

  /** Ids of every process of the current start. */
  function familyPids(): number[] {
    const run = readRunFile(standin.dataDir);
    const pids = [run?.launcher.pid, run?.workerd?.pid, run?.agent?.pid, standin.agents().at(-1)?.task];
    return pids.filter((pid) => pid !== undefined);
  }

  async function expectGone(pids: readonly number[]): Promise<void> {
    for (let waitedMs = 0; waitedMs < 3_000 && pids.some(processIdentity); waitedMs += 20) await sleep(20);
    expect(pids.filter(processIdentity)).toEqual([]);
  }

  test("boots the server, binds all it should, loads the examples and starts an agent", async () => {
    const env = { SECRET_A: 'quo"te\\', WINDHOVER_AUTH_TOKENS: "t1,t2", CELLS: "7", UNRELATED: "x" };
    const server = await standin.launch({ env });
    await server.printed(UP);
    const vars = JSON.parse(await server.get("/vars"));
    expect(vars).toMatchObject({
      RUNTIME: "local",
      CELLS: "7",
      ALLOWED_HOSTS: `127.0.0.1:${server.port},localhost:${server.port},[::1]:${server.port}`,
      AUTH_TOKENS: "t1,t2",
      work: "pong",
    });
    expect(JSON.parse(vars.SECRETS)).toEqual({ SECRET_A: 'quo"te\\' });
    expect(vars.AUTH_BASIC).toBeUndefined();
    expect(JSON.parse(await server.get("/files"))).toEqual({ file: "hello", ui: "<p>UI</p>" });
    expect(server.output()).toContain("Loaded 1 example flows.");
    await expect.poll(() => existsSync(join(standin.dir, "agents.log"))).toBe(true);
    const [agent] = standin.agents();
    expect(agent?.token).toBe(vars.AGENT_TOKEN);
    expect(agent?.args).toEqual(
      expect.arrayContaining(["runner", "start", "--server", `http://127.0.0.1:${server.port}`]),
    );
    expect(agent?.args.join(" ")).not.toContain(vars.AGENT_TOKEN);
    expect(statSync(join(standin.dataDir, "agent-token")).mode & 0o777).toBe(0o600);
  });

  test("finds the data of the first start in the second, and keeps the agent's token", async () => {
    const first = await standin.launch();
    await first.printed(UP);
    expect(await first.get("/count")).toBe('{"value":1}');
    const token = JSON.parse(await first.get("/vars")).AGENT_TOKEN;
    first.process.kill("SIGTERM");
    expect(await first.exited).toBe(0);

    const second = await standin.launch();
    await second.printed(UP);
    expect(await second.get("/count")).toBe('{"value":2}');
    expect(JSON.parse(await second.get("/vars")).AGENT_TOKEN).toBe(token);
    expect(second.output()).not.toContain("Loaded");
  });

  test("starts a server killed with -9 again, with another boot id", async () => {
    const server = await standin.launch({ args: ["--no-agent"] });
    await server.printed(UP);
    const before = JSON.parse(await server.get("/vars"));
    process.kill(readRunFile(standin.dataDir)?.workerd?.pid as number, "SIGKILL");
    await server.printed("The server was ended by SIGKILL. Starting it again.");
    await expect.poll(() => server.get("/count").catch(() => ""), { timeout: 5_000 }).toContain("value");
    const after = JSON.parse(await server.get("/vars"));
    expect(after.BOOT_ID).not.toBe(before.BOOT_ID);
  });

  test("leaves no process behind after Ctrl-C", async () => {
    const server = await standin.launch();
    await server.printed(UP);
    await expect.poll(() => existsSync(join(standin.dir, "agents.log"))).toBe(true);
    const pids = familyPids();
    expect(pids).toHaveLength(4);
    server.process.kill("SIGINT");
    expect(await server.exited).toBe(0);
    await expectGone(pids);
    expect(existsSync(join(standin.dataDir, "run.json"))).toBe(false);
  });

  test("ends what a launcher killed with -9 left, and serves on", async () => {
    const first = await standin.launch();
    await first.printed(UP);
    await expect.poll(() => existsSync(join(standin.dir, "agents.log"))).toBe(true);
    const pids = familyPids();
    first.process.kill("SIGKILL");
    await first.exited;
    const second = await standin.launch({ port: first.port });
    await second.printed(UP);
    expect(second.output()).toContain("Ended a server left over from an earlier start");
    await expectGone(pids);
    expect(await second.get("/count")).toBe('{"value":1}');
  });

  test("refuses a second launcher on the same data and names the first", async () => {
    const first = await standin.launch({ args: ["--no-agent"] });
    await first.printed(UP);
    const second = await standin.launch();
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`already runs on ${standin.dataDir} (process ${first.process.pid}`);
    expect(await first.get("/count")).toBe('{"value":1}');
  });

  test("says which port is in use and how to choose another", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as { port: number };
    const server = await standin.launch({ port });
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain(`Port ${port} of 127.0.0.1 is in use`);
    blocker.close();
  });

  test("lets tasks reach private networks only when asked to", async () => {
    const closed = await standin.launch({ args: ["--no-agent"] });
    await closed.printed(UP);
    const target = `/fetch?url=${encodeURIComponent(`http://127.0.0.1:${closed.port}/vars`)}`;
    expect(await closed.get(target)).not.toBe("200");
    closed.process.kill("SIGTERM");
    await closed.exited;
    const open = await standin.launch({
      args: ["--no-agent"],
      port: closed.port,
      env: { WINDHOVER_ALLOW_PRIVATE: "127.0.0.0/8" },
    });
    await open.printed(UP);
    expect(await open.get(target)).toBe("200");
  });
});

describe("the launcher with a broken setup", { timeout: 20_000 }, () => {
  let standin: Standin | undefined;
  afterAll(() => standin?.cleanUp());

  test("names the example that was refused and tries it again on the next start", async () => {
    standin = await createStandin({ badExample: true });
    const first = await standin.launch({ args: ["--no-agent"] });
    await first.printed(UP);
    expect(first.output()).toContain("The example two.yaml was not accepted (422): bad flow");
    expect(existsSync(join(standin.dataDir, "first-start"))).toBe(false);
  });

  test("lists every mistake in the settings at once", async () => {
    standin ??= await createStandin();
    const server = await standin.launch({ args: ["--speed", "9"], env: { CELLS: "0" } });
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain('Unknown option "--speed"');
    expect(server.output()).toContain("CELLS is");
  });
});
