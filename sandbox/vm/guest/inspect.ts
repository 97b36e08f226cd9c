// How values look when printed: close to node's `util.inspect` and `util.format`.
export const INSPECT_GUEST = String.raw`(function () {
  "use strict";
  const MAX_ITEMS = 100;
  const LINE = 72;

  function inspect(value, options) {
    const depth = options && options.depth !== undefined ? (options.depth === null ? Infinity : options.depth) : 4;
    return show(value, Math.min(depth, 50), [], false);
  }

  function show(value, depth, parents, isNested) {
    if (typeof value === "string") return isNested ? quote(value) : value;
    if (typeof value === "bigint") return value + "n";
    if (Object.is(value, -0)) return "-0";
    if (typeof value === "symbol") return value.toString();
    if (typeof value === "function") return "[" + (/^class\b/.test(Function.prototype.toString.call(value)) ? "class " : "Function: ") + (value.name || "(anonymous)") + "]";
    if (typeof value !== "object" || value === null) return String(value);
    if (parents.includes(value)) return "[Circular *1]";
    const custom = value[Symbol.for("nodejs.util.inspect.custom")];
    if (typeof custom === "function") {
      const shown = custom.call(value, depth, {}, inspect);
      return typeof shown === "string" ? shown : show(shown, depth, [...parents, value], true);
    }
    return showObject(value, depth, parents);
  }

  function quote(text) {
    const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
    if (!escaped.includes("'")) return "'" + escaped + "'";
    return escaped.includes('"') ? "'" + escaped.replaceAll("'", "\\'") + "'" : '"' + escaped + '"';
  }

  function showObject(value, depth, parents) {
    if (value instanceof Error) return showError(value, depth, parents);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof RegExp) return value.toString();
    if (value instanceof Promise) return "Promise {}";
    if (value instanceof String || value instanceof Number || value instanceof Boolean) return "[" + value.constructor.name + ": " + show(value.valueOf(), 0, [], true) + "]";
    const name = className(value);
    if (depth < 0) return Array.isArray(value) ? "[Array]" : "[" + (name || "Object") + "]";
    const inner = [...parents, value];
    const next = (item) => show(item, depth - 1, inner, true);
    if (Array.isArray(value)) return wrap("", "[", items(value, next).concat(fields(value, next, true)), "]");
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return wrap(name + "(" + value.length + ") ", "[", items(value, next), "]");
    if (value instanceof ArrayBuffer) return "ArrayBuffer { byteLength: " + value.byteLength + " }";
    if (value instanceof Map) return wrap("Map(" + value.size + ") ", "{", items([...value], ([key, item]) => next(key) + " => " + next(item)), "}");
    if (value instanceof Set) return wrap("Set(" + value.size + ") ", "{", items([...value], next), "}");
    return wrap(name && name !== "Object" ? name + " " : "", "{", fields(value, next, false), "}");
  }

  function className(value) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null) return "[Object: null prototype]";
    return prototype.constructor && typeof prototype.constructor.name === "string" ? prototype.constructor.name : "";
  }

  function items(list, next) {
    const shown = Array.from(Array.prototype.slice.call(list, 0, MAX_ITEMS), next);
    const rest = list.length - shown.length;
    return rest > 0 ? [...shown, "... " + rest + " more item" + (rest > 1 ? "s" : "")] : shown;
  }

  function fields(value, next, isList) {
    const shown = [];
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (!property || !property.enumerable || (isList && /^\d+$/.test(String(key)))) continue;
      if (shown.length >= MAX_ITEMS) {
        shown.push("...");
        break;
      }
      const label = typeof key === "symbol" ? "[" + key.toString() + "]" : /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
      shown.push(label + ": " + ("value" in property ? next(property.value) : property.get ? "[Getter]" : "[Setter]"));
    }
    return shown;
  }

  function wrap(prefix, open, parts, close) {
    if (parts.length === 0) return prefix + open + close;
    const pad = open === "{" || open === "[" ? " " : "";
    const line = prefix + open + pad + parts.join(", ") + pad + close;
    if (line.length <= LINE && !line.includes("\n")) return line;
    return prefix + open + "\n  " + parts.join(",\n").replaceAll("\n", "\n  ") + "\n" + close;
  }

  function showError(error, depth, parents) {
    const head = error.message ? error.name + ": " + error.message : String(error.name);
    const frames = String(error.stack || "").split("\n").filter((line) => line.trim() !== "" && !line.includes("<input>"));
    const extra = fields(error, (item) => show(item, depth - 1, [...parents, error], true), false);
    const cause = error.cause === undefined || depth < 0 ? "" : "\n  [cause]: " + show(error.cause, depth - 1, [...parents, error], true).replaceAll("\n", "\n  ");
    return [head, ...frames].join("\n") + (extra.length > 0 ? " { " + extra.join(", ") + " }" : "") + cause;
  }

  function format(first, ...rest) {
    if (typeof first !== "string") return [first, ...rest].map((value) => inspect(value)).join(" ");
    let at = 0;
    const text = first.replace(/%[sdifjoOc%]/g, (mark) => {
      if (mark === "%%") return "%";
      if (at >= rest.length) return mark;
      const value = rest[at++];
      if (mark === "%s") return typeof value === "object" ? inspect(value, { depth: 0 }) : String(value);
      if (mark === "%d") return typeof value === "object" ? "NaN" : String(typeof value === "bigint" ? value + "n" : Number(value));
      if (mark === "%i") return String(parseInt(value, 10));
      if (mark === "%f") return String(parseFloat(value));
      if (mark === "%j") return JSON.stringify(value);
      return mark === "%c" ? "" : inspect(value);
    });
    return [text, ...rest.slice(at).map((value) => inspect(value))].join(" ");
  }

  return { inspect, format };
})`;
