import { expect } from 'chai';
import { join, resolve } from 'node:path';
import { parseArguments, UsageError } from '../../examples/storefront/arguments.js';

const FOLDER = resolve('somewhere');

describe('storefront arguments', () => {
  it('runs until it is stopped, with text and the usual ports, when nothing is given', () => {
    expect(parse()).to.deep.equal({
      seconds: undefined,
      json: false,
      trace: undefined,
      port: undefined,
      metricsPort: undefined,
    });
  });

  it('takes values after a space and after an equals sign', () => {
    const options = parse('--seconds', '2.5', '--json', '--port=0', '--metrics-port', '9000');

    expect(options).to.deep.include({ seconds: 2.5, json: true, port: 0, metricsPort: 9000 });
  });

  it('lets the last of the same options count', () => {
    expect(parse('--port', '1', '--port', '2')).to.deep.include({ port: 2 });
  });

  it('finds a relative trace from the folder of the user, and keeps an absolute one', () => {
    expect(parse('--trace', 'keys.txt')).to.deep.include({ trace: join(FOLDER, 'keys.txt') });
    expect(parse('--trace', resolve('/keys.txt'))).to.deep.include({ trace: resolve('/keys.txt') });
  });

  it('puts help before everything that is understood', () => {
    expect(parse('--seconds', '5', '--help')).to.equal('help');
    expect(parse('-h')).to.equal('help');
  });

  for (const [given, message] of [
    [['--secnods', '5'], 'unknown option "--secnods"'],
    [['-x'], 'unknown option "-x"'],
    [['keys.txt'], 'unknown argument "keys.txt"'],
    [['--seconds'], '--seconds needs a value'],
    [['--seconds', '--json'], '--seconds needs a value'],
    [['--trace='], '--trace needs a value'],
    [['--json=yes'], '--json takes no value, got "yes"'],
    [['--seconds', '0'], '--seconds must be a number of seconds above 0, at most 2147483, got "0"'],
    [['--seconds', '-5'], '--seconds must be a number of seconds above 0, at most 2147483, got "-5"'],
    [['--seconds=1e3'], '--seconds must be a number of seconds above 0, at most 2147483, got "1e3"'],
    [
      ['--seconds', '2147484'],
      '--seconds must be a number of seconds above 0, at most 2147483, got "2147484"',
    ],
    [['--port', '65536'], '--port must be a port from 0 to 65535, got "65536"'],
    [['--metrics-port', '80.5'], '--metrics-port must be a port from 0 to 65535, got "80.5"'],
    [['--port', ' '], '--port must be a port from 0 to 65535, got " "'],
  ] as const) {
    it(`refuses ${given.join(' ')}`, () => {
      expect(() => parse(...given)).to.throw(UsageError, message);
    });
  }
});

function parse(...given: readonly string[]): ReturnType<typeof parseArguments> {
  return parseArguments(given, FOLDER);
}
