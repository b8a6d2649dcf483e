import type { Attributes } from '@opentelemetry/api';
import { expect } from 'chai';
import { attributesIdentity } from '../../../src/telemetry/provider/attribute-identity.js';
import { AttributeTable } from '../../../src/telemetry/provider/attribute-table.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { randomFrom } from '../../fakes/random.js';

describe('AttributeTable', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('finds one entry for the same attributes in any order, by fresh objects', () => {
    const { table, kept } = tableOf();

    const first = table.find({ a: 1, b: 'x', c: true });

    expect(table.find({ c: true, a: 1, b: 'x' })).to.equal(first);
    expect(table.find({ c: true, a: 1, b: 'x' })).to.equal(first);
    expect(table.find({ b: 'x', c: true, a: 1 })).to.equal(first);
    expect(kept()).to.deep.equal([{ a: 1, b: 'x', c: true }]);
  });

  it('has one entry for no attributes, however that is said', () => {
    const { table } = tableOf();

    const entries = [undefined, null, {}, Object.create({ inherited: 1 }) as Attributes].map((one) =>
      table.find(one),
    );

    expect(new Set(entries).size).to.equal(1);
  });

  it('tells values of different types apart', () => {
    const { table } = tableOf();
    const values = [1, '1', true, 'true', false, 0, '', null, ['1'], [1], ['1', '2'], '["1"]'];

    const entries = values.map((a) => table.find({ a } as Attributes));
    const again = values.map((a) => table.find({ a: Array.isArray(a) ? [...a] : a } as Attributes));

    expect(new Set(entries).size).to.equal(values.length);
    expect(again).to.deep.equal(entries);
  });

  it('takes undefined, null and NaN for the same, which is not the same as left out', () => {
    const { table } = tableOf();

    const entries = [undefined, null, Number.NaN].map((a) => table.find({ a } as unknown as Attributes));

    expect(new Set(entries).size).to.equal(1);
    expect(entries[0]).not.to.equal(table.find({}));
  });

  it('does not mix up sets that share names and values', () => {
    const { table } = tableOf();
    const sets: Attributes[] = [
      { a: 1 },
      { b: 1 },
      { a: 1, b: 1 },
      { a: 'b' },
      { b: 'a' },
      { a: 1, b: 2 },
      { ab: 1 },
    ];

    const entries = sets.flatMap((one) => [table.find(one), table.find(one)]);

    expect(new Set(entries).size).to.equal(sets.length);
  });

  it('keeps a copy that nobody can change, arrays included', () => {
    const { table, kept } = tableOf();
    const list = ['x'];
    const given: Attributes = { a: 1, list };

    const entry = table.find(given);
    given['a'] = 2;
    list.push('y');

    expect(kept()).to.deep.equal([{ a: 1, list: ['x'] }]);
    expect(Object.isFrozen(kept()[0]?.['list'])).to.equal(true);
    kept()[0]!['a'] = 3;
    expect(kept()[0]).to.deep.equal({ a: 1, list: ['x'] });
    expect(table.find({ list: ['x'], a: 1 })).to.equal(entry);
  });

  it('takes names as they are, whatever they mean elsewhere', () => {
    const { table, kept } = tableOf();
    const given = JSON.parse('{"__proto__": "x", "constructor": 1, "": true}') as Attributes;

    const entry = table.find(given);

    expect(table.find({ ...given })).to.equal(entry);
    expect(table.find({})).not.to.equal(entry);
    expect(Object.keys(kept()[0]!)).to.deep.equal(['__proto__', 'constructor', '']);
    expect(Object.getPrototypeOf(kept()[0])).to.equal(Object.prototype);
  });

  it('finds what cannot be read under no attributes, and says so once', () => {
    const { table } = tableOf();
    const hostile = [
      Object.defineProperty({}, 'a', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
      { a: { deep: 1n } },
      'text',
      7,
    ];

    const entries = hostile.map((one) => table.find(one as Attributes));

    expect(new Set([...entries, table.find({})]).size).to.equal(1);
    expect(notices.said).to.deep.equal([
      'orders: attributes could not be read (Error: no); recorded without',
    ]);
  });

  it('keeps what was given where it is taken for the same as something else', () => {
    const { table, kept } = tableOf();

    table.find({ a: undefined });
    table.find({ a: null, b: 1 } as unknown as Attributes);
    table.find({ a: Number.NaN, c: 1 });

    expect(kept()).to.deep.equal([{ a: undefined }, { a: null, b: 1 }, { a: Number.NaN, c: 1 }]);
  });

  it('finds the right one when a getter looks for another meanwhile', () => {
    const { table } = tableOf();
    const [a, b] = [table.find({ x: 1, y: 2 }), table.find({ x: 2, y: 1 })];
    const nested = Object.defineProperty({ x: 1 }, 'y', {
      enumerable: true,
      get: () => (table.find({ x: 2, y: 1 }), 2),
    });

    expect(table.find(nested)).to.equal(a);
    expect(table.find({ x: 2, y: 1 })).to.equal(b);
  });

  it('keeps thousands apart, removed and found again at random', () => {
    const { table, kept } = tableOf(100_000);
    const random = randomFrom(3);
    const numbers = new Map<string, number>();
    const any = () => Math.floor(random() * 40);
    for (let i = 0; i < 30_000; i++) {
      const attributes: Attributes =
        random() < 0.2 ? { b: any(), a: any() } : random() < 0.2 ? { c: `${any()}` } : { a: any(), b: any() };
      const key = attributesIdentity(attributes);
      const known = numbers.get(key);
      expect(table.known(attributes)).to.equal(known);
      if (known === undefined) numbers.set(key, table.find(attributes));
      else if (random() < 0.5) expect(table.find(attributes)).to.equal(known);
      else {
        expect(table.remove(known)).to.equal(true);
        numbers.delete(key);
      }
    }

    expect(new Set(numbers.values()).size).to.equal(numbers.size);
    const all = kept().map(attributesIdentity);
    expect(all.toSorted()).to.deep.equal([...numbers.keys()].toSorted());
    expect(table.end, 'numbers are used again').to.be.below(2000);
  });

  describe('with a series that is removed', () => {
    it('has room for another, which may get its number, and starts anew when it comes again', () => {
      const { table, kept } = tableOf(3);
      const [a] = [table.find({ id: 'a', list: ['x'] }), table.find({ id: 'b' })];

      expect([table.remove(a), table.remove(a), table.has(a)]).to.deep.equal([true, false, false]);

      expect(table.known({ id: 'a', list: ['x'] })).to.equal(undefined);
      expect(table.find({ id: 'c' })).to.equal(a);
      expect(kept()).to.deep.equal([{ id: 'c' }, { id: 'b' }]);
    });

    it('keeps values that others still have', () => {
      const { table } = tableOf();
      const [a, b] = [table.find({ x: 's', y: 1 }), table.find({ x: 's', y: 2 })];

      table.remove(a);

      expect(table.find({ x: 's', y: 2 })).to.equal(b);
      expect(table.attributesOf(b)).to.deep.equal({ x: 's', y: 2 });
    });

    it('finds no attributes anew as well', () => {
      const { table } = tableOf();
      const none = table.find(undefined);

      table.remove(none);

      expect(table.known({})).to.equal(undefined);
      expect(table.find(undefined)).to.equal(table.find({}));
    });

    it('never is the one for overflow', () => {
      const { table } = tableOf(2);
      table.find({ id: 'a' });
      const overflow = table.find({ id: 'b' });

      expect(table.remove(overflow)).to.equal(false);
    });
  });

  describe('at its limit', () => {
    it('sends endless new names to overflow, though series leave', () => {
      const { table } = tableOf(2);
      for (let i = 0; i < 16; i++) table.remove(table.find({ [`name ${i}`]: 1 }));

      expect(table.attributesOf(table.find({ another: 1 }))).to.deep.equal({ 'otel.metric.overflow': true });
    });

    it('gives later sets one entry for overflow, for ever, and says so once', () => {
      const { table, kept } = tableOf(3);
      const [a, b] = [table.find({ id: 'a' }), table.find({ id: 'b' })];

      const overflow = table.find({ id: 'c' });

      expect(table.find({ id: 'd', list: ['x'] })).to.equal(overflow);
      expect(table.find({ id: 'c' })).to.equal(overflow);
      expect([table.find({ id: 'a' }), table.find({ id: 'b' })]).to.deep.equal([a, b]);
      expect(kept()).to.deep.equal([{ id: 'a' }, { id: 'b' }, { 'otel.metric.overflow': true }]);
      expect(notices.said).to.deep.equal([
        'orders reached its limit of 3 series; ' +
          'further attribute sets are counted together under otel.metric.overflow=true',
      ]);
    });

    it('still finds known sets in orders it has not seen', () => {
      const { table } = tableOf(2);
      const known = table.find({ a: 1, b: 2, c: 3 });
      table.find({ z: 1 });

      for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
        const given = Object.fromEntries(order.split('').map((name) => [name, { a: 1, b: 2, c: 3 }[name]!]));
        expect(table.find(given)).to.equal(known);
      }
    });
  });
});

interface UnderTest {
  readonly table: AttributeTable;
  /** The attributes of the series there are now. */
  kept(): Attributes[];
}

function tableOf(limit = 100): UnderTest {
  const table = new AttributeTable('orders', limit, () => {});
  const numbers = () => Array.from({ length: table.end }, (_, series) => series);
  return {
    table,
    kept: () =>
      numbers()
        .filter((series) => table.has(series))
        .map((series) => table.attributesOf(series)),
  };
}
