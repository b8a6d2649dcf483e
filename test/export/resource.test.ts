import { expect } from 'chai';
import { makeResource } from '../../src/export/resource.js';

describe('makeResource', () => {
  it('tells processes apart, and where they run', () => {
    const [first, second] = [makeResource({}).attributes, makeResource({}).attributes];

    expect(first['service.instance.id']).to.match(/^[0-9a-f-]{36}$/);
    expect(first['service.instance.id']).to.not.equal(second['service.instance.id']);
    expect(first).to.include({
      'telemetry.distro.name': '@gary-zero/performance',
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'process.runtime.version': process.versions.node,
    });
    expect(first['host.arch']).to.not.equal('x64');
    expect(first).to.include.keys(
      'service.name',
      'host.name',
      'os.type',
      'os.version',
      'telemetry.sdk.language',
    );
  });

  it('leaves out arguments of the command line, in which there may be secrets', () => {
    const names = Object.keys(makeResource({}).attributes);

    expect(names.filter((name) => name.startsWith('process.command'))).to.deep.equal([]);
  });

  it('lets what is given win', () => {
    const given = { 'service.instance.id': 'shop-1', 'host.name': 'a', 'service.name': 'shop' };

    expect(makeResource(given).attributes).to.include(given);
  });
});
