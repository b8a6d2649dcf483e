import { expect } from 'chai';
import {
  helpText,
  labelValue,
  prometheusLabel,
  prometheusName,
  type NameKind,
} from '../../../src/export/prometheus/names.js';

describe('Prometheus names', () => {
  const names: [name: string, unit: string, kind: NameKind, expected: string][] = [
    ['http.server.request.duration', 's', 'other', 'http_server_request_duration_seconds'],
    ['process.memory.usage', 'By', 'other', 'process_memory_usage_bytes'],
    ['perf.cache.lookups', '{lookup}', 'counter', 'perf_cache_lookups_total'],
    ['requests_total', '', 'counter', 'requests_total'],
    ['total.bytes.sent', 'By', 'counter', 'bytes_sent_total'],
    ['latency_seconds', 's', 'other', 'latency_seconds'],
    ['system.cpu.utilization', '1', 'gauge', 'system_cpu_utilization_ratio'],
    ['queue.share', '1', 'other', 'queue_share'],
    ['disk.speed', 'By/s', 'gauge', 'disk_speed_bytes_per_second'],
    ['events', '{event}/min', 'gauge', 'events_per_minute'],
    ['battery', '%', 'gauge', 'battery_percent'],
    ['room.temperature', 'Cel', 'gauge', 'room_temperature_celsius'],
    ['odd', 'foo-bar', 'gauge', 'odd_foo_bar'],
    ['2xx.responses', '', 'counter', '_2xx_responses_total'],
    ['a--b..c//d', '', 'gauge', 'a_b_c_d'],
    ['job:rate', '', 'gauge', 'job:rate'],
    ['数', '', 'gauge', '_'],
  ];
  for (const [name, unit, kind, expected] of names) {
    it(`writes the ${kind} ${name} in "${unit}" as ${expected}`, () => {
      expect(prometheusName(name, unit, kind)).to.equal(expected);
    });
  }

  it('make labels of attribute names', () => {
    expect(prometheusLabel('http.route')).to.equal('http_route');
    expect(prometheusLabel('1st')).to.equal('key_1st');
    expect(prometheusLabel('__name__')).to.equal('key_name__');
    expect(prometheusLabel('größe')).to.equal('gr__e');
  });

  it('escape values and help texts', () => {
    expect(labelValue('a "b"\\c\nd')).to.equal('a \\"b\\"\\\\c\\nd');
    expect(labelValue(['a', 1])).to.equal('[\\"a\\",1]');
    expect(labelValue(true)).to.equal('true');
    expect(helpText('one\ntwo\\"')).to.equal('one\\ntwo\\\\"');
  });
});
