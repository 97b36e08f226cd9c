// The launcher with the stand-in Worker, for tests. STANDIN_DIR holds the built bundle and what else it serves.
import { join } from "node:path";
import { main } from "../serve.ts";

const dir = process.env.STANDIN_DIR ?? "";
await main(
  process.argv.slice(2),
  {
    root: dir,
    serverDir: join(dir, "server"),
    uiDir: join(dir, "ui"),
    examplesDir: join(dir, "examples"),
    agentEntry: join(import.meta.dirname, "agent.mjs"),
  },
  async () => {},
);
