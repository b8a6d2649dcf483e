import { metrics } from '@opentelemetry/api';
import { expect } from 'chai';
import { InvalidOptionError } from '../../src/errors.js';
import { ResourceTracker, type ResourceTrackerOptions } from '../../src/resources/resource-tracker.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';
import { captureMetrics, seriesOf, valueOf, type CollectedHistogram } from '../fakes/captured-telemetry.js';
import { runScript } from '../fakes/child-script.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { collectGarbage } from '../fakes/garbage.js';
import { waitFor } from '../e2e/wait-for.js';

describe('ResourceTracker', () => {
  let notices: CapturedNotices;
  const trackers: ResourceTracker[] = [];

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(async () => {
    for (const tracker of trackers.splice(0)) await tracker.stop();
    notices.release();
    metrics.disable();
  });

  it('has a first sample once it has started', async () => {
    const { tracker, clock } = tracking();

    await tracker.start();

    expect(tracker.isRunning).to.equal(true);
    expect(tracker.getLatestSnapshot()).to.include({ timestamp: clock.wallNow() / 1000 });
    expect(tracker.getAverageUsage()?.samples).to.equal(1);
  });

  it('has nothing to tell before that', async () => {
    const { tracker } = tracking();

    await tracker.sample();

    expect(tracker.isRunning).to.equal(false);
    expect(tracker.getLatestSnapshot()).to.equal(undefined);
    expect(tracker.getSnapshots()).to.deep.equal([]);
    expect(tracker.getAverageUsage()).to.equal(undefined);
  });

  it('takes a sample at each interval', async () => {
    const { tracker, clock } = tracking({ collectionInterval: '10s' });
    await tracker.start();
    const start = clock.wallNow() / 1000;

    for (let i = 0; i < 2; i++) {
      clock.advance(10);
      await tracker.sample();
    }

    expect(tracker.getSnapshots().map(({ timestamp }) => timestamp - start)).to.deep.equal([0, 10, 20]);
  });

  it('takes one sample at a time', async () => {
    const { tracker, clock } = tracking();
    await tracker.start();
    clock.advance(1);

    await Promise.all([tracker.sample(), tracker.sample(), tracker.sample()]);

    expect(tracker.getSnapshots()).to.have.length(2);
  });

  it('takes none so soon after another that its shares would be noise', async () => {
    const { tracker, clock } = tracking();
    await tracker.start();

    await tracker.sample();
    clock.advance(0.05);
    await tracker.sample();

    expect(tracker.getSnapshots()).to.have.length(1);
  });

  it('keeps the newest samples, as many as it may', async () => {
    const { tracker, clock } = tracking({ maxHistory: 3 });
    await tracker.start();
    for (let i = 0; i < 5; i++) {
      clock.advance(1);
      await tracker.sample();
    }

    const snapshots = tracker.getSnapshots();

    expect(snapshots).to.have.length(3);
    expect(snapshots.at(-1)).to.equal(tracker.getLatestSnapshot());
  });

  it('looks back as far as asked', async () => {
    const { tracker, clock } = tracking({ collectionInterval: 1000 });
    await tracker.start();
    for (let i = 0; i < 3; i++) {
      clock.advance(60);
      await tracker.sample();
    }

    expect(tracker.getSnapshots({ duration: 90 })).to.have.length(2);
    expect(tracker.getAverageUsage({ duration: '1m' })?.samples).to.equal(2);
    expect(tracker.getAverageUsage({ duration: Infinity })?.samples).to.equal(4);
    expect(() => tracker.getSnapshots({ duration: 0 })).to.throw(InvalidOptionError, 'duration');
  });

  it('is not confused by a wall clock that is set back', async () => {
    const { tracker, clock } = tracking({ collectionInterval: 1000 });
    await tracker.start();
    clock.jumpWall(-3600);
    clock.advance(10);
    await tracker.sample();

    expect(tracker.getSnapshots({ duration: 60 })).to.have.length(2);
  });

  it('may be started and stopped twice, leaves no timer and keeps what it has', async () => {
    const { tracker, clock } = tracking();

    await tracker.start();
    clock.advance(1);
    await tracker.start();
    const timers = clock.timers;
    await tracker.stop();
    await tracker.stop();
    clock.advance(100);

    // One for samples, one for the lag of the event loop.
    expect([timers, clock.timers]).to.deep.equal([2, 0]);
    expect(tracker.isRunning).to.equal(false);
    expect(tracker.getSnapshots()).to.have.length(2);
  });

  it('goes on when it is started while it is still stopping', async () => {
    const { tracker, clock } = tracking();
    await tracker.start();

    const stopped = tracker.stop();
    await tracker.start();
    await stopped;
    const before = tracker.getSnapshots().length;
    clock.advance(1);
    await tracker.sample();

    expect(tracker.isRunning).to.equal(true);
    expect(tracker.getSnapshots()).to.have.length(before + 1);
  });

  it('stops in the middle of a sample', async () => {
    const { tracker, clock } = tracking();
    await tracker.start();
    clock.advance(1);

    const sampled = tracker.sample();
    await tracker.stop();
    await sampled;

    expect(notices.said).to.deep.equal([]);
    expect(tracker.getSnapshots()).to.have.length(2);
  });

  it('says once that samples fail, and goes on when they no longer do', async () => {
    const { tracker, clock } = tracking();
    clock.isBroken = true;

    await tracker.start();
    await tracker.sample();
    const whileBroken = tracker.getSnapshots().length;
    clock.isBroken = false;
    await tracker.sample();

    expect(whileBroken).to.equal(0);
    expect(tracker.getSnapshots()).to.have.length(1);
    expect(notices.said).to.deep.equal(['resources could not be sampled: Error: no clock']);
  });

  it('publishes once where two trackers run', async () => {
    const telemetry = captureMetrics();
    const options = { meterProvider: telemetry.provider };
    const [first, second] = [tracking(options).tracker, tracking(options).tracker];

    await first.start();
    await second.start();

    const heap = first.lastSample?.heap.limitBytes;
    expect(valueOf(await telemetry.collect(), 'perf.heap.limit')).to.equal(heap);
    await first.stop();
    expect(valueOf(await telemetry.collect(), 'perf.heap.limit')).to.equal(heap);
  });

  it('records each delay of the event loop and each collection once where two trackers run', async () => {
    const telemetry = captureMetrics();
    const { tracker: first, clock } = tracking({ meterProvider: telemetry.provider });
    const second = tracking({ meterProvider: telemetry.provider, clock }).tracker;
    await first.start();
    await second.start();
    const delays = async () =>
      (valueOf(await telemetry.collect(), 'nodejs.eventloop.delay') as CollectedHistogram | undefined)?.count;

    clock.advance(0.1);
    const together = await delays();
    await first.stop();
    clock.advance(0.1);

    expect(together).to.equal(5);
    expect(await delays()).to.equal(10);
  });

  it('tells a garbage collection with its type, and what it left alive', async () => {
    const telemetry = captureMetrics();
    const { tracker, clock } = tracking({ meterProvider: telemetry.provider });
    await tracker.start();

    collectGarbage();
    const snapshot = await waitFor(
      async () => {
        clock.advance(1);
        await tracker.sample();
        const { heapLiveMb, gcPercent } = tracker.getLatestSnapshot()!;
        return heapLiveMb !== undefined && tracker.getSnapshots().some((one) => one.gcPercent > 0)
          ? { heapLiveMb, gcPercent }
          : undefined;
      },
      { what: 'the live set after the collection' },
    );

    expect(snapshot.heapLiveMb).to.be.within(1, tracker.getLatestSnapshot()!.heapUsedMb * 2);
    const collected = await telemetry.collect();
    const types = seriesOf(collected, 'v8js.gc.duration').map(({ attributes }) => attributes['v8js.gc.type']);
    expect(types).to.include('major');
    expect(valueOf(collected, 'perf.heap.live')).to.equal(tracker.lastSample?.heap.liveBytes);
  });

  it('tells where its samples come from, and what is missing', async () => {
    const { tracker } = tracking();
    expect(tracker.sources()).to.equal(undefined);

    await tracker.start();

    const sources = tracker.sources()!;
    expect(sources.machineCpu).to.equal(process.platform === 'linux' ? '/proc/stat' : 'host-metrics');
    for (const name of sources.missing) expect(tracker.getLatestSnapshot()![name], name).to.equal(undefined);
    expect(sources.missing).to.not.include('cpuPercent');
  });

  it('finds a global provider that is registered while it runs', async () => {
    const { tracker, clock } = tracking({ meterProvider: undefined as never });
    await tracker.start();
    const telemetry = captureMetrics();
    metrics.setGlobalMeterProvider(telemetry.provider);

    clock.advance(5);
    await waitFor(() => tracker.getSnapshots().length === 2, { what: 'the sample of the interval' });

    expect(seriesOf(await telemetry.collect(), 'system.memory.usage')).to.have.length(2);
  });

  it('refuses options it cannot use, naming them', () => {
    const wrong: readonly (readonly [option: string, given: unknown])[] = [
      ['collectionInterval', { collectionInterval: 0 }],
      ['collectionInterval', { collectionInterval: Infinity }],
      ['maxHistory', { maxHistory: 0 }],
      ['interval', { interval: 5 }],
    ];
    for (const [option, given] of wrong)
      expect(() => new ResourceTracker(given as ResourceTrackerOptions)).to.throw(InvalidOptionError, option);
  });

  it('starts no other process', async () => {
    const { code, stdout, stderr } = await runScript(`
      import childProcess from 'node:child_process';
      import { syncBuiltinESMExports } from 'node:module';
      for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
        const original = childProcess[name];
        childProcess[name] = (...given) => (console.log('started', name, given[0]), original(...given));
      }
      syncBuiltinESMExports();
      const { ResourceTracker } = await import('./src/resources/resource-tracker.ts');
      const tracker = new ResourceTracker({ collectionInterval: 0.01 });
      await tracker.start();
      while (tracker.getSnapshots().length < 3) await tracker.sample();
      await tracker.stop();
      console.log('sampled', tracker.getSnapshots().length);`);

    expect(stderr).to.equal('');
    expect(stdout).to.match(/^sampled \d+\n$/);
    expect(code).to.equal(0);
  });

  it('keeps no process alive, neither running nor stopped, and leaves nothing open', async () => {
    const running = await runScript(`
      const { ResourceTracker } = await import('./src/resources/resource-tracker.ts');
      await new ResourceTracker().start();
      console.log('started');`);
    const stopped = await runScript(`
      import { readdirSync, readlinkSync } from 'node:fs';
      const { ResourceTracker } = await import('./src/resources/resource-tracker.ts');
      const kept = () => process.getActiveResourcesInfo().toSorted().join();
      const tracker = new ResourceTracker();
      const before = kept();
      await tracker.start();
      await tracker.stop();
      const files = process.platform !== 'linux' ? [] : readdirSync('/proc/self/fd').flatMap((fd) => {
        try { return readlinkSync('/proc/self/fd/' + fd); } catch { return []; }
      });
      console.log(kept() === before ? 'nothing open' : 'open: ' + kept() + ' before: ' + before);
      console.log(files.filter((file) => /^.(proc|sys)./.test(file) && !/.fd$/.test(file)).join() || 'no file open');`);

    expect(running).to.deep.equal({ code: 0, stdout: 'started\n', stderr: '' });
    expect(stopped).to.deep.equal({ code: 0, stdout: 'nothing open\nno file open\n', stderr: '' });
  });

  function tracking(options: ResourceTrackerOptions = {}) {
    const clock = (options.clock as BreakableClock | undefined) ?? new BreakableClock();
    const given = { meterProvider: captureMetrics().provider, ...options, clock };
    const tracker = new ResourceTracker(given);
    trackers.push(tracker);
    return { clock, tracker };
  }
});

class BreakableClock extends FakeClock {
  isBroken = false;

  override wallNow(): number {
    if (this.isBroken) throw new Error('no clock');
    return super.wallNow();
  }
}
