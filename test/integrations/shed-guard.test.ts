import { expect } from 'chai';
import type { LoadShedder } from '../../src/optimizer/cpu/load-shedder.js';
import { shedGuard, type ShedGuardOptions } from '../../src/integrations/shed-guard.js';
import { withLocalServer } from '../fakes/local-server.js';
import { refusing } from './refusing.js';

async function ask(path: string, shedder: LoadShedder, options?: ShedGuardOptions) {
  const guard = shedGuard(shedder, options);
  return withLocalServer(
    (request, response) => {
      if (guard(request, response)) response.end('hello');
    },
    async (url) => {
      const response = await fetch(url + path, { headers: { 'x-priority': '50' } });
      return {
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
        body: await response.text(),
      };
    },
  );
}

describe('shedGuard', () => {
  it('lets requests through while nothing is to be refused', async () => {
    expect(await ask('/', refusing(0))).to.deep.equal({ status: 200, retryAfter: null, body: 'hello' });
  });

  it('refuses with 503 and says when to come back', async () => {
    const { status, retryAfter } = await ask('/', refusing(1));
    expect([status, retryAfter]).to.deep.equal([503, '4']);
  });

  for (const path of ['/healthz', '/readyz?verbose', '/metrics']) {
    it(`always answers ${path}`, async () => {
      expect((await ask(path, refusing(200))).status).to.equal(200);
    });
  }

  it('takes priorities and exemptions of the application', async () => {
    const priorityOf: ShedGuardOptions['priorityOf'] = ({ headers }) => Number(headers['x-priority']);
    expect((await ask('/', refusing(1), { priorityOf })).status).to.equal(200);
    expect((await ask('/', refusing(51), { priorityOf })).status).to.equal(503);
    expect((await ask('/healthz', refusing(1), { isExempt: () => false })).status).to.equal(503);
  });

  it('is a middleware: calls next, or answers', () => {
    const guard = shedGuard(refusing(0));
    let called = 0;
    guard({ url: '/' } as never, {} as never, () => (called += 1));
    expect(called).to.equal(1);
  });

  it('refuses options it does not know', () => {
    expect(() => shedGuard(refusing(0), { priority: 1 } as ShedGuardOptions)).to.throw(/shedGuard option/);
  });
});
