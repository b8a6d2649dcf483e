// A NestJS application as people write it, with decorators and their metadata; ends with an exception or prints `ok`.
import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, Param, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import assert from 'node:assert/strict';
import { CacheManager, PerformanceMonitor, timer, type Performance } from '@gary-zero/performance';
import { PERFORMANCE, PerformanceModule, ShedPriority } from '@gary-zero/performance/nestjs';

@Injectable()
class Users {
  constructor(
    private readonly cache: CacheManager,
    private readonly monitor: PerformanceMonitor,
  ) {}

  async find(id: string): Promise<string> {
    this.monitor.recordCounter('users.asked');
    return this.cache.getOrSet(`user:${id}`, () => `user ${id}`);
  }
}

@Controller('users')
class UsersController {
  constructor(
    private readonly users: Users,
    @Inject(PERFORMANCE) readonly performance: Performance,
  ) {}

  @Get(':id')
  @timer('users.find')
  @ShedPriority(10)
  async find(@Param('id') id: string): Promise<string> {
    return this.users.find(id);
  }
}

@Module({
  imports: [PerformanceModule.forRoot({ prometheus: { port: 0 }, optimizer: { auto: false } })],
  controllers: [UsersController],
  providers: [Users],
})
class AppModule {}

async function check(app: INestApplication): Promise<void> {
  await app.listen(0, '127.0.0.1');
  const performance = app.get<Performance>(PERFORMANCE);
  await performance.ready;
  const answer = await fetch(`${await app.getUrl()}/users/7`);
  assert.equal(await answer.text(), 'user 7');
  const recorded = /http_server_request_duration_seconds_count\{(.*)\} 1/;
  let labels: string | undefined;
  for (const end = Date.now() + 10_000; labels === undefined && Date.now() < end;)
    labels = recorded.exec(await (await fetch(performance.metricsUrl!)).text())?.[1];
  assert.match(labels ?? '', /http_route="\/users\/:id"/);
  const page = await (await fetch(performance.metricsUrl!)).text();
  assert.match(
    page,
    /perf_operation_duration_seconds_count\{perf_operation_name="UsersController\.find"\} 1/,
  );
  assert.match(page, /perf_operation_duration_seconds_count\{perf_operation_name="users\.find"\} 1/);
  assert.match(page, /users_asked_total 1/);
  await app.close();
}

async function main(): Promise<void> {
  const options = { logger: false, abortOnError: false } as const;
  await check(await NestFactory.create(AppModule, new ExpressAdapter(), options));
  await check(await NestFactory.create(AppModule, new FastifyAdapter(), options));
  console.log('ok');
}

void main();
