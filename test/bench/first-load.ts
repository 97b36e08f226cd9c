// How much a browser has to fetch before it shows the first page of the UI.
import { gzipSync } from "node:zlib";
import { launchChromium } from "../support/chromium.ts";
import type { Product } from "./product.ts";

/** Takes a product that runs. Sizes in kB (1,000 bytes), everything gzipped by us, so that the server's settings do not matter. */
export async function measureFirstLoad(product: Product): Promise<Readonly<Record<string, number>>> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const sizes: Promise<number>[] = [];
    page.on("response", (response) => {
      if (!response.ok() || new URL(response.url()).pathname.startsWith("/api/")) return;
      sizes.push(response.body().then((body) => gzipSync(body).byteLength));
    });
    const startMs = performance.now();
    await page.goto(`${product.server.url}/ui/flows`);
    await page.getByRole("heading", { level: 1, name: "Flows" }).waitFor();
    const shownMs = performance.now() - startMs;
    await page.waitForLoadState("networkidle");
    const all = await Promise.all(sizes);
    return { gzipKB: all.reduce((sum, size) => sum + size, 0) / 1_000, files: all.length, shownMs };
  } finally {
    await browser.close();
  }
}
