import { expect } from 'chai';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isForeignFetch, isLocalRequest } from '../../src/live/local-request.js';

function request(
  remoteAddress: string | undefined,
  host: string | undefined,
  headers: IncomingHttpHeaders = {},
): IncomingMessage {
  return { socket: { remoteAddress }, headers: { host, ...headers } } as unknown as IncomingMessage;
}

describe('isLocalRequest', () => {
  for (const [address, host] of [
    ['127.0.0.1', 'localhost:9464'],
    ['127.8.9.10', '127.0.0.1'],
    ['::1', '[::1]:9464'],
    ['::ffff:127.0.0.1', 'LOCALHOST'],
  ] as const) {
    it(`takes ${address} that asks for ${host}`, () => {
      expect(isLocalRequest(request(address, host))).to.equal(true);
    });
  }

  for (const [address, host, why] of [
    ['10.0.0.7', 'localhost:9464', 'an address of the network'],
    ['::ffff:10.0.0.7', 'localhost', 'one of the network, over IPv6'],
    [undefined, 'localhost', 'an address nobody knows'],
    ['127.0.0.1', 'evil.example:9464', 'a name that was led here'],
    ['127.0.0.1', '127.0.0.1.evil.example', 'a name that begins like an address'],
    ['127.0.0.1', 'localhost.evil.example', 'a name that begins like this machine'],
    ['127.0.0.1', '127.evil', 'what is no address'],
    ['127.0.0.1', '[::1].evil.example', 'what is no address of IPv6'],
    ['127.0.0.1', '10.0.0.7:9464', 'the address of another network'],
    ['127.0.0.1', '', 'no name'],
    ['127.0.0.1', undefined, 'no name at all'],
  ] as const) {
    it(`does not take ${why}`, () => {
      expect(isLocalRequest(request(address, host))).to.equal(false);
    });
  }

  for (const header of ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']) {
    it(`does not take what a proxy has sent on with ${header}`, () => {
      expect(isLocalRequest(request('127.0.0.1', 'localhost', { [header]: '127.0.0.1' }))).to.equal(false);
    });
  }
});

describe('isForeignFetch', () => {
  it('is what a page of somebody else makes a browser do', () => {
    const of = (site?: string) =>
      isForeignFetch(request('::1', 'localhost', site === undefined ? {} : { 'sec-fetch-site': site }));

    expect(['cross-site', 'same-site'].map((site) => of(site))).to.deep.equal([true, true]);
    expect(['same-origin', 'none', undefined].map((site) => of(site))).to.deep.equal([false, false, false]);
  });
});
