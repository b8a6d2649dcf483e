import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  InstrumentType,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as constants from '../../../src/telemetry/provider/sdk-constants.js';
import { readImports } from '../../architecture/imports.js';
import { tokenize } from '../../architecture/tokens.js';
import { INSTRUMENT_TYPES } from './conformance/program.js';

const FOLDER = fileURLToPath(new URL('../../../src/telemetry/provider/', import.meta.url));

describe('constants of the SDK', () => {
  it('are those of the installed line', () => {
    expect([constants.DELTA, constants.CUMULATIVE]).to.deep.equal([
      AggregationTemporality.DELTA,
      AggregationTemporality.CUMULATIVE,
    ]);
    expect([
      constants.HISTOGRAM_POINTS,
      constants.EXPONENTIAL_HISTOGRAM_POINTS,
      constants.GAUGE_POINTS,
      constants.SUM_POINTS,
    ]).to.deep.equal([
      DataPointType.HISTOGRAM,
      DataPointType.EXPONENTIAL_HISTOGRAM,
      DataPointType.GAUGE,
      DataPointType.SUM,
    ]);
    expect([
      constants.AGGREGATE_BY_DEFAULT,
      constants.AGGREGATE_NOTHING,
      constants.AGGREGATE_SUM,
      constants.AGGREGATE_LAST_VALUE,
      constants.AGGREGATE_EXPLICIT_BUCKETS,
      constants.AGGREGATE_EXPONENTIAL_BUCKETS,
    ]).to.deep.equal([
      AggregationType.DEFAULT,
      AggregationType.DROP,
      AggregationType.SUM,
      AggregationType.LAST_VALUE,
      AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
      AggregationType.EXPONENTIAL_HISTOGRAM,
    ]);
  });

  it('name all kinds of instruments there are', () => {
    expect([...INSTRUMENT_TYPES].toSorted()).to.deep.equal(Object.values(InstrumentType).toSorted());
  });

  it('are why nothing here loads the SDK, which only types are taken from', () => {
    const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const loading = files.filter((file) =>
      readImports(tokenize(readFileSync(join(FOLDER, file), 'utf8'))).some(
        ({ specifier, typeOnly }) => specifier === '@opentelemetry/sdk-metrics' && !typeOnly,
      ),
    );

    expect(files).to.have.length.above(10);
    expect(loading).to.deep.equal([]);
  });
});
