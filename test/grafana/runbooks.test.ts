import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertingRules, alertNames } from '../../grafana/source/alerts.js';
import { Namer } from '../../src/export/prometheus/names.js';
import { catalogue } from '../../src/telemetry/catalogue.js';
import type { InstrumentDefinition } from '../../src/telemetry/definition.js';
import { seriesOf } from '../../grafana/source/queries.js';
import { root } from '../e2e/packed.js';
import { runbookQueries } from './runbook-queries.js';

const folder = join(root, 'docs', 'runbooks');
/** Those of objectives are made by sloRules(). */
const PAGES = [...alertNames, 'SloErrorBudgetBurn'];

describe('runbooks', () => {
  it('are there for every alert, and for nothing else', () => {
    expect(readdirSync(folder).toSorted()).to.deep.equal(PAGES.map((name) => `${name}.md`).toSorted());
  });

  for (const name of PAGES) {
    it(`${name} says what it means, where to look and what to do`, () => {
      const page = readFileSync(join(folder, `${name}.md`), 'utf8');

      expect(page.match(/^#+ .*$/gm)).to.deep.equal([`# ${name}`, '## Meaning', '## Look', '## Do']);
    });

    it(`${name} links to pages that exist`, () => {
      const page = readFileSync(join(folder, `${name}.md`), 'utf8');

      for (const [, link = ''] of page.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
        readFileSync(join(folder, link));
    });
  }

  it('ask for series there are, by labels they have', () => {
    const known = new Map(
      catalogue.flatMap((definition) => seriesNames(definition).map((name) => [name, definition])),
    );

    for (const { page, query } of runbookQueries()) {
      // Series of rules have colons in their names, and are tried with promtool.
      const series =
        query.match(/(?<![\w:])(?:perf|process|nodejs|v8js|container|db|otel_sdk)_\w+(?=\{|$)/g) ?? [];
      const labels = [...LABELS_OF_ALL, ...series.flatMap((name) => labelsOf(known.get(name)))];

      for (const name of series) expect(known.has(name), `${page}: ${name}`).to.equal(true);
      for (const label of labelsIn(query)) expect(labels, `${page}: ${query}`).to.include(label);
    }
  });
});

describe('docs/alerts.md', () => {
  it('lists the alerts as they are', () => {
    const rows = readFileSync(join(root, 'docs', 'alerts.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| ['))
      .map((line) =>
        line
          .split('|')
          .slice(1, 4)
          .map((cell) => cell.trim()),
      );

    expect(rows).to.deep.equal(
      alertingRules.groups.flatMap(({ rules }) =>
        rules.flatMap((rule) =>
          'alert' in rule
            ? [[`[${rule.alert}](runbooks/${rule.alert}.md)`, rule.labels['severity'], rule.for]]
            : [],
        ),
      ),
    );
  });
});

const namer = new Namer();
/** Of the target, of histograms, and of what has too many series. */
const LABELS_OF_ALL = ['job', 'instance', 'le', '__name__', 'otel_metric_overflow'];

function labelsOf(definition: InstrumentDefinition | undefined): string[] {
  return Object.keys(definition?.attributes ?? {}).map((attribute) => namer.label(attribute));
}

/** Those it chooses by, and those it groups by. */
function labelsIn(query: string): string[] {
  const chosen = [...query.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label);
  const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
  return [...chosen, ...grouped];
}

function seriesNames(definition: InstrumentDefinition): string[] {
  if (definition.kind !== 'histogram') return [seriesOf(definition)];
  return (['bucket', 'count', 'sum'] as const).map((part) => seriesOf(definition, part));
}
