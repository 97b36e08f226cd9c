// What this machine can do, for tests that need more than Node.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const CHROMIUM_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of a Chromium, or undefined. The environment variable CHROMIUM wins. */
export function findChromium(): string | undefined {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) return existsSync(CHROMIUM) ? CHROMIUM : undefined;
  return CHROMIUM_PLACES.find((path) => existsSync(path));
}

/** True when a Docker engine answers within 10 s. */
export function hasDocker(): boolean {
  return spawnSync("docker", ["info"], { stdio: "ignore", timeout: 10_000 }).status === 0;
}

/** Path of a Python 3, or undefined. */
export function findPython(): string | undefined {
  return ["python3", "python"].find(
    (name) =>
      spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3,))"], { timeout: 10_000 }).status === 0,
  );
}

/** True when forced writes can be counted. */
export function hasStrace(): boolean {
  return spawnSync("strace", ["-V"], { stdio: "ignore", timeout: 10_000 }).status === 0;
}
