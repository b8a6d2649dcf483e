import type { LiveReport, LiveSeries } from '../live-report.js';
import { asBytes, asShare, asTime, NOTHING } from '../format.js';
import { sparkline } from './charts.js';
import { element, setAttribute, setText } from './elements.js';
import { code, section, type Section } from './section.js';

const MB = 1024 * 1024;
/** From here on a share is close to its limit. */
const HIGH = 0.9;

interface Tile {
  readonly title: string;
  readonly value: (report: LiveReport) => string;
  readonly note: (report: LiveReport) => string;
  readonly series: (series: LiveReport['resources']['series']) => LiveSeries;
  readonly format: (value: number) => string;
  readonly isHigh: (report: LiveReport) => boolean;
}

const TILES: readonly Tile[] = [
  {
    title: 'Process CPU',
    value: ({ resources: { current } }) => percent(current?.processCpuPercent),
    note: ({ resources: { current } }) => coresOf(current?.cpuLimitCores, current?.cpuPercent),
    series: ({ processCpuPercent }) => processCpuPercent,
    format: percent,
    isHigh: ({ resources: { current } }) => isOver(current?.processCpuPercent),
  },
  {
    title: 'Event loop busy',
    value: ({ resources: { current } }) => asShare(current?.eventLoopUtilization),
    note: ({ resources: { current } }) =>
      current?.eventLoopLagMaxMs === undefined
        ? ''
        : `longest lag ${asTime(current.eventLoopLagMaxMs / 1000)}`,
    series: ({ eventLoopUtilization }) => eventLoopUtilization,
    format: asShare,
    isHigh: ({ resources: { current } }) => (current?.eventLoopUtilization ?? 0) > HIGH,
  },
  {
    title: 'Event loop lag, p99',
    value: ({ resources: { current } }) => lag(current?.eventLoopLagP99Ms),
    note: () => 'how late timers ran',
    series: ({ eventLoopLagP99Ms }) => eventLoopLagP99Ms,
    format: lag,
    isHigh: ({ resources: { current } }) => (current?.eventLoopLagP99Ms ?? 0) > 200,
  },
  {
    title: 'JavaScript heap',
    value: ({ resources: { current } }) => asBytes(bytesOf(current?.heapUsedMb)),
    note: ({ resources: { current, heapLimitBytes } }) =>
      heapLimitBytes === undefined ? '' : `${percent(current?.heapPercent)} of ${asBytes(heapLimitBytes)}`,
    series: ({ heapUsedMb }) => heapUsedMb,
    format: (mb) => asBytes(bytesOf(mb)),
    isHigh: ({ resources: { current } }) => isOver(current?.heapLivePercent ?? current?.heapPercent),
  },
  {
    title: 'Process memory',
    value: ({ resources: { current } }) => asBytes(bytesOf(current?.processMemoryMb)),
    note: ({ resources: { current } }) =>
      current?.containerMemoryLimitMb === undefined
        ? `machine ${percent(current?.memoryPercent)} in use`
        : `container ${percent(current.containerMemoryPercent)} of ${asBytes(bytesOf(current.containerMemoryLimitMb))}`,
    series: ({ processMemoryMb }) => processMemoryMb,
    format: (mb) => asBytes(bytesOf(mb)),
    isHigh: ({ resources: { current } }) => isOver(current?.containerMemoryPercent),
  },
  {
    title: 'Garbage collection',
    value: ({ resources: { current } }) => percent(current?.gcPercent),
    note: ({ resources: { current } }) =>
      current?.heapLiveMb === undefined ? 'of the time' : `${asBytes(bytesOf(current.heapLiveMb))} live`,
    series: ({ gcPercent }) => gcPercent,
    format: percent,
    isHigh: ({ resources: { current } }) => (current?.gcPercent ?? 0) > 10,
  },
];

export function resources(): Section {
  const { shown, content, tell } = section({ id: 'resources', title: 'Resources' });
  const tiles = TILES.map(({ title, value, note, series, format, isHigh }) => {
    const number = element('dd', { class: 'value' });
    const more = element('dd', { class: 'note' });
    const chart = sparkline(title, format);
    const tile = element('div', { class: 'tile' }, element('dt', {}, title), number, more);
    tile.append(element('dd', {}, chart.shown));
    const update = (report: LiveReport) => {
      setText(number, value(report));
      setAttribute(number, 'class', isHigh(report) ? 'value bad' : 'value');
      setText(more, note(report));
      chart.update(series(report.resources.series));
    };
    return { tile, update };
  });
  content.append(element('dl', { class: 'tiles' }, ...tiles.map(({ tile }) => tile)));
  return {
    shown,
    update(report) {
      const { current } = report.resources;
      if (current === undefined) {
        tell('', [
          'Nothing is sampled: the monitor was given ',
          code('resourceTracker: false'),
          ', or was stopped.',
        ]);
        return;
      }
      const { cpuPressurePercent: cpu, memoryPressurePercent: memory, ioPressurePercent: io } = current;
      const waits = [cpu, memory, io].some((share) => share !== undefined);
      tell(
        waits
          ? `Last three minutes. Waited for CPU ${percent(cpu)}, memory ${percent(memory)}, disks ${percent(io)} of the time`
          : 'Last three minutes',
      );
      for (const { update } of tiles) update(report);
    },
  };
}

function percent(value: number | undefined): string {
  // In one piece, where a line ends.
  return value === undefined ? NOTHING : `${value.toFixed(1)}\u00A0%`;
}

function lag(ms: number | undefined): string {
  return asTime(ms === undefined ? undefined : ms / 1000);
}

function isOver(value: number | undefined): boolean {
  return (value ?? 0) > 100 * HIGH;
}

function bytesOf(mb: number | undefined): number | undefined {
  return mb === undefined ? undefined : mb * MB;
}

function coresOf(cores: number | undefined, machine: number | undefined): string {
  if (cores === undefined) return '';
  const told = `${Number(cores.toFixed(2))} ${cores === 1 ? 'core' : 'cores'}`;
  return machine === undefined ? told : `${told}, machine ${machine.toFixed(0)}\u00A0%`;
}
