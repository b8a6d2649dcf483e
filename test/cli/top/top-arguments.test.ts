import { expect } from 'chai';
import { parseTopArguments } from '../../../src/cli/top/top-arguments.js';

function urlOf(...args: string[]): string {
  const parsed = parseTopArguments(args);
  return typeof parsed === 'object' && 'url' in parsed ? parsed.url.href : JSON.stringify(parsed);
}

describe('the arguments of top', () => {
  it('may be left out', () => {
    const parsed = parseTopArguments([]);

    expect(parsed).to.deep.include({ intervalMs: 2000, isOnce: false, isJson: false });
    expect(urlOf()).to.equal('http://127.0.0.1:9464/metrics');
  });

  it('are what they say', () => {
    expect(parseTopArguments(['--once', '--json', '--interval', '500ms', 'http://a/m'])).to.deep.include({
      intervalMs: 500,
      isOnce: true,
      isJson: true,
    });
    expect(parseTopArguments(['--interval=0.5'])).to.deep.include({ intervalMs: 500 });
    expect(parseTopArguments(['-h'])).to.equal('help');
  });

  it('have an address that is completed', () => {
    expect(urlOf('localhost:9100')).to.equal('http://localhost:9100/metrics');
    expect(urlOf('https://app.example')).to.equal('https://app.example/metrics');
    expect(urlOf('http://app.example/internal')).to.equal('http://app.example/internal');
    expect(urlOf('http://app.example/')).to.equal('http://app.example/');
  });

  for (const [args, mistake] of [
    [['a', 'b'], 'top takes one URL.'],
    [['http://'], '"http://" is no http or https address.'],
    [['http://me:secret@app/metrics'], 'The URL has a password in it'],
    [['--interval', '0'], '--interval must be a'],
    [['--interval', 'soon'], '--interval must be a'],
    [['--interval', '1ms'], '--interval must be from 0.1 to 3600 seconds.'],
    [['--interval', '2h'], '--interval must be from 0.1 to 3600 seconds.'],
    [['--token', 'x'], "Unknown option '--token'"],
  ] as const) {
    it(`are refused: ${args.join(' ')}`, () => {
      const parsed = parseTopArguments(args);

      expect(parsed).to.have.property('mistake').that.includes(mistake).and.not.includes('secret');
    });
  }
});
