import { expect } from 'chai';
import type { Attributes } from '@opentelemetry/api';
import { LabelTexts } from '../../../src/export/prometheus/label-texts.js';
import { LabelStyle } from '../../../src/export/prometheus/labels.js';
import { Namer } from '../../../src/export/prometheus/names.js';
import { lastingMetric } from '../../fakes/lasting-metric.js';

/** A metric that lasts, and how often its attributes were asked for. */
function metricOf(series: (Attributes | undefined)[]) {
  const state = { edition: 0, asked: 0 };
  const metric = lastingMetric({
    get edition() {
      return state.edition;
    },
    get size() {
      return series.length;
    },
    attributes(position) {
      state.asked += 1;
      return series[position];
    },
    value: () => 1,
  });
  return { metric, state };
}

const textsOf = () => new LabelTexts(new LabelStyle(new Namer(), 'underscores'));

describe('LabelTexts', () => {
  it('renders a series that lasts once', () => {
    const { metric, state } = metricOf([{ a: 'x' }, { a: 'y' }]);
    const texts = textsOf();
    for (let scrape = 0; scrape < 3; scrape++) {
      const labels = texts.of(metric, false);
      expect(labels.look(0, 10)).to.equal(2);
      expect([labels.text(0), labels.text(1)]).to.deep.equal(['a="x"', 'a="y"']);
    }

    // Once to be looked at, once to be rendered.
    expect(state.asked).to.equal(4);
  });

  it('looks again when positions were given to others', () => {
    const series: (Attributes | undefined)[] = [{ a: 'x' }, { a: 1 }];
    const { metric, state } = metricOf(series);
    const texts = textsOf();
    const before = texts.of(metric, false);
    before.look(0, 10);
    expect([before.text(0), before.shape.isAmbiguous]).to.deep.equal(['a="x"', true]);

    series[0] = { b: 'z' };
    series[1] = undefined;
    state.edition += 1;
    const after = texts.of(metric, false);
    after.look(0, 10);

    expect([after.text(0), after.text(1), after.shape.isAmbiguous]).to.deep.equal(['b="z"', '', false]);
  });

  it('does not mistake a series that came while the page was written', () => {
    const series: Attributes[] = [{ a: 'x' }];
    const { metric, state } = metricOf(series);
    const labels = textsOf().of(metric, false);
    labels.look(0, 10);
    labels.text(0);

    series[0] = { a: 'other' };
    state.edition += 1;

    expect(labels.text(0)).to.equal('a="other"');
  });

  it('keeps neither long texts nor too many', () => {
    const long = { a: 'x'.repeat(5000) };
    const many = Array.from({ length: 8000 }, (_, i) => ({ a: `${i} ${'x'.repeat(4000)}` }));
    const { metric, state } = metricOf([long, ...many]);
    const labels = textsOf().of(metric, false);
    labels.look(0, 10_000);
    const askedFor = () => {
      const before = state.asked;
      for (let i = 0; i < metric.size; i++) labels.text(i);
      return state.asked - before;
    };

    expect(askedFor()).to.equal(8001);
    // 24 MiB are room for some 6,280 of them.
    expect(askedFor()).to.be.within(1600, 1800);
  });
});
