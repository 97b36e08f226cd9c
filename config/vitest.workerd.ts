import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { QUIET_WRANGLER } from "./wrangler-env.ts";

Object.assign(process.env, QUIET_WRANGLER);
const root = fileURLToPath(new URL("..", import.meta.url));
// The Worker's own entry, so that the tests meet the real actors. The plugin wants the assets folder to exist.
const hasWorker = existsSync(`${root}/edge/index.ts`);

/** Actors and adapters inside the Workers runtime, with the bindings of wrangler.toml and no network. */
export default defineConfig({
  plugins: hasWorker ? [cloudflareTest({ wrangler: { configPath: `${root}/wrangler.toml` } })] : [],
  test: {
    root,
    include: hasWorker ? ["test/workerd/**/*.test.ts"] : [],
    testTimeout: 30_000,
    passWithNoTests: true,
  },
});
