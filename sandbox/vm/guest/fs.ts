// Node's `fs` and `fs/promises` on the in-memory file system. What is missing is refused by its name.
export const FS_GUEST = `(function (lib) {
  "use strict";
  const { toBytes, encode } = lib.load("text");
  const { pathText, fileError } = lib.load("paths");
  const { Buffer } = lib.load("buffer");

  function onDisk(operation, input, bytes) {
    try {
      return lib.call(operation, input, bytes);
    } catch (error) {
      throw fileError(error);
    }
  }

  const encodingOf = (options) => (typeof options === "string" ? options : options && options.encoding);
  const isUtf8 = (encoding) => /^utf-?8$/i.test(encoding);

  function stats(path) {
    const found = onDisk("fs.stat", { path: pathText(path) });
    const time = new Date();
    return { size: found.size, isFile: () => found.isFile, isDirectory: () => found.isDirectory, isSymbolicLink: () => false, mtime: time, mtimeMs: time.getTime(), ctime: time, birthtime: time, mode: 0o644 };
  }

  function writeWith(append) {
    return (path, data, options) => {
      const flag = (options && options.flag) || "";
      const input = { path: pathText(path), append: append || flag.startsWith("a"), createNew: flag.endsWith("x") };
      const encoding = encodingOf(options);
      if (typeof data === "string" && (!encoding || isUtf8(encoding))) return void onDisk("fs.writeText", { ...input, text: data });
      const bytes = typeof data === "string" ? Buffer.from(data, encoding) : ArrayBuffer.isView(data) ? data : encode(String(data));
      onDisk("fs.write", input, toBytes(bytes));
    };
  }

  const sync = {
    readFile(path, options) {
      const encoding = encodingOf(options);
      if (encoding && isUtf8(encoding)) return onDisk("fs.readText", { path: pathText(path) });
      const bytes = Buffer.from(onDisk("fs.read", { path: pathText(path) }));
      return encoding ? bytes.toString(encoding) : bytes;
    },
    writeFile: writeWith(false),
    appendFile: writeWith(true),
    exists(path) {
      try {
        return lib.call("fs.has", { path: pathText(path) });
      } catch {
        return false;
      }
    },
    access: (path) => void stats(path),
    stat(path, options) {
      if (options && options.throwIfNoEntry === false && !sync.exists(path)) return undefined;
      return stats(path);
    },
    readdir(path, options) {
      const entries = onDisk("fs.list", { path: pathText(path) });
      if (!options || !options.withFileTypes) return entries.map((entry) => entry.name);
      return entries.map((entry) => ({ name: entry.name, parentPath: pathText(path), isFile: () => entry.isFile, isDirectory: () => entry.isDirectory, isSymbolicLink: () => false }));
    },
    mkdir: (path, options) => void onDisk("fs.mkdir", { path: pathText(path), recursive: Boolean(options && options.recursive) }),
    rm(path, options) {
      if (options && options.force && !sync.exists(path)) return;
      onDisk("fs.remove", { path: pathText(path), recursive: Boolean(options && options.recursive) });
    },
    unlink: (path) => void onDisk("fs.remove", { path: pathText(path) }),
    rmdir: (path, options) => sync.rm(path, options),
    rename: (from, to) => void onDisk("fs.rename", { from: pathText(from), to: pathText(to) }),
    copyFile: (from, to) => sync.writeFile(to, sync.readFile(from)),
    truncate: (path, length) => void onDisk("fs.truncate", { path: pathText(path), length: length || 0 }),
    mkdtemp(prefix) {
      const path = pathText(prefix) + globalThis.crypto.randomUUID().slice(0, 6);
      sync.mkdir(path);
      return path;
    },
    realpath: (path) => (stats(path), onDisk("fs.resolve", { path: pathText(path) })),
  };
  sync.lstat = sync.stat;

  const promises = {};
  const fs = { constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 } };
  for (const [name, run] of Object.entries(sync)) {
    fs[name + "Sync"] = run;
    promises[name] = async (...args) => run(...args);
    fs[name] = (...args) => {
      const callback = args.pop();
      if (typeof callback !== "function") throw new TypeError("fs." + name + " needs a callback; use fs." + name + "Sync or fs.promises." + name);
      promises[name](...args).then(name === "exists" ? callback : (value) => callback(null, value), callback);
    };
  }

  const refuse = (target, label) =>
    new Proxy(target, {
      get(object, name) {
        if (name in object || typeof name === "symbol" || name === "then" || name === "default" || name === "__esModule") return object[name];
        throw lib.notSupported(label + "." + name);
      },
    });
  fs.promises = refuse(promises, "fs.promises");
  return { fs: refuse(fs, "fs"), "fs/promises": fs.promises };
})`;
