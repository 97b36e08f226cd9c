// What a render costs, parsed templates in the cache, beside the same template in LiquidJS: the well-known engine that interprets, as
// ours does. (Engines that generate JavaScript, as nunjucks, cannot run in a Worker at all.)
import { Liquid } from "liquidjs";
import { checkTemplate, objectScope, render } from "#expr/index.ts";
import { batches, type MicroResult, resultOf } from "./batches.ts";
import { median } from "./stats.ts";

interface Subject {
  readonly name: string;
  readonly template: string;
  /** The like for LiquidJS; left out where there is none. */
  readonly liquid?: string;
}

const SUBJECTS: readonly Subject[] = [
  { name: "plain text", template: "no expression at all" },
  { name: "a literal", template: "{{ 'hello' }}", liquid: "{{ 'hello' }}" },
  { name: "a path", template: "{{ outputs.fetch.body.items }}", liquid: "{{ outputs.fetch.body.items }}" },
  {
    name: "three filters",
    template: "{{ inputs.name | trim | upper | abbreviate(5) }}",
    liquid: "{{ inputs.name | strip | upcase | truncate: 5 }}",
  },
  {
    name: "filters and a ternary",
    template: "{{ inputs.name | upper | replace({'A': 'b'}) }} {{ inputs.count > 3 ? 'many' : 'few' }}",
    liquid: "{{ inputs.name | upcase | replace: 'A', 'b' }} {% if inputs.count > 3 %}many{% else %}few{% endif %}",
  },
  {
    name: "a loop of 1,000 turns",
    template: "{% for item in inputs.list %}{{ item.name }}-{{ loop.index }},{% endfor %}",
    liquid: "{% for item in inputs.list %}{{ item.name }}-{{ forloop.index0 }},{% endfor %}",
  },
  { name: "jq over 100 kB", template: "{{ inputs.rows | jq('map(select(.id % 2 == 0) | .name) | length') | first }}" },
];

/** About 100 kB as JSON. */
const rows = Array.from({ length: 1_500 }, (_, id) => ({
  id,
  name: `row ${id}`,
  tags: ["a", "b"],
  note: "x".repeat(20),
}));
const list = Array.from({ length: 1_000 }, (_, index) => ({ name: `name${index}` }));
const vars = { inputs: { name: "banana", count: 4, list, rows }, outputs: { fetch: { body: { items: "some text" } } } };

/** Microseconds of one render, and how many times LiquidJS needs as long in the same run. */
export function renderCosts(): MicroResult[] {
  const scope = objectScope(vars);
  const liquid = new Liquid();
  return SUBJECTS.flatMap(({ name, template, liquid: like }) => {
    if (checkTemplate(template).length > 0) throw new Error(`${name}: the template is wrong`);
    const ours = batches(() => {
      const outcome = render(template, { scope, now: 0, random: () => 0.5 });
      if (outcome.ok !== true) throw new Error(`${name}: ${JSON.stringify(outcome)}`);
    });
    const own = resultOf(`render, ${name}`, ours);
    if (like === undefined) return [own];
    const parsed = liquid.parse(like);
    const theirs = batches(() => liquid.renderSync(parsed, vars));
    return [own, resultOf(`  LiquidJS, ${(median(theirs) / own.us).toFixed(1)} times as long`, theirs)];
  });
}
