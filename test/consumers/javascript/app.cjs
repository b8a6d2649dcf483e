const assert = require('node:assert/strict');
const perf = require('@gary-zero/performance');
const { checkPage } = require('./page.cjs');

async function main() {
  for (const part of ['http', 'express', 'fastify', 'hono', 'nestjs', 'testing'])
    assert.ok(Object.keys(require(`@gary-zero/performance/${part}`)).length > 0, part);
  const running = perf.startPerformance({ prometheus: { port: 0 } });
  await running.ready;
  perf.timer('work')(() => 1)();
  const load = perf.cached({ ttl: 60 })(async (id) => ({ id }));
  assert.deepEqual(await load(1), await load(1));
  checkPage(await (await fetch(running.metricsUrl)).text());
  await running.shutdown();
  console.log('ok');
}

main();
