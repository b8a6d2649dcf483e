import { expect } from 'chai';
import {
  freePort,
  isRunning,
  needsServer,
  promtool,
  redisCommand,
  startPrometheus,
  startProcess,
  startRedis,
  waitFor,
} from './servers.js';

describe('e2e redis', function () {
  this.timeout(30_000);
  before(function () {
    needsServer(this, 'redis-server');
  });

  it('answers on its port until it is stopped', async () => {
    const redis = await startRedis();
    try {
      expect(await redisCommand(redis.port, 'PING')).to.equal('+PONG');
      expect(redis.url).to.equal(`redis://127.0.0.1:${redis.port}`);
    } finally {
      await redis.stop();
    }

    expect(isRunning(redis.pid)).to.equal(false);
  });
});

describe('e2e prometheus', function () {
  this.timeout(30_000);
  before(function () {
    needsServer(this, 'prometheus');
    needsServer(this, 'promtool');
  });

  it('is ready, scrapes its target and is gone after stop', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const prometheus = await startPrometheus({ targets: [nobody], jobName: 'nobody' });
    try {
      const [target] = await waitFor(
        async () => {
          const targets = await prometheus.targets();
          return targets.some(({ health }) => health !== 'unknown') ? targets : undefined;
        },
        // Prometheus hands new targets to its scrapers every 5 s only.
        { what: 'a first scrape', timeout: 20 },
      ).then((targets) => targets ?? []);

      expect(target).to.include({ scrapeUrl: `http://${nobody}/metrics`, health: 'down' });
      expect((await prometheus.query('vector(7)'))[0]?.value[1]).to.equal('7');
    } finally {
      await prometheus.stop();
    }

    expect(isRunning(prometheus.pid)).to.equal(false);
  });

  it('rejects a wrong query with what Prometheus says about it', async () => {
    const prometheus = await startPrometheus({ targets: [] });
    try {
      const error = await prometheus.query('sum(').catch((reason: unknown) => reason);

      expect(String(error)).to.match(/answered 400: .*parse error/);
    } finally {
      await prometheus.stop();
    }
  });

  it('has its metrics text checked by promtool', async () => {
    const good = await promtool(
      ['check', 'metrics'],
      '# HELP a_total A.\n# TYPE a_total counter\na_total 1\n',
    );
    const bad = await promtool(['check', 'metrics'], 'a_total{ 1\n');

    expect(good).to.include({ code: 0 });
    expect(bad.code).not.to.equal(0);
    expect(bad.stderr).to.contain('error while linting');
  });
});

describe('e2e processes', () => {
  const node = process.execPath;

  it('tells what a program printed when it ends before it is ready', async () => {
    const script = 'console.log("the port is taken"); process.exitCode = 3';
    const error = await startProcess(node, ['--eval', script], { ready: forever }).catch(
      (reason: unknown) => reason,
    );

    expect(String(error)).to.match(/ended with exit code 3 before it was ready:\nthe port is taken$/);
  });

  it('says so when there is no such program', async () => {
    const error = await startProcess('no-such-program', [], { ready: forever }).catch(
      (reason: unknown) => reason,
    );

    expect(String(error)).to.match(/no-such-program could not be started: .*ENOENT/);
  });

  it('stops a program that never becomes ready', async () => {
    let pid = 0;
    const error = await startProcess(node, ['--eval', 'setInterval(() => {}, 1000)'], {
      ready: (child) => {
        pid = child.pid!;
        return Promise.reject(new Error('no answer'));
      },
    }).catch((reason: unknown) => reason);

    expect(String(error)).to.contain('did not become ready');
    expect(isRunning(pid)).to.equal(false);
  });

  it('stops twice without harm', async () => {
    const program = await startProcess(node, ['--eval', 'setInterval(() => {}, 1000)'], {
      ready: () => Promise.resolve(),
    });

    await program.stop();
    await program.stop();

    expect(isRunning(program.pid)).to.equal(false);
  });
});

describe('e2e waitFor', () => {
  it('polls until the condition gives something, and resolves to it', async () => {
    let calls = 0;
    const value = await waitFor(() => (++calls < 3 ? undefined : 'third'), { what: 'the third call' });

    expect(value).to.equal('third');
  });

  it('fails with what it saw last', async () => {
    const error = await waitFor(() => 0, { what: 'a scrape', timeout: 0 }).catch((reason: unknown) => reason);

    expect(String(error)).to.equal('Error: a scrape did not come within 0 s; last seen: 0');
  });

  it('counts an error as not yet, and fails with the last one', async () => {
    const error = await waitFor(refuse, { what: 'an answer', timeout: 0 }).catch((reason: unknown) => reason);

    expect(String(error)).to.equal('Error: an answer did not come within 0 s; last error: refused');
  });
});

function forever(): Promise<void> {
  return new Promise(() => undefined);
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('refused'));
}
