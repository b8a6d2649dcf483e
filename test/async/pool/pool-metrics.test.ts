import { expect } from 'chai';
import { captureMetrics, seriesOf, valueOf, type CapturedTelemetry } from '../../fakes/captured-telemetry.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, poolWith } from './pool-with.js';

describe('metrics of a pool', () => {
  let telemetry: CapturedTelemetry;
  let notices: CapturedNotices;
  beforeEach(() => {
    telemetry = captureMetrics();
    notices = captureNotices();
  });
  afterEach(async () => {
    notices.release();
    await telemetry.shutdown();
  });

  for (const { system, prefix, resources, idle, stateName, where, unit } of [
    {
      system: 'postgresql',
      prefix: 'db.client.connection',
      resources: 'db.client.connection.count',
      idle: 'db.client.connection.idle',
      stateName: 'db.client.connection.state',
      where: { 'db.client.connection.pool.name': 'main', 'db.system.name': 'postgresql' },
      unit: '{connection}',
    },
    {
      system: undefined,
      prefix: 'perf.pool',
      resources: 'perf.pool.resources',
      idle: 'perf.pool.idle',
      stateName: 'perf.pool.state',
      where: { 'perf.pool.name': 'main' },
      unit: '{resource}',
    },
  ]) {
    it(`tell what it has and who waits for how long, as ${prefix}`, async () => {
      const { pool, clock } = poolWith({
        name: 'main',
        maxSize: 2,
        minSize: 1,
        timeout: 4,
        meterProvider: telemetry.provider,
        ...(system !== undefined && { system }),
      });
      const first = await pool.get();
      const second = await pool.get();
      const waiting = pool.get();
      const inVain = errorOf(pool.get({ timeout: 1 }));
      clock.advance(2);
      await inVain;
      first.release();
      const third = await waiting;
      second.release();

      const collected = await telemetry.collect();
      const value = (name: string) => seriesOf(collected, name);
      expect(value(resources)).to.deep.equal([
        { attributes: { ...where, [stateName]: 'idle' }, value: 1 },
        { attributes: { ...where, [stateName]: 'used' }, value: 1 },
      ]);
      expect(collected.find(({ name }) => name === resources)).to.include({ unit, kind: 'upDownCounter' });
      for (const [name, expected] of [
        [`${idle}.max`, 2],
        [`${idle}.min`, 1],
        [`${prefix}.max`, 2],
        [`${prefix}.pending_requests`, 0],
        [`${prefix}.timeouts`, 1],
      ] as const)
        expect(value(name), name).to.deep.equal([{ attributes: where, value: expected }]);
      for (const [name, count, sum] of [
        [`${prefix}.create_time`, 2, 0],
        [`${prefix}.wait_time`, 3, 2],
        [`${prefix}.use_time`, 2, 4],
      ] as const) {
        expect(valueOf(collected, name), name).to.include({ count, sum });
        expect(value(name)[0]!.attributes, name).to.deep.equal(where);
      }
      third.release();
    });
  }

  it('count what was destroyed, what failed and who was refused, by reason', async () => {
    let calls = 0;
    const { pool, clock, make } = poolWith({
      name: 'main',
      maxSize: 1,
      maxQueued: 1,
      meterProvider: telemetry.provider,
      validate: () => false,
      cleanup: () => {
        throw new Error('no');
      },
      factory: () => {
        if ((calls += 1) === 1) throw new Error('down');
        return make();
      },
    });
    const waiting = pool.get();
    await turnOfLoop();
    clock.advance(1);
    const lease = await waiting;
    const [queued, refused] = [pool.get(), errorOf(pool.get())];
    await refused;
    lease.release({ destroy: true });
    (await queued).release();
    clock.advance(10);
    (await pool.get()).release();
    await pool.close();
    await errorOf(pool.get());

    const collected = await telemetry.collect();
    const counted = (name: string, attribute: string) =>
      Object.fromEntries(
        seriesOf(collected, name).map(({ attributes, value }) => [attributes[attribute], value]),
      ) as Record<string, number>;
    expect(counted('perf.pool.destroyed', 'perf.pool.reason')).to.deep.equal({
      released: 1,
      invalid: 1,
      closed: 1,
    });
    expect(counted('perf.pool.failures', 'perf.pool.call')).to.deep.equal({
      create: 1,
      validate: 1,
      cleanup: 3,
    });
    expect(counted('perf.pool.rejected', 'perf.pool.reason')).to.deep.equal({ queue_full: 1, closed: 1 });
  });

  it('count no wait of who need not wait', async () => {
    const { pool } = poolWith({ meterProvider: telemetry.provider });
    await pool.use(() => {});
    await pool.use(() => {});
    await pool.use(() => {}, { timeout: 1 });

    const collected = await telemetry.collect();
    expect(valueOf(collected, 'perf.pool.wait_time')).to.include({ count: 1 });
    expect(valueOf(collected, 'perf.pool.use_time')).to.include({ count: 3 });
  });

  it('tell nothing of a pool that is closed', async () => {
    const { pool } = poolWith({ meterProvider: telemetry.provider });
    await pool.use(() => {});
    await pool.close();

    expect(seriesOf(await telemetry.collect(), 'perf.pool.max')).to.deep.equal([]);
  });
});
