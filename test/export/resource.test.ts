import { expect } from 'chai';
import { makeResource } from '../../src/export/resource.js';

describe('makeResource', () => {
  it('tells processes apart, and where they run', () => {
    const [first, second] = [makeResource('cells', {}).attributes, makeResource('cells', {}).attributes];

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
    const names = Object.keys(makeResource('cells', {}).attributes);

    expect(names.filter((name) => name.startsWith('process.command'))).to.deep.equal([]);
  });

  it('names who measures: this package, or the SDK where its provider is asked for', () => {
    const ours = makeResource('cells', {}).attributes;
    const theirs = makeResource('sdk', {}).attributes;

    expect(ours).to.include({
      'telemetry.sdk.name': '@gary-zero/performance',
      'telemetry.sdk.version': ours['telemetry.distro.version'],
    });
    expect(theirs).to.include({ 'telemetry.sdk.name': 'opentelemetry' });
    expect(Object.keys(ours)).to.have.members(Object.keys(theirs));
    expect(ours['service.name']).to.equal(theirs['service.name']);
  });

  it('merges as the resources of OpenTelemetry do', () => {
    const ours = makeResource('cells', { 'service.name': 'shop', zone: 'a' });

    const { attributes } = ours.merge(makeResource('cells', { 'service.name': 'till' }));

    expect(attributes).to.include({ 'service.name': 'till', zone: 'a' });
    expect(ours.merge(null).attributes).to.include({ 'service.name': 'shop' });
    expect(ours.getRawAttributes()).to.deep.include(['zone', 'a']);
  });

  it('lets what is given win', () => {
    const given = { 'service.instance.id': 'shop-1', 'host.name': 'a', 'service.name': 'shop' };

    expect(makeResource('cells', given).attributes).to.include(given);
  });
});
