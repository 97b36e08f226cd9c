// `npm run bench`: the product and the platform's floor, in turn, on one machine. How to read it: README.md beside this.
import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { findChromium, hasStrace } from "../../config/capabilities.ts";
import { measureCrash } from "./crash.ts";
import { measureFiles } from "./files.ts";
import { measureFirstLoad } from "./first-load.ts";
import { FLOOR_OBJECTS, Floor } from "./floor.ts";
import { printMicro, runMicro } from "./micro.ts";
import { recordCosts } from "./micro-records.ts";
import { type BenchOptions, parseOptions, type WorkName } from "./options.ts";
import { measurePaused } from "./paused.ts";
import { Product } from "./product.ts";
import { PUBLISHED } from "./published.ts";
import { printResults, resultsOf } from "./report.ts";
import { measureRestart } from "./restart.ts";
import { type Amounts, FULL, QUICK, type Sample } from "./sample.ts";
import type { Subject } from "./subject.ts";
import { WORKS } from "./works.ts";
import { measureWrites } from "./writes.ts";

const say = (line: string) => console.error(`[${new Date().toISOString().slice(11, 19)}] ${line}`);

class Bench {
  readonly samples: Sample[] = [];
  readonly notes: string[] = [];
  readonly failures: string[] = [];
  readonly #options: BenchOptions;
  readonly #amounts: Amounts;

  constructor(options: BenchOptions) {
    this.#options = options;
    this.#amounts = options.quick ? QUICK : FULL;
  }

  /** All works once, on fresh data. The subjects take turns, and who begins changes with the round. */
  async round(round: number): Promise<void> {
    const floor = await Floor.create();
    const product = await Product.create();
    const subjects: readonly Subject[] = round % 2 === 0 ? [floor, product] : [product, floor];
    try {
      if (
        this.#wants(...(Object.keys(WORKS) as WorkName[]), "W7", "W8", "W9", "W10", "W11", "W12", "W14", "KV", "UI")
      ) {
        for (const subject of subjects) await subject.start();
        for (const [name, work] of Object.entries(WORKS)) {
          if (!this.#wants(name as WorkName)) continue;
          for (const subject of subjects) await this.#take(name, subject, () => work(subject, this.#amounts));
        }
        if (this.#wants("W7")) for (const subject of subjects) await this.#writes(subject, round);
        for (const [name, work] of Object.entries(PUBLISHED))
          if (this.#wants(name as WorkName)) await this.#take(name, product, () => work(product, this.#amounts));
        if (this.#wants("W14")) await this.#take("W14", product, () => measureFiles(product, this.#amounts));
        if (this.#wants("UI")) await this.#firstLoad(product);
        if (this.#wants("W8")) await this.#take("W8", product, () => measureCrash(product, this.#amounts));
      }
    } finally {
      await floor.remove();
      await product.remove();
    }
    if (this.#wants("W5")) await this.#restart(round);
    // Takes minutes, and its figures hardly vary: once is enough.
    if (this.#wants("W13") && round === 0) await this.#paused();
  }

  async #paused(): Promise<void> {
    const product = await Product.create();
    try {
      await product.start();
      await this.#take("W13", product, () => measurePaused(product, this.#amounts));
    } finally {
      await product.remove();
    }
  }

  async #restart(round: number): Promise<void> {
    const subjects: readonly Subject[] = [await Floor.create(), await Product.create()];
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      // One at a time: the other one's memory and idle work must not be there.
      await this.#take("W5", subject, () => measureRestart(subject, this.#amounts));
      await subject.remove();
    }
  }

  async #firstLoad(product: Product): Promise<void> {
    if (findChromium()) await this.#take("UI", product, () => measureFirstLoad(product));
    else this.#note("UI is not measured: there is no Chromium.");
  }

  /** Says it once, whatever the round. */
  #note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  async #writes(subject: Subject, round: number): Promise<void> {
    if (!hasStrace()) {
      this.#note("W7 is not measured: strace is not installed.");
      return;
    }
    await this.#take("W7", subject, async () => {
      const { figures, notes } = await measureWrites(subject);
      if (round === 0) this.notes.push(...notes);
      return figures;
    });
  }

  #wants(...names: WorkName[]): boolean {
    return names.some((name) => this.#options.works.includes(name));
  }

  /** A work that fails is reported and does not stop the others. */
  async #take(work: string, subject: Subject, body: () => Promise<Readonly<Record<string, number>>>): Promise<void> {
    try {
      const figures = await body();
      this.samples.push({ work, subject: subject.name, figures });
      const text = Object.entries(figures).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
      say(`${work} ${subject.name}: ${text.join(", ")}`);
    } catch (error) {
      this.failures.push(`${work} of the ${subject.name} failed: ${error instanceof Error ? error.message : error}`);
      say(this.failures.at(-1) ?? "");
    }
  }
}

function machine(): string {
  const [cpu] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus().length} cores (${cpu?.model.trim() || process.arch}), ${gib} GiB, load ${loadavg()[0]?.toFixed(2)}, Node ${process.version}`;
}

export async function main(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  if (typeof options === "string") {
    console.error(options);
    process.exitCode = 1;
    return;
  }
  const before = machine();
  const bench = new Bench(options);
  if (options.works.some((name) => name !== "micro")) {
    for (let round = 0; round < options.rounds; round++) {
      say(`Round ${round + 1} of ${options.rounds}`);
      await bench.round(round);
    }
  }
  const micro = options.works.includes("micro") ? [...runMicro(options.quick), ...(await recordCosts())] : [];
  console.log(`${before}\nafter: load ${loadavg()[0]?.toFixed(2)}; ${options.rounds} rounds, medians`);
  console.log(`floor: plain workerd, ${FLOOR_OBJECTS} long-lived objects, one confirmed row for each step\n`);
  if (micro.length > 0) console.log(`${printMicro(micro)}\n`);
  for (const note of bench.notes) console.log(note);
  if (options.quick) console.log("--quick: too few runs to compare anything.");
  console.log(`\n${printResults(resultsOf(bench.samples))}`);
  for (const failure of bench.failures) console.log(`FAILED ${failure}`);
  if (options.jsonFile !== undefined) {
    writeFileSync(options.jsonFile, `${JSON.stringify({ machine: before, samples: bench.samples, micro }, null, 1)}\n`);
  }
  process.exitCode = bench.failures.length > 0 ? 1 : 0;
}

if (import.meta.main) await main(process.argv.slice(2));
