import { describe, expect, test } from "vitest";
import { findChromium } from "../../config/capabilities.ts";
import { matrixData } from "./data.ts";
import { inChromium, inWorkerd } from "./runtimes.ts";
import { type MatrixResults, matrixResults } from "./spec.ts";

const data = matrixData();
const here = matrixResults(data);

/** The cases that came out otherwise, with both texts. */
function differences(there: MatrixResults): Record<string, { here: string | undefined; there: string | undefined }> {
  const names = new Set([...Object.keys(here), ...Object.keys(there)]);
  return Object.fromEntries(
    [...names]
      .filter((name) => here[name] !== there[name])
      .map((name) => [name, { here: here[name], there: there[name] }]),
  );
}

describe("the pure set says the same in every runtime", () => {
  test("Node, where every recorded history replays as it was recorded", () => {
    for (const { name, effects } of data.histories)
      expect(JSON.parse(here[`engine: ${name}`] ?? "{}")).toMatchObject({ effects, idle: [] });
    expect(Object.keys(here).length).toBeGreaterThan(400);
  });

  test("workerd", async () => {
    expect(differences(await inWorkerd(data))).toEqual({});
  });

  const chromium = findChromium();
  test.skipIf(chromium === undefined)("Chromium (none was found when this is skipped)", async () => {
    expect(differences(await inChromium(data, chromium ?? ""))).toEqual({});
  });
});
