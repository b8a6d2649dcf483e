import { expect } from 'chai';
import { systemClock } from '../../../src/clock.js';
import { Gathering } from '../../../src/export/processes/gathering.js';
import type { FromWorker, ReportedMetric, ToWorker } from '../../../src/export/processes/messages.js';
import { captureNotices } from '../../fakes/captured-notices.js';
import { captureMetrics, seriesOf, valueOf } from '../../fakes/captured-telemetry.js';
import { SUM } from '../../fakes/collected-metrics.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const counted = (value: number): ReportedMetric => ({
  scope: { name: 'shop' },
  descriptor: { name: 'orders', unit: '', description: '' },
  dataPointType: SUM,
  isMonotonic: true,
  points: [{ attributes: {}, value }],
});

describe('Gathering', () => {
  function gathering() {
    const clock = new FakeClock();
    const telemetry = captureMetrics();
    const { provider } = telemetry;
    const all = new Gathering({ clock, meterProvider: provider, isShared: () => false });
    const asked: string[] = [];
    const join = (key: string, instance = key) => {
      const send = ({ kind }: ToWorker) => void asked.push(`${kind} ${key}`);
      all.hear(key, send, { kind: 'hello', instance });
    };
    const report = (key: string, value: number, options: Partial<FromWorker & { kind: 'part' }> = {}) =>
      all.hear(key, () => {}, {
        kind: 'part',
        metrics: [counted(value)],
        isLast: true,
        isFinal: false,
        ...options,
      });
    const total = async () => (await all.walk([]))[0]?.value(0);
    return { all, clock, telemetry, asked, join, report, total };
  }

  it('waits for nobody where there is nobody', async () => {
    const { all, clock, asked } = gathering();

    await all.gather(5000);

    expect([asked, clock.timers]).to.deep.equal([[], 0]);
  });

  it('asks all of them and waits for all of them', async () => {
    const { all, clock, asked, join, report, total } = gathering();
    join('a');
    join('b');
    let isOver = false;
    const gathered = all.gather(5000).then(() => (isOver = true));

    report('a', 3);
    await Promise.resolve();
    expect(isOver).to.equal(false);
    report('b', 4);
    await gathered;

    expect(asked).to.deep.equal(['ask a', 'ask b']);
    expect(await total()).to.equal(7);
    expect(clock.timers).to.equal(0);
  });

  it('waits once for one that hangs, shows what it said last, and says so', async () => {
    const { all, clock, asked, join, report, total, telemetry } = gathering();
    join('a');
    let gathered = all.gather(5000);
    report('a', 3);
    await gathered;

    gathered = all.gather(5000);
    clock.advance(1);
    await gathered;
    await all.gather(5000);

    expect(await total()).to.equal(3);
    expect(asked).to.deep.equal(['ask a', 'ask a']);
    const collected = await telemetry.collect();
    expect(seriesOf(collected, 'perf.workers')).to.have.deep.members([
      { attributes: { 'perf.worker.state': 'answering' }, value: 0 },
      { attributes: { 'perf.worker.state': 'late' }, value: 1 },
    ]);
    expect(valueOf(collected, 'perf.worker.report_age')).to.equal(1);

    report('a', 5);
    gathered = all.gather(5000);
    report('a', 6);
    await gathered;
    expect(await total()).to.equal(6);
  });

  it('counts a report when it is whole', async () => {
    const { all, clock, join, report, total } = gathering();
    join('a');
    const gathered = all.gather(5000);
    report('a', 3, { isLast: false });
    clock.advance(1);
    await gathered;

    expect(await total()).to.equal(undefined);
  });

  it('goes on when one ends that was waited for', async () => {
    const { all, join, total, report } = gathering();
    join('a');
    join('b');
    const gathered = all.gather(5000);
    report('a', 3);

    all.gone('b');
    await gathered;

    expect(await total()).to.equal(3);
  });

  it('keeps what was counted by one that reported for the last time, or started again', async () => {
    const { join, report, total } = gathering();
    join('a');
    report('a', 3, { isFinal: true });
    join('a', 'again');
    join('a', 'again');
    report('a', 2);

    expect(await total()).to.equal(5);
  });

  it('gives numbers of those who ended to those who come', async () => {
    const { all, join } = gathering();
    const fill: ReportedMetric = { ...counted(1), dataPointType: 2 };
    const numbers = async () => {
      const [walked] = await all.walk([]);
      return Array.from({ length: walked?.size ?? 0 }, (_, i) => walked!.attributes(i)!['worker']);
    };
    for (const key of ['a', 'b']) join(key);
    all.gone('a');
    join('c');
    for (const key of ['b', 'c'])
      all.hear(key, () => {}, { kind: 'part', metrics: [fill], isLast: true, isFinal: false });

    expect(await numbers()).to.deep.equal(['2', '1']);
  });

  it('lets others have their turn while it adds up much', async () => {
    const all = new Gathering({ clock: systemClock, isShared: () => false });
    const many = Array.from({ length: 40 }, (_, number) => ({
      ...counted(1),
      descriptor: { name: `orders_${number}`, unit: '', description: '' },
      points: Array.from({ length: 1000 }, (__, id) => ({ attributes: { id }, value: 1 })),
    }));
    let turns = 0;
    const turn = () => void (turns += 1);
    for (const key of ['a', 'b']) {
      all.hear(key, () => {}, { kind: 'hello', instance: key });
      all.hear(key, () => {}, { kind: 'part', metrics: many, isLast: true, isFinal: false });
    }

    const waiting = setInterval(turn, 0);
    const walked = await all.walk([many]);
    clearInterval(waiting);

    expect(turns).to.be.above(3);
    expect(walked).to.have.length(40);
    expect(walked.map((metric) => [metric.size, metric.value(999)])).to.deep.equal(
      Array.from({ length: 40 }, () => [1000, 3]),
    );
    all.close();
  });

  it('goes on after a report that makes no sense, and says so once', async () => {
    const notices = captureNotices();
    const { all, join, report, total } = gathering();
    for (const key of ['a', 'b']) join(key);
    const gathered = all.gather(5000);

    const broken = { ...counted(1), points: [null] } as unknown as ReportedMetric;
    all.hear('a', () => {}, { kind: 'part', metrics: [broken], isLast: true, isFinal: false });
    report('b', 4);
    await gathered;

    expect(await total()).to.equal(4);
    expect(notices.said.join()).to.contain('could not be added up');
    notices.release();
  });

  it('forgets everybody at its end', async () => {
    const { all, join, clock } = gathering();
    join('a');
    const gathered = all.gather(5000);
    all.close();
    await gathered;

    expect(clock.timers).to.equal(0);
  });
});
