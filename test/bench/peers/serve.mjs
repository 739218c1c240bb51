/**
 * The process of a runner: loads, says so in a line of JSON, and then, for each line that holds a number of milliseconds, calls for about
 * so long and answers with the times of all calls.
 */
import { createInterface } from "node:readline";

/** Arguments: the workload's kind, net and batch, and the number of threads. */
export const [kind, net, batchText, threadsText] = process.argv.slice(2);
export const batch = Number(batchText);
export const threads = Number(threadsText);

/** Numbers in [-0.5, 0.5). */
export const random = (count) => Float32Array.from({ length: count }, () => Math.random() - 0.5);

/** Inputs of each net, in the order of channels last. */
export const shapes = {
  mnist: [[batch, 28, 28, 1]],
  mobilenetv2: [[1, 224, 224, 3]],
  resnet50: [[1, 224, 224, 3]],
  encoder: [[1, 128, 384]],
  gemm1024: [
    [1024, 1024],
    [1024, 1024],
  ],
};
/** Labels of a training step: one class of ten for each sample. */
export const labels = () =>
  Float32Array.from({ length: batch * 10 }, (_, i) => (i % 10 === Math.floor(i / 10) % 10 ? 1 : 0));

const MOST = 20_000;
const LEAST = 3;
/** Milliseconds a call may take for it to be repeated until there are `LEAST`. */
const LONG = 5000;

async function repeat(call, budget) {
  const times = [];
  const end = performance.now() + budget;
  const wanted = () => times.length < LEAST && (times.length === 0 || times[0] < LONG);
  while (wanted() || (performance.now() < end && times.length < MOST)) {
    const start = performance.now();
    const result = call();
    if (result instanceof Promise) await result;
    times.push(performance.now() - start);
  }
  return times;
}

/** `start` resolves to the call that is measured. */
export async function serve(start) {
  const begin = performance.now();
  const call = await start();
  await call();
  console.log(JSON.stringify({ load_ms: performance.now() - begin }));
  for await (const line of createInterface({ input: process.stdin }))
    console.log(JSON.stringify(await repeat(call, Number(line))));
  process.exit(0);
}
