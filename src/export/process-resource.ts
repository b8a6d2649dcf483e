import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';

type Resource = ResourceMetrics['resource'];
type Attributes = Resource['attributes'];

/**
 * Attributes that are known at once, as exporters read them. The package of OpenTelemetry that also waits for detectors
 * takes longer to load than all of this package.
 */
export class ProcessResource implements Resource {
  readonly attributes: Attributes;

  constructor(attributes: Attributes) {
    this.attributes = attributes;
  }

  /** Where both have an attribute, that of `other` holds. */
  merge(other: Resource | null): Resource {
    return other === null ? this : new ProcessResource({ ...this.attributes, ...other.attributes });
  }

  getRawAttributes(): ReturnType<Resource['getRawAttributes']> {
    return Object.entries(this.attributes);
  }
}
