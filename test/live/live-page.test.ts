import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import {
  MetricsEndpoint,
  type MetricsEndpointOptions,
} from '../../src/export/prometheus/metrics-endpoint.js';
import { MetricsServer } from '../../src/export/prometheus/server.js';
import { MOST_WATCHERS } from '../../src/live/live-feed.js';
import { LivePage, type ReportSource } from '../../src/live/live-page.js';
import type { LiveReport } from '../../src/live/live-report.js';
import { waitFor } from '../e2e/wait-for.js';
import { captureNotices } from '../fakes/captured-notices.js';
import { collected } from '../fakes/collected-metrics.js';
import { FakeClock } from '../fakes/fake-clock.js';

/** Reports that are numbered, and what was asked of who makes them. */
class CountedReports implements ReportSource {
  readonly asked: boolean[] = [];
  rests = 0;
  padding = '';
  failure: Error | undefined;

  report({ isWatched }: { readonly isWatched: boolean }): LiveReport {
    if (this.failure !== undefined) throw this.failure;
    this.asked.push(isWatched);
    return { version: 1, time: this.asked.length, padding: this.padding } as unknown as LiveReport;
  }

  rest(): void {
    this.rests += 1;
  }

  close(): void {}
}

/** `fetch` chooses the name of the host by itself. */
async function ask(
  url: URL,
  headers: IncomingHttpHeaders = {},
  method = 'GET',
): Promise<{ response: IncomingMessage; status: number; text: string }> {
  const asked = request(url, { headers, method });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return { response, status: response.statusCode!, text };
}

describe('LivePage', () => {
  const opened: MetricsServer[] = [];
  async function serve(options: MetricsEndpointOptions & { path?: string } = {}) {
    const { path = '/metrics', ...access } = options;
    const clock = new FakeClock();
    const reports = new CountedReports();
    const source = { collect: async () => collected([], {}) };
    const beside = new LivePage(reports, clock);
    const endpoint = new MetricsEndpoint(source, access);
    const server = new MetricsServer(endpoint, { host: '127.0.0.1', port: 0, path, beside });
    opened.push(server);
    await server.listen();
    const at = (where: string) => new URL(where, server.url);
    return { server, clock, reports, at };
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((server) => server.close()));
  });

  /** A watcher, and the times it was told. */
  async function watch(url: URL) {
    const asked = request(url, { headers: { accept: 'text/event-stream' } });
    asked.on('error', () => {});
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const times: number[] = [];
    response.setEncoding('utf8').on('error', () => {});
    response.on('data', (text: string) => {
      for (const [, time] of text.matchAll(/"time":(\d+)/g)) times.push(Number(time));
    });
    return { response, times, leave: () => asked.destroy() };
  }

  it('is one document that may run what is in it, and nothing else', async () => {
    const { at } = await serve();

    const { status, text, response } = await ask(at('/?x=1'));

    expect(status).to.equal(200);
    expect(response.headers).to.include({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    const policy = String(response.headers['content-security-policy']);
    expect(policy).to.match(/^default-src 'none'; /);
    expect(policy).not.to.match(/unsafe|\*|https?:/);
    for (const [tag, directive] of [
      ['style', 'style-src'],
      ['script', 'script-src'],
    ] as const) {
      const [, content = ''] = new RegExp(`<${tag}>(.*)</${tag}>`, 's').exec(text) ?? [];
      const hash = createHash('sha256').update(content).digest('base64');
      expect(content).to.have.length.above(1000);
      expect(policy).to.include(`${directive} 'sha256-${hash}';`);
    }
    expect(text).not.to.match(/ style=|<link[^>]*href="(?!data:)|<script src|@import/);
  });

  it('answers with one report where that is asked for', async () => {
    const { at, reports } = await serve();

    for (const [where, headers] of [
      ['/live?once', {}],
      ['/live', { accept: 'application/json' }],
    ] as const) {
      const { status, text, response } = await ask(at(where), headers);
      expect(status).to.equal(200);
      expect(response.headers['content-type']).to.equal('application/json');
      expect(JSON.parse(text)).to.include({ version: 1 });
    }
    expect(reports.asked).to.deep.equal([false, false]);
  });

  it('sends a report at once and one each second, and has no timer when nobody watches', async () => {
    const { at, clock, reports } = await serve();
    expect(clock.timers).to.equal(0);

    const first = await watch(at('/live'));
    const second = await watch(at('/live'));
    expect(clock.timers).to.equal(1);
    await waitFor(() => second.times.length === 1, { what: 'the first report' });
    clock.advance(1);
    await waitFor(() => first.times.length === 2 && second.times.length === 2, { what: 'the next one' });

    // One at once for each, then the same for both.
    expect(first.times).to.deep.equal([1, 3]);
    expect(second.times).to.deep.equal([2, 3]);
    first.leave();
    second.leave();
    await waitFor(() => clock.timers === 0, { what: 'the end of the timer' });
    expect(reports.rests).to.equal(1);
  });

  it('lets few watch', async () => {
    const { at, clock } = await serve();
    const watchers = await Promise.all(Array.from({ length: MOST_WATCHERS }, () => watch(at('/live'))));

    const { status, response } = await ask(at('/live'));
    expect(status).to.equal(503);
    expect(response.headers['retry-after']).to.equal('5');
    expect((await ask(at('/live?once'))).status).to.equal(200);

    watchers[0]!.leave();
    await waitFor(async () => (await watch(at('/live'))).response.statusCode === 200, {
      what: 'a free place',
    });
    for (const { leave } of watchers) leave();
    expect(clock.timers).to.equal(1);
  });

  it('drops updates for who does not read, and in the end the connection', async () => {
    const { server, at, clock, reports } = await serve();
    // Far more than the buffers of the connection.
    reports.padding = 'x'.repeat(8_000_000);
    const { port } = at('/');
    const slow = connect(Number(port), '127.0.0.1');
    slow.on('error', () => {});
    const gone = once(slow, 'close');
    slow.write('GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await waitFor(() => reports.asked.length === 1, { what: 'the watcher' });

    clock.advance(30);
    expect(reports.asked).to.have.length(1);
    expect(clock.timers).to.equal(1);
    clock.advance(1);
    await waitFor(() => clock.timers === 0, { what: 'the end of the connection' });
    slow.resume();
    await gone;
    expect(server.url).not.to.equal(undefined);
  });

  it('is not there for who asks for another machine, or through a proxy', async () => {
    const { at } = await serve();

    for (const headers of [
      { host: 'evil.example' },
      { host: 'evil.example:9464' },
      { 'x-forwarded-for': '10.0.0.1' },
    ]) {
      for (const path of ['/', '/live?once']) {
        const { status, text } = await ask(at(path), headers);
        expect([status, text]).to.deep.equal([404, 'Metrics are under /metrics\n']);
      }
    }
    expect((await ask(at('/'), { host: `localhost:${at('/').port}` })).status).to.equal(200);
  });

  it('tells no page of somebody else anything, but may be linked to', async () => {
    const { at } = await serve();
    const headers = { 'sec-fetch-site': 'cross-site' };

    expect((await ask(at('/live'), headers)).status).to.equal(403);
    expect((await ask(at('/'), headers)).status).to.equal(200);
  });

  it('is for who may read the metrics', async () => {
    const secret = await serve({ auth: { username: 'ops', password: 'sesame' } });
    const authorization = `Basic ${Buffer.from('ops:sesame').toString('base64')}`;
    const far = await serve({ allow: ['10.0.0.0/8'] });

    for (const path of ['/', '/live?once']) {
      const refused = await ask(secret.at(path));
      expect(refused.status).to.equal(401);
      expect(refused.response.headers['www-authenticate']).to.equal('Basic realm="metrics"');
      expect((await ask(secret.at(path), { authorization })).status).to.equal(200);
      expect((await ask(far.at(path))).status).to.equal(403);
    }
  });

  it('takes only questions', async () => {
    const { at, clock } = await serve();

    expect((await ask(at('/'), {}, 'POST')).status).to.equal(405);
    expect((await ask(at('/live'), {}, 'DELETE')).status).to.equal(405);
    for (const path of ['/', '/live', '/live?once']) {
      const { status, text } = await ask(at(path), {}, 'HEAD');
      expect([status, text]).to.deep.equal([200, '']);
    }
    expect(clock.timers).to.equal(0);
  });

  it('leaves its paths to the metrics where these have them', async () => {
    const { at } = await serve({ path: '/live' });

    expect((await ask(at('/live'))).response.headers['content-type']).to.include('version=0.0.4');
    expect((await ask(at('/'))).response.headers['content-type']).to.include('text/html');
  });

  it('says that a report failed, not why', async () => {
    const notices = captureNotices();
    const { at, reports, clock } = await serve();
    reports.failure = new Error('password 123');
    try {
      for (const path of ['/live?once', '/live']) {
        const asked = ask(at(path)).catch(() => undefined);
        const answer = await asked;
        if (answer !== undefined) expect(answer.text).not.to.include('password');
      }
      expect((await ask(at('/live?once'))).status).to.equal(500);
      expect(notices.said).to.deep.equal(['the live page failed: Error: password 123']);
      await waitFor(() => clock.timers === 0, { what: 'the end of the timer' });
    } finally {
      notices.release();
    }
  });

  it('survives a report that fails while somebody watches', async () => {
    const notices = captureNotices();
    const { at, reports, clock } = await serve();
    try {
      const watcher = await watch(at('/live'));
      await waitFor(() => watcher.times.length === 1, { what: 'the first report' });
      reports.failure = new Error('broken');
      clock.advance(1);
      reports.failure = undefined;
      clock.advance(1);

      await waitFor(() => watcher.times.length === 2, { what: 'the next report' });
      expect(notices.said).to.deep.equal(['the live page failed: Error: broken']);
    } finally {
      notices.release();
    }
  });

  it('ends with the server', async () => {
    const { server, at, clock } = await serve();
    const { response } = await watch(at('/live'));
    const closed = new Promise((resolve) => response.once('close', resolve));

    await server.close();
    await closed;
    expect(clock.timers).to.equal(0);
  });
});
