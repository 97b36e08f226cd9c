import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleNames, expectedOf, outcomeOf, play, sourceOf } from "./play.ts";

// node test/flows/show.ts [name…]: plays example flows and shows what came of them; with --write it becomes what is expected
// (`lines` only where there were some): read the difference before committing it.

const names = process.argv.slice(2).filter((name) => !name.startsWith("--"));
for (const name of names.length > 0 ? names : exampleNames()) {
  const { inputs, files, templates, answers, steps, runsEdge, lines } = expectedOf(name);
  const script = {
    ...(runsEdge && { runsEdge }),
    ...(inputs && { inputs }),
    ...(files && { files }),
    ...(templates && { templates }),
    ...(answers && { answers }),
    ...(steps && { steps }),
  };
  const { bench, live } = await play(sourceOf(name), script);
  const outcome = outcomeOf(bench, live);
  console.log(name, JSON.stringify(outcome));
  if (!process.argv.includes("--write")) continue;
  if (lines === undefined) delete outcome.lines;
  const expected = { ...script, ...outcome };
  writeFileSync(join(import.meta.dirname, `${name}.expected.json`), `${JSON.stringify(expected, null, 2)}\n`);
}
