// `npm start`: builds what is out of date, starts the local server, prints its address, ends all on Ctrl-C.
import { flushCompileCache } from "node:module";
import { join, resolve } from "node:path";
import { buildAllApart } from "./build.ts";
import { createFamily, endFamilyOnSignals } from "./family.ts";
import { type ServePaths, servePaths, startServer } from "./server.ts";
import { parseSettings, USAGE } from "./settings.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const say = (line: string) => console.log(line);

/** Runs the launcher until it is told to stop. Never throws: a failed start ends the process with code 1. */
export async function main(
  argv: readonly string[],
  paths: ServePaths = servePaths(ROOT),
  build = buildAllApart,
): Promise<void> {
  const parsed = parseSettings({ argv, env: process.env, resolvePath: (path) => resolve(process.cwd(), path) });
  if (parsed.kind === "help") return say(USAGE);
  if (parsed.kind === "problems") return fail(`${parsed.problems.join("\n")}\n\n${USAGE}`);
  const { settings } = parsed;
  const family = createFamily();
  let ended = () => {};
  endFamilyOnSignals(family, say, () => ended());
  try {
    await build(paths);
    const server = await startServer({ settings, paths, family, say });
    ended = server.ended;
    const address = `http://127.0.0.1:${server.port}`;
    say(
      `\nWindhover is up.\n  UI    ${address}/ui/\n  API   ${address}/api/v1\n  Data  ${settings.dataDir}\n\nCtrl-C stops it.`,
    );
    flushCompileCache();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

if (import.meta.main) await main(process.argv.slice(2));
