// What does one GET /metrics cost? CPU time of the serving process, the longest it kept the event loop, and how far its
// memory rose, by library, for pages of counters and of histograms. Each library runs in a process of its own, another one
// scrapes over HTTP, every series is recorded into between scrapes, and scrapes of the libraries take turns.
//
// "stock" is @opentelemetry/exporter-prometheus; "sdk: collect only" asks the SDK for its points and writes nothing, which
// is a part of each scrape over it that nobody can cut into pieces; "floor" sends as many bytes from one buffer. The pages
// are plain text, uncompressed: only ours could compress.
//
// --abuse instead scrapes ours badly: aborted halfway, all at once, too slowly; and looks what stays in memory.
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { abuse } from './lib/scrape-abuse.mjs';
import { quantile } from './lib/measure.mjs';
import { Scraped } from './lib/scraped.mjs';

if (!existsSync(new URL('../dist/index.js', import.meta.url)))
  throw new Error('dist is missing, build the package first');

const SUBJECTS = [
  'stock',
  'prom-client',
  '@prometheus-io/client',
  'sdk: collect only',
  'ours over sdk',
  'ours over cells',
  'floor',
];
/** Ours are compared with these, the others with ours over cells. */
const PEERS = ['stock', 'prom-client', '@prometheus-io/client'];
const WARM_UP = 3;

const { values: flags } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000,10000,50000' },
    rounds: { type: 'string', default: '9' },
    filter: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    abuse: { type: 'boolean', default: false },
  },
});

if (flags.abuse) process.exitCode = (await abuse({ lines: 50_000, isJson: flags.json })) ? 0 : 1;
else await compare();

async function compare() {
  if (!flags.json)
    console.log(`scrape: Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}\n`);
  for (const kind of ['counter', 'histogram'])
    for (const lines of flags.lines.split(',').map(Number)) report(kind, lines, await measure(kind, lines));
}

async function measure(kind, lines) {
  const names = SUBJECTS.filter((name) => name.includes(flags.filter));
  const results = names.map((name) => ({ name, cpu: [], blocks: [], extraMb: 0, bytes: 0 }));
  const servers = await Promise.all(names.map((name) => Scraped.start(name, kind, lines)));
  try {
    // The first scrape of a process is the one that needs most memory.
    for (const [i, server] of servers.entries()) {
      await server.ask('/touch');
      await server.scrape('?memory');
      results[i].extraMb = (await server.ask('/last')).extraMb;
    }
    for (let round = 0; round < WARM_UP + Number(flags.rounds); round++) {
      for (const [i, server] of servers.entries()) {
        await server.ask('/touch');
        results[i].bytes = await server.scrape();
        const { cpuMs } = await server.ask('/last');
        await server.ask('/touch');
        await server.scrape('?loop');
        const { longestMs } = await server.ask('/last');
        if (round < WARM_UP) continue;
        results[i].cpu.push(cpuMs);
        results[i].blocks.push(longestMs);
      }
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  return results.map(({ name, cpu, blocks, extraMb, bytes }) => {
    return { name, cpuMs: quantile(cpu, 0.5), longestMs: quantile(blocks, 0.5), extraMb, bytes };
  });
}

function report(kind, lines, results) {
  const costOf = (name) => results.find((result) => result.name === name)?.cpuMs;
  if (flags.json) {
    for (const { name, ...numbers } of results)
      console.log(JSON.stringify({ bench: 'scrape', case: name, kind, lines, ...numbers }));
    return;
  }
  console.log(`${lines} lines of ${kind}s`);
  const heads = ['CPU ms', 'longest ms', 'extra MB', 'page MB', ...PEERS.map((peer) => `x ${peer}`)];
  console.log(`${''.padEnd(24)}${heads.map((head) => head.padStart(head.length + 3)).join('')}`);
  for (const { name, cpuMs, longestMs, extraMb, bytes } of results) {
    const ratios = PEERS.map((peer) =>
      costOf(peer) === undefined ? '-' : (costOf(peer) / cpuMs).toFixed(1),
    );
    const cells = [
      cpuMs.toFixed(2),
      longestMs.toFixed(1),
      extraMb.toFixed(1),
      (bytes / 1e6).toFixed(2),
      ...ratios,
    ];
    console.log(`${name.padEnd(24)}${cells.map((cell, i) => cell.padStart(heads[i].length + 3)).join('')}`);
  }
  console.log();
}
