import adapter from "@sveltejs/adapter-static";

// Paths are relative to `ui/`: vite.config.ts makes it the working directory before SvelteKit starts.

/** @type {import('@sveltejs/kit').Config} */
export default {
  kit: {
    adapter: adapter({ pages: "../dist/ui", assets: "../dist/ui", fallback: "index.html" }),
    paths: { base: "/ui", relative: false },
    outDir: ".svelte-kit",
    files: {
      src: ".",
      assets: "static",
      routes: "routes",
      appTemplate: "app.html",
      lib: "parts",
      params: "routes/params",
    },
    csp: {
      mode: "hash",
      directives: {
        "default-src": ["self"],
        "script-src": ["self"],
        "style-src": ["self", "unsafe-inline"],
        "img-src": ["self", "data:", "blob:"],
        "font-src": ["self"],
        "connect-src": ["self"],
        "worker-src": ["self"],
        "object-src": ["none"],
        "base-uri": ["none"],
        "form-action": ["self"],
      },
    },
    version: { pollInterval: 0 },
  },
};
