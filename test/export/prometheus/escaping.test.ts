import { expect } from 'chai';
import { escapeName, isPlainLabelName, isPlainMetricName } from '../../../src/export/prometheus/escaping.js';

describe('escapeName', () => {
  it('leaves alone what every Prometheus knows', () => {
    for (const scheme of ['allow-utf-8', 'underscores', 'dots', 'values'] as const) {
      expect(escapeName('job:rate_1', isPlainMetricName, scheme)).to.equal('job:rate_1');
    }
  });

  it('writes letters by scheme', () => {
    const escape = (scheme: 'underscores' | 'dots' | 'values') =>
      escapeName('1a.b_c🎈', isPlainMetricName, scheme);

    expect(escape('underscores')).to.equal('_a_b_c_');
    expect(escape('dots')).to.equal('__a_dot_b__c__');
    expect(escape('values')).to.equal('U___31_a_2e_b__c_1f388_');
  });

  it('knows that labels have no colons', () => {
    expect(escapeName('a:b', isPlainLabelName, 'values')).to.equal('U__a_3a_b');
  });

  it('has a number for half a surrogate pair too', () => {
    expect(escapeName('a\ud83d', isPlainMetricName, 'values')).to.equal('U__a_fffd_');
  });
});
