import { expect } from 'chai';
import { TimeoutError } from '../../../src/errors.js';
import { pushErrorOf } from '../../../src/export/push/push-error.js';

describe('pushErrorOf', () => {
  const named = (name: string, fields: object) => Object.assign(new Error('message'), { name, ...fields });

  for (const [what, error, expected] of [
    ['a push that took too long', new TimeoutError('late', 1), 'timeout'],
    ['a request that did', new Error('Request timed out'), 'timeout'],
    ['a socket that did', named('Error', { code: 'ETIMEDOUT' }), 'timeout'],
    ['nobody who listens', named('Error', { code: 'ECONNREFUSED' }), 'connection'],
    ['a name nobody knows', named('Error', { code: 'ENOTFOUND' }), 'connection'],
    ['a certificate that is over', named('Error', { code: 'CERT_HAS_EXPIRED' }), 'connection'],
    ['one signed by itself', named('Error', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'connection'],
    ['an answer of HTTP', named('OTLPExporterError', { code: 401 }), 'refused'],
    ['one that may be different next time', named('OTLPExporterError', {}), 'refused'],
    ['gRPC UNAVAILABLE', named('Error', { code: 14, metadata: {} }), 'connection'],
    ['gRPC DEADLINE_EXCEEDED', named('Error', { code: 4, metadata: {} }), 'timeout'],
    ['gRPC PERMISSION_DENIED', named('Error', { code: 7, metadata: {} }), 'refused'],
    ['a mistake', new TypeError('x is not a function'), 'other'],
    ['a mistake with a code', named('TypeError', { code: 'ERR_INVALID_ARG_TYPE' }), 'other'],
    ['no error at all', undefined, 'other'],
  ] as const) {
    it(`calls ${what} ${expected}`, () => {
      expect(pushErrorOf(error)).to.equal(expected);
    });
  }
});
