/**
 * The route of a request of Express 4 and 5 as a template.
 *
 * A request only tells the path of the route within its router, and the URL below which that router is mounted: `/users/7`
 * for one at `/users/:user`. When an error leaves the router, not even that. So the prototype that an application gives to
 * its requests is taught to listen when a router says where it is (`baseUrl`) and what it has found (`route`): just then
 * the parameters are known, and templates can be made of both.
 */

/** What of a request of Express matters here. */
export interface RoutedRequest {
  readonly app?: RoutingApp;
  readonly params?: Readonly<Record<string, unknown>>;
  baseUrl?: string;
  route?: { readonly path?: unknown };
}

export interface RoutingApp {
  /** The prototype of its requests. */
  readonly request?: object;
}

interface Mount {
  readonly url: string;
  /** `undefined` where it cannot be known. */
  readonly template: string | undefined;
  readonly outer: Mount | undefined;
}

const MOUNT = Symbol('mount');
const ROUTE = Symbol('route');
const ROOT: Mount = { url: '', template: '', outer: undefined };

interface Followed extends RoutedRequest {
  [MOUNT]: Mount;
  [ROUTE]: { readonly route: RoutedRequest['route']; readonly template: string | undefined } | undefined;
}

/** Follows all requests of an application from now on. */
export function followRoutes({ request: prototype }: RoutingApp): void {
  if (prototype !== undefined && !(MOUNT in prototype)) Object.defineProperties(prototype, ACCESSORS);
}

/** Follows a request that is under way already, where its application was not followed. */
export function followRequest(request: RoutedRequest): void {
  if (request.app === undefined) return;
  followRoutes(request.app);
  if (!Object.hasOwn(request, 'baseUrl')) return;
  // Its own property would hide the accessors. Below which template it came here, nobody knows any more.
  const { baseUrl: url = '' } = request;
  delete request.baseUrl;
  if (url !== '') (request as Followed)[MOUNT] = { url, template: undefined, outer: ROOT };
}

/** The template of the route that was found last; `undefined` when none was. */
export function expressRoute(request: RoutedRequest): string | undefined {
  return (request as Followed)[ROUTE]?.template;
}

const ACCESSORS: PropertyDescriptorMap & ThisType<Followed> = {
  [MOUNT]: { value: ROOT, writable: true },
  [ROUTE]: { value: undefined, writable: true },
  baseUrl: {
    configurable: true,
    enumerable: true,
    get() {
      return this[MOUNT].url;
    },
    set(url: string | undefined) {
      this[MOUNT] = mountAt(url ?? '', this[MOUNT], this.params);
    },
  },
  route: {
    configurable: true,
    enumerable: true,
    get() {
      return this[ROUTE]?.route;
    },
    set(route: RoutedRequest['route']) {
      this[ROUTE] = { route, template: templateWithin(this[MOUNT], route) };
    },
  },
};

/** Out again to a router that is known, or into one below it. */
function mountAt(url: string, current: Mount, params: RoutedRequest['params'] = {}): Mount {
  for (let mount: Mount | undefined = current; mount !== undefined; mount = mount.outer) {
    if (mount.url === url) return mount;
    if (!url.startsWith(mount.url)) continue;
    const below = withParameters(url.slice(mount.url.length), params);
    return { url, template: mount.template === undefined ? undefined : mount.template + below, outer: mount };
  }
  return ROOT;
}

function templateWithin({ template }: Mount, route: RoutedRequest['route']): string | undefined {
  if (template === undefined || route === undefined) return undefined;
  const { path } = route;
  const own = Array.isArray(path) ? path.map(String).join(',') : String(path);
  return own === '/' && template !== '' ? template : template + own;
}

/** `/users/:user` of `/users/7` and `{ user: '7' }`. */
function withParameters(url: string, params: Readonly<Record<string, unknown>>): string {
  let template = '';
  let rest = decoded(url);
  for (const [name, given] of Object.entries(params)) {
    const value = Array.isArray(given) ? given.join('/') : given;
    if (typeof value !== 'string' || value === '') continue;
    const at = placeOf(value, rest);
    if (at < 0) continue;
    template += `${rest.slice(0, at)}:${name}`;
    rest = rest.slice(at + value.length);
  }
  return template + rest;
}

/** A whole segment, where there is one. */
function placeOf(value: string, path: string): number {
  const segment = `${path}/`.indexOf(`/${value}/`);
  return segment < 0 ? path.indexOf(value) : segment + 1;
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
