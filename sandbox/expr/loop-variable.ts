import { LazyMap } from "./value.ts";

const KEYS: readonly string[] = ["index", "length", "first", "last", "revindex"];

/** `loop` within `{% for %}`; most loops never look at it, so its entries are computed when asked for. */
export class LoopVariable extends LazyMap {
  private readonly index: number;
  private readonly length: number;

  constructor(index: number, length: number) {
    super();
    this.index = index;
    this.length = length;
  }

  get(key: string): unknown {
    switch (key) {
      case "index":
        return this.index;
      case "length":
        return this.length;
      case "first":
        return this.index === 0;
      case "last":
        return this.index === this.length - 1;
      case "revindex":
        return this.length - 1 - this.index;
      default:
        return undefined;
    }
  }

  keys(): Iterable<string> {
    return KEYS;
  }
}
