import { expect } from 'chai';
import { KeyvRepairs } from '../../src/cache/keyv/keyv-repairs.js';

describe('KeyvRepairs', () => {
  it('knows what is wrong until it is made good', () => {
    const repairs = new KeyvRepairs();
    repairs.remember('entry');
    repairs.remember('tag', 'v1');

    expect([repairs.isWrong('entry'), repairs.isWrong('other')]).to.deep.equal([true, false]);
    expect(repairs.textOf('tag')).to.equal('v1');
    expect(repairs.list()).to.deep.equal([
      ['entry', undefined],
      ['tag', 'v1'],
    ]);
    repairs.done('entry', undefined);
    repairs.forget('tag');
    expect(repairs.count).to.equal(0);
  });

  it('does not take an older repair for a newer one', () => {
    const repairs = new KeyvRepairs();
    repairs.remember('tag', 'v1');
    repairs.remember('tag', 'v2');

    repairs.done('tag', 'v1');

    expect(repairs.textOf('tag')).to.equal('v2');
  });

  it('gives up all entries, but no version of a tag, when more failed than it can remember', () => {
    const repairs = new KeyvRepairs(2);
    repairs.remember('a');
    repairs.remember('tag 1', 'v1');
    repairs.remember('b');
    repairs.remember('tag 2', 'v2');
    repairs.remember('tag 3', 'v3');

    expect(repairs.isEverythingWrong).to.equal(true);
    expect(repairs.isWrong('any')).to.equal(true);
    expect(repairs.list().map(([key]) => key)).to.deep.equal(['tag 1', 'tag 2', 'tag 3']);
    repairs.doneAll();
    expect(repairs.isWrong('any')).to.equal(false);
    expect(repairs.count).to.equal(3);
  });
});
