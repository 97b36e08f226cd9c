// Which text an `import` or `require` means: a file of the run, or a shim of one of node's modules. Anything else is refused.
import type { QuickJSRuntime } from "quickjs-emscripten-core";
import { MOVE_TO_AGENT, Refusal, ScriptFailure } from "./failure.ts";
import type { MemoryFiles } from "./files.ts";
import { inWorkingDirectory, parentOf, resolvePath, WORKING_DIRECTORY } from "./paths.ts";
import { isTypeScript, toJavaScript } from "./typescript.ts";

/** What can be imported by name from each module that the guest has a shim of. */
export const BUILTINS: Readonly<Record<string, readonly string[]>> = {
  fs: "promises constants readFileSync writeFileSync appendFileSync existsSync accessSync statSync lstatSync readdirSync mkdirSync rmSync unlinkSync rmdirSync renameSync copyFileSync truncateSync mkdtempSync realpathSync readFile writeFile appendFile stat readdir mkdir rm unlink".split(
    " ",
  ),
  "fs/promises":
    "readFile writeFile appendFile access stat lstat readdir mkdir rm unlink rmdir rename copyFile truncate mkdtemp realpath".split(
      " ",
    ),
  path: "sep delimiter normalize resolve join isAbsolute dirname basename extname relative parse format posix".split(
    " ",
  ),
  process: "argv env exit cwd platform stdout stderr nextTick hrtime uptime version versions pid".split(" "),
  buffer: ["Buffer", "atob", "btoa"],
  url: ["URL", "URLSearchParams", "fileURLToPath", "pathToFileURL"],
  util: "inspect format promisify isDeepStrictEqual types inherits deprecate TextEncoder TextDecoder".split(" "),
  assert:
    "ok fail equal notEqual strictEqual notStrictEqual deepEqual deepStrictEqual throws rejects strict AssertionError".split(
      " ",
    ),
  "assert/strict": ["ok", "fail", "equal", "strictEqual", "deepEqual", "deepStrictEqual", "throws", "rejects"],
  events: ["EventEmitter"],
  crypto:
    "randomUUID randomBytes randomInt getRandomValues createHash createHmac timingSafeEqual subtle webcrypto".split(
      " ",
    ),
  querystring: ["parse", "stringify", "escape", "unescape"],
  os: ["EOL", "platform", "tmpdir", "homedir", "hostname", "cpus", "arch", "type"],
  timers: ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
  "timers/promises": ["setTimeout"],
  perf_hooks: ["performance"],
  "@kestra-io/libs": ["outputs", "counter", "timer", "logger", "format"],
};

const BUILTIN_PREFIX = "builtin:";
/** The engine loses what its name resolver throws, so a refusal travels as a name, to the loader. */
const REFUSED_PREFIX = "refused:";
const ENDINGS = ["", ".ts", ".js", ".mjs", ".mts", ".cjs", ".json", "/index.ts", "/index.js"];
const decoder = new TextDecoder();

export type Resolved = { builtin: string } | { path: string };

/** What `request`, written in a file of `folder`, means. Throws a Refusal (NOT_SUPPORTED or MODULE_NOT_FOUND). */
export function resolveModule(request: string, folder: string, files: MemoryFiles): Resolved {
  const name = request.replace(/^node:/, "");
  if (Object.hasOwn(BUILTINS, name)) return { builtin: name };
  if (!/^(\.{1,2}\/|\/|file:\/\/\/)/.test(request)) {
    throw new Refusal(
      "NotSupportedError",
      "NOT_SUPPORTED",
      `The module "${request}" is not available in the sandbox; ${MOVE_TO_AGENT}`,
    );
  }
  const path = resolvePath(request.replace(/^file:\/\//, ""), folder);
  const base = path.replace(/\.js$/, "");
  const found = [...ENDINGS.map((ending) => path + ending), `${base}.ts`].find((candidate) => files.isFile(candidate));
  if (found !== undefined) return { path: found };
  throw new Refusal(
    "ModuleNotFoundError",
    "MODULE_NOT_FOUND",
    `The module "${request}" is not among the files of this task; add it to \`inputFiles\` or \`namespaceFiles\``,
  );
}

/** The text of a file as JavaScript. Throws a ScriptFailure (SYNTAX) for TypeScript that cannot be read. */
export function readSource(path: string, files: MemoryFiles): string {
  const source = decoder.decode(files.read(path));
  const text = withoutShebang(source);
  return isTypeScript(path) ? toJavaScript(text, displayName(path)) : text;
}

/** Lets the runtime's `import` find the files of this run. */
export function installModuleLoader(runtime: QuickJSRuntime, files: MemoryFiles): void {
  runtime.setModuleLoader(
    (name) => {
      if (name.startsWith(BUILTIN_PREFIX)) return builtinModule(name.slice(BUILTIN_PREFIX.length));
      if (name.startsWith(REFUSED_PREFIX)) throw parseRefusal(name.slice(REFUSED_PREFIX.length));
      const path = resolvePath(name);
      const source = readImported(path, files);
      return path.endsWith(".json")
        ? `export default JSON.parse(${JSON.stringify(source)});`
        : asModule(source, name, false);
    },
    (importer, request) => {
      const folder = importer.startsWith(BUILTIN_PREFIX) ? WORKING_DIRECTORY : parentOf(resolvePath(importer));
      return nameOf(() => resolveModule(request, folder, files));
    },
  );
}

function nameOf(resolve: () => Resolved): string {
  try {
    const resolved = resolve();
    return "builtin" in resolved ? BUILTIN_PREFIX + resolved.builtin : displayName(resolved.path);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return REFUSED_PREFIX + JSON.stringify([error.name, error.code, error.message]);
  }
}

function parseRefusal(json: string): Refusal {
  const [name, code, message]: [string, string, string] = JSON.parse(json);
  return new Refusal(name, code, message);
}

/** As `readSource`, with an error whose class the guest sees. */
function readImported(path: string, files: MemoryFiles): string {
  try {
    return readSource(path, files);
  } catch (error) {
    if (error instanceof ScriptFailure) throw new Refusal("SyntaxError", error.code, error.message);
    throw error;
  }
}

/** The module's text with `import.meta` filled in, on the same line numbers. */
export function asModule(source: string, name: string, isMain: boolean): string {
  if (!source.includes("import.meta")) return source;
  const path = resolvePath(name);
  const meta = { url: `file://${path}`, filename: path, dirname: parentOf(path), main: isMain };
  return `Object.assign(import.meta, ${JSON.stringify(meta)}); ${source}`;
}

export function withoutShebang(source: string): string {
  return source.startsWith("#!") ? `//${source}` : source;
}

/** How a file is named in stacks: relative to the working directory where possible. */
function displayName(path: string): string {
  return inWorkingDirectory(path) ?? path;
}

function builtinModule(name: string): string {
  const names = BUILTINS[name] ?? [];
  const exports = names.map((key) => `export const ${key} = found.${key};`).join(" ");
  return `const found = globalThis[Symbol.for("windhover.builtin")](${JSON.stringify(name)}); export default found; ${exports}`;
}
