/**
 * What is measured: five models, a matrix product, two training steps, chains of eager ops, and a cold start. Work is counted as twice
 * the multiply-adds of convolutions and products, the same for every runner.
 */

export type WorkloadKind = "infer" | "train" | "eager" | "cold";

export interface Workload {
  readonly name: string;
  readonly kind: WorkloadKind;
  /** The network, as `models.ts` and the peers call it. */
  readonly net: string;
  readonly batch: number;
  /** Of one call; 0 where the time is not arithmetic. */
  readonly gflop: number;
}

/** Multiply-adds of one sample of the MNIST network: three convolutions, two dense layers. */
const MNIST_MACS = 26 * 26 * 32 * 9 + 11 * 11 * 64 * 288 + 3 * 3 * 64 * 576 + 576 * 64 + 64 * 10;
/** Forward, and both gradients of every layer but the first, whose input has none. */
const MNIST_STEP_MACS = 3 * MNIST_MACS - 26 * 26 * 32 * 9;
/** Six layers: four projections, two dense layers, scores and their sum, over 128 tokens of 384. */
const ENCODER_MACS = 6 * 128 * (4 * 384 * 384 + 2 * 384 * 1536 + 2 * 128 * 384);
/** Counted on the torch networks by `peers/nets.py`. */
const MOBILENETV2_MACS = 300_774_272;
const RESNET50_MACS = 3_857_973_248;

const gflop = (macs: number): number => (2 * macs) / 1e9;

export const EAGER_OPS = 100;

export const workloads: readonly Workload[] = [
  { name: "mnist-b1", kind: "infer", net: "mnist", batch: 1, gflop: gflop(MNIST_MACS) },
  { name: "mnist-b128", kind: "infer", net: "mnist", batch: 128, gflop: gflop(128 * MNIST_MACS) },
  { name: "mobilenetv2", kind: "infer", net: "mobilenetv2", batch: 1, gflop: gflop(MOBILENETV2_MACS) },
  { name: "resnet50", kind: "infer", net: "resnet50", batch: 1, gflop: gflop(RESNET50_MACS) },
  { name: "encoder", kind: "infer", net: "encoder", batch: 1, gflop: gflop(ENCODER_MACS) },
  { name: "gemm1024", kind: "infer", net: "gemm1024", batch: 1, gflop: gflop(1024 ** 3) },
  { name: "train-b128", kind: "train", net: "mnist", batch: 128, gflop: gflop(128 * MNIST_STEP_MACS) },
  { name: "train-b3750", kind: "train", net: "mnist", batch: 3750, gflop: gflop(3750 * MNIST_STEP_MACS) },
  // Chains over 64 x 64: additions, and additions and products in turn; the last value is read.
  { name: "eager-add", kind: "eager", net: "add", batch: 1, gflop: 0 },
  { name: "eager-matmul", kind: "eager", net: "matmul", batch: 1, gflop: 0 },
  // From the start of a process to its end after the first prediction of the MNIST network.
  { name: "cold", kind: "cold", net: "mnist", batch: 1, gflop: 0 },
];
