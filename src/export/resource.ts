import { createRequire } from 'node:module';
import { arch, hostname, platform, release } from 'node:os';
import { basename } from 'node:path';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { nodeCrypto } from '../built-ins.js';
import { SCOPE_NAME, VERSION } from '../telemetry/connection.js';
import { ProcessResource } from './process-resource.js';

type Resource = ResourceMetrics['resource'];

const require = createRequire(import.meta.url);

/**
 * What the metrics are of: the process and where it runs, under names of the semantic conventions. What is given wins.
 *
 * @param kind who measures: the SDK of OpenTelemetry says so by a resource of its own.
 */
export function makeResource(kind: 'cells' | 'sdk', given: Readonly<Record<string, string>>): Resource {
  const attributes = { ...surroundings(), ...given };
  if (kind === 'cells') return new ProcessResource({ ...measuredByUs(), ...attributes });
  const { defaultResource, resourceFromAttributes } =
    require('@opentelemetry/resources') as typeof import('@opentelemetry/resources');
  return defaultResource().merge(resourceFromAttributes(attributes));
}

/** The conventions keep the name `opentelemetry` for the SDK. */
function measuredByUs(): Record<string, string> {
  return {
    'service.name': `unknown_service:${process.argv0}`,
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': SCOPE_NAME,
    'telemetry.sdk.version': VERSION,
  };
}

/**
 * What the detectors of the SDK find at once, without arguments of the command line, in which there may be secrets. It
 * tells processes apart: `service.instance.id` is another one for each, restarts included.
 */
function surroundings(): Record<string, string | number> {
  return {
    'telemetry.distro.name': SCOPE_NAME,
    'telemetry.distro.version': VERSION,
    'service.instance.id': nodeCrypto().randomUUID(),
    'host.name': hostname(),
    'host.arch': ARCHITECTURES[arch()] ?? arch(),
    'os.type': OPERATING_SYSTEMS[platform()] ?? platform(),
    'os.version': release(),
    'process.pid': process.pid,
    'process.executable.name': basename(process.execPath),
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  };
}

/** Where the conventions have another word than Node. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm: 'arm32', ppc: 'ppc32' };
const OPERATING_SYSTEMS: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris' };
