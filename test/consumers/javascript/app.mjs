import assert from 'node:assert/strict';
import { cached, startPerformance, timer } from '@gary-zero/performance';
import { checkPage } from './page.cjs';

const perf = startPerformance({ prometheus: { port: 0 } });
await perf.ready;
timer('work')(() => 1)();
const load = cached({ ttl: 60 })(async (id) => ({ id }));
assert.deepEqual(await load(1), await load(1));
checkPage(await (await fetch(perf.metricsUrl)).text());
await perf.shutdown();
console.log('ok');
