import { expect } from 'chai';
import { createRequire } from 'node:module';
import { needsServer, startRedis, type RunningRedis } from '../e2e/servers.js';

interface ChaosCounts {
  readonly lost: number;
  readonly wrong: number;
  readonly cutOff: number;
  readonly killed: number;
  /** Seconds. */
  readonly takeOver: number;
}

describe('durable tasks of three processes, two of which are killed', function () {
  this.timeout(60_000);
  let server: RunningRedis;

  before(async function () {
    needsServer(this, 'redis-server');
    server = await startRedis();
  });
  after(() => server?.stop());

  it('are all done, those that were cut off as well, by others and soon', async () => {
    const { runOnce }: { runOnce: (run: object) => Promise<ChaosCounts> } = createRequire(import.meta.url)(
      './tasks-run.mjs',
    );

    const counts = await runOnce({
      dist: new URL('../../src/', import.meta.url).href,
      url: server.url,
      tasks: 300,
      kills: 2,
      lock: 1,
      execArgv: ['--import', 'tsx'],
    });

    const { lost, wrong, killed, cutOff, takeOver } = counts;
    expect({ lost, wrong, killed }).to.deep.equal({ lost: 0, wrong: 0, killed: 2 });
    expect(cutOff).to.be.above(0);
    expect(takeOver).to.be.below(20);
  });
});
