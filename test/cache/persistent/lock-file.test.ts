import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/clock.js';
import { takeLock } from '../../../src/cache/persistent/lock-file.js';
import { runScript } from '../../fakes/child-script.js';
import { FakeClock } from '../../fakes/fake-clock.js';

describe('lock file', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perf-lock-'));
    file = join(folder, 'locks', 'a');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('leaves nothing behind', () => {
    takeLock(file, 10, systemClock)?.release();

    expect(readdirSync(join(folder, 'locks'))).to.deep.equal([]);
  });

  it('takes the lock of a process that died', async () => {
    const script = `
      import { takeLock } from './src/cache/persistent/lock-file.ts';
      import { systemClock } from './src/clock.ts';
      console.log(takeLock(${JSON.stringify(file)}, 3600, systemClock) !== undefined);
    `;
    expect((await runScript(script)).stdout).to.equal('true\n');

    expect(takeLock(file, 10, systemClock)).to.not.equal(undefined);
    expect(takeLock(file, 10, systemClock)).to.equal(undefined);
  });

  it('leaves the lock of the next one alone when it is released too late', () => {
    const clock = new FakeClock();
    const late = takeLock(file, 1, clock);
    clock.advance(2);
    const next = takeLock(file, 10, clock);

    late?.release();

    expect(next).to.not.equal(undefined);
    expect(takeLock(file, 10, clock)).to.equal(undefined);
    next?.release();
    expect(takeLock(file, 10, clock)).to.not.equal(undefined);
  });

  it('takes a lock from a time before the clock went back', () => {
    const clock = new FakeClock();
    takeLock(file, 10, clock);
    clock.jumpWall(-3600);

    expect(takeLock(file, 10, clock)).to.not.equal(undefined);
  });

  it('waits a little for a lock that is just being written, not for ever', () => {
    takeLock(file, 10, systemClock);
    writeFileSync(file, '');
    expect(takeLock(file, 10, systemClock)).to.equal(undefined);

    const past = Date.now() / 1000 - 6;
    utimesSync(file, past, past);
    expect(takeLock(file, 10, systemClock)).to.not.equal(undefined);
  });
});
