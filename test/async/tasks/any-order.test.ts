import { expect } from 'chai';
import type { TaskContext } from '../../../src/async/tasks/task-options.js';
import type { TaskId } from '../../../src/async/tasks/task-status.js';
import { randomFrom } from '../../fakes/random.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { tasksWith } from './tasks-with.js';

const STEPS = 600;
const OPEN = ['queued', 'delayed', 'running', 'cancelling'] as const;

describe('background tasks, whatever happens', () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    it(`never run more than the limit, and all end (${seed})`, async () => {
      const random = randomFrom(seed);
      const { tasks, clock } = tasksWith({ limit: 3, queueTimeout: 4, maxKept: 10_000 });
      const ends: (() => void)[] = [];
      const ids: TaskId[] = [];
      const outcomes = new Map<TaskId, string>();
      let [running, limit] = [0, 3];

      const work = async ({ signal }: TaskContext) => {
        running += 1;
        const isObedient = random() < 0.5;
        await new Promise<void>((resolve) => {
          ends.push(resolve);
          if (isObedient) signal.addEventListener('abort', () => resolve(), { once: true });
        });
        running -= 1;
        if (random() < 0.3) throw new Error('no');
      };
      const chance = <T>(share: number, value: T) => (random() < share ? value : undefined);
      const submit = () => {
        const id = tasks.submit(`name ${Math.floor(random() * 4)}`, work, {
          priority: Math.floor(random() * 3),
          timeout: chance(0.3, 2),
          queueTimeout: chance(0.2, 1),
          delay: chance(0.2, 1),
          retry: chance(0.3, { maxAttempts: 3, delay: 1, budget: false, random }),
          idempotencyKey: chance(0.2, String(Math.floor(random() * 5))),
        });
        if (ids.includes(id)) return;
        ids.push(id);
        tasks.wait(id).then(
          () => outcomes.set(id, 'succeeded'),
          () => outcomes.set(id, 'failed'),
        );
      };

      for (let step = 0; step < STEPS; step += 1) {
        const dice = random();
        if (dice < 0.35) submit();
        else if (dice < 0.6) ends.splice(Math.floor(random() * ends.length), 1)[0]?.();
        else if (dice < 0.7) tasks.cancel(ids[Math.floor(random() * ids.length)] ?? '');
        else if (dice < 0.85) clock.advance(random());
        else if (dice < 0.88) {
          tasks.setLimit(1 + Math.floor(random() * 4));
          // What runs is not interrupted: from here on it may only become fewer.
          limit = Math.max(tasks.stats().limit, tasks.stats().active);
        } else await turnOfLoop();
        limit = Math.max(tasks.stats().limit, Math.min(limit, tasks.stats().active));
        expect(tasks.stats().active, 'places taken').to.be.within(running, limit);
      }
      while (tasks.list({ status: OPEN }).length > 0 || tasks.stats().active > 0) {
        for (const end of ends.splice(0)) end();
        await turnOfLoop();
        clock.advance(1);
      }
      await turnOfLoop();

      expect(running).to.equal(0);
      expect(outcomes.size, 'tasks whose waiter was told').to.equal(ids.length);
      const { ended, ...stats } = tasks.stats();
      expect(stats).to.include({ active: 0, queued: 0, delayed: 0, zombies: 0 });
      expect(Object.values(ended).reduce((sum, count) => sum + count)).to.equal(ids.length);
      expect(ids.filter((id) => outcomes.get(id) === 'succeeded')).to.have.length(ended.succeeded);
      expect(await tasks.shutdown()).to.deep.equal({ givenUp: 0, abandoned: [] });
    });
  }
});
