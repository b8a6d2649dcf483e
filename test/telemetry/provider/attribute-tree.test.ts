import type { Attributes } from '@opentelemetry/api';
import { expect } from 'chai';
import { AttributeTree } from '../../../src/telemetry/provider/attribute-tree.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';

describe('AttributeTree', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('finds one entry for the same attributes in any order, by fresh objects', () => {
    const { tree, made } = treeOf();

    const first = tree.find({ a: 1, b: 'x', c: true });

    expect(tree.find({ c: true, a: 1, b: 'x' })).to.equal(first);
    expect(tree.find({ c: true, a: 1, b: 'x' })).to.equal(first);
    expect(tree.find({ b: 'x', c: true, a: 1 })).to.equal(first);
    expect(made).to.deep.equal([{ a: 1, b: 'x', c: true }]);
  });

  it('has one entry for no attributes, however that is said', () => {
    const { tree } = treeOf();

    const entries = [undefined, null, {}, Object.create({ inherited: 1 }) as Attributes].map((one) =>
      tree.find(one),
    );

    expect(new Set(entries).size).to.equal(1);
  });

  it('tells values of different types apart', () => {
    const { tree } = treeOf();
    const values = [1, '1', true, 'true', false, 0, '', null, ['1'], [1], ['1', '2'], '["1"]'];

    const entries = values.map((a) => tree.find({ a } as Attributes));
    const again = values.map((a) => tree.find({ a: Array.isArray(a) ? [...a] : a } as Attributes));

    expect(new Set(entries).size).to.equal(values.length);
    expect(again).to.deep.equal(entries);
  });

  it('takes undefined, null and NaN for the same, which is not the same as left out', () => {
    const { tree } = treeOf();

    const entries = [undefined, null, Number.NaN].map((a) => tree.find({ a } as unknown as Attributes));

    expect(new Set(entries).size).to.equal(1);
    expect(entries[0]).not.to.equal(tree.find({}));
  });

  it('does not mix up sets that share names and values', () => {
    const { tree } = treeOf();
    const sets: Attributes[] = [
      { a: 1 },
      { b: 1 },
      { a: 1, b: 1 },
      { a: 'b' },
      { b: 'a' },
      { a: 1, b: 2 },
      { ab: 1 },
    ];

    const entries = sets.flatMap((one) => [tree.find(one), tree.find(one)]);

    expect(new Set(entries).size).to.equal(sets.length);
  });

  it('keeps a frozen copy, arrays included', () => {
    const { tree, made } = treeOf();
    const list = ['x'];
    const given: Attributes = { a: 1, list };

    const entry = tree.find(given);
    given['a'] = 2;
    list.push('y');

    expect(made).to.deep.equal([{ a: 1, list: ['x'] }]);
    expect(Object.isFrozen(made[0]) && Object.isFrozen(made[0]?.['list'])).to.equal(true);
    expect(tree.find({ list: ['x'], a: 1 })).to.equal(entry);
  });

  it('takes names as they are, whatever they mean elsewhere', () => {
    const { tree, made } = treeOf();
    const given = JSON.parse('{"__proto__": "x", "constructor": 1, "": true}') as Attributes;

    const entry = tree.find(given);

    expect(tree.find({ ...given })).to.equal(entry);
    expect(tree.find({})).not.to.equal(entry);
    expect(Object.keys(made[0]!)).to.deep.equal(['__proto__', 'constructor', '']);
    expect(Object.getPrototypeOf(made[0])).to.equal(Object.prototype);
  });

  it('finds what cannot be read under no attributes, and says so once', () => {
    const { tree } = treeOf();
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

    const entries = hostile.map((one) => tree.find(one as Attributes));

    expect(new Set([...entries, tree.find({})]).size).to.equal(1);
    expect(notices.said).to.deep.equal([
      'orders: attributes could not be read (Error: no); recorded without',
    ]);
  });

  describe('at its limit', () => {
    it('gives later sets one entry for overflow, for ever, and says so once', () => {
      const { tree, made } = treeOf(3);
      const [a, b] = [tree.find({ id: 'a' }), tree.find({ id: 'b' })];

      const overflow = tree.find({ id: 'c' });

      expect(tree.find({ id: 'd', list: ['x'] })).to.equal(overflow);
      expect(tree.find({ id: 'c' })).to.equal(overflow);
      expect([tree.find({ id: 'a' }), tree.find({ id: 'b' })]).to.deep.equal([a, b]);
      expect(made).to.deep.equal([{ id: 'a' }, { id: 'b' }, { 'otel.metric.overflow': true }]);
      expect(notices.said).to.deep.equal([
        'orders reached its limit of 3 series; ' +
          'further attribute sets are counted together under otel.metric.overflow=true',
      ]);
    });

    it('still finds known sets in orders it has not seen', () => {
      const { tree } = treeOf(2);
      const known = tree.find({ a: 1, b: 2, c: 3 });
      tree.find({ z: 1 });

      for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
        const given = Object.fromEntries(order.split('').map((name) => [name, { a: 1, b: 2, c: 3 }[name]!]));
        expect(tree.find(given)).to.equal(known);
      }
    });
  });
});

interface Entry {
  readonly number: number;
}

function treeOf(limit = 100): { tree: AttributeTree<Entry>; made: Attributes[] } {
  const made: Attributes[] = [];
  const tree = new AttributeTree<Entry>('orders', limit, (attributes) => ({ number: made.push(attributes) }));
  return { tree, made };
}
