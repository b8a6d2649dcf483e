/** Fails unless a scrape now would find a point above 0 that `isMeant(metric name, attributes)`. */
export async function expectCollected(reader, isMeant) {
  const { resourceMetrics } = await reader.collect();
  const isThere = resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .some(({ descriptor, dataPoints }) =>
      dataPoints.some(
        ({ attributes, value }) => (value.count ?? value) > 0 && isMeant(descriptor.name, attributes),
      ),
    );
  if (!isThere) throw new Error('nothing was recorded');
}
