import { expect } from 'chai';
import { runScript } from '../fakes/child-script.js';

/** Answers a request in a process of its own, as instrumentations patch modules, and tells who has measured it. */
async function measuredBeside(
  given: { readonly before?: string; readonly options?: string; readonly provider?: string } = {},
): Promise<Record<string, number>> {
  const { code, stdout, stderr } = await runScript(`
    import { once } from 'node:events';
    import { AsyncLocalStorage } from 'node:async_hooks';
    import { createRequire } from 'node:module';
    import * as api from '@opentelemetry/api';
    import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
    import { MeterProvider } from '@opentelemetry/sdk-metrics';
    import { CellMeterProvider, PullReader } from './src/index.ts';
    import { instrumentServer } from './src/integrations/http.ts';

    const reader = new PullReader();
    const meterProvider = new ${given.provider ?? 'CellMeterProvider'}({ readers: [reader] });
    const instrument = (provider) => {
      const instrumentation = new HttpInstrumentation();
      instrumentation.setMeterProvider(provider);
      instrumentation.enable();
    };
    ${given.before ?? ''}
    const http = createRequire(import.meta.url)('node:http');

    const server = http.createServer((request, response) => response.end());
    instrumentServer(server, { meterProvider, routeOf: () => '/template', ${given.options ?? ''} });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    await (await fetch('http://127.0.0.1:' + server.address().port)).text();
    await new Promise((resolve) => server.close(resolve));

    const { resourceMetrics } = await reader.collect();
    const found = resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics
        .filter(({ descriptor }) => descriptor.name === 'http.server.request.duration')
        .flatMap(({ dataPoints }) => dataPoints)
        .map(({ attributes, value }) => [scope.name + ' ' + attributes['http.route'], value.count]));
    console.log(JSON.stringify(Object.fromEntries(found)));
    process.exit();
  `);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, number>;
}

const OURS = '@gary-zero/performance /template';
const THEIRS = '@opentelemetry/instrumentation-http';
const INSTRUMENTED = 'instrument(meterProvider);';

/** What the SDK for traces registers: without it there is no context, and no way to tell the route. */
const CONTEXTS = `
  const storage = new AsyncLocalStorage();
  api.context.setGlobalContextManager({
    active: () => storage.getStore() ?? api.ROOT_CONTEXT,
    with: (context, fn, self, ...args) => storage.run(context, () => fn.apply(self, args)),
    bind(context, target) {
      if (typeof target.on !== 'function') return target;
      for (const add of ['on', 'addListener', 'once', 'prependListener']) {
        const original = target[add];
        target[add] = function (event, listener) {
          return original.call(this, event, (...args) => storage.run(context, () => listener.apply(this, args)));
        };
      }
      return target;
    },
    enable() { return this; },
    disable() { return this; },
  });`;

describe("requests that OpenTelemetry's own instrumentation measures", function () {
  this.timeout(60_000);

  it('are ours alone where it is not there', async () => {
    expect(await measuredBeside()).to.deep.equal({ [OURS]: 1 });
  });

  for (const provider of ['CellMeterProvider', 'MeterProvider'])
    it(`are not doubled in a ${provider}`, async () => {
      expect(await measuredBeside({ provider, before: INSTRUMENTED })).to.deep.equal({
        [`${THEIRS} undefined`]: 1,
      });
    });

  it('are told the route, where there is a context manager', async () => {
    expect(await measuredBeside({ before: CONTEXTS + INSTRUMENTED })).to.deep.equal({
      [`${THEIRS} /template`]: 1,
    });
  });

  it('are recorded by both where that is asked for', async () => {
    expect(await measuredBeside({ before: INSTRUMENTED, options: "ifInstrumented: 'record'" })).to.deep.equal(
      {
        [OURS]: 1,
        [`${THEIRS} undefined`]: 1,
      },
    );
  });

  it('are ours where it was loaded before there was a provider, and so records nothing', async () => {
    expect(await measuredBeside({ before: 'new HttpInstrumentation().enable();' })).to.deep.equal({
      [OURS]: 1,
    });
  });

  it('are ours where it leaves servers alone, and where others have patched them', async () => {
    const before = `
      const outgoing = new HttpInstrumentation({ disableIncomingRequestInstrumentation: true });
      outgoing.setMeterProvider(meterProvider);
      outgoing.enable();
      const { Server } = createRequire(import.meta.url)('node:http');
      const original = Server.prototype.emit;
      Server.prototype.emit = Object.assign(
        function vendor(...args) { return original.apply(this, args); },
        { __wrapped: true, __original: original },
      );`;
    expect(await measuredBeside({ before })).to.deep.equal({ [OURS]: 1 });
  });
});
