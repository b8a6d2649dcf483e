import { expect } from 'chai';
import { RecordTable } from '../../../src/async/tasks/record-table.js';
import { randomFrom } from '../../fakes/random.js';

describe('RecordTable', () => {
  for (let seed = 1; seed <= 3; seed += 1) {
    it(`knows what a Map knows (${seed})`, () => {
      const random = randomFrom(seed);
      const [table, map] = [new RecordTable<{ readonly number: number }>(), new Map<number, object>()];
      let last = 0;
      for (let step = 0; step < 20_000; step += 1) {
        if (random() < (step < 10_000 ? 0.6 : 0.4)) {
          const record = { number: (last += 1) };
          table.add(record);
          map.set(record.number, record);
        } else {
          const number = Math.floor(random() * last);
          table.delete(number);
          map.delete(number);
        }
        const asked = Math.floor(random() * (last + 2));
        expect(table.get(asked)).to.equal(map.get(asked));
      }
      expect(table.size).to.equal(map.size);
      expect(table.values()).to.deep.equal([...map.values()]);
    });
  }

  it('finds nothing for what is no number', () => {
    const table = new RecordTable<{ readonly number: number }>();
    table.add({ number: 1 });

    expect([table.get(Number.NaN), table.get(1.5), table.get(-1), table.get(Infinity)]).to.deep.equal(
      Array.from({ length: 4 }),
    );
  });
});
