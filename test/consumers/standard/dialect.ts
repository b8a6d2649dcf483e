// What only standard (TC39) decorators can do.
import assert from 'node:assert/strict';
import { getPerformanceMonitor, timer } from '@gary-zero/performance';

class Vault {
  @timer('vault.open')
  #open(code: number): string {
    return code === this.#code ? 'open' : 'shut';
  }

  @timer('vault.static')
  static #check(code: number): boolean {
    return code > 0;
  }

  @timer('vault.field')
  readonly describe = (): string => `vault ${this.#code}`;

  readonly #code = 7;

  try(code: number): string {
    return Vault.#check(code) ? this.#open(code) : 'shut';
  }
}

const vault = new Vault();
assert.equal(vault.try(7), 'open');
assert.equal(vault.try(8), 'shut');
assert.equal(vault.describe(), 'vault 7');
const { operationMetrics } = getPerformanceMonitor().getPerformanceSummary();
assert.equal(operationMetrics['vault.open']?.count, 2);
assert.equal(operationMetrics['vault.static']?.count, 2);
assert.equal(operationMetrics['vault.field']?.count, 1);
assert.throws(() => timer('class')(class {} as never), /works on functions and methods, not on class/);
