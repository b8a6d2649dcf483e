import { PerformanceMonitor } from '@gary-zero/performance';
import { expect } from 'chai';
import { Checkout, PaymentDeclined } from '../../examples/storefront/checkout.js';
import { ProductStore, type Product } from '../../examples/storefront/product-store.js';
import { Recommender } from '../../examples/storefront/recommender.js';
import { Rush } from '../../examples/storefront/rush.js';
import { PortError, Service } from '../../examples/storefront/service.js';
import { Sessions } from '../../examples/storefront/sessions.js';
import { ShopCaches } from '../../examples/storefront/shop-caches.js';

const LAMP: Product = { id: '7', name: 'Oak <Lamp>', description: 'It glows.' };

describe('storefront service', () => {
  const monitor = new PerformanceMonitor({ resourceTracker: false });
  let service: Service;
  let url: string;
  let unexpected: unknown[];
  let find: () => Promise<Product>;
  let pay: Checkout['pay'];

  beforeEach(async () => {
    unexpected = [];
    find = async () => LAMP;
    pay = async (ordered) => ({ ...ordered, totalInCents: 4900 });
    service = serviceOf();
    url = await service.listen(0);
  });

  afterEach(() => service.close());
  after(() => monitor.stop());

  it('shows a product, with whatever its name holds', async () => {
    const response = await fetch(`${url}/products/7`);

    expect(response.status).to.equal(200);
    const page = await response.text();
    expect(page).to.include('<h1>Oak &lt;Lamp></h1>');
    expect(page.match(/<li>/g), 'with what goes well with it').to.have.lengthOf(8);
    expect(page).to.match(/<p>\d+\.\d\d EUR<\/p>/);
  });

  it('links the bestsellers', async () => {
    const page = await (await fetch(url)).text();

    expect(page).to.include('<a href="/products/3%2F4">Product 3/4</a>');
  });

  it('sells', async () => {
    const response = await order({ productId: '7', quantity: 1 });

    expect(response.status).to.equal(201);
    expect(await response.json()).to.deep.equal({ productId: '7', quantity: 1, totalInCents: 4900 });
  });

  it('answers a declined payment with 402, which is an error but not unexpected', async () => {
    pay = async ({ productId }) => {
      throw new PaymentDeclined(productId);
    };

    const response = await order({ productId: '7', quantity: 1 });

    expect(response.status).to.equal(402);
    expect(await response.json()).to.include({ error: 'PAYMENT_DECLINED' });
    expect(service).to.include({ answered: 1, declined: 1, failed: 0 });
    expect(monitor.getPerformanceSummary().operationMetrics['POST /checkout']).to.include({ errors: 1 });
    expect(unexpected).to.deep.equal([]);
  });

  it('answers 500 when the store fails, tells why inside and not outside', async () => {
    const broken = new Error('the disk is gone');
    find = async () => {
      throw broken;
    };

    const response = await fetch(`${url}/products/7`);

    expect(response.status).to.equal(500);
    expect(await response.json()).to.deep.equal({ error: 'INTERNAL' });
    expect(service).to.include({ answered: 1, declined: 0, failed: 1 });
    expect(unexpected).to.deep.equal([broken]);
  });

  for (const body of [{}, { productId: '7', quantity: 0 }, { productId: '', quantity: 1 }, null, 'x']) {
    it(`refuses the order ${JSON.stringify(body)}`, async () => {
      expect((await order(body)).status).to.equal(400);
      expect(unexpected).to.deep.equal([]);
    });
  }

  for (const path of ['/nowhere', '/products/', '/products/%E0%A4%A', '/checkout']) {
    it(`does not find ${path}`, async () => {
      expect((await fetch(url + path)).status).to.equal(404);
    });
  }

  it('says which port it cannot open', async () => {
    const port = Number(new URL(url).port);

    const error: unknown = await serviceOf()
      .listen(port)
      .catch((thrown: unknown) => thrown);

    expect(error).to.be.instanceOf(PortError);
    expect((error as Error).message).to.include(`port ${port} on 127.0.0.1: it is in use`);
  });

  function serviceOf(): Service {
    const caches = new ShopCaches();
    return new Service({
      monitor,
      store: new (class extends ProductStore {
        override find(): Promise<Product> {
          return find();
        }
      })(caches, Math.random),
      sessions: new Sessions(caches, Math.random),
      recommender: new Recommender(caches, new Rush({ periodSeconds: 3600 }), Math.random),
      checkout: new (class extends Checkout {
        override pay(...given: Parameters<Checkout['pay']>): ReturnType<Checkout['pay']> {
          return pay(...given);
        }
      })(monitor, new ProductStore(caches, Math.random), Math.random),
      bestsellers: () => ['3/4'],
      onUnexpected: (error) => unexpected.push(error),
    });
  }

  function order(body: unknown): Promise<Response> {
    return fetch(`${url}/checkout`, { method: 'POST', body: JSON.stringify(body) });
  }
});
