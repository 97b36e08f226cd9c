import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// SvelteKit reads its configuration from the working directory, when its module loads.
const here = dirname(fileURLToPath(import.meta.url));
// SvelteKit's build workers load this file too: they are already here, and may not move.
if (process.cwd() !== here) process.chdir(here);
const { sveltekit } = await import("@sveltejs/kit/vite");

const api = { target: process.env.WINDHOVER_API ?? "http://127.0.0.1:8080" };

export default defineConfig({
  plugins: [sveltekit()],
  build: { target: "es2022", reportCompressedSize: true },
  worker: { format: "es" },
  server: { port: 5173, proxy: { "/api": api, "/ping": api } },
});
