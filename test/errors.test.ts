import { expect } from 'chai';
import {
  InvalidEnvironmentError,
  InvalidOptionError,
  ListenError,
  PerformanceError,
  show,
  TierError,
} from '../src/errors.js';

describe('errors', () => {
  it('have a stable code, a name and what is needed to act', () => {
    const cause = Object.assign(new Error('x'), { code: 'EADDRINUSE' });
    const errors = [
      new InvalidOptionError('ttl', 'a number', 'x'),
      new InvalidEnvironmentError('CACHE_DIR', 'a folder', '/x'),
      new ListenError('127.0.0.1', 9464, cause),
      new TierError('redis', 'get failed', { cause }),
    ];

    for (const error of errors) expect(error).to.be.instanceOf(PerformanceError).and.instanceOf(Error);
    expect(errors.map(({ name, code }) => `${name} ${code}`)).to.deep.equal([
      'InvalidOptionError PERF_INVALID_OPTION',
      'InvalidEnvironmentError PERF_INVALID_ENVIRONMENT',
      'ListenError PERF_LISTEN_FAILED',
      'TierError PERF_TIER_FAILED',
    ]);
    expect(errors[2]).to.include({ host: '127.0.0.1', port: 9464, cause });
  });

  it('say what else keeps a port from opening', () => {
    const error = new ListenError('10.0.0.1', 80, Object.assign(new Error('x'), { code: 'EACCES' }));

    expect(error.message).to.include('port 80 on 10.0.0.1 cannot be opened (EACCES)');
  });
});

describe('show', () => {
  it('tells values shortly, and of objects only their type', () => {
    class Secret {
      password = 'hunter2';
    }
    const shown = [
      new Secret(),
      { password: 'hunter2' },
      Object.create(null),
      [1, 2],
      null,
      undefined,
      () => 1,
      Symbol('s'),
      1n,
      'x'.repeat(100),
    ].map(show);

    expect(shown).to.deep.equal([
      'a Secret',
      'an object',
      'an object',
      'an array of 2',
      'null',
      'undefined',
      'a function',
      'a symbol',
      '1n',
      `"${'x'.repeat(60)}…"`,
    ]);
  });
});
