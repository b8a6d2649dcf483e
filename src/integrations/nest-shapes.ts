import type { ServerResponse } from 'node:http';

// What is needed of NestJS 10 to 12 and of rxjs, told by its shape: neither is a dependency.

export interface DynamicModuleLike {
  // oxlint-disable-next-line typescript/no-explicit-any -- as Nest has it
  module: new (...args: any[]) => unknown;
  global: boolean;
  providers: ProviderLike[];
  exports: Token[];
}

// oxlint-disable-next-line typescript/no-explicit-any -- as Nest has it
export type Token = string | symbol | (abstract new (...args: any[]) => unknown);

export interface ProviderLike {
  provide: Token;
  // oxlint-disable-next-line typescript/no-explicit-any -- as Nest has it
  useFactory: (...args: any[]) => unknown;
  inject: Token[];
}

export interface ConsumerLike {
  getHttpAdapter?(): HttpAdapterLike | undefined;
}

export interface HttpAdapterLike {
  getType(): string;
  getInstance(): unknown;
  getHttpServer(): unknown;
}

export interface ExecutionContextLike {
  getType(): string;
  getClass(): Function;
  getHandler(): Function;
  switchToHttp(): { getRequest(): NestRequest; getResponse(): NestResponse };
}

/** Of Express or of Fastify. */
export interface NestRequest {
  readonly originalUrl?: string;
  readonly url?: string;
}

/** The response of Express, or the reply of Fastify. */
export type NestResponse = ServerResponse | FastifyReplyOfNest;

interface FastifyReplyOfNest {
  readonly raw: ServerResponse;
  header(name: string, value: string): unknown;
}

export interface ObservableLike {
  subscribe(observer: ObserverLike): { unsubscribe(): void };
}

export interface ObserverLike {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}
