import { expect } from 'chai';
import { Namer, type NameKind } from '../../../src/export/prometheus/names.js';

describe('Prometheus names', () => {
  const namer = new Namer();
  const names: [name: string, unit: string, kind: NameKind, expected: string][] = [
    ['http.server.request.duration', 's', 'other', 'http_server_request_duration_seconds'],
    ['process.memory.usage', 'By', 'other', 'process_memory_usage_bytes'],
    ['perf.cache.lookups', '{lookup}', 'counter', 'perf_cache_lookups_total'],
    ['requests_total', '', 'counter', 'requests_total'],
    ['total.bytes.sent', 'By', 'counter', 'bytes_sent_total'],
    ['latency_seconds', 's', 'other', 'latency_seconds'],
    ['system.cpu.utilization', '1', 'gauge', 'system_cpu_utilization_ratio'],
    ['cpu_usage_ratio', '1', 'gauge', 'cpu_usage_ratio'],
    ['queue.share', '1', 'other', 'queue_share'],
    ['disk.speed', 'By/s', 'gauge', 'disk_speed_bytes_per_second'],
    ['requests', '1/s', 'counter', 'requests_per_second_total'],
    ['events', '{event}/m', 'gauge', 'events_per_minute'],
    ['events', '{event}/{day}', 'gauge', 'events'],
    ['battery', '%', 'gauge', 'battery_percent'],
    ['room.temperature', 'Cel', 'gauge', 'room_temperature_celsius'],
    ['odd', 'foo-bar', 'gauge', 'odd_foo_bar'],
    ['odd', 'constructor', 'gauge', 'odd_constructor'],
    ['custom_metric', 'unit@with#special/chars', 'gauge', 'custom_metric_unit_with_special_per_chars'],
    ['2xx.responses', '', 'counter', '_2xx_responses_total'],
    ['a--b..c//d', '', 'gauge', 'a_b_c_d'],
    ['job:rate', '', 'gauge', 'job:rate'],
    ['数', '', 'gauge', '_'],
    ['', '', 'gauge', '_'],
  ];
  for (const [name, unit, kind, expected] of names) {
    it(`has the ${kind} ${name || '(empty)'} in "${unit}" as ${expected}`, () => {
      expect(namer.metric(name, unit, kind)).to.equal(expected);
    });
  }

  it('have no suffixes where nobody wants them', () => {
    const plain = new Namer('UnderscoreEscapingWithoutSuffixes');

    expect(plain.metric('http.server.duration', 's', 'other')).to.equal('http_server_duration');
    expect(plain.metric('requests', '', 'counter')).to.equal('requests');
    expect(plain.metric('2xx', '', 'counter')).to.equal('_2xx');
  });

  it('keep their letters where Prometheus knows them', () => {
    const utf8 = new Namer('NoUTF8EscapingWithSuffixes');

    expect(utf8.metric('http.dauer', 's', 'other')).to.equal('http.dauer_seconds');
    expect(utf8.metric('cpu_seconds_total', 's', 'counter')).to.equal('cpu_seconds_total');
    expect(utf8.metric('requêsts', '1/s', 'counter')).to.equal('requêsts_per_second_total');
    expect(utf8.metric('load', '1', 'gauge')).to.equal('load_ratio');
    expect(utf8.label('http.route')).to.equal('http.route');
  });

  it('stay as they are without translation', () => {
    const untouched = new Namer('NoTranslation');

    expect(untouched.metric('http.dauer', 's', 'counter')).to.equal('http.dauer');
    expect(untouched.metric('', '', 'counter')).to.equal('_');
    expect(untouched.label('1st')).to.equal('1st');
    expect(untouched.label('__name__')).to.equal('key__name__');
  });

  it('become labels of attribute names', () => {
    const labels = ['http.route', '1st', '_private', '__name__', 'größe', ''];

    expect(labels.map((label) => namer.label(label))).to.deep.equal([
      'http_route',
      'key_1st',
      'key_private',
      'key__name__',
      'gr__e',
      '_',
    ]);
  });
});
