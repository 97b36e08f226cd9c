// A persistent list: `set` and `push` give a new list and share all but one path of at most four nodes with the old one.
// The state of an execution with 10,000 task runs is then changed as cheaply as that of one with ten.
//
// L1. A list that was handed out never changes.
// L2. Within one edit (an `Owner`), nodes made by that edit are changed in place: many changes of one chunk copy it once.

const BITS = 5;
const WIDTH = 1 << BITS;
const MASK = WIDTH - 1;

/** Names an edit. Nodes it made may be changed by it, and by nobody once the edit is over. */
export type Owner = Record<string, never>;

type Node<T> = { owner: Owner | undefined; slots: (Node<T> | T)[] };

export class Vector<T> implements Iterable<T> {
  readonly size: number;
  readonly #shift: number;
  readonly #root: Node<T>;

  private constructor(size: number, shift: number, root: Node<T>) {
    this.size = size;
    this.#shift = shift;
    this.#root = root;
  }

  static empty<T>(): Vector<T> {
    return new Vector<T>(0, 0, { owner: undefined, slots: [] });
  }

  static from<T>(items: Iterable<T>): Vector<T> {
    const owner: Owner = {};
    let list = Vector.empty<T>();
    for (const item of items) list = list.push(item, owner);
    return list;
  }

  /** The item at `index` (from 0); undefined outside. */
  get(index: number): T | undefined {
    if (index < 0 || index >= this.size) return undefined;
    let node = this.#root;
    for (let shift = this.#shift; shift > 0; shift -= BITS) node = node.slots[(index >> shift) & MASK] as Node<T>;
    return node.slots[index & MASK] as T;
  }

  last(): T | undefined {
    return this.get(this.size - 1);
  }

  /** A list with `item` at `index`, which must exist. */
  set(index: number, item: T, owner?: Owner): Vector<T> {
    if (index < 0 || index >= this.size) throw new RangeError(`Index ${index} outside of a list of ${this.size}`);
    return this.#with(index, item, this.size, owner);
  }

  push(item: T, owner?: Owner): Vector<T> {
    if (this.size > 0 && this.size === 1 << (this.#shift + BITS)) {
      const root: Node<T> = { owner, slots: [this.#root] };
      return new Vector<T>(this.size, this.#shift + BITS, root).push(item, owner);
    }
    return this.#with(this.size, item, this.size + 1, owner);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.size; index += WIDTH) {
      let node = this.#root;
      for (let shift = this.#shift; shift > 0; shift -= BITS) node = node.slots[(index >> shift) & MASK] as Node<T>;
      yield* node.slots as T[];
    }
  }

  toJSON(): T[] {
    return [...this];
  }

  #with(index: number, item: T, size: number, owner: Owner | undefined): Vector<T> {
    const root = editable(this.#root, owner);
    let node = root;
    for (let shift = this.#shift; shift > 0; shift -= BITS) {
      const slot = (index >> shift) & MASK;
      const child = editable((node.slots[slot] as Node<T> | undefined) ?? { owner, slots: [] }, owner);
      node.slots[slot] = child;
      node = child;
    }
    node.slots[index & MASK] = item;
    return new Vector<T>(size, this.#shift, root);
  }
}

function editable<T>(node: Node<T>, owner: Owner | undefined): Node<T> {
  return owner !== undefined && node.owner === owner ? node : { owner, slots: node.slots.slice() };
}
