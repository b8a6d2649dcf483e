import { expect } from 'chai';
import { defineTask } from '../../../src/async/tasks/define-task.js';
import { ThreadTaskManager } from '../../../src/async/tasks/thread-task-manager.js';
import { InvalidOptionError } from '../../../src/errors.js';
import { errorOf } from './tasks-with.js';

describe('ThreadTaskManager', () => {
  let tasks: ThreadTaskManager;
  const rough = defineTask<unknown, unknown>({
    name: 'rough',
    handler: new URL('./handlers/rough.mjs', import.meta.url),
  });

  beforeEach(() => {
    tasks = new ThreadTaskManager({ threads: 1 });
    tasks.register(rough);
  });
  afterEach(() => tasks.shutdown({ timeout: 0.001 }));

  it('ends what does not let go of its thread, and runs the next in another', async () => {
    const stuck = tasks.submit(rough, 'loop', { timeout: 0.1 });
    const next = tasks.submit(rough, 'next');

    expect(await errorOf(tasks.wait(stuck))).to.have.property('name', 'TimeoutError');
    expect(await tasks.wait(next)).to.equal('next');
  });

  it('outlives a task that ends its thread', async () => {
    const id = tasks.submit(rough, 'exit');

    expect(await errorOf(tasks.wait(id))).to.be.instanceOf(Error);
    expect(tasks.getTaskStatus(id)?.status).to.equal('failed');
    expect(await tasks.wait(tasks.submit(rough, 'next'))).to.equal('next');
  });

  it('fails tasks whose payload cannot be copied', async () => {
    const id = tasks.submit(rough, () => 1);

    expect(await errorOf(tasks.wait(id))).to.have.property('name', 'DataCloneError');
  });

  it('refuses options that make no sense', () => {
    expect(() => new ThreadTaskManager({ threads: 0 })).to.throw(InvalidOptionError, 'threads');
  });
});
