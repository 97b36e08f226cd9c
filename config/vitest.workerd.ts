import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { QUIET_WRANGLER } from "./wrangler-env.ts";

Object.assign(process.env, QUIET_WRANGLER);
const root = fileURLToPath(new URL("..", import.meta.url));
const migrations = `${root}/edge/db/migrations`;
// The assets folder of wrangler.toml must exist, whether or not the UI has been built.
mkdirSync(`${root}/dist/ui`, { recursive: true });

/**
 * Actors and adapters inside the Workers runtime: the Worker's own entry with the bindings of wrangler.toml, and no
 * network. A test that needs the tables applies them with `applyD1Migrations(env.DB, env.TEST_MIGRATIONS)`.
 */
export default defineConfig(async () => {
  const hasWorker = existsSync(`${root}/edge/index.ts`);
  const bindings = {
    TEST_MIGRATIONS: existsSync(migrations) ? await readD1Migrations(migrations) : [],
    INTERNAL_SECRET: "internal-secret",
    AGENT_TOKEN: "agent-token",
    AUTH_TOKENS: "test-token",
  };
  return {
    plugins: hasWorker
      ? [cloudflareTest({ wrangler: { configPath: `${root}/wrangler.toml` }, miniflare: { bindings } })]
      : [],
    test: {
      root,
      include: hasWorker ? ["test/workerd/**/*.test.ts"] : [],
      testTimeout: 30_000,
      passWithNoTests: true,
    },
  };
});
