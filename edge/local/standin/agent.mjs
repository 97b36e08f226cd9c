// A stand-in for the runner agent: says that it is here, and holds a child process as a running task would.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

const task = spawn("sleep", ["1000"], { stdio: "ignore" });
const line = {
  pid: process.pid,
  task: task.pid,
  args: process.argv.slice(2),
  token: process.env.WINDHOVER_AGENT_TOKEN,
};
appendFileSync(process.env.STANDIN_AGENT_LOG, `${JSON.stringify(line)}\n`);
process.on("SIGTERM", () => process.exit(0));
setInterval(() => {}, 1000);
