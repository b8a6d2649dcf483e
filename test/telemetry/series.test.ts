import { expect } from 'chai';
import type { Attributes } from '../../src/telemetry/definition.js';
import { OVERFLOW, SeriesTable, type KeptAttributes } from '../../src/telemetry/series.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';

interface Tally {
  readonly attributes: KeptAttributes;
  count: number;
}

describe('SeriesTable', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  describe('finds one series for', () => {
    const same: readonly (readonly [what: string, one: unknown, other: unknown])[] = [
      ['fresh objects', { route: '/a', status: 200 }, { route: '/a', status: 200 }],
      ['another order', { route: '/a', status: 200 }, { status: 200, route: '/a' }],
      ['a number and its text', { status: 200 }, { status: '200' }],
      ['a boolean and its text', { cached: true }, { cached: 'true' }],
      ['minus zero and zero', { status: -0 }, { status: 0 }],
      ['a value left out and undefined', { route: '/a' }, { route: '/a', status: undefined }],
      ['a value left out and null', { route: '/a' }, { status: null, route: '/a' }],
      ['no attributes and an empty object', undefined, {}],
      ['no attributes and null', undefined, null],
      ['NaN twice', { status: Number.NaN }, { status: Number.NaN }],
      ['texts that differ after 254 characters', { id: `${'x'.repeat(254)}12` }, { id: 'x'.repeat(300) }],
    ];
    for (const [what, one, other] of same) {
      it(what, () => {
        const table = tallies();

        const first = table.find(one as Attributes);
        const second = table.find(other as Attributes);

        expect(second).to.equal(first);
        expect(table.find(other as Attributes)).to.equal(first);
        expect(table.size).to.equal(1);
      });
    }
  });

  it('tells attribute sets apart whose texts run together', () => {
    const table = tallies();

    table.find({ a: 'x', b: 'y' });
    table.find({ a: 'x"],["b","y' });
    table.find({ ab: 'xy' });

    expect(table.size).to.equal(3);
  });

  it('keeps a copy, so a later change of the object changes nothing', () => {
    const table = tallies();
    const tags = { route: '/a' };

    const before = table.find(tags);
    tags.route = '/b';

    expect(before.attributes).to.deep.equal({ route: '/a' });
    expect(table.find(tags)).to.not.equal(before);
  });

  it('freezes what it keeps', () => {
    const { attributes } = tallies().find({ route: '/a' });

    expect(Object.isFrozen(attributes)).to.equal(true);
  });

  describe('keeps', () => {
    const kept: readonly (readonly [what: string, given: Record<string, unknown>, KeptAttributes])[] = [
      ['text, numbers and booleans as they are', { a: 'x', b: 1.5, c: false }, { a: 'x', b: 1.5, c: false }],
      ['an empty text', { a: '' }, { a: '' }],
      ['no null and no undefined', { a: null, b: undefined, c: 1 }, { c: 1 }],
      ['no empty name', { '': 'x', c: 1 }, { c: 1 }],
      [
        'numbers JSON cannot carry as text',
        { a: Number.NaN, b: -Infinity, c: Infinity },
        { a: 'NaN', b: '-Infinity', c: 'Infinity' },
      ],
      ['a bigint as text', { a: 12345678901234567890n }, { a: '12345678901234567890' }],
      ['a text of 255 characters whole', { a: 'x'.repeat(255) }, { a: 'x'.repeat(255) }],
      ['255 characters of a longer text', { a: 'x'.repeat(100_000) }, { a: `${'x'.repeat(254)}…` }],
    ];
    for (const [what, given, expected] of kept) {
      it(what, () => {
        const { attributes } = tallies().find(given as Attributes);

        expect(attributes).to.deep.equal(expected);
        expect(notices.said).to.deep.equal([]);
      });
    }

    const dropped: readonly (readonly [what: string, value: unknown])[] = [
      ['an array', ['x']],
      ['object', { nested: 'x' }],
      ['object', new Date(0)],
      ['function', () => 'x'],
      ['symbol', Symbol('x')],
    ];
    for (const [what, value] of dropped) {
      it(`the measurement without a tag that is ${what}, and says so once`, () => {
        const table = tallies();

        for (let i = 0; i < 3; i++) table.find({ user: value, route: '/a' } as unknown as Attributes).count++;

        expect([...table]).to.deep.equal([{ attributes: { route: '/a' }, count: 3 }]);
        expect(notices.said).to.deep.equal([
          `shop.orders: tag "user" must be a text, number or boolean, got ${what}; recorded without it`,
        ]);
      });
    }

    it('the measurement when the tags are no object, and says so once', () => {
      const table = tallies();

      for (const tags of ['/a', 5, true, () => {}]) table.find(tags as unknown as Attributes).count++;

      expect([...table]).to.deep.equal([{ attributes: {}, count: 4 }]);
      expect(notices.said).to.have.length(1);
      expect(notices.said[0]).to.include('tags must be an object, got string');
    });

    it('the measurement when a getter of the tags throws, and says so once', () => {
      const table = tallies();
      const tags = {
        route: '/a',
        get user(): string {
          throw new Error('detached');
        },
      };

      for (let i = 0; i < 3; i++) table.find(tags).count++;

      expect([...table]).to.deep.equal([{ attributes: {}, count: 3 }]);
      expect(notices.said).to.have.length(1);
      expect(notices.said[0]).to.include('tags could not be read');
    });
  });

  describe('with names that mean something to JavaScript', () => {
    it('treats __proto__ and constructor as names like others', () => {
      const table = tallies();
      const tags = JSON.parse('{"__proto__":"x","constructor":"y","toString":"z"}') as Attributes;

      const found = table.find(tags);

      expect(Object.entries(found.attributes)).to.deep.equal([
        ['__proto__', 'x'],
        ['constructor', 'y'],
        ['toString', 'z'],
      ]);
      expect(table.find(JSON.parse('{"__proto__":"w"}') as Attributes)).to.not.equal(found);
      expect(({} as { x?: unknown }).x).to.equal(undefined);
    });

    it('looks at own properties only, whether or not it has seen the inherited names', () => {
      const table = tallies();
      const inheriting = Object.assign(Object.create({ tenant: 'acme' }) as object, { route: '/a' });

      const first = table.find(inheriting);
      table.find({ route: '/a', tenant: 'acme' });
      const second = table.find(Object.assign(Object.create({ tenant: 'acme' }) as object, { route: '/a' }));

      expect(first.attributes).to.deep.equal({ route: '/a' });
      expect(second).to.equal(first);
    });

    it('takes objects without a prototype', () => {
      const tags = Object.assign(Object.create(null) as object, { route: '/a' });

      expect(tallies().find(tags).attributes).to.deep.equal({ route: '/a' });
    });
  });

  describe('with more attribute sets than it may hold', () => {
    it('holds its limit, counts the rest in the overflow cell and loses nothing', () => {
      const table = tallies(100);

      for (let i = 0; i < 1_000_000; i++) table.find({ user: `user-${i}` }).count++;

      const cells = [...table];
      const overflow = cells.filter(({ attributes }) => attributes === OVERFLOW);
      expect(table.size).to.equal(100);
      expect(cells).to.have.length(100);
      expect(overflow.map(({ count }) => count)).to.deep.equal([1_000_000 - 99]);
      expect(cells.reduce((sum, { count }) => sum + count, 0)).to.equal(1_000_000);
    }).timeout(60_000);

    it('says once which attribute explodes', () => {
      const table = tallies(10);

      for (let i = 0; i < 100; i++) table.find({ method: i % 2 ? 'GET' : 'PUT', user: i });

      expect(notices.said).to.deep.equal([
        'shop.orders reached its limit of 10 series; attribute "user" has 9 values. ' +
          'Further attribute sets are counted together under otel.metric.overflow="true"',
      ]);
    });

    it('still finds the series it knew before', () => {
      const table = tallies(3);
      const known = table.find({ route: '/a' });

      for (let i = 0; i < 100; i++) table.find({ user: i });

      expect(table.find({ route: '/a' })).to.equal(known);
      expect(table.find({ route: '/a', user: undefined })).to.equal(known);
    });

    it('remembers a bounded number of spellings of the same attributes', () => {
      const table = tallies(10);

      for (let i = 0; i < 10_000; i++) table.find({ route: '/a', [`left-out-${i}`]: undefined });

      expect(table.size).to.equal(1);
      expect(table.paths).to.equal(80);
      expect(table.find({ 'left-out-9999': undefined, route: '/a' }).attributes).to.deep.equal({
        route: '/a',
      });
    });

    it('does not hold long texts beside their cut copies', () => {
      const table = tallies(10);

      for (let i = 0; i < 5; i++) table.find({ query: `${'x'.repeat(1000)}${i}` });

      expect(table.size).to.equal(1);
      expect(table.paths).to.equal(0);
    });
  });
});

function tallies(limit = 2000): SeriesTable<Tally> {
  return new SeriesTable('shop.orders', limit, (attributes) => ({ attributes, count: 0 }));
}
