/** Keys that work everywhere but in fields: `g` then a letter goes somewhere, `?` tells them all. */
export type Shortcut = { keys: string; title: string; run: () => void };

class Shortcuts {
  helpOpen = $state(false);
  readonly #stack: (() => readonly Shortcut[])[] = [];
  #pending = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Adds keys while the calling component lives; later ones win. */
  use(list: () => readonly Shortcut[]): void {
    $effect(() => {
      this.#stack.push(list);
      return () => {
        this.#stack.splice(this.#stack.indexOf(list), 1);
      };
    });
  }

  get all(): readonly Shortcut[] {
    return this.#stack.flatMap((list) => list());
  }

  handle(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    const typed = this.#pending === "" ? event.key : `${this.#pending} ${event.key}`;
    clearTimeout(this.#timer);
    this.#pending = "";
    const found = this.all.findLast(({ keys }) => keys === typed);
    if (found) {
      event.preventDefault();
      found.run();
    } else if (this.all.some(({ keys }) => keys.startsWith(`${event.key} `))) {
      this.#pending = event.key;
      this.#timer = setTimeout(() => {
        this.#pending = "";
      }, 1200);
    }
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, select, textarea, [contenteditable]") !== null;
}

export const shortcuts = new Shortcuts();
