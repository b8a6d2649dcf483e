import { expect } from 'chai';
import { adviseTtl, isTtlIdle, type TtlSignal } from '../../../src/optimizer/caches/ttl-advice.js';

const SIGNAL: TtlSignal = {
  name: 'users',
  seconds: 60,
  lookups: 10_000,
  hits: 5000,
  hitRatio: 0.5,
  evictions: 1200,
  expirations: 0,
  entries: 100,
  limit: 100,
  loadSeconds: 1,
};

describe('isTtlIdle', () => {
  const cases: readonly (readonly [when: string, signal: Partial<TtlSignal>, isIdle: boolean])[] = [
    ['entries only leave to make room', {}, true],
    ['one in a hundred ends by its time', { evictions: 990, expirations: 10 }, true],
    ['two in a hundred do', { evictions: 980, expirations: 20 }, false],
    ['all do', { evictions: 0, expirations: 500 }, false],
    ['hardly any entry leaves', { evictions: 99 }, false],
    ['no time has passed', { seconds: 0 }, false],
  ];
  for (const [when, signal, isIdle] of cases) {
    it(`is ${String(isIdle)} when ${when}`, () => {
      expect(isTtlIdle({ ...SIGNAL, ...signal })).to.equal(isIdle);
    });
  }
});

describe('adviseTtl', () => {
  it('says how long entries stay, and recommends nothing', () => {
    const { reason, explanation, recommendation, numbers } = adviseTtl(SIGNAL);

    expect(reason).to.equal('ttl_never_reached');
    expect(explanation).to.include('after 5.0 s in the mean').and.to.include('0.0 % end by their ttl');
    expect(numbers['evictionAge']).to.equal(5);
    expect(recommendation).to.equal(undefined);
  });
});
