import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const table = readFileSync(join(folder, '../../../docs/specification.md'), 'utf8');
const rows = [...table.matchAll(/^\| [^|]+ \| ([^|]+) \| `([^`]+)`: ([^|]+) \|$/gm)].map(
  ([, demand = '', file = '', title = '']) => ({ demand: demand.trim(), file, title: title.trim() }),
);

describe('what the specification asks of a MeterProvider', () => {
  it('is a table with a test for each', () => {
    expect(rows.length).to.equal(table.split('\n').filter((line) => line.startsWith('| ')).length - 2);
  });

  for (const { demand, file, title } of rows) {
    it(`has a test: ${demand}`, () => {
      const tests = readFileSync(join(folder, `${file}.test.ts`), 'utf8');
      expect(tests.includes(`it('${title}'`), `${file} has no "${title}"`).to.equal(true);
    });
  }
});
