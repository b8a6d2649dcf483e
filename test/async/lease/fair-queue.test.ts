import { expect } from 'chai';
import { FairLane, FairQueue, type FairWaiter } from '../../../src/async/lease/fair-queue.js';
import { Waiter } from '../../../src/async/lease/wait-queue.js';
import { randomFrom } from '../../fakes/random.js';

class Guest extends Waiter implements FairWaiter {
  readonly lane: FairLane;
  readonly name: string;

  constructor(lane: FairLane, name: string, priority = 0) {
    super(priority);
    this.lane = lane;
    this.name = name;
  }

  admit(): void {}
  refuse(): void {}
}

function queueWith(costs: Readonly<Record<string, number | undefined>>) {
  const queue = new FairQueue();
  const lanes = new Map<string, FairLane>();
  for (const [name, cost] of Object.entries(costs)) {
    const lane = new FairLane();
    if (cost !== undefined) lane.noteCost(cost);
    lanes.set(name, lane);
  }
  let now = 0;
  const push = (name: string, count = 1, priority = 0) =>
    Array.from({ length: count }, () => {
      const guest = new Guest(lanes.get(name)!, name, priority);
      guest.arrivedAt = now;
      now += 1;
      queue.push(guest);
      return guest;
    });
  const take = (count: number) =>
    Array.from({ length: count }, () => (queue.shift() as Guest | undefined)?.name ?? '-').join('');
  return { queue, push, take };
}

describe('FairQueue', () => {
  it('serves names in turn, however many wait under each', () => {
    const { push, take, queue } = queueWith({ a: undefined, b: undefined, c: undefined });
    push('a', 6);
    push('b', 2);
    push('c', 1);

    const order = take(10);

    expect(order.slice(0, 5).split('').toSorted().join('')).to.equal('aabbc');
    expect(order.slice(5)).to.equal('aaaa-');
    expect(queue.size).to.equal(0);
  });

  it('serves one that comes late after at most one turn of each other', () => {
    const { push, take } = queueWith({ a: undefined, b: undefined, c: undefined });
    push('a', 1000);
    push('b', 1000);
    take(100);
    push('c');

    expect(take(3)).to.contain('c');
  });

  it('gives each name the same time, not the same number', () => {
    const { push, take } = queueWith({ slow: 100, quick: 10 });
    push('slow', 1000);
    push('quick', 1000);
    const order = take(550).replaceAll('quick', 'q').replaceAll('slow', 's');

    const slow = order.split('s').length - 1;
    expect(slow, 'of 550, 50 cost as much as the other 500').to.be.within(40, 65);
  });

  it('leaves no turns to those that have nothing to do', () => {
    const { push, take } = queueWith({ a: 10, b: 10 });
    push('a', 3);
    take(3);
    push('b', 20);
    take(10);
    push('a', 10);

    expect(
      take(10)
        .split('')
        .filter((name) => name === 'a'),
    ).to.have.length.within(4, 6);
  });

  it('keeps the order within a name, the more urgent first', () => {
    const { push, queue } = queueWith({ a: undefined });
    const [first, second] = push('a', 2);
    const [urgent] = push('a', 1, 5);

    expect([queue.shift(), queue.shift(), queue.shift()]).to.deep.equal([urgent, first, second]);
  });

  it('takes the newest when it is asked to, and knows who came first', () => {
    const { push, queue } = queueWith({ a: undefined, b: undefined });
    const [oldest] = push('a', 2);
    push('b', 2);

    expect(queue.oldest()).to.equal(oldest);
    expect(queue.oldestArrival).to.equal(0);
    expect(queue.pop()).to.have.property('arrivedAt').that.is.oneOf([1, 3]);
    expect(queue.size).to.equal(3);
  });

  for (let seed = 1; seed <= 5; seed += 1) {
    it(`loses nobody and serves nobody twice, whatever happens (${seed})`, () => {
      const random = randomFrom(seed);
      const costs = Object.fromEntries(Array.from('abcdefgh', (name) => [name, random() * 1e4]));
      const { push, queue } = queueWith(costs);
      const waiting = new Set<Waiter>();
      for (let step = 0; step < 5000; step += 1) {
        const dice = random();
        if (dice < 0.5) {
          const [guest] = push('abcdefgh'[Math.floor(random() * 8)]!, 1, Math.floor(random() * 3));
          waiting.add(guest!);
        } else if (dice < 0.7) {
          const some = [...waiting][Math.floor(random() * waiting.size)];
          if (some !== undefined) queue.remove(some as Guest);
          waiting.delete(some!);
        } else {
          const served = dice < 0.95 ? queue.shift() : queue.pop();
          expect(served === undefined).to.equal(waiting.size === 0);
          if (served !== undefined) expect(waiting.delete(served)).to.equal(true);
        }
        expect(queue.size).to.equal(waiting.size);
      }
    });
  }
});
