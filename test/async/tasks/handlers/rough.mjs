/** What is not to be tried in one's own thread. */
export function handler(what) {
  if (what === 'exit') process.exit(3);
  if (what === 'loop') for (;;) Math.random();
  return what;
}
