import { defineConfig } from "vitest/config";

/** Tests beside their source, in Node. */
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["actors", "sandbox", "edge", "runners", "ui", "config", "test/contract", "test/expressions"].map(
      (f) => `${f}/**/*.test.ts`,
    ),
    pool: "threads",
    passWithNoTests: true,
  },
});
