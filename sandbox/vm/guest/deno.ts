// `Deno`, as far as a sandbox has something to give. Any other member is refused by its name.
export const DENO_GUEST = `(function (lib) {
  "use strict";
  const { call, config } = lib;
  const { toBytes, encode, decode } = lib.load("text");
  const { fileError, pathText } = lib.load("paths");

  const errors = {};
  const byCode = { ENOENT: "NotFound", EEXIST: "AlreadyExists", EACCES: "PermissionDenied", EISDIR: "IsADirectory", ENOTDIR: "NotADirectory", EINVAL: "InvalidData" };
  for (const name of new Set([...Object.values(byCode), "NotSupported", "Interrupted", "TimedOut", "Http"])) {
    errors[name] = class extends Error {
      constructor(message) {
        super(message);
        this.name = name;
      }
    };
    Object.defineProperty(errors[name], "name", { value: name });
  }

  function onDisk(operation, input, bytes) {
    try {
      return call(operation, input, bytes);
    } catch (error) {
      const Type = errors[byCode[error.code]];
      if (!Type) throw fileError(error);
      const told = new Type(error.message);
      told.code = error.code;
      throw told;
    }
  }

  const stat = (path) => {
    const found = onDisk("fs.stat", { path: pathText(path) });
    return { ...found, isSymlink: false, mtime: null, atime: null, birthtime: null, mode: null };
  };
  const list = (path) => onDisk("fs.list", { path: pathText(path) }).map((entry) => ({ ...entry, isSymlink: false }));

  const sync = {
    readTextFile: (path) => onDisk("fs.readText", { path: pathText(path) }),
    readFile: (path) => new Uint8Array(onDisk("fs.read", { path: pathText(path) })),
    writeTextFile: (path, text, options) => void onDisk("fs.writeText", { ...options, path: pathText(path), text: String(text) }),
    writeFile: (path, bytes, options) => void onDisk("fs.write", { ...options, path: pathText(path) }, toBytes(bytes)),
    stat,
    lstat: stat,
    remove: (path, options) => void onDisk("fs.remove", { ...options, path: pathText(path) }),
    mkdir: (path, options) => void onDisk("fs.mkdir", { ...options, path: pathText(path) }),
    rename: (from, to) => void onDisk("fs.rename", { from: pathText(from), to: pathText(to) }),
    copyFile: (from, to) => sync.writeFile(to, sync.readFile(from)),
    truncate: (path, length) => void onDisk("fs.truncate", { path: pathText(path), length: length || 0 }),
    realPath: (path) => (stat(path), onDisk("fs.resolve", { path: pathText(path) })),
    makeTempDir: () => temporary((path) => sync.mkdir(path)),
    makeTempFile: () => temporary((path) => sync.writeFile(path, new Uint8Array())),
  };

  function temporary(create) {
    const path = "/tmp/" + globalThis.crypto.randomUUID().slice(0, 8);
    create(path);
    return path;
  }

  const writer = (stream) => ({
    writeSync: (bytes) => (call("print", { stream, text: decode(toBytes(bytes)) }), bytes.length),
    write: async (bytes) => (call("print", { stream, text: decode(toBytes(bytes)) }), bytes.length),
    isTerminal: () => false,
  });

  const env = {
    get: (name) => (Object.hasOwn(config.env, name) ? config.env[name] : undefined),
    has: (name) => Object.hasOwn(config.env, name),
    toObject: () => ({ ...config.env }),
    set: (name, value) => void (config.env[name] = String(value)),
    delete: (name) => void delete config.env[name],
  };

  const Deno = {
    args: Object.freeze([...config.args]),
    env,
    errors,
    exit: (code) => {
      call("exit", { code });
    },
    get exitCode() {
      return call("exit.code");
    },
    set exitCode(code) {
      call("exit.code", { code });
    },
    cwd: () => config.cwd,
    mainModule: "file://" + config.cwd + "/" + config.fileName,
    pid: 1,
    noColor: true,
    build: { os: "linux", arch: "wasm32", target: "wasm32-sandbox", vendor: "unknown" },
    version: { deno: "2.0.0", v8: "", typescript: "" },
    hostname: () => "sandbox",
    stdout: writer("stdout"),
    stderr: writer("stderr"),
    inspect: (value, options) => lib.load("inspect").inspect(value, options),
    readDirSync: (path) => list(path)[Symbol.iterator](),
    readDir: async function* (path) {
      yield* list(path);
    },
  };
  for (const [name, run] of Object.entries(sync)) {
    Deno[name + "Sync"] = run;
    Deno[name] = async (...args) => run(...args);
  }

  return {
    Deno: new Proxy(Deno, {
      get(target, name) {
        if (name in target || typeof name === "symbol" || name === "then") return target[name];
        throw lib.notSupported("Deno." + name);
      },
    }),
  };
})`;
