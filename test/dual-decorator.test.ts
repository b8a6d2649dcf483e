import { expect } from 'chai';
import { dualDecorator } from '../src/dual-decorator.js';
import { InvalidUseError } from '../src/errors.js';

/** Marks results, so that one sees the wrapper was there. */
const marked = (calls: string[] = []) =>
  dualDecorator(
    '@marked',
    (fn, { name, owner }) =>
      function (this: unknown, ...args: unknown[]) {
        calls.push(owner === undefined ? name : `${owner}.${name}`);
        return `<${String(fn.apply(this, args))}>`;
      },
  );

describe('dualDecorator', () => {
  it('wraps a function and keeps name, length and properties', () => {
    const fn = Object.assign((a: string, b: string) => a + b, { version: 3 });
    Object.defineProperty(fn, 'name', { value: 'join' });

    const wrapped = marked()(fn);

    expect(wrapped('a', 'b')).to.equal('<ab>');
    expect({ name: wrapped.name, length: wrapped.length, version: wrapped.version }).to.deep.equal({
      name: 'join',
      length: 2,
      version: 3,
    });
  });

  it('decorates methods, statics, private methods, getters and fields by the standard', () => {
    const calls: string[] = [];
    const mark = marked(calls);
    class Thing {
      readonly #name = 'thing';
      @mark method(): string {
        return this.#name;
      }
      @mark static make(): string {
        return this.name;
      }
      @mark #hidden(): string {
        return this.#name;
      }
      @mark get title(): string {
        return this.#name;
      }
      @mark readonly arrow = (): string => this.#name;
      reveal(): string {
        return this.#hidden();
      }
    }
    const thing = new Thing();

    const results = [thing.method(), Thing.make(), thing.reveal(), thing.title, thing.arrow()];

    expect(results).to.deep.equal(['<thing>', '<Thing>', '<thing>', '<thing>', '<thing>']);
    expect(calls).to.deep.equal(['method', 'make', '#hidden', 'title', 'arrow']);
  });

  it('decorates a property descriptor, as experimentalDecorators hands it over', () => {
    const calls: string[] = [];
    class Thing {
      method(): string {
        return 'method';
      }
      get title(): string {
        return 'title';
      }
    }
    for (const key of ['method', 'title']) {
      const descriptor = Object.getOwnPropertyDescriptor(Thing.prototype, key)!;
      marked(calls)(Thing.prototype, key, descriptor);
      Object.defineProperty(Thing.prototype, key, descriptor);
    }

    expect([new Thing().method(), new Thing().title]).to.deep.equal(['<method>', '<title>']);
    expect(calls).to.deep.equal(['Thing.method', 'Thing.title']);
  });

  it('says where it cannot work', () => {
    const mark = marked() as unknown as (...args: unknown[]) => unknown;
    const context = (kind: string) => ({ kind, name: 'x', addInitializer: () => {} });

    expect(() => mark(class Thing {})).to.throw(
      InvalidUseError,
      '@marked works on functions and methods, not on class Thing',
    );
    expect(() => mark(class {}, context('class'))).to.throw(InvalidUseError, 'not on a class');
    expect(() => mark({}, context('accessor'))).to.throw(InvalidUseError, 'not on an accessor');
    expect(() => mark(7)).to.throw(
      InvalidUseError,
      '@marked works on functions and methods; what it was given is neither',
    );
    expect(() => mark({}, 'missing')).to.throw(InvalidUseError, 'missing is neither');
    const field = mark(undefined, context('field')) as (initial: unknown) => unknown;
    expect(() => field(5)).to.throw(InvalidUseError, 'x is neither');
  });
});
