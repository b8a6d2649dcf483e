import { expect } from 'chai';
import { Redis } from 'ioredis';
import { loadInstalled } from '../src/installed-package.js';

describe('loadInstalled', () => {
  it('loads the package that others import', () => {
    expect(loadInstalled('ioredis')).to.have.property('Redis', Redis);
  });

  it('says by its code that a package is not installed', () => {
    expect(() => loadInstalled('no-such-package'))
      .to.throw()
      .with.property('code', 'MODULE_NOT_FOUND');
  });
});
