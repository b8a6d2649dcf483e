const COLUMNS = [
  ['outage', ({ name }) => name],
  ['errors', ({ report }) => report.read.errors + report.load.errors + report.write.errors],
  ['first read ms', ({ report }) => inMs(report.read.first.max)],
  ['load ms', ({ report }) => inMs(report.load.first.max)],
  ['write ms', ({ report }) => inMs(report.write.first.max)],
  ['deadlines', ({ report }) => report.paid],
  ['reads after', ({ report }) => report.read.after.count],
  ['p99 ms', ({ report }) => inMs(report.read.after.p99)],
  ['max ms', ({ report }) => inMs(report.read.after.max)],
  ['set aside', ({ report }) => report.read.first.excused + report.read.after.excused],
  ['max of all', ({ report }) => inMs(report.read.after.maxOfAll)],
  ['stale own', ({ report }) => report.stale],
  ['fresh ms, Redis', ({ seen }) => inMs(seen.direct.staleMs)],
  ['other process', ({ seen }) => inMs(seen.other.staleMs)],
  ['taken ms', ({ stolenMs }) => inMs(stolenMs)],
  ['stale after 1 s', ({ seen }) => seen.direct.stale + seen.other.stale],
  ['lost', ({ seen }) => seen.direct.missing + seen.other.missing],
];

const LEGEND = `first read, load, write: the slowest call that met the beginning of the outage; a load beyond its factory
deadlines: how often readers waited for one, those at the same time counted once; at most once each time Redis goes
reads after: those that began when somebody had noticed the outage; while flapping it is back in between
set aside: calls above what is promised only by time in which the machine let other processes run; max of all: with them
fresh ms: from Redis' first answer to the last time a stale value was found, by a plain client and by another process
taken ms: how long the machine kept the application, or Redis if that is more, from running meanwhile`;

/** A line for each run, what the columns mean, and what was not kept. */
export function printRuns(runs, { keyCount, outageMs }) {
  console.log(`Redis away for ${outageMs / 1000} s, ${keyCount} keys changed meanwhile`);
  const rows = runs.map((run) => COLUMNS.map(([, cell]) => String(cell(run))));
  const head = COLUMNS.map(([title]) => title);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  for (const row of [head, ...rows]) {
    console.log(
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    );
  }
  console.log(`\n${LEGEND}`);
  for (const { name, broken } of runs) for (const what of broken) console.log(`\nBROKEN, ${name}: ${what}`);
}

function inMs(ms) {
  return ms.toFixed(ms < 10 ? 2 : 0);
}
