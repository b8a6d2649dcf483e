import { expect } from 'chai';
import { retryAfterOf } from '../../../src/async/retry/retry-after.js';
import { withLocalServer } from '../../fakes/local-server.js';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const waitOf = (error: unknown) => retryAfterOf(error, () => NOW);

describe('retryAfterOf', () => {
  it('reads retryAfterMs', () => {
    expect([waitOf({ retryAfterMs: 250 }), waitOf({ retryAfterMs: 0 })]).to.deep.equal([250, 0]);
  });

  it('finds the header in whatever holds it', () => {
    const name = 'Retry-After';
    const holders: unknown[] = [
      { headers: new Headers({ [name]: '7' }) },
      { headers: { 'retry-after': '7' } },
      { headers: { [name]: ['7'] } },
      { headers: { [name]: 7 } },
      { headers: new Map([['retry-after', '7']]) },
      { response: { headers: new Headers({ [name]: ' 7 ' }) } },
      { response: { headers: { 'retry-after': '7' } } },
    ];

    for (const holder of holders) expect(waitOf(holder)).to.equal(7000);
  });

  it('reads dates in the forms of HTTP, and nothing below 0', () => {
    const waits = [
      'Thu, 01 Jan 2026 12:00:30 GMT',
      'Thursday, 01-Jan-26 12:00:30 GMT',
      'Thu Jan  1 12:00:30 2026 GMT',
      'Thu, 01 Jan 2026 11:00:00 GMT',
    ].map((date) => waitOf({ headers: { 'retry-after': date } }));

    expect(waits).to.deep.equal([30_000, 30_000, 30_000, 0]);
  });

  it('takes no notice of anything else', () => {
    const odd: unknown[] = [
      ...['', 'soon', '-5', '1e9x', 'NaN', 'Infinity', '12-12', 'Thu, 99 Foo'].map((text) => ({
        headers: { 'retry-after': text },
      })),
      { retryAfterMs: NaN },
      { retryAfterMs: -1 },
      { retryAfterMs: '5' },
      { retryAfterMs: Infinity },
      { headers: { 'retry-after': -1 } },
      { headers: null },
      { headers: 'retry-after: 5' },
      { headers: { get: () => expect.fail('hands off') } },
      new Error('x'),
      'text',
      undefined,
    ];

    for (const error of odd) expect(waitOf(error), JSON.stringify(error)).to.equal(undefined);
  });

  it('reads what a real server says to fetch', async () => {
    const response = await withLocalServer(
      (_, answer) => answer.writeHead(503, { 'Retry-After': '120' }).end(),
      (url) => fetch(url),
    );

    expect(waitOf(Object.assign(new Error('unavailable'), { response }))).to.equal(120_000);
  });
});
