import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: [
      "actors/**/*.test.ts",
      "sandbox/**/*.test.ts",
      "edge/**/*.test.ts",
      "runners/**/*.test.ts",
      "ui/**/*.test.ts",
      "config/**/*.test.ts",
    ],
    pool: "threads",
  },
});
