import { expect } from 'chai';
import {
  checkKnownOptions,
  checkPort,
  checkPositiveInteger,
  checkRatio,
  withDefaults,
} from '../src/checks.js';
import { InvalidOptionError } from '../src/errors.js';

describe('withDefaults', () => {
  const defaults = { size: 10, name: 'x' };
  const known = ['size', 'name', 'extra'] as const;

  it('fills what is not given, an explicit undefined included', () => {
    const options = { size: undefined, extra: 1 } as unknown as { extra: number };

    expect(withDefaults('Thing', defaults, options, known as never)).to.deep.equal({
      size: 10,
      name: 'x',
      extra: 1,
    });
  });

  it('keeps 0, false, null and the empty text', () => {
    const options = { size: 0, name: '' };

    expect(withDefaults('Thing', defaults, options, ['size', 'name'])).to.deep.equal({ size: 0, name: '' });
  });

  it('does not change what it is given', () => {
    const frozen = Object.freeze({ ...defaults });

    withDefaults('Thing', frozen, { size: 3 }, ['size']);

    expect(frozen).to.deep.equal({ size: 10, name: 'x' });
  });

  it('refuses unknown names and points to the nearest', () => {
    expect(() => checkKnownOptions('Thing', { Size: 1 }, known)).to.throw(
      InvalidOptionError,
      'Thing option name must be size, perhaps, got "Size"',
    );
    expect(() => checkKnownOptions('Thing', { colour: 1 }, known)).to.throw(
      InvalidOptionError,
      'Thing option name must be one of size, name, extra, got "colour"',
    );
    expect(() => checkKnownOptions('Thing', [], known)).to.throw(
      InvalidOptionError,
      'Thing options must be an object',
    );
  });
});

describe('checks', () => {
  it('let through what fits and name the option otherwise', () => {
    expect(checkPositiveInteger('n', 1)).to.equal(1);
    expect(checkRatio('r', 0)).to.equal(0);
    expect(checkRatio('r', 1)).to.equal(1);
    expect(checkPort('p', 65_535)).to.equal(65_535);
    for (const wrong of [0, -1, 1.5, Number.NaN, Infinity, '3', null, 2 ** 53]) {
      expect(() => checkPositiveInteger('n', wrong)).to.throw(
        InvalidOptionError,
        /^n must be a positive integer, got /,
      );
    }
    for (const wrong of [-0.1, 1.1, Number.NaN, '0.5', undefined]) {
      expect(() => checkRatio('r', wrong)).to.throw(
        InvalidOptionError,
        /^r must be a number from 0 to 1, got /,
      );
    }
    for (const wrong of [-1, 65_536, 80.5, '80']) {
      expect(() => checkPort('p', wrong)).to.throw(
        InvalidOptionError,
        /^p must be a port from 0 to 65535, got /,
      );
    }
  });
});
