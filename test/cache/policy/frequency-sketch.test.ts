import { expect } from 'chai';
import { FrequencySketch } from '../../../src/cache/policy/frequency-sketch.js';
import { makeKeyHash } from '../../../src/cache/policy/key-hash.js';
import { randomFrom } from '../../fakes/random.js';
import { zipfKeys } from './zipf-keys.js';

describe('FrequencySketch', () => {
  const hashKey = makeKeyHash(randomFrom(1));
  const hashOf = (number: number) => hashKey(`key:${number}`);

  it('never counts less than was recorded, and hardly more, before the first ageing', () => {
    const sketch = new FrequencySketch(1000);
    const exact = new Map<number, number>();
    for (const key of zipfKeys(2000, 8000)) {
      sketch.record(hashOf(key));
      exact.set(key, (exact.get(key) ?? 0) + 1);
    }

    const errors = [...exact].map(([key, count]) => sketch.estimate(hashOf(key)) - Math.min(15, count));

    expect(Math.min(...errors)).to.equal(0);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).to.be.below(0.2);
  });

  it('uses all four rows, however many lines there are', () => {
    const sketch = new FrequencySketch(500_000);
    for (let i = 0; i < 1_000_000; i++) sketch.record(hashOf(i));

    // Two records per entry: a key that was never recorded finds one of its four counters empty, nearly always.
    const wrong = Array.from({ length: 10_000 }, (_, i) => sketch.estimate(hashOf(-1 - i))).filter(Boolean);

    expect(wrong.length / 10_000).to.be.below(0.05);
  });

  it('counts up to 15 and stays there', () => {
    const sketch = new FrequencySketch(1000);

    for (let i = 0; i < 100; i++) sketch.record(hashOf(1));

    expect(sketch.estimate(hashOf(1))).to.equal(15);
  });

  it('halves what it knows after ten records per entry', () => {
    const sketch = new FrequencySketch(100);
    for (let i = 0; i < 12; i++) sketch.record(hashOf(-1));

    for (let i = 0; i < 987; i++) sketch.record(hashOf(i));
    const before = sketch.estimate(hashOf(-1));
    sketch.record(hashOf(987));

    expect(before).to.be.at.least(12);
    expect(sketch.estimate(hashOf(-1))).to.equal(before >>> 1);
  });

  it('forgets who was popular and is no longer asked for', () => {
    const sketch = new FrequencySketch(100);
    for (let i = 0; i < 15; i++) sketch.record(hashOf(-1));

    for (let i = 0; i < 20_000; i++) sketch.record(hashOf(i % 100));

    expect(sketch.estimate(hashOf(-1))).to.be.below(sketch.estimate(hashOf(1)));
  });

  it('takes 8 to 16 bytes per entry and never more', () => {
    for (const capacity of [1, 7, 100, 1000, 1025, 100_000]) {
      const sketch = new FrequencySketch(capacity);
      const { byteLength } = sketch;

      for (let i = 0; i < 1000; i++) sketch.record(hashOf(i));

      expect(sketch.byteLength).to.equal(byteLength);
      expect(byteLength).to.be.at.least(8 * capacity);
      expect(byteLength).to.be.at.most(Math.max(64, 16 * capacity));
    }
  });

  it('keeps all estimates when it grows, and none gets less when it shrinks', () => {
    const sketch = new FrequencySketch(500);
    const keys = zipfKeys(500, 3000);
    for (const key of keys) sketch.record(hashOf(key));
    const estimates = () => [...new Set(keys)].map((key) => sketch.estimate(hashOf(key)));
    const before = estimates();

    sketch.resize(5000);
    const grown = estimates();
    sketch.resize(100);
    const shrunk = estimates();

    expect(grown).to.deep.equal(before);
    expect(shrunk.every((estimate, i) => estimate >= before[i]!)).to.equal(true);
    expect(sketch.byteLength).to.equal(1024);
  });
});
