import { defineConfig } from "vitest/config";

/** All that proves the expressions: their unit tests, the cases, and the cases in every runtime. Other suites run these files too. */
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["sandbox/expr", "test/expressions", "test/matrix"].map((folder) => `${folder}/**/*.test.ts`),
    pool: "threads",
    testTimeout: 120_000,
  },
});
