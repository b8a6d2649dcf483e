import { expect } from 'chai';
import { runScript } from '../fakes/child-script.js';

function run(...args: readonly string[]) {
  const given = ['performance', ...args].map((argument) => JSON.stringify(argument)).join(', ');
  return runScript(`process.argv.push(${given}); await import('./src/cli/main.ts');`);
}

describe('the program of the package', function () {
  this.timeout(30_000);

  it('says what there is', async () => {
    const { code, stdout, stderr } = await run('--help');

    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.include('top [URL]').and.include('cache inspect|stats|clear DIR');
  });

  it('does not guess', async () => {
    const nothing = await run();
    const unknown = await run('burn\u001B');

    expect([nothing.code, nothing.stdout]).to.deep.equal([2, '']);
    expect(nothing.stderr).to.match(/^Usage:/);
    expect([unknown.code, unknown.stdout]).to.deep.equal([2, '']);
    expect(unknown.stderr).to.match(/^There is no "burn\\u001b"\.\n\nUsage:/);
  });

  it('passes what is about caches on', async () => {
    const { code, stderr } = await run('cache', 'burn', '.');

    expect(code).to.equal(2);
    expect(stderr).to.match(/^There is no cache burn\./);
  });

  it('passes what is about top on', async () => {
    const { code, stdout } = await run('top', '--help');

    expect(code).to.equal(0);
    expect(stdout).to.match(/^Usage: performance top/);
  });
});
