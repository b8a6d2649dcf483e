import { parseArgs } from 'node:util';
import { Meter, quantile } from './lib/measure.mjs';
import { printJson, printTable } from './lib/report.mjs';

/**
 * Compares what one call costs, case by case, in one process.
 *
 * Every case runs one batch per round, the rounds shuffle the order, and the median over the rounds counts: slow
 * minutes of the machine hit all cases alike and no case always follows the same neighbour. So the ratios are what to
 * trust; the nanoseconds belong to this machine on this day.
 */

const FLAGS = {
  rounds: { type: 'string', default: '15' },
  'batch-ms': { type: 'string', default: '8' },
  filter: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
};

/** After the results are out, a process that something keeps open for longer than this is ended, and says so. */
const EXIT_GRACE_MS = 2000;

/**
 * `packages`: whose versions belong above the table.
 *
 * The cases of a suite share one process; those of a group also share its heap and its rounds. A group is closed and
 * forgotten before the next one is set up, so that what it keeps does not slow down the collector for the others.
 */
export function createSuite(bench, { packages }) {
  const groups = [{ batchFactor: 1, cases: [], closers: [] }];

  /**
   * `setup` returns the function to measure, or a promise of it. It runs only if the case is wanted.
   * `baseline`: the case of the same group whose time divides ours; its first one by default.
   * `verify`: gets a result of the call before and after all measuring and throws if it is not the one meant, so that
   * a cache that misses or a metric that drops cannot look fast.
   */
  const add = (name, isAwaited, setup, { baseline, verify = () => {} } = {}) => {
    const { cases } = groups.at(-1);
    if (groups.some((known) => known.cases.some((one) => one.name === name)))
      throw new Error(`"${name}" exists`);
    cases.push({ name, isAwaited, setup, baseline: baseline ?? cases[0]?.name ?? name, verify, samples: [] });
  };

  return {
    /** A case whose function returns its result. */
    sync: (name, setup, options) => add(name, false, setup, options),
    /** A case whose function returns a promise. Each call is awaited, and the awaiting is part of the number. */
    awaited: (name, setup, options) => add(name, true, setup, options),
    /**
     * What is added from here on belongs to a new group. `batchFactor` makes its batches longer, for calls that keep
     * what they allocate: the collector then runs within the batches of each case, not now and then in somebody's.
     */
    group: ({ batchFactor = 1 } = {}) => void groups.push({ batchFactor, cases: [], closers: [] }),
    /** For a `setup`: closes what it opened, when its group is done, the latest first. */
    onClose: (close) => groups[0].closers.push(close),
    run: () => runSuite(bench, groups, packages),
  };
}

async function runSuite(bench, groups, packages) {
  const flags = readFlags();
  const fail = (name, error) => {
    process.exitCode = 1;
    console.error(`${bench}: ${name}: ${error instanceof Error ? error.message : String(error)}`);
  };
  const wanted = groups.map(({ cases }) => select(cases, flags.filter));
  if (wanted.every((cases) => cases.length === 0))
    return fail('--filter', `no case contains "${flags.filter}"`);

  const results = [];
  while (groups.length > 0) {
    const [{ batchFactor, closers }] = groups;
    const batchMs = flags.batchMs * batchFactor;
    results.push(...(await runGroup(wanted.shift(), { ...flags, batchMs }, fail)));
    const closingFailed = (_, error) => fail('closing', error);
    await keepWorking(closers.toReversed(), closingFailed, (close) => close());
    groups.shift();
  }
  if (flags.json) printJson(bench, results);
  else printTable(bench, results, { ...flags, packages });
  exitSoon(fail);
}

async function runGroup(cases, flags, fail) {
  const ready = await keepWorking(cases, fail, prepare);
  const calibrated = await keepWorking(ready, fail, (one) => one.meter.calibrate(flags.batchMs));
  const measured = await measure(calibrated, flags, fail);
  return measured.map((one) => summarize(one, measured));
}

async function prepare(one) {
  one.call = await one.setup();
  one.meter = await Meter.of(one.call, one.isAwaited);
  await verifyCall(one);
}

async function verifyCall(one) {
  const result = one.call();
  if (typeof result?.then === 'function' && !one.isAwaited)
    throw new Error('returns a promise, add it with awaited()');
  await one.verify(await result);
}

async function measure(cases, { rounds, batchMs }, fail) {
  // The first round is not kept: only now has code that the cases share seen all of its callers.
  for (const one of cases) one.meter.fit(await one.meter.batch(), batchMs);
  for (let round = 0; round < rounds; round++) {
    for (const one of shuffled(cases, round)) {
      one.samples.push(await one.meter.batch());
      await turnOfEventLoop();
    }
  }
  return keepWorking(cases, fail, async (one) => {
    one.bytes = await one.meter.allocatedBytes();
    await verifyCall(one);
  });
}

function summarize({ name, baseline, samples, bytes }, cases) {
  const ns = quantile(samples, 0.5);
  const base = cases.find((other) => other.name === baseline);
  return {
    name,
    ns: rounded(ns),
    ratio: base === undefined ? null : rounded(ns / quantile(base.samples, 0.5)),
    baseline,
    min: rounded(Math.min(...samples)),
    // The middle half of the samples: one disturbed round does not show, a restless case does.
    spread: rounded((quantile(samples, 0.75) - quantile(samples, 0.25)) / ns),
    bytes,
  };
}

/** The wanted cases and the baselines they are compared with, in the order they were added. */
function select(cases, filter) {
  const byName = new Map(cases.map((one) => [one.name, one]));
  const selected = new Set();
  const include = (one) => {
    if (selected.has(one)) return;
    selected.add(one);
    const baseline = byName.get(one.baseline);
    if (baseline === undefined) throw new Error(`"${one.name}": no baseline "${one.baseline}"`);
    include(baseline);
  };
  for (const one of cases) if (one.name.includes(filter)) include(one);
  return cases.filter((one) => selected.has(one));
}

/** Runs `step` on one item after the other and returns those that did not throw. */
async function keepWorking(items, fail, step) {
  const working = [];
  for (const item of items) {
    try {
      await step(item);
      working.push(item);
    } catch (error) {
      fail(item.name, error);
    }
    await turnOfEventLoop();
  }
  return working;
}

/** The same order for the same round on every run. */
function shuffled(items, seed) {
  const order = [...items];
  let state = seed + 1;
  for (let i = order.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    const j = Math.floor((state / 0x80000000) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function readFlags() {
  const { values } = parseArgs({ options: FLAGS });
  return {
    rounds: positive('--rounds', values.rounds),
    batchMs: positive('--batch-ms', values['batch-ms']),
    filter: values.filter,
    json: values.json,
  };
}

function positive(flag, text) {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`${flag} must be a positive integer, got "${text}"`);
}

/** Lets timers run that are due, and lets the loop's clock catch up: caches refresh their own clocks there. */
function turnOfEventLoop() {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function exitSoon(fail) {
  const overdue = setTimeout(() => {
    fail('closing', `still open: ${process.getActiveResourcesInfo().join(', ')}`);
    // oxlint-disable-next-line unicorn/no-process-exit -- what is still open will not close by itself
    process.exit();
  }, EXIT_GRACE_MS);
  overdue.unref();
}

function rounded(number) {
  return Number(number.toPrecision(4));
}
