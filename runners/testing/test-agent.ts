import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { Agent } from "#runners/agent/agent.ts";
import { openDataFolder } from "#runners/agent/data-folder.ts";
import { ProtocolClient } from "#runners/agent/protocol-client.ts";
import { ProcessBackend } from "#runners/process/process-backend.ts";
import { ScriptRunner } from "#runners/scripts/script-runner.ts";
import { SharedPlaces } from "#runners/scripts/shared-places.ts";
import type { JsonObject } from "#schema/json.ts";
import { type Job, LEASE_MS } from "#schema/runner.ts";
import { newJob } from "./dispatch-world.ts";
import { TestServer, TOKEN } from "./test-server.ts";

let boots = 0;

/** An agent within the test's own process. */
export class TestAgent {
  readonly dir: string;
  readonly logged: string[] = [];
  #agent: Agent | undefined;
  #run: Promise<void> = Promise.resolve();

  constructor(dir = mkdtempSync(join(tmpdir(), "windhover-agent-"))) {
    this.dir = dir;
  }

  start(url: string, { token = TOKEN, slots = 4, maxSpoolBytes = 64_000_000, leaseMs = LEASE_MS } = {}): void {
    const folder = openDataFolder(this.dir);
    const backend = new ProcessBackend(folder.dir);
    const presence = {
      agentId: folder.agentId,
      bootId: `boot${++boots}`,
      group: "default",
      hostname: "laptop",
      version: "0",
      capabilities: [],
      slots,
    };
    const log = pino({ level: "info" }, { write: (line: string) => void this.logged.push(line) });
    const server = new ProtocolClient(url, token, "default");
    const runners = [new ScriptRunner([backend], new SharedPlaces(join(this.dir, "places")))];
    this.#agent = new Agent({ server, presence, runners, spoolDir: folder.spoolDir, log, maxSpoolBytes, leaseMs });
    this.#run = this.#agent.run();
    this.#run.catch(() => undefined);
  }

  /** Resolves when the agent has stopped; rejects when it had to. */
  get ended(): Promise<void> {
    return this.#run;
  }

  /** Ends the agent; rejects with what `run` rejected with. */
  async stop(): Promise<void> {
    this.#agent?.stop();
    await this.#run;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A server and an agent, ended with the block: `await using world = await TestWorld.start()`. */
export class TestWorld {
  readonly server = new TestServer();
  readonly agent = new TestAgent();

  static async start(options: Parameters<TestAgent["start"]>[1] = {}): Promise<TestWorld> {
    const world = new TestWorld();
    await world.server.start();
    world.agent.start(world.server.url, options);
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent.stop().catch(() => undefined);
    await this.server.close();
    this.agent.remove();
  }

  /** Hands a script task over and waits for its answer. */
  async run(effect: string, type: string, properties: JsonObject, timeoutMs?: number) {
    await this.enqueue(effect, type, properties, timeoutMs);
    return this.server.answerOf(effect);
  }

  /** As `run`, for a task that shares its directory with others. */
  async runIn(place: NonNullable<Job["place"]>, effect: string, type: string, properties: JsonObject) {
    const job = newJob(effect, { taskRunner: PROCESS, ...properties }, `io.kestra.plugin.scripts.${type}`);
    await this.server.enqueue({ ...job, place });
    return this.server.answerOf(effect);
  }

  async enqueue(effect: string, type: string, properties: JsonObject, timeoutMs?: number): Promise<void> {
    const job = newJob(effect, { taskRunner: PROCESS, ...properties }, `io.kestra.plugin.scripts.${type}`);
    await this.server.enqueue(timeoutMs === undefined ? job : { ...job, timeoutMs });
  }

  lines(effect: string): string[] {
    return this.server.cells.lines(effect);
  }
}

const PROCESS: JsonObject = { type: "io.kestra.plugin.core.runner.Process" };
