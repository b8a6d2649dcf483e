import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, type Consumer } from '../e2e/packed.js';
import { needsServer, startRedis } from '../e2e/servers.js';
import { installForExamples, tryExamples } from './examples.js';

const PAGES = readdirSync(join(root, 'docs')).filter((page) => page.endsWith('.md'));

describe('examples of docs, compiled strictly, print what they promise', function () {
  // Every page is compiled, and every example is a process.
  this.timeout(120_000);
  let consumer: Consumer;

  before(async () => {
    consumer = await installForExamples();
  });
  after(() => consumer.remove());

  for (const page of PAGES)
    it(page, () => tryExamples(consumer, join('docs', page), { isTried: isWithoutRedis }));

  it('with a real Redis', async function () {
    needsServer(this, 'redis-server');
    const redis = await startRedis();
    const change = (code: string) => code.replaceAll(/redis:\/\/[^']*/g, redis.url);
    const isTried = (code: string, page: string) => !isWithoutRedis(code, page);
    try {
      for (const page of PAGES)
        await tryExamples(consumer, join('docs', page), { folder: `redis-${page}`, isTried, change });
    } finally {
      await redis.stop();
    }
  });
});

/** All of redis.md needs one, and tasks that are kept there. */
function isWithoutRedis(code: string, page: string): boolean {
  return !page.endsWith('redis.md') && !code.includes('new DurableTaskManager(');
}
