// A file of its own has the package to itself, in CommonJS as well.
const { startPerformance } = require('@gary-zero/performance');

test('starts and ends in a second file', async () => {
  const perf = startPerformance({ prometheus: { port: 0 } });
  await perf.ready;
  expect((await fetch(perf.metricsUrl)).status).toBe(200);
  await perf.shutdown();
});
