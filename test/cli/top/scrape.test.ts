import { expect } from 'chai';
import type { RequestListener, ServerResponse } from 'node:http';
import { scrape, ScrapeError } from '../../../src/cli/top/scrape.js';
import { freePort } from '../../e2e/processes.js';
import { withLocalServer } from '../../fakes/local-server.js';

const forever = new AbortController().signal;

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

function scrapeOf(answer: RequestListener, token?: string, path = '/metrics') {
  return withLocalServer(answer, (url) => scrape({ url: new URL(path, url), token, signal: forever }));
}

describe('scrape', () => {
  it('reads a page and what it took', async () => {
    const page = await scrapeOf((request, response) => {
      response.end(`asked{authorization=${JSON.stringify(request.headers.authorization)}} 1\n`);
    }, 'sesame');

    expect(page.samples[0]!.labels['authorization']).to.equal('Bearer sesame');
    expect(page.bytes).to.equal(39);
    expect(page.seconds).to.be.above(0);
  });

  for (const [status, headers, text] of [
    [401, {}, 'answered 401: a token is asked for, set PERF_TOP_TOKEN'],
    [403, {}, 'answered 403: it does not let this machine'],
    [404, {}, 'answered 404: there are no metrics at this path'],
    [302, { location: 'http://other/metrics' }, 'answered 302: the metrics are at http://other/metrics'],
    [500, {}, 'answered 500: expected 200'],
  ] as const) {
    it(`says what to do about ${status}`, async () => {
      const error = await failure(scrapeOf((_, response) => response.writeHead(status, headers).end('x')));

      expect(error).to.be.instanceOf(ScrapeError);
      expect(error.message).to.include(text);
    });
  }

  it('says when it is a page for people', async () => {
    const error = await failure(scrapeOf((_, response) => response.end('\n<!doctype html><p>x')));

    expect(error.message).to.include('is a page in HTML, not one of metrics');
  });

  it('says when nobody is there, and shows no password', async () => {
    const port = await freePort();

    const error = await failure(
      scrape({ url: new URL(`http://127.0.0.1:${port}/metrics?key=secret`), signal: forever }),
    );

    expect(error.message).to.equal(
      `http://127.0.0.1:${port}/metrics cannot be reached: nobody listens there`,
    );
  });

  it('reads 64 MiB at most', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, '#');
    const error = await failure(
      scrapeOf((_, response) => {
        const write = () => {
          while (!response.destroyed && response.write(megabyte));
          response.once('drain', write);
        };
        response.on('error', () => {});
        write();
      }),
    );

    expect(error.message).to.include('has more than 64 MiB of metrics');
  });

  it('waits only so long, for the end of the page too', async () => {
    for (const answer of [() => {}, (_: unknown, response: ServerResponse) => void response.write('a 1\n')]) {
      const error = await failure(
        withLocalServer(answer, (url) => scrape({ url: new URL(url), signal: forever, timeoutMs: 50 })),
      );

      expect(error).to.be.instanceOf(ScrapeError);
      expect(error.message).to.match(/did not answer within 0\.05 s$/);
    }
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const error = await failure(
      withLocalServer(
        () => stop.abort(),
        (url) => scrape({ url: new URL(url), signal: stop.signal }),
      ),
    );

    expect(error.name).to.equal('AbortError');
  });
});
