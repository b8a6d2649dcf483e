import type { RequestListener } from 'node:http';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { isFinalAnswer, isRetryable } from '../../../src/async/retry/is-retryable.js';
import {
  CircuitOpenError,
  InvalidOptionError,
  InvalidUseError,
  PerformanceError,
  RejectedError,
  TimeoutError,
} from '../../../src/errors.js';
import { withLocalServer } from '../../fakes/local-server.js';

const thrownBy = async (act: () => unknown): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return expect.fail('nothing was thrown');
};

describe('isRetryable', () => {
  const nothing = undefined as unknown as { field: number };
  const mistakes: Record<string, () => unknown> = {
    'a property of undefined': () => nothing.field,
    'a name that is not defined': () => runInNewContext('missing'),
    'an array of a negative length': () => Array.from({ length: 2 ** 53 }),
    'a text that is no URI': () => decodeURIComponent('%'),
    'a failed assertion': async () => (await import('node:assert')).equal(1, 2),
    'a mistake in another realm': () => runInNewContext('null.x'),
    'a wrong URL for fetch': () => fetch('no url'),
  };
  for (const [what, act] of Object.entries(mistakes)) {
    it(`is false for a mistake in the program: ${what}`, async () => {
      expect(isRetryable(await thrownBy(act))).to.equal(false);
    });
  }

  it('is false for wrong options and wrong use of this package, and for what is closed', () => {
    const errors = [
      new InvalidOptionError('x', 'y', 1),
      new InvalidUseError('x'),
      new PerformanceError('PERF_CLOSED', 'x'),
      new RejectedError('x', 'closed'),
    ];

    expect(errors.map(isRetryable)).to.deep.equal([false, false, false, false]);
  });

  it('is false for aborts, of whatever make', async () => {
    const errors = [
      AbortSignal.abort().reason,
      Object.assign(new Error('x'), { name: 'AbortError' }),
      Object.assign(new Error('x'), { code: 'ABORT_ERR' }),
      Object.assign(new Error('canceled'), { name: 'CanceledError', code: 'ERR_CANCELED' }),
      await thrownBy(() => fetch('http://127.0.0.1:1', { signal: AbortSignal.abort() })),
    ];

    for (const error of errors) expect(isRetryable(error)).to.equal(false);
  });

  it('is true for failures of the network, also as fetch tells them', async () => {
    const cutOff: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setImmediate(() => response.destroy());
    };
    let closed = '';
    const cut = await withLocalServer(cutOff, (url) => {
      closed = url;
      return thrownBy(async () => (await fetch(url)).text());
    });
    const refused = await thrownBy(() => fetch(closed));

    expect([cut, refused].map((error) => (error as Error).name)).to.deep.equal(['TypeError', 'TypeError']);
    expect([cut, refused].map(isRetryable)).to.deep.equal([true, true]);
  });

  it('is true for timeouts and refusals, for bad JSON, and for what is no error at all', () => {
    const errors: unknown[] = [
      new TimeoutError('x', 1),
      new CircuitOpenError('x', 1),
      new RejectedError('x', 'queue_full', 5),
      new DOMException('x', 'TimeoutError'),
      new SyntaxError('Unexpected end of JSON input'),
      new Error('x'),
      'text',
      undefined,
      null,
      7,
    ];

    for (const error of errors) expect(isRetryable(error)).to.equal(true);
  });

  it('is not harmed by errors that throw when they are looked at', () => {
    const trap = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('hands off');
      },
    });

    expect([isRetryable(trap), isFinalAnswer(trap)]).to.deep.equal([true, false]);
  });
});

describe('isFinalAnswer', () => {
  it('is true for answers 400 to 499 that do not ask to come again', () => {
    const finals = [400, 401, 403, 404, 410, 422].flatMap((status) => [
      { status },
      { statusCode: status },
      { response: { status } },
      { response: { statusCode: status } },
    ]);
    const others = [200, 304, 408, 409, 423, 425, 429, 500, 502, 503, 504].map((status) => ({ status }));

    expect(finals.every(isFinalAnswer)).to.equal(true);
    expect([...others, {}, { status: '404' }, null, 'x'].some(isFinalAnswer)).to.equal(false);
  });
});
