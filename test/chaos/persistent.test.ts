import { expect } from 'chai';
import { createRequire } from 'node:module';
import { eachEngine } from '../cache/persistent/each-engine.js';

interface ChaosCounts {
  readonly torn: number;
  readonly lost: number;
  readonly failed: number;
  readonly hung: number;
  readonly reads: number;
  readonly writes: number;
}

describe('a persistent cache shared by five processes, one of them killed', function () {
  this.timeout(60_000);

  eachEngine((engine) => {
    for (const serializer of ['json', 'structured']) {
      it(`serves nothing torn and loses nothing that was set, with ${serializer}`, async () => {
        const { runOnce }: { runOnce: (run: object) => Promise<ChaosCounts> } = createRequire(
          import.meta.url,
        )('./persistent-run.mjs');

        const { torn, lost, failed, hung, reads, writes } = await runOnce({
          cache: new URL('../../src/cache/persistent-cache.ts', import.meta.url).href,
          options: { engine, serializer },
          execArgv: ['--import', 'tsx'],
        });

        expect({ torn, lost, failed, hung }).to.deep.equal({ torn: 0, lost: 0, failed: 0, hung: 0 });
        expect(reads).to.be.above(50);
        expect(writes).to.be.above(50);
      });
    }
  });
});
