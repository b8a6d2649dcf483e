import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import { Access, type AccessOptions } from '../../../src/export/prometheus/access.js';

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('Access', () => {
  it('is open where nothing is asked for', () => {
    const access = new Access({});

    expect([access.isOpen, access.challenge, access.refusal(undefined, undefined)]).to.deep.equal([
      true,
      undefined,
      undefined,
    ]);
  });

  it('asks for a bearer token', () => {
    const access = new Access({ auth: { bearer: 'sesame' } });

    const given = [
      'Bearer sesame',
      'bearer  sesame',
      'Bearer Sesame',
      'Bearer sesame2',
      'sesame',
      basic('a:sesame'),
      '',
      undefined,
    ];
    expect(given.map((header) => access.refusal(header, '127.0.0.1'))).to.deep.equal([
      undefined,
      undefined,
      401,
      401,
      401,
      401,
      401,
      401,
    ]);
    expect([access.isOpen, access.challenge]).to.deep.equal([false, 'Bearer realm="metrics"']);
  });

  it('asks for a name and a password', () => {
    const access = new Access({ auth: { username: 'prom', password: 'pä:ss' } });

    const given = [basic('prom:pä:ss'), basic('prom:pass'), basic('Prom:pä:ss'), 'Bearer pä:ss', undefined];
    expect(given.map((header) => access.refusal(header, undefined))).to.deep.equal([
      undefined,
      401,
      401,
      401,
      401,
    ]);
    expect(access.challenge).to.equal('Basic realm="metrics"');
  });

  it('lets networks in', () => {
    const access = new Access({ allow: ['10.0.0.0/8', '192.168.1.7', 'fd00::/8'] });

    const from = [
      '10.1.2.3',
      '::ffff:10.1.2.3',
      '192.168.1.7',
      'fd12::1',
      'fd12::1%eth0',
      '11.0.0.1',
      '192.168.1.8',
      'fe80::1',
      'nonsense',
      undefined,
    ];
    expect(from.map((address) => access.refusal(undefined, address))).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      403,
      403,
      403,
      403,
      403,
    ]);
    expect(access.isOpen).to.equal(false);
  });

  it('looks at the network before it asks for a secret', () => {
    const access = new Access({ auth: { bearer: 'sesame' }, allow: ['10.0.0.0/8'] });

    expect(access.refusal(undefined, '11.0.0.1')).to.equal(403);
    expect(access.refusal(undefined, '10.0.0.1')).to.equal(401);
    expect(access.refusal('Bearer sesame', '10.0.0.1')).to.equal(undefined);
  });

  describe('refuses options, without showing secrets,', () => {
    const wrong: [what: string, options: unknown, option: string][] = [
      ['of an empty token', { auth: { bearer: ' ' } }, 'prometheus.auth.bearer'],
      ['of a token that is a number', { auth: { bearer: 7_777_777 } }, 'prometheus.auth.bearer'],
      ['that are the token itself', { auth: 's7777777' }, 'prometheus.auth'],
      ['of two kinds', { auth: { bearer: 's7777777', username: 's7777777' } }, 'prometheus.auth'],
      ['without a password', { auth: { username: 'prom' } }, 'prometheus.auth.password'],
      [
        'of a name that cannot be sent',
        { auth: { username: 's:7777777', password: 'x' } },
        'prometheus.auth.username',
      ],
      ['of networks that are none', { allow: ['10.0.0.0/33'] }, 'prometheus.allow'],
      ['of a host name', { allow: ['localhost'] }, 'prometheus.allow'],
      ['of a prefix that is none', { allow: ['10.0.0.0/'] }, 'prometheus.allow'],
      ['of one network, not in a list', { allow: '10.0.0.0/8' }, 'prometheus.allow'],
    ];
    for (const [what, options, option] of wrong) {
      it(what, () => {
        expect(() => new Access(options as AccessOptions))
          .to.throw(InvalidOptionError, option)
          .with.property('message')
          .that.does.not.include('7777777');
      });
    }
  });
});
