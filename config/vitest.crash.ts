import { defineConfig } from "vitest/config";

/** The local server, killed again and again. One file after the other. */
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/crash/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 180_000,
    passWithNoTests: true,
  },
});
