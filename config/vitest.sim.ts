import { defineConfig } from "vitest/config";

/** The seeded simulator and the recorded histories, in Node. */
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: [
      "test/sim/**/*.test.ts",
      "test/histories/**/*.test.ts",
      "test/flows/**/*.test.ts",
      "test/matrix/**/*.test.ts",
    ],
    pool: "threads",
    testTimeout: 120_000,
    passWithNoTests: true,
  },
});
