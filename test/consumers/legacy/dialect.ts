// What `experimentalDecorators` with `emitDecoratorMetadata` adds: frameworks keep metadata on the function.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { cached, getPerformanceMonitor, timer } from '@gary-zero/performance';

const Route =
  (path: string): MethodDecorator =>
  (_target, _key, descriptor) => {
    Reflect.defineMetadata('path', path, descriptor.value as object);
  };

class Dto {
  id = 0;
}

class Controller {
  @timer('controller.inner')
  @Route('/inner')
  inner(dto: Dto): number {
    return dto.id;
  }

  @Route('/outer')
  @timer('controller.outer')
  outer(dto: Dto): number {
    return dto.id;
  }

  @cached({ ttl: 60 })
  @Route('/cached')
  async kept(id: number): Promise<Dto> {
    return { id };
  }

  @timer('controller.static')
  static all(): string {
    return this.name;
  }
}

const prototype = Controller.prototype;
assert.equal(Reflect.getMetadata('path', prototype.inner), '/inner');
assert.equal(Reflect.getMetadata('path', prototype.outer), '/outer');
assert.equal(Reflect.getMetadata('path', prototype.kept), '/cached');
assert.deepEqual(Reflect.getMetadata('design:paramtypes', prototype, 'inner'), [Dto]);
assert.equal(Reflect.getMetadata('design:returntype', prototype, 'kept'), Promise);
assert.equal(new Controller().inner({ id: 3 }), 3);
assert.equal(new Controller().outer({ id: 4 }), 4);
assert.equal(Controller.all(), 'Controller');
const { operationMetrics } = getPerformanceMonitor().getPerformanceSummary();
assert.equal(operationMetrics['controller.inner']?.count, 1);
assert.equal(operationMetrics['controller.outer']?.count, 1);
assert.equal(operationMetrics['controller.static']?.count, 1);
assert.throws(() => {
  class Wrong {
    @timer('wrong')
    field = 1;
  }
  return Wrong;
}, /works on functions and methods; field is neither/);
