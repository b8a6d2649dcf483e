import { expect } from 'chai';
import { metricName } from '../../src/monitor/metric-name.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';

describe('metricName', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  const valid = ['orders', 'Orders', 'shop.orders_taken-today/eu', 'a', 'a1', `a${'b'.repeat(254)}`];
  for (const name of valid) {
    it(`leaves "${name.slice(0, 30)}" as it is`, () => {
      expect(metricName(name)).to.equal(name);
      expect(notices.said).to.deep.equal([]);
    });
  }

  const mended: readonly (readonly [given: string, usable: string])[] = [
    ['orders taken', 'orders_taken'],
    ['2xx', 'm_2xx'],
    ['_orders', 'm__orders'],
    ['.orders', 'm_.orders'],
    ['größe', 'gr__e'],
    ['größe\n', 'gr__e_'],
    ['orders{id="7"} 1\n', 'orders_id__7___1_'],
    ['💶', 'm___'],
    [' ', 'm__'],
    ['a'.repeat(300), 'a'.repeat(255)],
    ['9'.repeat(300), `m_${'9'.repeat(253)}`],
  ];
  for (const [given, usable] of mended) {
    it(`mends ${JSON.stringify(given.slice(0, 30))} and says so once`, () => {
      const names = [metricName(given), metricName(given)];

      expect(names).to.deep.equal([usable, usable]);
      expect(notices.said).to.have.length(1);
      expect(notices.said[0]).to.include(`it is recorded as "${usable}"`);
    });
  }

  it('gives every mended name a form that needs no mending', () => {
    for (const [given] of mended) expect(metricName(metricName(given))).to.equal(metricName(given));
  });

  const unusable: readonly unknown[] = ['', undefined, null, 7, true, {}, ['a'], () => 'a', Symbol('a')];
  for (const name of unusable) {
    it(`finds none for ${typeof name} ${JSON.stringify(name) ?? ''} and says so once`, () => {
      const names = [metricName(name), metricName(name)];

      expect(names).to.deep.equal([undefined, undefined]);
      expect(notices.said).to.have.length(1);
    });
  }
});
