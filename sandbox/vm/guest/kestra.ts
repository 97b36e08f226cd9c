// The `Kestra` library: outputs and metrics, by the same marker lines that any other process prints.
export const KESTRA_GUEST = String.raw`(function (lib) {
  "use strict";
  function send(marker) {
    lib.call("print", { stream: "stdout", text: "::" + JSON.stringify(marker) + "::\n" });
  }

  function seconds(since) {
    return (lib.call("uptime") - since) / 1000;
  }

  const Kestra = {
    format: (map) => "::" + JSON.stringify(map) + "::",
    outputs(outputs) {
      if (typeof outputs !== "object" || outputs === null || Array.isArray(outputs)) throw new TypeError("Kestra.outputs takes an object");
      send({ outputs });
    },
    counter(name, value, tags) {
      send({ metrics: [{ name, type: "counter", value: value === undefined ? 1 : value, tags }] });
    },
    // A number of seconds, or a function: one that takes an argument calls it when done, any other is timed itself.
    timer(name, duration, tags) {
      const report = (value) => send({ metrics: [{ name, type: "timer", value, tags }] });
      if (typeof duration !== "function") return report(duration);
      const start = lib.call("uptime");
      const result = duration(() => report(seconds(start)));
      if (duration.length > 0) return result;
      if (!result || typeof result.then !== "function") {
        report(seconds(start));
        return result;
      }
      return result.then((value) => {
        report(seconds(start));
        return value;
      });
    },
    logger() {
      const log = (level) => (...args) => send({ logs: [{ level, message: lib.load("inspect").format(...args) }] });
      return { trace: log("TRACE"), debug: log("DEBUG"), info: log("INFO"), warn: log("WARN"), error: log("ERROR") };
    },
  };
  return { Kestra };
})`;
