import { expect } from 'chai';
import { LeaseKernel, type LeaseKernelOptions } from '../../../src/async/lease/lease-kernel.js';
import { PriorityQueue } from '../../../src/async/lease/priority-queue.js';
import { StandingQueue } from '../../../src/async/lease/standing-queue.js';
import { Waiter } from '../../../src/async/lease/wait-queue.js';
import { RejectedError } from '../../../src/errors.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { randomFrom } from '../../fakes/random.js';

class Guest extends Waiter {
  state: 'new' | 'admitted' | 'refused' | 'gone' = 'new';
  error: RejectedError | undefined;
  onAdmit: (() => void) | undefined;

  constructor(priority = 0) {
    super(priority);
  }

  admit(): void {
    this.state = 'admitted';
    this.onAdmit?.();
  }

  refuse(error: Error): void {
    this.state = 'refused';
    this.error = error as RejectedError;
  }
}

function kernelWith(options: Partial<LeaseKernelOptions> = {}) {
  const clock = new FakeClock();
  const kernel = new LeaseKernel({
    what: 'queue "q"',
    limit: 2,
    maxQueued: 100,
    queue: new PriorityQueue(),
    standing: new StandingQueue(Infinity, false),
    clock,
    ...options,
  });
  const enter = (priority?: number) => {
    const guest = new Guest(priority);
    kernel.enter(guest);
    return guest;
  };
  const free = () => kernel.free(clock.now(), 1);
  const states = (guests: readonly Guest[]) => guests.map(({ state }) => state);
  return { kernel, clock, enter, free, states };
}

describe('LeaseKernel', () => {
  it('admits up to its limit, and the others in the order they came', () => {
    const { enter, free, states, kernel } = kernelWith();
    const guests = [enter(), enter(), enter(), enter()];
    expect(states(guests)).to.deep.equal(['admitted', 'admitted', 'new', 'new']);

    free();

    expect(states(guests)).to.deep.equal(['admitted', 'admitted', 'admitted', 'new']);
    expect([kernel.active, kernel.queued]).to.deep.equal([2, 1]);
  });

  it('gives a free slot to who waits, not to who comes', () => {
    const { enter, free, kernel } = kernelWith({ limit: 1 });
    const [, waiting] = [enter(), enter()];
    let latecomer: Guest | undefined;
    waiting.onAdmit = () => (latecomer = enter());

    free();

    expect([waiting.state, latecomer!.state, kernel.tryEnter()]).to.deep.equal(['admitted', 'new', false]);
  });

  it('follows its limit in both directions, and interrupts nobody', () => {
    const { kernel, enter, free, states } = kernelWith({ limit: 1 });
    const guests = [enter(), enter(), enter(), enter()];

    kernel.setLimit(3);
    expect(states(guests)).to.deep.equal(['admitted', 'admitted', 'admitted', 'new']);
    kernel.setLimit(1);
    free();
    free();
    expect([kernel.active, guests[3]!.state]).to.deep.equal([1, 'new']);
    free();
    expect([kernel.active, guests[3]!.state]).to.deep.equal([1, 'admitted']);
  });

  it('forgets at once who does not want to wait any more', () => {
    const { kernel, enter, free } = kernelWith({ limit: 1 });
    const [, impatient, patient] = [enter(), enter(), enter()];

    expect(kernel.leave(impatient)).to.equal(true);
    expect(kernel.leave(impatient)).to.equal(false);
    free();

    expect([impatient.state, patient.state, kernel.queued]).to.deep.equal(['new', 'admitted', 0]);
  });

  it('refuses at once when too many wait, and says when to come back', () => {
    const { kernel, enter, clock } = kernelWith({ limit: 1, maxQueued: 1 });
    enter();
    for (let i = 0; i < 20; i += 1) {
      kernel.free(clock.now(), 2000);
      enter();
    }
    enter();

    const { error } = enter();

    expect(error).to.be.instanceOf(RejectedError);
    expect(error!.reason).to.equal('queue_full');
    expect(error!.retryAfterMs).to.equal(4000);
    expect(error!.message).to.equal('queue "q": too many wait already; try again in 4000 ms');
  });

  it('refuses who has waited for too long, also while nothing moves', () => {
    const { enter, clock, states } = kernelWith({ limit: 1, standing: new StandingQueue(500, false) });
    const guests = [enter(), enter()];
    clock.advance(0.3);
    guests.push(enter());
    clock.advance(0.25);

    expect(states(guests)).to.deep.equal(['admitted', 'refused', 'new']);
    expect(guests[1]!.error!.reason).to.equal('waited_too_long');
    clock.advance(0.4);
    expect(clock.timers, 'timers left behind').to.equal(0);
  });

  it('serves the newest first while its queue stands, and lets nobody wait for long', () => {
    const { enter, free, clock, states } = kernelWith({ limit: 1, standing: new StandingQueue(500, true) });
    enter();
    const old = enter();
    clock.advance(0.09);
    const [newer, newest] = [enter(), enter()];
    clock.advance(0.02);
    free();
    clock.advance(0.02);

    expect(states([old, newer, newest])).to.deep.equal(['refused', 'new', 'admitted']);
  });

  it('serves the more urgent first, but not for ever', () => {
    const { enter, free, clock } = kernelWith({ limit: 1 });
    enter();
    const old = enter(0);
    clock.advance(2.5);
    const [urgent, lessUrgent] = [enter(3), enter(2)];
    const order: string[] = [];
    for (const [name, guest] of Object.entries({ old, urgent, lessUrgent }))
      guest.onAdmit = () => order.push(name);

    for (let i = 0; i < 3; i += 1) free();

    expect(order).to.deep.equal(['urgent', 'old', 'lessUrgent']);
  });

  it('is not exhausted by many that free their slot while they are admitted', () => {
    const { kernel, enter, free } = kernelWith({ limit: 1, maxQueued: 200_000 });
    enter();
    for (let i = 0; i < 100_000; i += 1) enter().onAdmit = free;

    free();

    expect([kernel.active, kernel.queued]).to.deep.equal([0, 0]);
  });

  it('lets those who wait have their turn when it drains, and refuses them when it closes', async () => {
    const draining = kernelWith({ limit: 1 });
    const [, waiting] = [draining.enter(), draining.enter()];
    draining.kernel.close('draining', false);
    const idle = draining.kernel.idle();
    draining.free();
    expect([waiting.state, draining.enter().error!.reason]).to.deep.equal(['admitted', 'draining']);
    draining.free();
    await idle;

    const closing = kernelWith({ limit: 1 });
    const [running, refused] = [closing.enter(), closing.enter()];
    closing.kernel.close('closed', true);
    expect([running.state, refused.error!.reason]).to.deep.equal(['admitted', 'closed']);
    expect(refused.error!.retryAfterMs).to.equal(undefined);
  });

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`never admits too many and forgets nobody, whatever happens (${seed})`, () => {
      const random = randomFrom(seed);
      const pick = (n: number) => Math.floor(random() * n);
      const isAdaptive = seed % 2 === 0;
      const { kernel, clock } = kernelWith({
        limit: 3,
        maxQueued: 40,
        standing: new StandingQueue(isAdaptive ? 300 : Infinity, isAdaptive),
      });
      const all: Guest[] = [];
      const inside = () => all.filter(({ state }) => state === 'admitted');
      const waiting = () => all.filter(({ state }) => state === 'new');
      const come = () => {
        const guest = new Guest(pick(5) - 2);
        all.push(guest);
        // Some are done at once, some bring others.
        const kind = pick(10);
        if (kind < 2) guest.onAdmit = () => leave(guest);
        if (kind === 2) guest.onAdmit = come;
        kernel.enter(guest);
      };
      const leave = (guest: Guest) => {
        guest.state = 'gone';
        kernel.free(clock.now(), random() * 100);
      };
      let limit = 3;

      for (let step = 0; step < 3000; step += 1) {
        const action = pick(10);
        if (action < 4) come();
        else if (action < 7 && inside().length > 0) leave(inside()[pick(inside().length)]!);
        else if (action === 7 && waiting().length > 0) {
          const guest = waiting()[pick(waiting().length)]!;
          expect(kernel.leave(guest)).to.equal(true);
          guest.state = 'gone';
        } else if (action === 8) kernel.setLimit((limit = 1 + pick(6)));
        else clock.advance(random() / 10);

        expect(kernel.active).to.equal(inside().length);
        expect(kernel.queued).to.equal(waiting().length);
        expect(kernel.queued === 0 || kernel.active >= limit, 'somebody waits beside a free slot').to.equal(
          true,
        );
      }
      while (inside().length > 0) leave(inside()[0]!);
      expect([kernel.active, kernel.queued]).to.deep.equal([0, 0]);
    });
  }
});
