// Each case imports this module under a query of its own and so gets functions of its own: V8 keeps what it learns
// about a call site per function, and one shared loop would turn every case into a call of many targets.

export function repeat(call, times, sink) {
  for (let i = 0; i < times; i++) sink.kept = call();
}

export async function repeatAwaited(call, times, sink) {
  for (let i = 0; i < times; i++) sink.kept = await call();
}
