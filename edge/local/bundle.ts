// Makes the Worker's bundle for the plain runtime: one ES module and the WebAssembly modules it imports.
// esbuild is loaded here, so import this file only when a build is due.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";

const { createHash } = process.getBuiltinModule("node:crypto");

/** Written beside the bundle; tells the launcher which modules to name in the configuration. */
export interface Manifest {
  readonly modules: readonly { readonly name: string; readonly kind: "esModule" | "wasm" }[];
  readonly bytes: number;
  readonly gzipBytes: number;
}

export const MANIFEST = "manifest.json";

/** Builds `entry` into `outDir`. Throws what esbuild throws: its messages name file, line and column. */
export async function bundleWorker({ entry, outDir }: { entry: string; outDir: string }): Promise<Manifest> {
  const wasm = new Map<string, string>();
  const result = await build({
    entryPoints: [entry],
    outfile: join(outDir, "index.js"),
    write: false,
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".sql": "text", ".txt": "text", ".html": "text" },
    define: { "process.env.NODE_ENV": '"production"' },
    // Names stay: they cost a few kilobytes and make every stack trace in a log readable.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [wasmModules(wasm), bareBuiltins()],
  });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, "index.js"), code);
  let bytes = code.byteLength;
  let gzipBytes = gzipSync(code).byteLength;
  for (const [name, path] of wasm) {
    const contents = readFileSync(path);
    writeFileSync(join(outDir, name), contents);
    bytes += contents.byteLength;
    gzipBytes += gzipSync(contents).byteLength;
  }
  const manifest: Manifest = {
    modules: [
      { name: "index.js", kind: "esModule" },
      ...[...wasm.keys()].sort().map((name) => ({ name, kind: "wasm" as const })),
    ],
    bytes,
    gzipBytes,
  };
  writeFileSync(join(outDir, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Leaves imports of `.wasm` files in the bundle, as modules beside it, and collects name → file. */
function wasmModules(found: Map<string, string>): Plugin {
  return {
    name: "wasm-modules",
    setup(setup) {
      setup.onResolve({ filter: /\.wasm(\?module)?$/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
        if (pluginData === "wasm-modules") return undefined;
        const bare = path.replace(/\?module$/, "");
        const resolved = await setup.resolve(bare, { importer, kind, resolveDir, pluginData: "wasm-modules" });
        if (resolved.errors.length > 0) return { errors: resolved.errors };
        const hash = createHash("sha1").update(readFileSync(resolved.path)).digest("hex").slice(0, 8);
        const name = `${basename(resolved.path, ".wasm")}-${hash}.wasm`;
        found.set(name, resolved.path);
        return { path: `./${name}`, external: true };
      });
    },
  };
}

/** Libraries that import "crypto" mean "node:crypto": the runtime knows only the second spelling. */
function bareBuiltins(): Plugin {
  const names = builtinModules.filter((name) => !name.startsWith("_")).map((name) => name.replaceAll("/", "\\/"));
  return {
    name: "bare-builtins",
    setup(setup) {
      setup.onResolve({ filter: new RegExp(`^(${names.join("|")})$`) }, ({ path }) => ({
        path: path.startsWith("node:") ? path : `node:${path}`,
        external: true,
      }));
    },
  };
}
