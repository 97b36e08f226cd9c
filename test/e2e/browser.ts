// A real Chromium for the tests of the UI, and what every page must be: quiet, ours alone, readable and no wider than the window.
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { launchChromium } from "../support/chromium.ts";

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
export type Scheme = "light" | "dark";

/** Where screenshots go; WINDHOVER_SCREENSHOTS chooses another folder. */
export const SCREENSHOTS = process.env.WINDHOVER_SCREENSHOTS ?? join(tmpdir(), "windhover-screenshots");

/** Started before the first test of the file, closed after the last. */
export function useBrowser(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchChromium();
    mkdirSync(SCREENSHOTS, { recursive: true });
  });
  afterAll(() => browser?.close());
  return () => {
    if (!browser) throw new Error("The browser has not been started");
    return browser;
  };
}

/** What a page did that no page of ours may do. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, messages of the console at level error, requests to other servers. */
  readonly troubles: readonly string[];
}

export async function openPage(
  browser: Browser,
  baseURL: string,
  { scheme = "light", viewport = WIDE }: { scheme?: Scheme; viewport?: { width: number; height: number } } = {},
): Promise<Watched> {
  const context = await browser.newContext({ baseURL, colorScheme: scheme, viewport, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(baseURL) && !/^(data|blob):/.test(url)) troubles.push(`request to ${url}`);
  });
  return { page, context, troubles };
}

/** Waits until nothing is loading any more: neither requests nor skeletons. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
}

/** axe finds nothing. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes
        .map(({ html }) => html)
        .slice(0, 3)
        .join(" | ")}`,
  );
  expect.soft(found, what).toEqual([]);
}

/** The page is not wider than the window. */
export async function expectNoOverflow(page: Page, what: string): Promise<void> {
  const {
    content,
    window: width,
    widest,
  } = await page.evaluate(() => {
    const inner = document.documentElement.clientWidth;
    const beyond = [...document.querySelectorAll("body *")].filter((element) => {
      const { right, width: own } = element.getBoundingClientRect();
      return own > 0 && right > inner + 1;
    });
    const names = beyond.slice(0, 5).map((element) => element.outerHTML.slice(0, 120));
    return { content: document.documentElement.scrollWidth, window: inner, widest: names };
  });
  expect.soft(content, `${what}: ${widest.join(" | ")}`).toBeLessThanOrEqual(width);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
