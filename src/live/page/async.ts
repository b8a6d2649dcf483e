import type { LivePool, LiveQueue } from '../live-report.js';
import { asCount, asRate, asShare, asTime, NOTHING } from '../format.js';
import { element, setText } from './elements.js';
import { code, part, section, type Section } from './section.js';
import { number, table, type Column } from './table.js';

const QUEUES: readonly Column<LiveQueue>[] = [
  { title: 'Queue', cell: ({ name }) => ({ text: name, value: name }) },
  {
    title: 'Running',
    cell: ({ active, limit }) => ({ text: `${asCount(active)} of ${asCount(limit)}`, value: active }),
  },
  { title: 'Waiting', cell: ({ queued }) => number(queued, asCount, queued > 0 ? 'warn' : undefined) },
  {
    title: 'First waits',
    cell: ({ queued, oldestAge }) => number(queued > 0 ? oldestAge : undefined, asTime),
  },
  { title: 'Ended/s', isWide: true, cell: ({ rate }) => number(rate, asRate) },
  { title: 'Mean', isWide: true, cell: ({ meanDuration }) => number(meanDuration, asTime) },
  {
    title: 'Refused/s',
    isWide: true,
    cell: ({ rejectedRate }) => number(rejectedRate, asRate, rejectedRate > 0 ? 'bad' : undefined),
  },
];

const POOLS: readonly Column<LivePool>[] = [
  { title: 'Pool', cell: ({ name }) => ({ text: name, value: name }) },
  {
    title: 'In use',
    cell: ({ used, limit }) => ({ text: `${asCount(used)} of ${asCount(limit)}`, value: used }),
  },
  { title: 'Idle', isWide: true, cell: ({ idle }) => number(idle, asCount) },
  { title: 'Waiting', cell: ({ waiting }) => number(waiting, asCount, waiting > 0 ? 'warn' : undefined) },
  { title: 'Mean wait', cell: ({ meanWait }) => number(meanWait, asTime) },
  { title: 'Mean use', isWide: true, cell: ({ meanUse }) => number(meanUse, asTime) },
  {
    title: 'Timeouts/s',
    isWide: true,
    cell: ({ timeoutRate }) => number(timeoutRate, asRate, timeoutRate > 0 ? 'bad' : undefined),
  },
];

export function asynchronous(): Section {
  const { shown, content, tell } = section({ id: 'async', title: 'Queues and pools' });
  const queues = table({
    caption: 'Tasks and limited calls',
    columns: QUEUES,
    nameOf: ({ name }: LiveQueue) => name,
    sortedBy: 1,
  });
  const pools = table({
    caption: 'Pools of resources',
    columns: POOLS,
    nameOf: ({ name }: LivePool) => name,
    sortedBy: 1,
  });
  const guards = element('p', { class: 'note part' });
  const pooled = part('Pools', pools.shown);
  content.append(queues.shown, pooled, guards);
  return {
    shown,
    update({ async: { queues: all, pools: used, breakers, shedders } }) {
      const isEmpty = [all, used, breakers, shedders].every(({ length }) => length === 0);
      tell('', isEmpty ? EMPTY() : undefined);
      queues.shown.hidden = all.length === 0;
      pooled.hidden = used.length === 0;
      queues.update(all);
      pools.update(used);
      const told = [
        ...breakers.map(({ name, state }) => `circuit ${name} is ${state.replace('_', ' ')}`),
        ...shedders.map(({ name, share }) => `${name} refuses ${share === 0 ? 'nothing' : asShare(share)}`),
      ];
      guards.hidden = told.length === 0;
      setText(guards, told.length === 0 ? NOTHING : `${told.join('; ')}.`);
    },
  };
}

const EMPTY = (): (Node | string)[] => [
  'No queue and no pool: tasks run with ',
  code("tasks.submit('mail', send)"),
  ', limited calls with ',
  code("new Limiter({ name: 'search', limit: 8 })"),
  ', resources with ',
  code("new AsyncPool({ name: 'db', factory })"),
  '.',
];
