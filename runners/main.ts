import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import { Agent } from "./agent/agent.ts";
import { openDataFolder } from "./agent/data-folder.ts";
import { ProtocolClient } from "./agent/protocol-client.ts";
import { ProcessBackend } from "./process/process-backend.ts";
import { ScriptRunner } from "./scripts/script-runner.ts";
import { SharedPlaces } from "./scripts/shared-places.ts";

// The command line of a runner agent. Chooses the backends; everything else is in agent/.

type StartOptions = {
  server: string;
  tokenFile?: string;
  group: string;
  slots: number;
  data: string;
  workDir?: string;
  name: string;
  drain: number;
};

const packageFile: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const version =
  typeof packageFile === "object" && packageFile !== null && "version" in packageFile
    ? String(packageFile.version)
    : "0";

async function start(options: StartOptions): Promise<void> {
  const log = pino(
    { level: process.env.WINDHOVER_LOG_LEVEL ?? "info", base: { agent: options.name } },
    pino.destination(2),
  );
  const token = readToken(options.tokenFile);
  if (!token) {
    log.fatal("There is no agent token. Give it with --token-file or in WINDHOVER_AGENT_TOKEN.");
    process.exitCode = 2;
    return;
  }
  const folder = openDataFolder(options.workDir ?? options.data);
  const backend = new ProcessBackend(folder.dir);
  const left = await backend.recover();
  if (left > 0) log.warn(`${left} tasks of an earlier start were ended`);
  const { group, slots, server, name } = options;
  const capabilities = [backend.name];
  const presence = {
    agentId: folder.agentId,
    bootId: randomUUID(),
    group,
    hostname: name,
    version,
    capabilities,
    slots,
  };
  const client = new ProtocolClient(server, token, group);
  const places = new SharedPlaces(join(folder.dir, "places"));
  const runners = [new ScriptRunner([backend], places)];
  const agent = new Agent({ server: client, presence, runners, spoolDir: folder.spoolDir, log });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info(`${signal}: no more jobs are taken`);
      agent.stop(options.drain * 1_000);
    });
  }
  log.info({ server, group, slots, agentId: folder.agentId }, "runner agent started");
  await agent.run();
  log.info("runner agent stopped");
}

/** From the file, else from the environment; the environment is cleared, so that nothing inherits it. */
function readToken(file: string | undefined): string | undefined {
  const fromEnvironment = process.env.WINDHOVER_AGENT_TOKEN;
  delete process.env.WINDHOVER_AGENT_TOKEN;
  return (file === undefined ? fromEnvironment : readFileSync(file, "utf8"))?.trim() || undefined;
}

function wholeNumber(from: number, to: number) {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`a whole number from ${from} to ${to} is expected`);
  };
}

const program = new Command("windhover").description("Windhover: declarative workflows").version(version);
const runner = program.command("runner").description("runner agents: they do the work that needs a machine");
runner
  .command("start")
  .description("start a runner agent; it only calls out, and needs no open port")
  .requiredOption("--server <url>", "address of the Windhover server")
  .option("--token-file <path>", "file with the agent token; otherwise WINDHOVER_AGENT_TOKEN")
  .option("--group <name>", "runner group whose jobs it takes", "default")
  .option("--slots <n>", "most tasks at a time", wholeNumber(1, 1000), 4)
  .option("--data <dir>", "folder for what outlives the agent; one for each agent", "./windhover-agent")
  .option("--work-dir <dir>", "the same as --data")
  .option("--name <name>", "how it is called in the UI", hostname())
  .option("--drain <seconds>", "how long running tasks may go on after SIGTERM", wholeNumber(0, 86_400), 0)
  .action(start);

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
