import { expect, test } from "vitest";
import { CRASH_FLOWS, type Point, runToEnd } from "./crash-points.ts";

test("there are twenty flows whose every write is died at", () => {
  expect(new Set(CRASH_FLOWS.map(([flow]) => flow?.id)).size).toBeGreaterThanOrEqual(20);
});

test.for(CRASH_FLOWS.map((flows) => [flows[0]?.id, flows] as const))(
  "%s ends as in peace, at whichever write its process dies",
  { timeout: 120_000 },
  async ([, flows]) => {
    const peace = await runToEnd(flows);
    expect(peace.violations).toEqual([]);
    expect(peace.writes).toBeGreaterThan(0);
    for (let write = 1; write <= peace.writes; write++) {
      for (const when of ["before", "after"] satisfies Point["when"][]) {
        const { violations, end } = await runToEnd(flows, { write, when });
        const where = `${when} write ${write} of ${peace.writes}`;
        expect({ where, violations }).toEqual({ where, violations: [] });
        expect({ where, ...end }).toEqual({ where, ...peace.end });
      }
    }
  },
);
