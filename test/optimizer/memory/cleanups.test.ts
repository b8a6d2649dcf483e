import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import { Cleanups } from '../../../src/optimizer/memory/cleanups.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';

describe('Cleanups', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('report what they removed, numbers only', async () => {
    const cleanups = new Cleanups();
    for (const result of [10, Promise.resolve(5), Number.NaN, undefined, 'many', { removed: 7 }])
      cleanups.add(() => result);

    expect(await cleanups.run()).to.equal(15);
  });

  it('that throw do not stop the others, and are said once', async () => {
    const cleanups = new Cleanups();
    const failing = () => {
      throw new Error('closed');
    };
    cleanups.add(failing);
    cleanups.add(async () => failing());
    cleanups.add(() => 3);

    await cleanups.run();

    expect(await cleanups.run()).to.equal(3);
    expect(notices.said).to.deep.equal(['a registered cleanup failed: Error: closed']);
  });

  it('no longer run once unregistered, however often that is done', async () => {
    const cleanups = new Cleanups();
    const ran: string[] = [];
    const unregister = cleanups.add(() => ran.push('first'));
    cleanups.add(() => ran.push('second'));

    unregister();
    unregister();
    await cleanups.run();

    expect(ran).to.deep.equal(['second']);
    expect(cleanups.size).to.equal(1);
  });

  it('never overlap, whoever asks', async () => {
    const cleanups = new Cleanups();
    const { cleanup, finish, seen } = slowCleanup();
    cleanups.add(cleanup);

    const asked = [cleanups.run(), cleanups.run(), cleanups.run()];
    finish();
    await Promise.all(asked);

    expect(seen).to.deep.equal({ runs: 1, most: 1 });
  });

  it('may register themselves anew', async () => {
    const cleanups = new Cleanups();
    let runs = 0;
    const again = () => {
      runs += 1;
      if (runs > 10) throw new Error('for ever');
      unregister();
      unregister = cleanups.add(again);
    };
    let unregister = cleanups.add(again);

    await cleanups.run();

    expect(runs).to.equal(1);
  });

  it('must be functions', () => {
    expect(() => new Cleanups().add('clear' as never)).to.throw(InvalidOptionError, 'cleanup');
  });
});

/** Ends when the test says so, and notices how many of it run at once. */
function slowCleanup() {
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const seen = { runs: 0, most: 0 };
  let running = 0;
  const cleanup = async () => {
    seen.runs += 1;
    running += 1;
    seen.most = Math.max(seen.most, running);
    await finished;
    running -= 1;
  };
  return { cleanup, finish, seen };
}
