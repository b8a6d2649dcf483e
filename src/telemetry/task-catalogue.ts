import { define, type InstrumentDefinition } from './definition.js';

/** Work that waits for its turn: limiters and task managers. `perf.task.queue` is the name of the one it waits in. */

const REJECTED = ['queue_full', 'waited_too_long', 'draining', 'closed'] as const;
export const TASK_OUTCOMES = ['succeeded', 'failed', 'timed_out', 'cancelled'] as const;

export const taskActive = define({
  name: 'perf.task.active',
  kind: 'observableUpDownCounter',
  unit: '{task}',
  description: 'Tasks that run.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskLimit = define({
  name: 'perf.task.limit',
  kind: 'observableUpDownCounter',
  unit: '{task}',
  description: 'Tasks that may run at the same time.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskQueued = define({
  name: 'perf.task.queued',
  kind: 'observableUpDownCounter',
  unit: '{task}',
  description: 'Tasks that wait for their turn.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskOldestAge = define({
  name: 'perf.task.queue.oldest_age',
  kind: 'observableGauge',
  unit: 's',
  description: 'How long the task that came first has been waiting: what to scale by.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskZombies = define({
  name: 'perf.task.zombies',
  kind: 'observableUpDownCounter',
  unit: '{task}',
  description: 'Tasks nobody waits for any more that still run, and so keep their place.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskWaitTime = define({
  name: 'perf.task.time_in_queue',
  kind: 'histogram',
  unit: 's',
  description: 'How long tasks waited for their turn, those that did not have to left out.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskDuration = define({
  name: 'perf.task.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long tasks ran, until they ended or somebody gave them up.',
  attributes: { 'perf.task.queue': 'open', 'perf.task.name': 'open', 'perf.task.outcome': TASK_OUTCOMES },
});

export const taskRejected = define({
  name: 'perf.task.rejected',
  kind: 'counter',
  unit: '{task}',
  description: 'Tasks that were not begun.',
  attributes: { 'perf.task.queue': 'open', 'perf.task.reason': REJECTED },
});

export const taskAbandoned = define({
  name: 'perf.task.abandoned',
  kind: 'counter',
  unit: '{task}',
  description: 'Tasks that went on after they were given up and lost their place to others.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskDelayed = define({
  name: 'perf.task.delayed',
  kind: 'observableUpDownCounter',
  unit: '{task}',
  description:
    'Tasks that do not wait for a place yet: their time has not come, or they will be tried again.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskKept = define({
  name: 'perf.task.kept',
  kind: 'observableUpDownCounter',
  unit: '{task}',
  description: 'Tasks that have ended and whose result is still kept for those who ask.',
  attributes: { 'perf.task.queue': 'open' },
});

export const taskJoined = define({
  name: 'perf.task.joined',
  kind: 'counter',
  unit: '{task}',
  description:
    'Submitted tasks that were under way already, by their idempotency key, and so not begun again.',
  attributes: { 'perf.task.queue': 'open', 'perf.task.name': 'open' },
});

export const taskUnobserved = define({
  name: 'perf.task.unobserved',
  kind: 'counter',
  unit: '{task}',
  description: 'Tasks that failed while nobody waited for them: their errors stand in their status only.',
  attributes: { 'perf.task.queue': 'open', 'perf.task.name': 'open' },
});

export const taskCatalogue: readonly InstrumentDefinition[] = [
  taskActive,
  taskLimit,
  taskQueued,
  taskOldestAge,
  taskZombies,
  taskWaitTime,
  taskDuration,
  taskRejected,
  taskAbandoned,
  taskDelayed,
  taskKept,
  taskJoined,
  taskUnobserved,
];
