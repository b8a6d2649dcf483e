import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { alertingRules, recordingRules } from '../../grafana/source/alerts.js';
import { dashboards } from '../../grafana/source/dashboards/all.js';
import { root } from '../e2e/packed.js';
import { needsServer, promtool } from '../e2e/servers.js';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[];
}

const folder = join(root, 'grafana');
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
const compose = parse(read('docker-compose.yml')) as { readonly services: Readonly<Record<string, Service>> };
const services = Object.entries(compose.services);

/** Files and folders of this repository in a service, by where they are there. */
function mountsOf({ volumes = [] }: Service): ReadonlyMap<string, string> {
  return new Map(
    volumes.map((volume) => {
      const [from = '', to = '', mode] = volume.split(':');
      expect(mode, volume).to.equal('ro');
      return [to, resolve(folder, from)];
    }),
  );
}

describe('docker-compose.yml', () => {
  for (const [name, service] of services) {
    it(`mounts into ${name} what there is`, () => {
      for (const path of mountsOf(service).values()) expect(existsSync(path), path).to.equal(true);
    });

    it(`opens ports of ${name} to this machine only`, () => {
      for (const port of service.ports ?? []) expect(port).to.match(/^127\.0\.0\.1:\d+:\d+$/);
    });

    it(`names a version of what ${name} runs`, () => {
      const { image, build } = service;
      if (image !== undefined) expect(image).to.match(/:v?\d+\.\d+\.\d+$/);
      else expect(existsSync(resolve(folder, build!.context, build!.dockerfile))).to.equal(true);
    });

    it(`starts ${name} after services there are`, () => {
      for (const other of service.depends_on ?? []) expect(compose.services).to.have.property(other);
    });
  }

  it('builds the demo of files there are, which nothing ignores', () => {
    const dockerfile = read('compose/demo.Dockerfile');
    const ignored = read('compose/demo.Dockerfile.dockerignore').split('\n');

    const copied = [...dockerfile.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, paths = '']) =>
      paths.split(' '),
    );
    expect(copied).to.include('package-lock.json');
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).to.equal(true);
      expect(ignored).to.include(`!${path}`);
    }
  });

  it('sets variables that the collector reads', () => {
    const config = readFileSync(join(root, 'collector-config', 'collector.yaml'), 'utf8');
    const names = Object.keys(compose.services['collector']!.environment!).filter((name) =>
      name.startsWith('OTELCOL'),
    );

    expect(names).to.have.length.above(0);
    for (const name of names) expect(config).to.contain(`\${env:${name}:-`);
  });

  it('gives Prometheus every rule file there is', () => {
    const mounted = [...mountsOf(compose.services['prometheus']!).values()];

    for (const name of readdirSync(join(folder, 'prometheus')).filter((file) => file.endsWith('.rules.yml')))
      expect(mounted).to.include(join(folder, 'prometheus', name));
  });

  it('has a configuration that Prometheus takes', async function () {
    needsServer(this, 'promtool');
    const { code, stdout, stderr } = await promtool([
      'check',
      'config',
      join(folder, 'compose/prometheus.yml'),
    ]);

    expect(code, stdout + stderr).to.equal(0);
  });
});

describe('provisioning of Grafana', () => {
  it('has one data source for Prometheus, as the dashboards need it', () => {
    const { datasources } = parse(read('provisioning/datasources/prometheus.yaml')) as {
      datasources: { uid: string; url: string; jsonData: Record<string, unknown> }[];
    };

    expect(datasources).to.have.length(1);
    const [{ uid, url, jsonData } = { uid: '', url: '', jsonData: {} }] = datasources;
    expect(uid).to.equal('gzp-prometheus');
    expect(compose.services).to.have.property(new URL(url).hostname);
    expect(jsonData).to.include({ httpMethod: 'POST', timeInterval: scrapeInterval() });
    expect(jsonData['exemplarTraceIdDestinations']).to.have.nested.property('[0].name', 'trace_id');
  });

  it('loads the dashboards from where they are mounted', () => {
    const { providers } = parse(read('provisioning/dashboards/performance.yaml')) as {
      providers: { options: { path: string } }[];
    };

    const mounts = mountsOf(compose.services['grafana']!);
    expect(mounts.get(providers[0]!.options.path)).to.equal(join(folder, 'dashboards'));
    expect(readdirSync(join(folder, 'dashboards')).toSorted()).to.deep.equal(
      Object.keys(dashboards)
        .map((name) => `${name}.json`)
        .toSorted(),
    );
  });
});

describe('resources for Kubernetes', () => {
  it('hold the same rules and dashboards', () => {
    const rules = parse(read('kubernetes/rules.yaml')) as { spec: { groups: object[] } };
    const map = parse(read('kubernetes/dashboards.yaml')) as { data: Record<string, string> };

    expect(rules.spec.groups).to.deep.include.members([...recordingRules.groups, ...alertingRules.groups]);
    for (const [file, text] of Object.entries(map.data))
      expect(JSON.parse(text)).to.deep.equal(JSON.parse(read(`dashboards/${file}`)));
  });

  it('scrape a port and a path as the operator knows them', () => {
    const { apiVersion, kind, spec } = parse(read('kubernetes/service-monitor.yaml')) as {
      apiVersion: string;
      kind: string;
      spec: { selector: { matchLabels: object }; endpoints: { port: string; interval: string }[] };
    };

    expect({ apiVersion, kind }).to.deep.equal({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
    });
    expect(spec.selector.matchLabels).to.deep.equal({ 'gary-zero-performance': 'true' });
    expect(spec.endpoints[0]).to.include({ port: 'metrics', interval: scrapeInterval() });
  });
});

function scrapeInterval(): string {
  const config = parse(read('compose/prometheus.yml')) as { global: { scrape_interval: string } };
  return config.global.scrape_interval;
}
