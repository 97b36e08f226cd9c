import { asFailure } from "./api.ts";

// Short messages. The library comes with the first one.

type Sonner = typeof import("svelte-sonner");

class Toasts {
  Toaster = $state.raw<Sonner["Toaster"]>();
  #library: Promise<Sonner> | undefined;

  async show(kind: "success" | "error", message: string, description?: string): Promise<void> {
    this.#library ??= import("svelte-sonner");
    const { Toaster, toast } = await this.#library;
    this.Toaster = Toaster;
    const duration = kind === "error" ? 10_000 : 4000;
    toast[kind](message, description === undefined ? { duration } : { description, duration });
  }
}

export const toasts = new Toasts();

export function tell(message: string, description?: string): void {
  void toasts.show("success", message, description);
}

/** Says what did not work, and why. */
export function tellFailure(what: string, cause: unknown): void {
  const failure = asFailure(cause);
  void toasts.show("error", what, [failure.message, ...failure.details].join("\n"));
}

/** Copies and says so. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(`Copied ${what}`);
  } catch (cause) {
    tellFailure(`Could not copy ${what}`, cause);
  }
}
