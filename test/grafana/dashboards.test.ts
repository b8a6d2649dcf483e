import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJson } from '../../grafana/source/dashboard.js';
import { dashboards } from '../../grafana/source/dashboards/all.js';
import { generatedFiles } from '../../grafana/source/files.js';
import { root } from '../e2e/packed.js';
import { needsServer, promtool } from '../e2e/servers.js';
import { panelsOf, type DashboardJson, type PanelJson } from './dashboard-json.js';

const folder = join(root, 'grafana');
const all = Object.entries(dashboards).map(([name, dashboard]) => ({
  name,
  json: toJson(dashboard) as DashboardJson,
}));
/** Units of Grafana that are used; a misspelt one shows as plain text behind the number. */
const UNITS = ['s', 'ops', 'percentunit', 'bytes', 'Bps', 'short'];

describe('what is generated for Grafana and Prometheus', () => {
  for (const [path, text] of generatedFiles()) {
    it(`${path} is what npm run dashboards writes`, () => {
      expect(
        readFileSync(join(folder, path), 'utf8') === text,
        `${path} is old: npm run dashboards`,
      ).to.equal(true);
    });
  }

  it('has rules that promtool takes', async function () {
    needsServer(this, 'promtool');
    const rules = [...generatedFiles().keys()].filter((path) => path.startsWith('prometheus/'));

    const { code, stdout, stderr } = await promtool([
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      ...rules.map((path) => join(folder, path)),
    ]);

    expect(code, stdout + stderr).to.equal(0);
  });

  it('has a scrape configuration that promtool takes', async function () {
    needsServer(this, 'promtool');
    const { code, stdout, stderr } = await promtool([
      'check',
      'config',
      join(folder, 'prometheus', 'prometheus.yml'),
    ]);

    expect(code, stdout + stderr).to.equal(0);
  });
});

describe('dashboards', () => {
  it('have addresses of their own', () => {
    const uids = all.map(({ json }) => json.uid);
    expect(new Set(uids).size).to.equal(uids.length);
    for (const { json } of all) expect(json).to.not.have.property('id');
  });

  for (const { name, json } of all) {
    describe(name, () => {
      const panels = panelsOf(json);

      it('has panels that have all a reader needs', () => {
        for (const panel of panels) {
          expect(panel.title, 'title').to.be.a('string').with.length.above(0);
          expect(panel.description, panel.title).to.be.a('string').with.length.above(15);
          expect(unitOf(panel), panel.title).to.be.oneOf(UNITS);
          expect(panel.targets.length, panel.title).to.be.above(0);
          for (const { legendFormat } of panel.targets)
            expect(legendFormat, panel.title).to.be.a('string').with.length.above(0);
        }
      });

      it('has no two panels of one name in a row', () => {
        for (const row of rowsOf(json)) expect(new Set(row).size, row.join(', ')).to.equal(row.length);
      });

      it('lies within the grid, nothing over something else', () => {
        const taken = new Map<string, string>();
        for (const { title, gridPos } of json.panels) {
          expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
          for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
            for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
              expect(taken.get(`${x},${y}`), `${title} over it`).to.equal(undefined);
              taken.set(`${x},${y}`, title);
            }
          }
        }
      });

      it('has ids and letters that are unique', () => {
        expect(new Set(json.panels.map(({ id }) => id)).size).to.equal(json.panels.length);
        for (const panel of panels)
          expect(new Set(panel.targets.map(({ refId }) => refId)).size).to.equal(panel.targets.length);
      });

      it('asks the chosen data source about the chosen job', () => {
        for (const { datasource, targets, title } of panels) {
          expect(datasource.uid, title).to.equal('${datasource}');
          for (const { expr } of targets) {
            for (const selector of expr.match(
              /(?<![a-z_:])(?:perf|process|system|nodejs|v8js|container|db)_\w+(?:\{[^}]*\})?/g,
            ) ?? []) {
              if (!isLabel(expr, selector)) expect(selector, title).to.match(/job=~"\$job"/);
            }
          }
        }
      });

      it('takes rates over a window that fits the scrapes', () => {
        for (const { targets, title } of panels) {
          for (const { expr } of targets) {
            for (const [, window] of expr.matchAll(/(?:rate|increase)\([^[]*\[([^\]]*)\]/g))
              expect(window, title).to.be.oneOf(['$__rate_interval', '$__range']);
          }
        }
      });
    });
  }
});

/** A name in a list of labels, after `by (`, is no selector. */
function isLabel(expr: string, name: string): boolean {
  const lists = [...expr.matchAll(/\b(?:by|on|group_left)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(/\s*,\s*/),
  );
  return lists.includes(name) || new RegExp(`${name}(?:=|!)`).test(expr);
}

function unitOf({ fieldConfig, options }: PanelJson): string | undefined {
  return fieldConfig.defaults.unit ?? options.yAxis?.unit;
}

function rowsOf(json: DashboardJson): string[][] {
  const rows: string[][] = [];
  for (const { type, title } of json.panels) {
    if (type === 'row') rows.push([]);
    else rows.at(-1)!.push(title);
  }
  return rows;
}
