import { Agent } from 'node:http';
import { once } from 'node:events';
import { Scraped } from './scraped.mjs';

const ABORTED = 200;
const TOGETHER = 20;
/** What may stay of it all, in MB. */
const MAY_STAY_MB = 5;

/** Scrapes a large page of ours in every bad way. Tells whether the memory comes back, and the process lives. */
export async function abuse({ lines, isJson }) {
  let isGood = true;
  for (const subject of ['ours over sdk', 'ours over cells']) {
    const server = await Scraped.start(subject, 'counter', lines);
    try {
      for (let i = 0; i < 5; i++) await server.scrape();
      const before = (await server.ask('/heap')).heapMb;
      const ways = { aborted, together, slow };
      for (const [way, scrape] of Object.entries(ways)) {
        await scrape(server);
        const grownMb = await settled(server, before);
        isGood &&= grownMb < MAY_STAY_MB && server.isRunning;
        if (isJson) console.log(JSON.stringify({ bench: 'scrape', case: `${subject} ${way}`, grownMb }));
        else
          console.log(
            `${subject}, ${way}: heap ${grownMb.toFixed(1)} MB above before, ${server.isRunning ? 'alive' : 'dead'}`,
          );
      }
    } finally {
      await server.stop();
    }
  }
  return isGood;
}

async function aborted(server) {
  for (let i = 0; i < ABORTED; i++) {
    const response = await server.open('/metrics', new Agent());
    await once(response, 'data');
    response.destroy();
  }
}

async function together(server) {
  const agent = new Agent();
  const responses = await Promise.all(Array.from({ length: TOGETHER }, () => server.open('/metrics', agent)));
  await Promise.all(responses.map(drain));
}

/** Takes a little, waits while others scrape, and takes the rest. */
async function slow(server) {
  const response = await server.open('/metrics', new Agent());
  await once(response, 'readable');
  response.read(1000);
  const before = (await server.ask('/heap')).heapMb;
  for (let i = 0; i < 10; i++) await server.scrape();
  const held = (await server.ask('/heap')).heapMb - before;
  console.error(`  a slow reader: ${held.toFixed(1)} MB more after ten other scrapes`);
  await drain(response);
}

async function drain(response) {
  for await (const chunk of response) if (chunk.length === 0) throw new Error('an empty chunk');
}

/** Connections end a while after their clients. */
async function settled(server, before) {
  let grownMb = Infinity;
  for (let i = 0; i < 20 && grownMb > MAY_STAY_MB; i++) grownMb = (await server.ask('/heap')).heapMb - before;
  return grownMb;
}
