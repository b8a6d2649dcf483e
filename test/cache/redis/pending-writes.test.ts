import { expect } from 'chai';
import type { EncodedEntry } from '../../../src/cache/redis/envelope.js';
import { PendingWrites, type Intent } from '../../../src/cache/redis/pending-writes.js';

describe('PendingWrites', () => {
  const DELETE: Intent = { kind: 'delete' };

  function setOf(bytes: number): Intent {
    const entry = { body: '', bytes, isCompressed: false, ttl: 1, grace: 0 } as unknown as EncodedEntry;
    return { kind: 'set', entry };
  }

  it('remembers what failed, and forgets what was made good', () => {
    const pending = new PendingWrites();
    const write = pending.begin('k', setOf(10), 0);
    const during = pending.failedFor('k');

    pending.failed(write);
    const after = pending.failedFor('k');
    pending.succeeded(write);

    expect(during).to.equal(undefined);
    expect(after).to.equal(write);
    expect([pending.isEmpty, pending.bytes]).to.deep.equal([true, 0]);
  });

  it('keeps the newest of a key, whichever outcome comes first', () => {
    const pending = new PendingWrites();
    const [older, newer] = [pending.begin('k', setOf(10), 0), pending.begin('k', DELETE, 1)];

    pending.failed(newer);
    pending.failed(older);

    expect(pending.failedFor('k')).to.equal(newer);
  });

  it('forgets a failed write when a newer one succeeds', () => {
    const pending = new PendingWrites();
    pending.failed(pending.begin('k', DELETE, 0));

    const newer = pending.begin('k', setOf(10), 1);
    const duringNewer = pending.take(10);
    pending.succeeded(newer);

    expect(duringNewer).to.deep.equal([]);
    expect(pending.isEmpty).to.equal(true);
  });

  it('remembers beyond its bytes only that the old value is wrong', () => {
    const pending = new PendingWrites({ maxWrites: 10, maxBytes: 100 });
    pending.failed(pending.begin('a', setOf(80), 0));
    pending.failed(pending.begin('b', setOf(80), 0));

    expect(pending.take(10).map(({ key, intent }) => [key, intent.kind])).to.deep.equal([
      ['a', 'set'],
      ['b', 'delete'],
    ]);
    expect(pending.bytes).to.equal(80);
  });

  it('suspects everything beyond its number of writes; tags are no entries and stay', () => {
    const pending = new PendingWrites({ maxWrites: 2, maxBytes: 100 });
    pending.failed(pending.begin('a', setOf(1), 0));
    pending.failed(pending.begin('tag', { kind: 'tag', version: 'v' }, 0));
    pending.failed(pending.begin('b', DELETE, 0));

    expect(pending.isEverythingWrong).to.equal(true);
    expect(pending.take(10).map(({ key }) => key)).to.deep.equal(['tag']);
    expect(pending.bytes).to.equal(0);
  });
});
