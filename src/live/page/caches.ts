import type { LiveCache, LiveReport, LiveTier } from '../live-report.js';
import { asBytes, asCount, asRate, asShare, asSpan, asTime, NOTHING } from '../format.js';
import { curveChart, sizeLabel } from './charts.js';
import { element, KeyedChildren, setText } from './elements.js';
import { code, part, section, type Section } from './section.js';
import { number, table, type Column } from './table.js';

const COLUMNS: readonly Column<LiveCache>[] = [
  { title: 'Cache', cell: ({ name }) => ({ text: name, value: name }) },
  { title: 'Hits', cell: ({ hitRatio }) => number(hitRatio, asShare) },
  { title: 'Lookups/s', cell: ({ lookupRate }) => number(lookupRate, asRate) },
  { title: 'Miss takes', cell: ({ missMean }) => number(missMean, asTime) },
  { title: 'Evictions/s', isWide: true, cell: ({ evictionRate }) => number(evictionRate, asRate) },
  { title: 'Entries', isWide: true, cell: ({ tiers }) => number(first(tiers)?.entries, asCount) },
  {
    title: 'Memory',
    isWide: true,
    cell: ({ tiers }) => {
      const { bytes, bytesLimit } = first(tiers) ?? {};
      const limit = bytesLimit === undefined ? '' : ` of ${asBytes(bytesLimit)}`;
      return { text: `${asBytes(bytes)}${limit}`, value: bytes ?? Number.NaN };
    },
  },
];

interface TierRow extends LiveTier {
  readonly cache: string;
}

const TIER_COLUMNS: readonly Column<TierRow>[] = [
  { title: 'Tier', cell: (row) => ({ text: tierName(row), value: tierName(row) }) },
  { title: 'Answered', cell: ({ hitRatio }) => number(hitRatio, asShare) },
  { title: 'Entries', cell: ({ entries }) => number(entries, asCount) },
  { title: 'Size', cell: ({ bytes }) => number(bytes, asBytes) },
  {
    title: 'Circuit',
    cell: ({ state }) => ({
      text: state ?? NOTHING,
      value: state ?? '',
      tone: state === undefined || state === 'closed' ? undefined : 'bad',
    }),
  },
];

const SIZES = ['quarter', 'half', 'same', 'double', 'fourfold'] as const;

const CURVE_COLUMNS: readonly Column<LiveCache>[] = [
  { title: 'Cache', cell: ({ name }) => ({ text: name, value: name }) },
  ...SIZES.map((size) => ({
    title: sizeLabel(size),
    cell: ({ whatIf }: LiveCache) => number(whatIf.find((point) => point.size === size)?.hitRatio, asShare),
  })),
];

export function caches(): Section {
  const { shown, content, tell } = section({ id: 'caches', title: 'Caches' });
  const nameOf = ({ name }: LiveCache) => name;
  const all = table({ caption: 'What caches answered', columns: COLUMNS, nameOf, sortedBy: 2 });
  const tiers = table({ caption: 'Tiers', columns: TIER_COLUMNS, nameOf: tierName, sortedBy: 1 });
  const numbers = table({
    caption: 'Hits by size of the cache',
    columns: CURVE_COLUMNS,
    nameOf,
    sortedBy: 3,
  });
  const figures = element('div', { class: 'curves' });
  const curves = new KeyedChildren<LiveCache, HTMLElement>(figures, curveFigure);
  const lower = part('Tiers', tiers.shown);
  const sizes = part(
    'With other memory',
    figures,
    element('details', {}, element('summary', {}, 'As numbers'), numbers.shown),
  );
  content.append(all.shown, lower, sizes);
  return {
    shown,
    update(report) {
      tell(noteOf(report), report.caches.length === 0 ? EMPTY() : undefined);
      all.update(report.caches);
      const below = report.caches.filter((cache) => cache.tiers.length > 1);
      lower.hidden = below.length === 0;
      tiers.update(below.flatMap((cache) => cache.tiers.map((tier) => ({ ...tier, cache: cache.name }))));
      const curved = report.caches.filter(({ whatIf }) => whatIf.length > 0).toSorted(byName);
      sizes.hidden = curved.length === 0;
      curves.show(curved.map((cache) => [cache.name, cache]));
      numbers.update(curved);
    },
  };
}

const EMPTY = (): (Node | string)[] => [
  'No caches yet: make one with ',
  code("new CacheManager({ name: 'users' })"),
  ', or cache a function with ',
  code("@cached({ ttl: '5m' })"),
  '. Curves of other sizes come from ',
  code('new MemoryCache({ budget, curve: true })'),
  '.',
];

/** Budgets do not belong to one cache. */
function noteOf({ budgets, window, caches: { length } }: LiveReport): string {
  if (length === 0) return '';
  const told = budgets.map(
    ({ name, bytes, maxBytes }) => `budget ${name}: ${asBytes(bytes)} of ${asBytes(maxBytes)}`,
  );
  return [`Last ${asSpan(window)}`, ...told].join('; ');
}

function curveFigure(cache: LiveCache) {
  const chart = curveChart();
  const effect = element('p', { class: 'note' });
  const shown = element('figure', {}, element('figcaption', {}, cache.name), chart.shown, effect);
  return {
    shown,
    update({ name, whatIf }: LiveCache) {
      chart.update(name, whatIf);
      setText(effect, effectOf(whatIf));
    },
  };
}

function effectOf(points: LiveCache['whatIf']): string {
  const [same, double] = [
    points.find(({ size }) => size === 'same'),
    points.find(({ size }) => size === 'double'),
  ];
  if (same === undefined || double === undefined) return '';
  const gained = `${signed(100 * (double.hitRatio - same.hitRatio))} points with twice the memory`;
  if (same.missCost === undefined || double.missCost === undefined) return gained;
  const saved = 1e6 * (same.missCost - double.missCost);
  return `${gained}, ${saved < 1 ? 'no time saved' : `${asTime(saved / 1e6)} less a lookup`}`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

function tierName({ cache, kind }: TierRow): string {
  return `${cache}, ${kind}`;
}

function first(tiers: readonly LiveTier[]): LiveTier | undefined {
  return tiers.find(({ kind }) => kind === 'memory') ?? tiers[0];
}

function byName(a: LiveCache, b: LiveCache): number {
  return a.name.localeCompare(b.name);
}
