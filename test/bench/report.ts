// Samples to a table: medians over the rounds, ratios against the floor, targets. Pure.
import { ROWS, type Row, type Target } from "./rows.ts";
import type { Sample } from "./sample.ts";
import { median, spread } from "./stats.ts";

export interface Result {
  readonly row: Row;
  /** Medians over the rounds. */
  readonly product: number;
  readonly floor: number | undefined;
  readonly ratio: number | undefined;
  /** (max - min) / median of the product's figure over the rounds. */
  readonly spread: number;
  readonly rounds: number;
  readonly missed: boolean | undefined;
}

export function resultsOf(samples: readonly Sample[]): Result[] {
  return ROWS.flatMap((row) => {
    const result = resultOf(row, samples);
    return result ? [result] : [];
  });
}

function resultOf(row: Row, samples: readonly Sample[]): Result | undefined {
  const values = (subject: Sample["subject"], figure: string | undefined) =>
    figure === undefined
      ? []
      : samples
          .filter((sample) => sample.work === row.work && sample.subject === subject)
          .flatMap(({ figures }) => figures[figure] ?? []);
  const offs = values("floor", row.takeOff);
  const off = offs.length > 0 ? median(offs) : 0;
  const products = values("product", row.figure).map((value) => value - off);
  if (products.length === 0) return undefined;
  const floors = values("floor", row.floor ?? (row.floorText === undefined ? row.figure : undefined)).map(
    (v) => v - off,
  );
  const product = median(products);
  const floor = floors.length > 0 ? median(floors) : undefined;
  const ratio = row.floor === undefined || floor === undefined ? undefined : product / floor;
  return {
    row,
    product,
    floor,
    ratio,
    spread: spread(products),
    rounds: products.length,
    missed: row.target && isMissed(row.target, product, ratio),
  };
}

/** Undefined when there is no floor to compare with. */
function isMissed({ kind, value }: Target, product: number, ratio: number | undefined): boolean | undefined {
  if (kind === "at-most") return !(product <= value);
  if (ratio === undefined) return undefined;
  return kind === "ratio-at-most" ? !(ratio <= value) : !(ratio >= value);
}

/** The table, one line for each row, and the misses after it. */
export function printResults(results: readonly Result[]): string {
  const lines = [["", "what", "Windhover", "floor", "ratio", "target", "", "spread"]];
  for (const { row, product, floor, ratio, missed, ...result } of results) {
    const show = (value: number) => `${value.toFixed(row.digits)}${row.unit === "" ? "" : ` ${row.unit}`}`;
    lines.push([
      row.work,
      row.title,
      show(product),
      row.floorText ?? (floor === undefined ? "-" : show(floor)),
      ratio === undefined ? "-" : `${ratio.toFixed(2)}x`,
      row.target ? targetText(row.target, row.unit) : "",
      missed === undefined ? "" : missed ? "MISS" : "pass",
      result.rounds > 1 ? `±${Math.round(result.spread * 50)} %` : "",
    ]);
  }
  const misses = results.filter(({ missed }) => missed);
  const last = misses.map(({ row, product, ratio }) => {
    const got =
      row.target?.kind === "at-most" ? `${product.toFixed(row.digits)} ${row.unit}`.trim() : `${ratio?.toFixed(2)}x`;
    return `MISS ${row.work} ${row.title}: ${got}, target ${row.target ? targetText(row.target, row.unit) : ""}`;
  });
  return `${table(lines)}\n\n${last.length > 0 ? last.join("\n") : "No target is missed."}`;
}

function targetText({ kind, value }: Target, unit: string): string {
  if (kind === "at-most") return `<= ${value}${unit === "" ? "" : ` ${unit}`}`;
  return `${kind === "ratio-at-most" ? "<=" : ">="} ${value}x`;
}

/** Columns of equal width; figures to the right. */
function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const isText = (column: number) => column < 2 || column === 6;
  return lines
    .map((line) =>
      line
        .map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
