import { expect } from 'chai';
import { acceptsGzip, negotiateFormat } from '../../../src/export/prometheus/negotiation.js';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const PROTOBUF =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

describe('negotiateFormat', () => {
  const cases: [who: string, accept: string | undefined, contentType: string][] = [
    ['nobody', undefined, TEXT],
    ['an empty header', '', TEXT],
    ['curl', '*/*', TEXT],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8', TEXT],
    ['who takes only something else', 'application/json', TEXT],
    [
      'Prometheus 2.42',
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      OPEN_METRICS,
    ],
    [
      'Prometheus 2.42 with native histograms',
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      PROTOBUF,
    ],
    [
      'Prometheus 3',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
      `${OPEN_METRICS}; escaping=allow-utf-8`,
    ],
    ['who prefers text', 'application/openmetrics-text;q=0.3, text/plain; q=0.9', TEXT],
    [
      'who wants text 1.0.0',
      'text/plain;version=1.0.0;escaping=dots',
      'text/plain; version=1.0.0; charset=utf-8; escaping=dots',
    ],
    [
      'who wants OpenMetrics 0.0.1',
      'application/openmetrics-text; version=0.0.1',
      OPEN_METRICS.replace('1.0.0', '0.0.1'),
    ],
    ['who wants another OpenMetrics', 'application/openmetrics-text;version=2.0.0', TEXT],
    ['who refuses OpenMetrics', 'application/openmetrics-text;q=0, text/plain', TEXT],
    [
      'who wants text as protobuf',
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text',
      TEXT,
    ],
    ['who wants other messages', 'application/vnd.google.protobuf;proto=Other', TEXT],
    ['an unknown scheme', 'text/plain;escaping=magic', TEXT],
    ['upper case and blanks', 'Application/OpenMetrics-Text ; Version="1.0.0"', OPEN_METRICS],
    ['nonsense', ';;;,=,q=,text/plain;q=x', TEXT],
  ];
  for (const [who, accept, contentType] of cases) {
    it(`answers ${who}`, () => {
      expect(negotiateFormat(accept).contentType).to.equal(contentType);
    });
  }
});

describe('acceptsGzip', () => {
  it('reads Accept-Encoding', () => {
    const answers = ['gzip', 'deflate, gzip;q=0.5', '*', 'gzip;q=0, *', 'br', '', undefined].map(acceptsGzip);

    expect(answers).to.deep.equal([true, true, true, false, false, false, false]);
  });
});
