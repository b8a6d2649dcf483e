import { expect } from 'chai';
import {
  ENVIRONMENT,
  OTLP_ENVIRONMENT,
  readEnvironment,
  readOtlpEnvironment,
  withVariable,
} from '../../src/config/environment.js';
import { InvalidEnvironmentError, InvalidOptionError } from '../../src/errors.js';

describe('the environment', () => {
  it('is read whole', () => {
    const settings = readEnvironment({
      CACHE_MAX_SIZE: '2000',
      CACHE_DEFAULT_TTL: '2h',
      CACHE_DIR: '/var/cache/app',
      PERF_MONITOR_ENABLED: 'False',
      PERF_RESOURCE_TRACKING_INTERVAL: '5.0',
      PERF_METRICS_MAX_HISTORY: '500',
      PERF_PROCESSES: 'cluster',
      PERF_LIVE_PAGE: 'false',
      NODE_ENV: 'production',
      OPTIMIZER_AUTO_ENABLED: 'true',
      OPTIMIZER_MEMORY_THRESHOLD: '0.8',
      OPTIMIZER_CPU_THRESHOLD: '1',
      OPTIMIZER_INTERVAL: '300.0',
      OTEL_SDK_DISABLED: 'true',
      OTEL_LOG_LEVEL: 'WARN',
      OTEL_SERVICE_NAME: 'shop',
      OTEL_RESOURCE_ATTRIBUTES: 'team=a%2Cb, deployment.environment.name = test',
      OTEL_METRICS_EXPORTER: 'otlp, prometheus',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_METRIC_EXPORT_TIMEOUT: '500',
      OTEL_METRICS_EXEMPLAR_FILTER: 'always_off',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0',
      OTEL_EXPORTER_PROMETHEUS_PORT: '0',
    });

    expect(settings).to.deep.equal({
      cacheMaxSize: 2000,
      cacheDefaultTtl: 7200,
      cacheDir: '/var/cache/app',
      monitorEnabled: false,
      resourceTrackingInterval: 5,
      metricsMaxHistory: 500,
      processes: 'cluster',
      livePage: false,
      nodeEnvironment: 'production',
      optimizerAutoEnabled: true,
      optimizerMemoryThreshold: 0.8,
      optimizerCpuThreshold: 1,
      optimizerInterval: 300,
      sdkDisabled: true,
      logLevel: 'warn',
      serviceName: 'shop',
      resourceAttributes: { team: 'a,b', 'deployment.environment.name': 'test' },
      metricsExporters: ['prometheus', 'otlp'],
      metricExportInterval: 1000,
      metricExportTimeout: 500,
      exemplarFilter: 'always_off',
      otlpProtocol: 'http/json',
      prometheusHost: '0.0.0.0',
      prometheusPort: 0,
    });
    expect(Object.keys(settings)).to.have.members(Object.keys(ENVIRONMENT));
  });

  it('takes what is empty or blank as not set', () => {
    expect(readEnvironment({ CACHE_MAX_SIZE: '', OTEL_SERVICE_NAME: '  ' })).to.deep.equal({});
  });

  it('asks the more special OTLP variable first', () => {
    const both = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    };

    expect(readEnvironment(both).otlpProtocol).to.equal('http/protobuf');
  });

  const wrong: [variable: string, value: string, expected: string][] = [
    ['CACHE_MAX_SIZE', '-1', 'a positive integer'],
    ['CACHE_MAX_SIZE', '1e3', 'a positive integer'],
    ['CACHE_DEFAULT_TTL', '0', 'a duration above 0'],
    ['CACHE_DEFAULT_TTL', 'soon', 'a duration above 0'],
    ['PERF_MONITOR_ENABLED', 'yes', 'true or false'],
    ['OPTIMIZER_MEMORY_THRESHOLD', '80', 'a number from 0 to 1'],
    ['OPTIMIZER_CPU_THRESHOLD', 'NaN', 'a number from 0 to 1'],
    ['OTEL_LOG_LEVEL', 'loud', 'one of none, error'],
    ['OTEL_METRICS_EXPORTER', 'statsd', 'a list of prometheus, otlp, console, none'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '1s', 'a positive number of milliseconds'],
    ['OTEL_METRICS_EXEMPLAR_FILTER', 'some', 'one of trace_based, always_off, always_on'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'novalue', 'key=value pairs'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz', 'key=value pairs'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'carrier-pigeon', 'one of http/protobuf, http/json, grpc'],
    ['OTEL_EXPORTER_PROMETHEUS_PORT', '70000', 'a port from 0 to 65535'],
    ['OTEL_EXPORTER_PROMETHEUS_PORT', '94 64', 'a port from 0 to 65535'],
  ];
  for (const [variable, value, expected] of wrong) {
    it(`refuses ${variable}=${value} and names the variable`, () => {
      expect(() => readEnvironment({ [variable]: value }))
        .to.throw(InvalidEnvironmentError, `${variable} must be ${expected}`)
        .with.property('variable', variable);
    });
  }

  it('has what concerns OTLP apart', () => {
    const settings = readOtlpEnvironment({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_TIMEOUT: '5000',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'Delta',
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
    });

    expect(settings).to.deep.equal({
      endpoint: 'http://127.0.0.1:4318',
      headers: { authorization: 'Bearer x' },
      compression: 'gzip',
      timeout: 5000,
      temporality: 'delta',
      histogramAggregation: 'base2_exponential_bucket_histogram',
    });
    expect(Object.keys(settings)).to.have.members(Object.keys(OTLP_ENVIRONMENT));
  });

  for (const [variable, value, expected] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'an http or https address, got "collector:4318"'],
    ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'file:///etc', 'an http or https address'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zip', 'one of gzip, none'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '5s', 'a positive number of milliseconds'],
    ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'both', 'one of cumulative, delta, lowmemory'],
  ] as const) {
    it(`refuses ${variable}=${value} and names the variable`, () => {
      expect(() => readOtlpEnvironment({ [variable]: value })).to.throw(
        InvalidEnvironmentError,
        `${variable} must be ${expected}`,
      );
    });
  }

  it('keeps credentials out of messages', () => {
    expect(() => readOtlpEnvironment({ OTEL_EXPORTER_OTLP_HEADERS: 'hunter2' }))
      .to.throw(InvalidEnvironmentError, 'OTEL_EXPORTER_OTLP_HEADERS must be key=value pairs')
      .with.property('message')
      .that.does.not.include('hunter2');
  });

  it('gives an error about a value the name of its variable', () => {
    const use = () => {
      throw new InvalidOptionError('cacheDir', 'a folder', '/nowhere');
    };

    expect(() => withVariable('cacheDir', '/nowhere', use)).to.throw(
      InvalidEnvironmentError,
      'CACHE_DIR must be a folder, got "/nowhere"',
    );
  });
});
