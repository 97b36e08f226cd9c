// `npm run deploy`: the UI, then the database's migrations, then the Worker. With --dry-run: builds everything, asks
// nobody, and prints the Worker's size.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildPaths, buildUi, formatSize } from "../edge/local/build.ts";
import { ROOT, runTool } from "./run.ts";
import { QUIET_WRANGLER } from "./wrangler-env.ts";

const WRANGLER = "wrangler/bin/wrangler.js";
/** What must exist before the first deployment. Creating what exists already is refused, which is fine. */
const RESOURCES = [
  ["d1", "create", "windhover"],
  ["r2", "bucket", "create", "windhover-files"],
  ["queues", "create", "windhover"],
];
const EXISTS = /already (exists|taken|own)|is already|11009|10004|7502/i;

export async function main(argv: readonly string[]): Promise<void> {
  await buildUi(buildPaths(ROOT), console.log);
  process.exitCode = argv.includes("--dry-run") ? await dryRun(argv) : await deploy(argv);
}

async function dryRun(argv: readonly string[]): Promise<number> {
  const out = join(ROOT, "dist", "deploy");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const { code, output } = await runTool(WRANGLER, ["deploy", "--outdir", out, ...argv], {
    env: QUIET_WRANGLER,
    quiet: true,
  });
  if (code !== 0) {
    console.error(output.trim());
    return code;
  }
  let bytes = 0;
  let gzipBytes = 0;
  for (const name of readdirSync(out)) {
    if (!/\.(js|mjs|wasm|txt|sql|bin)$/.test(name) || !statSync(join(out, name)).isFile()) continue;
    const contents = readFileSync(join(out, name));
    bytes += contents.byteLength;
    gzipBytes += gzipSync(contents).byteLength;
  }
  console.log(`The Worker: ${formatSize({ bytes, gzipBytes })}. Nothing was deployed (--dry-run).`);
  return 0;
}

async function deploy(argv: readonly string[]): Promise<number> {
  for (const resource of RESOURCES) {
    const { code, output } = await runTool(WRANGLER, resource, { env: QUIET_WRANGLER, quiet: true });
    if (code === 0) console.log(`Created: ${resource.join(" ")}`);
    else if (!EXISTS.test(output)) {
      console.error(`wrangler ${resource.join(" ")} failed:\n${output.trim()}`);
      return code;
    }
  }
  const migrate = await runTool(WRANGLER, ["d1", "migrations", "apply", "DB", "--remote"], { env: QUIET_WRANGLER });
  if (migrate.code !== 0) return migrate.code;
  return (await runTool(WRANGLER, ["deploy", ...argv], { env: QUIET_WRANGLER })).code;
}

if (import.meta.main) await main(process.argv.slice(2));
