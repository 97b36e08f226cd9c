// `console`: text to the host line by line, values shown as node shows them.
export const CONSOLE_GUEST = String.raw`(function (lib) {
  "use strict";
  const counts = new Map();
  const started = new Map();
  let indent = "";

  function print(stream, level) {
    return (...args) => {
      const simple = args.length === 1 && typeof args[0] === "string" ? args[0] : lib.load("inspect").format(...args);
      const text = indent === "" ? simple : indent + simple.replaceAll("\n", "\n" + indent);
      lib.call("print", { stream, level, text: text + "\n" });
    };
  }

  const console = {
    log: print("stdout"),
    info: print("stdout"),
    debug: print("stdout", "DEBUG"),
    warn: print("stderr"),
    error: print("stderr"),
    trace: (...args) => console.error("Trace:", ...args),
    dir: (value) => console.log(lib.load("inspect").inspect(value)),
    assert: (condition, ...args) => {
      if (!condition) console.error("Assertion failed" + (args.length > 0 ? ":" : ""), ...args);
    },
    count: (label = "default") => {
      counts.set(label, (counts.get(label) || 0) + 1);
      console.log(label + ": " + counts.get(label));
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => void started.set(label, lib.call("uptime")),
    timeLog: (label = "default", ...args) => {
      if (started.has(label)) console.log(label + ": " + (lib.call("uptime") - started.get(label)) + "ms", ...args);
    },
    timeEnd: (label = "default") => {
      console.timeLog(label);
      started.delete(label);
    },
    group: (...args) => {
      if (args.length > 0) console.log(...args);
      indent += "  ";
    },
    groupEnd: () => {
      indent = indent.slice(2);
    },
    table: (rows) => console.log(lib.load("inspect").inspect(rows)),
    clear: () => {},
  };
  console.groupCollapsed = console.group;
  return { console };
})`;
