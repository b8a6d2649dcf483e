import { aheadTable, asyncTables, cacheTables, recordTables, scrapeTables } from './bench-tables.mjs';
import { Numbers } from './bench-numbers.mjs';
import { table } from './table.mjs';

/** docs/benchmarks.md, of what docs/benchmarks.json holds. */
export function benchmarksPage({ date, machine, packages, results }) {
  const numbers = new Numbers(results);
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return `# Benchmarks

All numbers are of one run of \`npm run bench:report\` on ${date}, which wrote this page: ${machine.cores} cores of ${machine.cpu},
${machine.system}, Node ${machine.node}.

Compared with ${versions.join(', ')}.

Times are CPU time of the process unless a column says otherwise, median of the rounds; all cases of a table take turns in one run, so
what else the machine did met all of them. Trust the ratios: **×** is how much another library takes of what ours takes. How it is
measured, and what is done to be fair, is in [bench/README.md](../bench/README.md). What these tables leave out are the cases that
\`npm run bench -- NAME\` prints besides.

## Recording

By \`npm run bench -- record\`. Labels "of the call" are an object made there, as most code does; "bound" ones were given before. The
OpenTelemetry SDK has no bound instruments: it is given the same object again and again.

${recordTables(numbers)}

## Caches

By \`npm run bench -- cache-hit\`: values in memory, each call awaited. The defaults of bentocache and cacheable copy each value; the rows
below them do not, like ours.

${cacheTables(numbers)}

## Async

By \`npm run bench -- async\`: nothing goes wrong, and the work is done at once. Ours records how long each call waited and ran.

${asyncTables(numbers)}

## Export

By \`npm run bench -- scrape\`: one GET of /metrics with 50,000 lines, over HTTP.

${scrapeTables(numbers)}

## Where another one takes less

Everything in this run, of all cases of these benchmarks, in which a peer takes less than ours beside it.

${aheadTable(numbers)}

## Bad days

By \`npm run test:traps\`: situations that catch somebody, such as a factory that never answers. How many of the ones tried caught whom; what
happened is printed below the table of that command.

${trapsTable(numbers)}
`;
}

function trapsTable(numbers) {
  const rows = numbers
    .rows('traps')
    .flatMap(({ table: name, subjects }) =>
      subjects.map(({ name: subject, caught, tried }, i) => [i === 0 ? name : '', subject, caught, tried]),
    );
  return table(['about', 'who', 'caught by', 'of'], rows);
}
