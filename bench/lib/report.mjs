import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

const ROOT = new URL('../../', import.meta.url);
const BENCH = new URL('../', import.meta.url);

/** One JSON object a line, nothing else: for programs. */
export function printJson(bench, results) {
  for (const { name, ...numbers } of results) console.log(JSON.stringify({ bench, case: name, ...numbers }));
}

export function printTable(bench, results, { rounds, batchMs, packages }) {
  const load = loadavg()[0].toFixed(1);
  console.log(`${bench}: CPU time of one call, median of ${rounds} batches of ${batchMs} ms or more`);
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpuText()}, load ${load}`,
  );
  console.log(packages.map((name) => `${name} ${versionOf(name)}`).join(', '));
  console.log();

  const rows = results.map((result) => [
    result.name,
    short(result.ns),
    result.ratio === null ? '-' : `${short(result.ratio)} x`,
    result.baseline,
    result.bytes === null ? '-' : String(result.bytes),
    `${(result.spread * 100).toFixed(1)}%`,
    short(result.min),
  ]);
  const head = ['case', 'ns', 'ratio', 'baseline', 'B/op', 'spread', 'min ns'];
  const isText = [true, false, false, true, false, false, false];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (row) =>
    row
      .map((cell, column) => (isText[column] ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  for (const row of [head, widths.map((width) => '-'.repeat(width)), ...rows]) console.log(line(row));
}

function short(number) {
  if (number < 10) return number.toFixed(2);
  return number < 100 ? number.toFixed(1) : number.toFixed(0);
}

function cpuText() {
  const all = cpus();
  return `${all.length} x ${all[0]?.model.trim() ?? 'unknown CPU'}`;
}

/** Ours and what it depends on come from the root, everything we compare with from this folder. */
function versionOf(name) {
  const own = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  if (name === own.name) return own.version;
  const home = name in own.dependencies || name in own.peerDependencies ? ROOT : BENCH;
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, home), 'utf8')).version;
}
