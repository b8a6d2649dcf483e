import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { errorTypeOf } from '../../src/telemetry/error-type.js';

class PaymentRefused extends Error {}
class Renamed extends Error {
  override readonly name = 'CardDeclined';
}
class Coded extends Error {
  readonly code = 'E_CARD';
}
class Refusal {
  readonly reason = 'stock';
}

describe('errorTypeOf', () => {
  const cases: readonly (readonly [what: string, thrown: unknown, expected: string])[] = [
    ['a built-in class', new TypeError('x'), 'TypeError'],
    ['a class that names itself', new Renamed('x'), 'CardDeclined'],
    ['a class that only has its own name', new PaymentRefused('x'), 'PaymentRefused'],
    ['a class with a code: the class', new Coded('x'), 'Coded'],
    ['a plain Error', new Error('user 7 not found'), 'Error'],
    ['a plain Error with a code', Object.assign(new Error('x'), { code: 'E_STOCK' }), 'E_STOCK'],
    ['a plain Error with a code of another kind', Object.assign(new Error('x'), { code: 17 }), 'Error'],
    [
      'a plain Error with a code that holds an id',
      Object.assign(new Error('x'), { code: 'user 7' }),
      'Error',
    ],
    ['an error of the file system', systemError(), 'ENOENT'],
    ['an abort', AbortSignal.abort().reason, 'AbortError'],
    ['an error of many', new AggregateError([]), 'AggregateError'],
    ['an object with a name', { name: 'HttpError' }, 'HttpError'],
    ['an object with a code', { code: 'E_CARD' }, 'E_CARD'],
    ['an object of some class', new Refusal(), 'Refusal'],
    ['a bare object', {}, '_OTHER'],
    ['an object without a prototype', Object.create(null), '_OTHER'],
    ['a text', 'user 7 not found', '_OTHER'],
    ['a number', 404, '_OTHER'],
    ['null', null, '_OTHER'],
    ['undefined', undefined, '_OTHER'],
    ['a symbol', Symbol('x'), '_OTHER'],
    ['a function', () => {}, '_OTHER'],
    ['a name that is a message', { name: 'user 7 not found' }, '_OTHER'],
    ['a name that is empty', { name: '' }, '_OTHER'],
    ['a name that is no text', { name: { toString: () => 'X' } }, '_OTHER'],
    ['a name that is too long', { name: 'X'.repeat(65) }, '_OTHER'],
    ['an Error whose name is a message', Object.assign(new Error('x'), { name: 'order 7 failed' }), 'Error'],
    ['a throwing name', throwing('name'), '_OTHER'],
    ['a throwing code', throwing('code'), '_OTHER'],
    ['a throwing constructor', throwing('constructor'), '_OTHER'],
    ['a revoked proxy', revoked(), '_OTHER'],
  ];
  for (const [what, thrown, expected] of cases) {
    it(`calls ${what} "${expected}"`, () => {
      expect(errorTypeOf(thrown)).to.equal(expected);
    });
  }
});

function throwing(property: string): object {
  return Object.defineProperty({}, property, {
    get() {
      throw new Error('detached');
    },
  });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function systemError(): unknown {
  try {
    return readFileSync('/no/such/file');
  } catch (error) {
    return error;
  }
}
