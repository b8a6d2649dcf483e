import { ESCAPING_SCHEMES, type EscapingScheme } from './escaping.js';

export type ScrapeFormat = 'text' | 'openmetrics' | 'protobuf';

export interface NegotiatedFormat {
  readonly format: ScrapeFormat;
  readonly escaping: EscapingScheme;
  /** Prometheus 3 refuses a scrape that does not say it. */
  readonly contentType: string;
}

interface Accepted {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** From 0 to 1; 0 refuses. */
  readonly quality: number;
}

/**
 * The format that `Accept` prefers, as Prometheus negotiates it ("Scrape protocol content negotiation"). Who accepts none
 * of them gets the text format too, as a person with a browser does.
 */
export function negotiateFormat(accept: string | undefined): NegotiatedFormat {
  // Sorting is stable: among equals the first one named wins.
  const preferred = acceptedOf(accept ?? '').toSorted((a, b) => b.quality - a.quality);
  for (const accepted of preferred) {
    const format = accepted.quality > 0 ? formatOf(accepted) : undefined;
    if (format !== undefined) return negotiated(format, accepted.parameters);
  }
  return negotiated('text', new Map());
}

/** Whether `Accept-Encoding` takes gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const accepted = acceptedOf(acceptEncoding ?? '');
  const gzip = accepted.find(({ type }) => type === 'gzip') ?? accepted.find(({ type }) => type === '*');
  return gzip !== undefined && gzip.quality > 0;
}

function acceptedOf(header: string): Accepted[] {
  return header.split(',').flatMap((entry) => {
    const [type = '', ...rest] = entry.split(';').map((part) => part.trim().toLowerCase());
    if (type === '') return [];
    const parameters = new Map(
      rest.map((parameter) => {
        const equals = parameter.indexOf('=');
        const [name, value] = [parameter.slice(0, equals), parameter.slice(equals + 1)];
        return [name.trim(), value.trim().replaceAll('"', '')] as const;
      }),
    );
    const quality = Number(parameters.get('q') ?? 1);
    return [{ type, parameters, quality: quality >= 0 && quality <= 1 ? quality : 0 }];
  });
}

function formatOf({ type, parameters }: Accepted): ScrapeFormat | undefined {
  const version = parameters.get('version');
  switch (type) {
    case 'application/vnd.google.protobuf': {
      const isDelimited = (parameters.get('encoding') ?? 'delimited') === 'delimited';
      const isFamily =
        (parameters.get('proto') ?? PROTOBUF_MESSAGE).toLowerCase() === PROTOBUF_MESSAGE.toLowerCase();
      return isDelimited && isFamily ? 'protobuf' : undefined;
    }
    case 'application/openmetrics-text':
      return version === undefined || version === '1.0.0' || version === '0.0.1' ? 'openmetrics' : undefined;
    case 'text/plain':
      return version === undefined || version === '0.0.4' || version === '1.0.0' ? 'text' : undefined;
    case 'text/*':
    case '*/*':
      return 'text';
    default:
      return undefined;
  }
}

const PROTOBUF_MESSAGE = 'io.prometheus.client.MetricFamily';

function negotiated(format: ScrapeFormat, parameters: ReadonlyMap<string, string>): NegotiatedFormat {
  const asked = ESCAPING_SCHEMES.find((scheme) => scheme === parameters.get('escaping'));
  // Nobody who knows the parameter is told about it.
  const suffix = asked === undefined ? '' : `; escaping=${asked}`;
  const version = parameters.get('version');
  return { format, escaping: asked ?? 'underscores', contentType: contentTypeOf(format, version) + suffix };
}

function contentTypeOf(format: ScrapeFormat, version: string | undefined): string {
  switch (format) {
    case 'protobuf':
      return `application/vnd.google.protobuf; proto=${PROTOBUF_MESSAGE}; encoding=delimited`;
    case 'openmetrics':
      return `application/openmetrics-text; version=${version ?? '1.0.0'}; charset=utf-8`;
    default:
      return `text/plain; version=${version ?? '0.0.4'}; charset=utf-8`;
  }
}
