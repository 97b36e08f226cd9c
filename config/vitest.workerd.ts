import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { answerOutside } from "./workerd-outside.ts";
import { QUIET_WRANGLER } from "./wrangler-env.ts";

Object.assign(process.env, QUIET_WRANGLER);
const root = fileURLToPath(new URL("..", import.meta.url));
const migrations = `${root}/edge/db/migrations`;
// The assets folder of wrangler.toml must exist, whether or not the UI has been built.
mkdirSync(`${root}/dist/ui`, { recursive: true });

/**
 * Actors and adapters inside the Workers runtime: the Worker's own entry with the bindings of wrangler.toml, and no
 * network: what leaves the Worker is answered by workerd-outside.ts. Everything runs as it is deployed, a
 * cell for each execution; what is below test/workerd/product runs once more on shared cells.
 */
export default defineConfig(async () => {
  const testMigrations = existsSync(migrations) ? await readD1Migrations(migrations) : [];
  const project = (name: string, cells: string, include: string[]) => ({
    plugins: [
      cloudflareTest({
        wrangler: { configPath: `${root}/wrangler.toml` },
        miniflare: {
          outboundService: answerOutside,
          bindings: {
            CELLS: cells,
            TEST_MIGRATIONS: testMigrations,
            INTERNAL_SECRET: "internal-secret",
            AGENT_TOKEN: "agent-token",
            AUTH_TOKENS: "test-token",
            SECRET_HOOK_KEY: btoa("hook-key"),
            ENCRYPTION_KEYS: `k1:${btoa("0".repeat(32))}`,
          },
        },
      }),
    ],
    test: {
      name,
      root,
      include,
      setupFiles: [`${root}/test/workerd/support/setup.ts`],
      testTimeout: 30_000,
    },
  });
  return {
    test: {
      root,
      // Two runtimes at once are what two cores bear.
      maxWorkers: 2,
      projects: [
        project("each", "each", ["test/workerd/**/*.test.ts"]),
        project("shared", "32", ["test/workerd/product/*.test.ts"]),
      ],
    },
  };
});
