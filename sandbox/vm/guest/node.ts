// `require` and `process`: what a classic node script expects to find.
export const NODE_GUEST = String.raw`(function (lib) {
  "use strict";
  const { call, config } = lib;
  const modules = new Map();

  const write = (stream) => (text) => {
    call("print", { stream, text: typeof text === "string" ? text : lib.load("text").decode(lib.load("text").toBytes(text)) });
    return true;
  };
  const stream = (name) => ({ write: write(name), isTTY: false, columns: 80, on() {}, once() {}, end: (text) => text !== undefined && write(name)(text) });

  function hrtime(since) {
    const ms = call("uptime");
    const time = [Math.floor(ms / 1000), Math.floor((ms % 1000) * 1e6)];
    if (!since) return time;
    const nanos = (time[0] - since[0]) * 1e9 + time[1] - since[1];
    return [Math.floor(nanos / 1e9), nanos % 1e9];
  }
  hrtime.bigint = () => BigInt(Math.floor(call("uptime") * 1e6));

  const process = {
    argv: ["node", config.cwd + "/" + config.fileName, ...config.args],
    argv0: "node",
    execArgv: [],
    env: config.env,
    title: "node",
    platform: "linux",
    arch: "wasm32",
    pid: 1,
    version: "v22.0.0",
    versions: { node: "22.0.0" },
    release: { name: "node" },
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    cwd: () => config.cwd,
    exit: (code) => {
      call("exit", { code });
    },
    get exitCode() {
      return call("exit.code");
    },
    set exitCode(code) {
      call("exit.code", { code });
    },
    uptime: () => call("uptime") / 1000,
    hrtime,
    nextTick: (callback, ...args) => queueMicrotask(() => callback(...args)),
    memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
    emitWarning: (warning) => console.error("Warning: " + (warning && warning.message ? warning.message : warning)),
    on: () => process,
    once: () => process,
    off: () => process,
    removeListener: () => process,
    emit: () => false,
    chdir: () => {
      throw lib.notSupported("process.chdir");
    },
  };

  function builtin(name) {
    if (name === "process") return process;
    return lib.load(name === "fs" || name === "fs/promises" ? "fs" : "modules")[name];
  }

  function requireFrom(folder) {
    const require = (request) => {
      const found = call("require", { request: String(request), folder });
      if (found.builtin !== undefined) return builtin(found.builtin);
      if (!modules.has(found.path)) evaluateModule(found);
      return modules.get(found.path).exports;
    };
    require.resolve = (request) => call("require", { request: String(request), folder }).path || request;
    require.cache = {};
    return require;
  }

  const folderOf = (path) => path.slice(0, path.lastIndexOf("/")) || "/";

  function evaluateModule({ path, source, isJson }) {
    const module = { exports: {}, id: path, filename: path, loaded: false, children: [], paths: [] };
    modules.set(path, module);
    try {
      if (isJson) module.exports = JSON.parse(source);
      else {
        const run = (0, eval)("(function (exports, require, module, __filename, __dirname) {" + source + "\n})");
        run.call(module.exports, module.exports, requireFrom(folderOf(path)), module, path, folderOf(path));
      }
      module.loaded = true;
    } catch (error) {
      modules.delete(path);
      throw error;
    }
  }

  function runMain(body, fileName) {
    const path = config.cwd + "/" + fileName;
    const module = { exports: {}, id: ".", filename: path, loaded: false, children: [], paths: [] };
    modules.set(path, module);
    const require = requireFrom(folderOf(path));
    require.main = module;
    return body.call(module.exports, module.exports, require, module, path, folderOf(path));
  }

  return { process, runMain, builtin, requireFrom };
})`;
