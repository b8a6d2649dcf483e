import { groupOf, METRIC_GROUPS } from './metric-groups.mjs';
import { table } from './table.mjs';

const KINDS = {
  counter: 'counter',
  observableCounter: 'counter',
  upDownCounter: 'up-down counter',
  observableUpDownCounter: 'up-down counter',
  gauge: 'gauge',
  observableGauge: 'gauge',
  histogram: 'histogram',
};

const INTRODUCTION = `# Metrics

Every instrument of this package, made of its catalogue by \`npm run docs\`. The first column is the name of OpenTelemetry, as OTLP
carries it. The second one is what Prometheus sees, on /metrics, behind a collector and at its own OTLP endpoint alike, unless
[\`translationStrategy\`](prometheus.md#names-and-labels) says otherwise.
An instrument appears when something is recorded into it.

Names, kinds, units and attributes are [promised](versioning.md#what-a-version-promises): they change with a major version only, and
are exported under both names for a while before. What begins with \`perf.\` is named here; the other names are those of OpenTelemetry's
semantic conventions. Names that your application gives its own metrics are left as they are, but for the suffixes.`;

const ATTRIBUTES = `## Attributes

What the series of a metric are told apart by, and the label that Prometheus sees. Where values are listed, there are no others.`;

/** docs/metrics.md. `names` gives the names that Prometheus sees: see src/cli/top/exported-names.ts. */
export function metricsPage(catalogue, names) {
  const sections = METRIC_GROUPS.map((group) => section(group, catalogue, names));
  return `${[INTRODUCTION, ...sections, ATTRIBUTES, attributesTable(catalogue, names)].join('\n\n')}\n`;
}

function section(group, catalogue, { metric }) {
  const rows = catalogue
    .filter(({ name }) => groupOf(name) === group)
    .map((definition) => [
      code(definition.name),
      exportedNames(definition, metric(definition)),
      KINDS[definition.kind],
      code(definition.unit),
      Object.keys(definition.attributes).map(code).join('<br>'),
      cell(definition.description),
    ]);
  if (rows.length === 0) throw new Error(`no metric belongs to ${group.title}`);
  const head = ['OpenTelemetry', 'Prometheus', 'kind', 'unit', 'attributes', 'tells'];
  return `## ${group.title}\n\nRecorded by ${group.by}: [more](${group.page}).\n\n${table(head, rows)}`;
}

function exportedNames({ kind }, name) {
  return kind === 'histogram'
    ? `${code(`${name}_bucket`)}, ${code('…_sum')}, ${code('…_count')}`
    : code(name);
}

/** One row for each attribute with the same values; which metrics it is of, where it has several lists. */
function attributesTable(catalogue, { label }) {
  const rows = new Map();
  for (const { name, attributes } of catalogue) {
    for (const [attribute, values] of Object.entries(attributes)) {
      const key = `${attribute} ${JSON.stringify(values)}`;
      const row = rows.get(key) ?? { attribute, values, metrics: [] };
      row.metrics.push(name);
      rows.set(key, row);
    }
  }
  const sorted = [...rows.values()].toSorted((a, b) => (a.attribute < b.attribute ? -1 : 1));
  const isAmbiguous = ({ attribute }) => sorted.filter((row) => row.attribute === attribute).length > 1;
  return table(
    ['attribute', 'label', 'of', 'values'],
    sorted.map((row) => [
      code(row.attribute),
      code(label(row.attribute)),
      isAmbiguous(row) ? row.metrics.map(code).join('<br>') : '',
      valuesOf(row.values),
    ]),
  );
}

function valuesOf(values) {
  if (values === 'open') return 'named by the application';
  if (values === 'number') return 'a number';
  return values.map(code).join(', ');
}

function code(text) {
  return text === '' ? '' : `\`${text}\``;
}

function cell(text) {
  return text.replaceAll('|', String.raw`\|`);
}
