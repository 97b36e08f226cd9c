import { asFailure } from "./api.ts";

// Short messages. The library comes with the first one.

type Sonner = typeof import("svelte-sonner");
let sonner: Promise<Sonner> | undefined;

function load(): Promise<Sonner> {
  sonner ??= import("svelte-sonner");
  return sonner;
}

export async function tell(message: string, description?: string): Promise<void> {
  (await load()).toast.success(message, description === undefined ? {} : { description });
}

/** Says what did not work, and why. */
export async function tellFailure(what: string, cause: unknown): Promise<void> {
  const failure = asFailure(cause);
  const description = [failure.message, ...failure.details].join("\n");
  (await load()).toast.error(what, { description, duration: 10_000 });
}

/** Copies and says so. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    await tell(`Copied ${what}`);
  } catch (cause) {
    await tellFailure(`Could not copy ${what}`, cause);
  }
}
