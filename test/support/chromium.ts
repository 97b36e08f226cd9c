import { type Browser, chromium } from "playwright-core";
import { findChromium } from "../../config/capabilities.ts";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** A real Chromium, without a window and without calls of its own. Throws where there is none. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("No Chromium found; name one in CHROMIUM");
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
