// Paths for `Deno` and `fs`, and node's `path` module.
export const PATHS_GUEST = String.raw`(function (lib) {
  "use strict";
  const cwd = lib.config.cwd;

  function pathText(path) {
    const text = typeof path === "object" && path !== null && "href" in path ? path.href : path;
    if (typeof text !== "string") throw new TypeError("a path is a string or a file: URL");
    return text.startsWith("file://") ? decodeURIComponent(text.slice(7)) : text;
  }

  // Node puts the code before the message.
  function fileError(error) {
    if (/^E[A-Z]+$/.test(error.code) && !error.message.startsWith(error.code)) error.message = error.code + ": " + error.message;
    return error;
  }

  function normalize(path) {
    const isAbsolute = path.startsWith("/");
    const parts = [];
    for (const part of path.split("/")) {
      if (part === "" || part === ".") continue;
      if (part !== "..") parts.push(part);
      else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
      else if (!isAbsolute) parts.push("..");
    }
    const text = parts.join("/") + (path.endsWith("/") && parts.length > 0 ? "/" : "");
    return isAbsolute ? "/" + text : text || ".";
  }

  function resolve(...paths) {
    let result = "";
    for (const path of [cwd, ...paths]) if (path !== "") result = path.startsWith("/") ? path : result + "/" + path;
    const text = normalize(result);
    return text.length > 1 && text.endsWith("/") ? text.slice(0, -1) : text;
  }

  const trim = (path) => (path.length > 1 ? path.replace(/\/+$/, "") : path);

  const path = {
    sep: "/",
    delimiter: ":",
    normalize,
    resolve,
    join: (...paths) => normalize(paths.filter((part) => part !== "").join("/") || "."),
    isAbsolute: (text) => text.startsWith("/"),
    dirname(text) {
      const at = trim(text).lastIndexOf("/");
      return at < 0 ? "." : at === 0 ? "/" : trim(text).slice(0, at);
    },
    basename(text, suffix) {
      const base = trim(text).slice(trim(text).lastIndexOf("/") + 1);
      return suffix && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
    },
    extname(text) {
      const base = path.basename(text);
      const at = base.lastIndexOf(".");
      return at > 0 ? base.slice(at) : "";
    },
    relative(from, to) {
      const a = resolve(from).split("/");
      const b = resolve(to).split("/");
      let same = 0;
      while (same < a.length && same < b.length && a[same] === b[same]) same++;
      return [...a.slice(same).fill(".."), ...b.slice(same)].join("/");
    },
    parse(text) {
      const base = path.basename(text);
      const ext = path.extname(text);
      const dir = path.dirname(text);
      return { root: text.startsWith("/") ? "/" : "", dir: dir === "." && !text.startsWith(".") ? "" : dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
    },
    format: (parts) => (parts.dir || parts.root ? (parts.dir || parts.root).replace(/\/$/, "") + "/" : "") + (parts.base || (parts.name || "") + (parts.ext || "")),
  };
  path.posix = path;
  return { path, pathText, fileError, normalize };
})`;
