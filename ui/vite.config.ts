import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// SvelteKit reads its configuration from the working directory, when its module loads.
process.chdir(dirname(fileURLToPath(import.meta.url)));
const { sveltekit } = await import("@sveltejs/kit/vite");

const api = { target: process.env.WINDHOVER_API ?? "http://127.0.0.1:8080" };

export default defineConfig({
  plugins: [sveltekit()],
  build: { target: "es2022", reportCompressedSize: true },
  worker: { format: "es" },
  server: { port: 5173, proxy: { "/api": api, "/ping": api } },
});
