import { expect } from 'chai';
import { paced, type Piece } from '../../../src/export/prometheus/pacing.js';
import { FakeClock } from '../../fakes/fake-clock.js';

describe('paced', () => {
  /** Pieces that take a time to make, and how many turns of the loop began meanwhile. */
  async function turnsFor(pieceMs: number, pieces: number): Promise<number> {
    const clock = new FakeClock();
    let turns = 0;
    let isOver = false;
    const count = () => {
      if (isOver) return;
      turns += 1;
      setImmediate(count);
    };
    function* slow(): Generator<Buffer> {
      for (let i = 0; i < pieces; i++) {
        clock.advance(pieceMs / 1000);
        yield Buffer.from('x');
      }
    }
    setImmediate(count);
    const written: Piece[] = [];
    for await (const piece of paced(slow(), clock)) written.push(piece);
    isOver = true;
    expect(written).to.have.lengthOf(pieces);
    return turns;
  }

  it('gives others their turn every 2 ms', async () => {
    expect(await turnsFor(1, 10)).to.equal(5);
    expect(await turnsFor(5, 10)).to.equal(10);
  });

  it('goes on while there is time', async () => {
    expect(await turnsFor(0.01, 100)).to.equal(0);
  });

  it('gives neither places to stop at nor empty pieces', async () => {
    const clock = new FakeClock();
    const given: string[] = [];
    for await (const piece of paced([Buffer.from('a'), undefined, Buffer.alloc(0), Buffer.from('b')], clock))
      given.push(piece.toString());

    expect(given).to.deep.equal(['a', 'b']);
  });
});
