// `npm run dev`: wrangler's own local server, for work on the Cloudflare adapters. Users start `npm start`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildPaths, buildUi } from "../edge/local/build.ts";
import { ROOT, runTool } from "./run.ts";
import { QUIET_WRANGLER } from "./wrangler-env.ts";

const WRANGLER = "wrangler/bin/wrangler.js";

export async function main(argv: readonly string[]): Promise<void> {
  await buildUi(buildPaths(ROOT), console.log);
  if (existsSync(join(ROOT, "edge", "db", "migrations"))) {
    const migrate = await runTool(WRANGLER, ["d1", "migrations", "apply", "DB", "--local"], {
      env: { ...QUIET_WRANGLER, CI: "true" }, // Asks no question.
    });
    if (migrate.code !== 0) {
      process.exitCode = migrate.code;
      return;
    }
  }
  const { code } = await runTool(WRANGLER, ["dev", "--ip", "127.0.0.1", ...argv], { env: QUIET_WRANGLER });
  process.exitCode = code;
}

if (import.meta.main) await main(process.argv.slice(2));
