import { expect } from 'chai';
import { History, summarize } from '../../src/monitor/history.js';
import { randomFrom } from '../fakes/random.js';

const SECOND = 1000;

describe('History', () => {
  describe('percentiles', () => {
    const random = randomFrom(42);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const distributions: Readonly<Record<string, () => number>> = {
      'evenly spread': () => random() * 1000,
      'log-normal, as durations are': () => Math.exp(-4 + 1.5 * normal()),
      'always the same': () => 0.125,
      'of two kinds': () => (random() < 0.9 ? 0.002 : 3.5),
      tiny: () => 1e-6 * (1 + random()),
      huge: () => 1e11 * (1 + random()),
      negative: () => -Math.exp(normal()),
      'around zero': () => normal() * 10,
      'zero or one': () => (random() < 0.5 ? 0 : 1),
    };
    for (const [what, next] of Object.entries(distributions)) {
      it(`are at most 1.6 % off when values are ${what}`, () => {
        const values = Array.from({ length: 20_000 }, next);
        const summary = summarize(historyOf(values).since(-Infinity, SECOND))!;

        for (const percent of [0, 1, 5, 25, 50, 75, 90, 95, 99, 99.9, 100]) {
          const exact = exactPercentile(values, percent);
          expect(summary.percentile(percent / 100), `p${percent}`).to.be.closeTo(
            exact,
            0.016 * Math.abs(exact),
          );
        }
      });
    }

    it('are those of the nearest rank, for every whole percent of a hundred values', () => {
      const powers = Array.from({ length: 100 }, (_, i) => 1.1 ** i);
      const summary = summarize(historyOf(powers).since(-Infinity, SECOND))!;

      for (let percent = 1; percent <= 100; percent++) {
        const exact = powers[percent - 1]!;
        expect(summary.percentile(percent / 100), `p${percent}`).to.be.closeTo(exact, 0.016 * exact);
      }
    });

    it('never leave what was recorded, also when it is beyond the buckets', () => {
      for (const value of [1e-12, 1e15, -1e15, Number.MAX_VALUE, -Number.MAX_VALUE]) {
        const summary = summarize(historyOf([value]).since(-Infinity, SECOND))!;

        expect([0, 0.5, 1].map((share) => summary.percentile(share))).to.deep.equal([value, value, value]);
      }
    });

    it('stay right when slots are put together', () => {
      const values = Array.from({ length: 3600 }, (_, i) => 1 + (i % 100));
      const history = new History(1000, 0);
      values.forEach((value, i) => {
        history.record(value);
        history.rotate((i + 1) * SECOND);
      });

      const summary = summarize(history.since(-Infinity, 3600 * SECOND))!;

      for (const percent of [5, 50, 95, 99]) {
        const exact = exactPercentile(values, percent);
        expect(summary.percentile(percent / 100)).to.be.closeTo(exact, 0.016 * exact);
      }
    });
  });

  it('knows count, errors, sum, extremes and the last value of a stretch', () => {
    const history = new History(100, 0);
    history.record(3);
    history.recordError(-5);
    history.record(1);

    const [slot] = history.since(-Infinity, 500);

    expect(slot).to.deep.include({ count: 3, errors: 1, sum: -1, min: -5, max: 3, last: 1 });
    expect(slot).to.deep.include({ start: 0, end: 500 });
  });

  it('begins each slot afresh', () => {
    const history = new History(100, 0);
    history.record(-100);
    history.recordError(1000);
    history.rotate(SECOND);
    history.record(2);

    const [, second] = history.since(-Infinity, 2 * SECOND);

    expect(second).to.deep.include({ count: 1, errors: 0, sum: 2, min: 2, max: 2, last: 2, start: SECOND });
    expect(second!.buckets).to.have.length(2);
  });

  it('has nothing to say before the first record', () => {
    const history = new History(100, 0);
    history.rotate(SECOND);

    expect(history.last).to.equal(undefined);
    expect(history.total).to.equal(0);
    expect(summarize(history.since(-Infinity, SECOND))).to.equal(undefined);
  });

  it('keeps no slot for a time in which nothing happened', () => {
    const history = new History(100, 0);
    history.record(1);
    for (let second = 1; second <= 60; second++) history.rotate(second * SECOND);

    expect(history.since(-Infinity, 60 * SECOND)).to.have.length(1);
    expect(history.last).to.equal(1);
  });

  describe('over five hours', () => {
    const traffic: Readonly<Record<string, (second: number) => number>> = {
      dense: () => 3,
      'one a minute': (second) => (second % 60 === 0 ? 1 : 0),
      'in bursts': (second) => (second % 600 < 20 ? 50 : 0),
      irregular: (second) => ((second * 7919) % 13 < 4 ? second % 5 : 0),
    };
    for (const [what, recordsIn] of Object.entries(traffic)) {
      it(`loses nothing of ${what} traffic and holds few slots`, () => {
        const history = new History(1000, 0);
        let [count, sum] = [0, 0];
        const end = 5 * 3600;
        for (let second = 0; second < end; second++) {
          for (let i = 0; i < recordsIn(second); i++) {
            history.record(second);
            count += 1;
            sum += second;
          }
          history.rotate((second + 1) * SECOND);
        }

        const slots = history.since(-Infinity, end * SECOND);
        const summary = summarize(slots)!;

        expect(summary).to.deep.include({ count, sum });
        expect(slots.length).to.be.at.most(450);
        expect(history.total).to.equal(sum);
      });
    }

    it('keeps the last minute in seconds, then steps of ten, then minutes', () => {
      const history = new History(1000, 0);
      const end = 5 * 3600 * SECOND;
      for (let now = SECOND; now <= end; now += SECOND) {
        history.record(1);
        history.rotate(now);
      }

      const lengths = history.since(-Infinity, end).map((slot) => (slot.end - slot.start) / SECOND);

      expect(lengths.slice(-60).every((length) => length === 1)).to.equal(true);
      expect(Math.max(...lengths.slice(-150, -60))).to.equal(10);
      expect(lengths.filter((length) => length >= 50).length).to.be.within(270, 300);
      expect(Math.max(...lengths)).to.equal(60);
    });

    it('leaves no gap and no overlap', () => {
      const history = new History(1000, 0);
      for (let now = SECOND; now <= 7200 * SECOND; now += SECOND) {
        history.record(1);
        history.rotate(now);
      }

      const slots = history.since(-Infinity, 7200 * SECOND);

      for (const [i, slot] of slots.entries()) expect(slot.start).to.equal(slots[i - 1]?.end ?? 0);
    });
  });

  it('holds at most the slots it may, drops the oldest and says since when it is complete', () => {
    const history = new History(10, 0);
    for (let second = 1; second <= 100; second++) {
      history.record(second);
      history.rotate(second * SECOND);
    }

    const slots = history.since(-Infinity, 100 * SECOND);

    expect(slots.map(({ last }) => last)).to.deep.equal([91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
    expect(history.keptSince).to.equal(90 * SECOND);
    expect(history.total).to.equal(5050);
  });

  it('gives the slots that reach into the time asked for', () => {
    const history = new History(100, 0);
    for (let second = 1; second <= 10; second++) {
      history.record(second);
      history.rotate(second * SECOND);
    }

    const lastOf = (from: number) => history.since(from, 10 * SECOND).map(({ last }) => last);

    expect(lastOf(8 * SECOND)).to.deep.equal([9, 10]);
    expect(lastOf(7.5 * SECOND)).to.deep.equal([8, 9, 10]);
    expect(lastOf(10 * SECOND)).to.deep.equal([]);
  });
});

/** With all values in the open slot. */
function historyOf(values: readonly number[]): History {
  const history = new History(100, 0);
  for (const value of values) history.record(value);
  return history;
}

function exactPercentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)]!;
}
