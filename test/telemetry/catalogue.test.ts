import { expect } from 'chai';
import * as definitions from '../../src/telemetry/catalogue.js';
import { catalogue } from '../../src/telemetry/catalogue.js';
import type { InstrumentDefinition } from '../../src/telemetry/definition.js';

/** Namespaces of the OpenTelemetry semantic conventions that are ours to use. */
const CONVENTIONS = ['process', 'system', 'container', 'nodejs', 'v8js', 'db', 'otel', 'http'];
/** Attributes whose values the conventions write in upper case. */
const UPPER_CASE = new Set(['http.request.method']);
/** The unit belongs in `unit`, the suffix is the exporters'. */
const FORBIDDEN_ENDINGS = /(total|seconds|second|ms|bytes|byte|ratio|percent|count)$/;

describe('catalogue', () => {
  it('lists every definition exactly once', () => {
    const exported = Object.values(definitions).filter(
      (value) => 'name' in value && 'kind' in value,
    ) as InstrumentDefinition[];

    expect(catalogue).to.have.members(exported);
    expect(catalogue).to.have.length(exported.length);
  });

  it('gives every instrument a name of its own', () => {
    const names = catalogue.map(({ name }) => name.toLowerCase());

    expect(names).to.deep.equal([...new Set(names)]);
  });

  for (const definition of catalogue) {
    describe(definition.name, () => {
      it('is dotted lower case, without unit and without total', () => {
        expect(definition.name).to.match(/^[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)+$/);
        // The conventions have their own ways, such as `db.client.connection.count`.
        if (definition.name.startsWith('perf.')) expect(definition.name).to.not.match(FORBIDDEN_ENDINGS);
      });

      it('starts with perf or a namespace of the semantic conventions', () => {
        const [namespace] = definition.name.split('.');

        expect(['perf', ...CONVENTIONS]).to.include(namespace);
      });

      it('has a unit of the base units or an annotation', () => {
        expect(definition.unit).to.match(/^(s|By|1|\{[a-z_]+\})$/);
      });

      it('is described in one sentence on one line', () => {
        expect(definition.description).to.match(/^[A-Z][^\n.]*\.$/);
        expect(definition.description.length).to.be.below(160);
      });

      it('has dotted attributes, the closed ones with distinct lower-case values', () => {
        for (const [name, values] of Object.entries(definition.attributes)) {
          expect(name).to.match(/^[a-z0-9]+(\.[a-z][a-z0-9_]*)+$/);
          if (typeof values === 'string') continue;
          expect(values.length, name).to.be.above(0);
          expect(values, name).to.deep.equal([...new Set(values)]);
          const form = UPPER_CASE.has(name) ? /^_?[A-Z]+$/ : /^[a-z][a-z0-9_]*$/;
          for (const value of values) expect(value, name).to.match(form);
        }
      });

      it('cannot be changed', () => {
        expect(Object.isFrozen(definition)).to.equal(true);
      });
    });
  }
});
