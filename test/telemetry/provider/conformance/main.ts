import { parseArgs } from 'node:util';
import { check } from './check.js';
import { EXCEPTIONS } from './exceptions.js';

const { values } = parseArgs({
  options: { programs: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' } },
});
const [count, seed] = [Number(values.programs), Number(values.seed)];

const { programs, points, excepted, failure } = await check(seed, count);
console.log(`${programs} programs, seeds ${seed} to ${seed + programs - 1}`);
console.log(`${points} points compared, ${failure?.differences.length ?? 0} differences`);
console.log('\nPoints excepted, where the SDK does something else than its specification says:');
for (const { name } of EXCEPTIONS) console.log(`  ${String(excepted.get(name) ?? 0).padStart(7)}  ${name}`);
if (failure !== undefined) {
  console.log(`\nThe program of seed ${failure.seed} differs; what is left of it:`);
  console.log(JSON.stringify(failure.program, undefined, 1));
  for (const difference of failure.differences) console.log(difference);
  process.exitCode = 1;
}
