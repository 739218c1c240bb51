/**
 * `model.cu` around the kernels: device memory, the cache of captured graphs, and the C functions. A call is one launch of a graph that
 * was captured when its sizes and pointers first came; calls through host pointers go by way of staging memory, so theirs never change.
 * Where data decides which steps run, nothing can be captured: the host enqueues steps one by one, and waits where it has to read a bool.
 */
import { isStatic, mulDims, productOf } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import { isDecidedByData } from "../../ir/program.ts";
import { checkLines, declareParameters, indented } from "../cpp/host-common.ts";
import {
  argumentList,
  describeEntry,
  type Entry,
  type Interface,
  type Parameter,
  parameterList,
} from "../cpp/interface.ts";
import { dimText, symbolNames } from "../cpp/steps.ts";

const KEPT_GRAPHS = 4;

/** Words that tell one call from another: the entry, its sizes, its pointers. */
const keyWords = ({ entries }: Interface): number =>
  1 + Math.max(0, ...entries.map((entry) => argumentList(entry).length));

export const instanceText = (
  api: Interface,
): string => `/** The steps of one call, ready to launch, and the call they belong to. */
struct ${api.prefix}_graph {
  uint64_t key[${keyWords(api)}];  // entry, sizes, pointers
  cudaGraphExec_t steps;
  uint64_t last_use;
};

/** An instance. All blocks lie on the device. */
struct ${api.prefix}_model {
  unsigned char* weights;
  unsigned char* state;  // behind the weights
  unsigned char* arena;  // scratch memory of a call
  size_t arena_size;
  unsigned char* staging;  // inputs and outputs of a call with host pointers
  size_t staging_size;
  cudaStream_t stream;
  ${api.prefix}_graph graphs[${KEPT_GRAPHS}];
  uint64_t calls;
};`;

export function memoryText({ prefix, macro }: Interface): string {
  return `int device_error(cudaError_t error, const char* where) {
  return fail(${macro}_DEVICE_ERROR, "%s: %s", where, cudaGetErrorString(error));
}

/** Makes a block of device memory large enough; its contents are lost when it grows. */
cudaError_t reserve(unsigned char*& block, size_t& present, size_t size) {
  if (size <= present) return cudaSuccess;
  unsigned char* larger = nullptr;
  if (const cudaError_t error = cudaMalloc(&larger, size)) return error;
  cudaDeviceSynchronize();  // earlier calls may still use the old one
  cudaFree(block);
  block = larger;
  present = size;
  return cudaSuccess;
}

void forget_graphs(${prefix}_model& model) {
  for (${prefix}_graph& graph : model.graphs) {
    if (graph.steps != nullptr) cudaGraphExecDestroy(graph.steps);
    graph = {};
  }
}`;
}

/** Needed where an arena depends on sizes. */
export function arenaText({ prefix }: Interface): string {
  return `/** The arena's address is part of every graph. */
cudaError_t reserve_arena(${prefix}_model& model, size_t size) {
  if (size <= model.arena_size) return cudaSuccess;
  const cudaError_t error = reserve(model.arena, model.arena_size, size);
  forget_graphs(model);
  return error;
}`;
}

/** Capture, reuse, launch. */
export function graphText({ prefix }: Interface): string {
  return `template <class Steps>
cudaError_t capture(cudaStream_t stream, cudaGraphExec_t* executable, Steps steps) {
  // Relaxed: the first launch of a kernel may load its code, which a stricter mode forbids.
  if (const cudaError_t error = cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed)) return error;
  steps(stream);
  const cudaError_t launched = cudaGetLastError();
  cudaGraph_t graph = nullptr;
  if (const cudaError_t error = cudaStreamEndCapture(stream, &graph)) return error;
  const cudaError_t made = launched != cudaSuccess ? launched : cudaGraphInstantiateWithFlags(executable, graph, 0);
  cudaGraphDestroy(graph);
  return made;
}

/** Launches the steps of a call as one graph, captured if no recent call was the same. */
template <class Steps>
cudaError_t run(${prefix}_model& model, const ${prefix}_graph& call, cudaStream_t stream, Steps steps) {
  ${prefix}_graph* oldest = model.graphs;
  for (${prefix}_graph& graph : model.graphs) {
    if (graph.steps != nullptr && memcmp(graph.key, call.key, sizeof call.key) == 0) {
      graph.last_use = ++model.calls;
      return cudaGraphLaunch(graph.steps, stream);
    }
    if (graph.last_use < oldest->last_use) oldest = &graph;
  }
  cudaGraphExec_t executable = nullptr;
  if (const cudaError_t error = capture(model.stream, &executable, steps)) return error;
  if (oldest->steps != nullptr) {
    cudaDeviceSynchronize();  // it may still run
    cudaGraphExecDestroy(oldest->steps);
  }
  *oldest = call;
  oldest->steps = executable;
  oldest->last_use = ++model.calls;
  return cudaGraphLaunch(executable, stream);
}

/** CUDA refuses an empty grid; there is nothing to do for it. */
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 groups, dim3 threads, cudaStream_t stream, Arguments... arguments) {
  if (groups.x == 0 || groups.y == 0 || groups.z == 0) return;
  kernel<<<groups, threads, 0, stream>>>(Parameters(arguments)...);
}`;
}

/** Needed where data decides which steps run. */
export const testText = `/** Waits for all steps so far and reads a bool that they wrote; false where that fails, so that loops end. */
bool is_true(const uint8_t* pointer, cudaStream_t stream) {
  uint8_t value = 0;
  if (cudaMemcpyAsync(&value, pointer, 1, cudaMemcpyDeviceToHost, stream) != cudaSuccess) return false;
  return cudaStreamSynchronize(stream) == cudaSuccess && value != 0;
}`;

/** The steps of an entry, enqueued to a stream. */
export const stepsFunction = ({ prefix }: Interface, entry: Entry, name: string, steps: string): string =>
  `// ${describeEntry(entry)}
void ${name}(${declareParameters([`const ${prefix}_model& model`, "cudaStream_t stream", ...parameterList(entry)], steps)}) {
${steps}
}`;

/** The two C functions of an entry. */
export const entryFunctions = (
  api: Interface,
  entry: Entry,
  at: number,
  stepsName: string,
): readonly string[] => [deviceFunction(api, entry, at, stepsName), hostFunction(api, entry)];

/** On device pointers: checks, room in the arena, one graph launch where the steps are known beforehand. */
function deviceFunction(api: Interface, entry: Entry, at: number, stepsName: string): string {
  const { prefix, macro } = api;
  const { symbol, method, program } = entry;
  const key = [String(at + 1), ...argumentList(entry).map((name) => `uint64_t(${name})`)];
  const report = `return device_error(error, "${method}");`;
  const arena = `reserve_arena(*model, ${dimText(program.arenaBytes, symbolNames(entry))})`;
  const enqueue = (target: string): string =>
    `${stepsName}(${["*model", target, ...argumentList(entry)].join(", ")});`;
  const captured = [
    `const ${prefix}_graph call = {{${key.join(", ")}}, nullptr, 0};`,
    `const auto steps = [=](cudaStream_t capturing) { ${enqueue("capturing")} };`,
    `if (const cudaError_t error = run(*model, call, static_cast<cudaStream_t>(stream), steps)) ${report}`,
  ];
  const enqueued = [
    enqueue("static_cast<cudaStream_t>(stream)"),
    `if (const cudaError_t error = cudaGetLastError()) ${report}`,
  ];
  const lines = [
    ...checkLines(api, entry),
    ...(isStatic(program.arenaBytes) ? [] : [`if (const cudaError_t error = ${arena}) ${report}`]),
    ...(isDecidedByData(program.steps) ? enqueued : captured),
    `return ${macro}_OK;`,
  ];
  return `int ${symbol}_device(${[`${prefix}_model* model`, ...parameterList(entry), "void* stream"].join(", ")}) {
${indented(lines)}
}`;
}

/** On host pointers: inputs to staging memory, the call, outputs back, wait. */
function hostFunction(api: Interface, entry: Entry): string {
  const { prefix, macro } = api;
  const { symbol, method, inputs, outputs, sizes } = entry;
  const tensors = [...inputs, ...outputs];
  const attempt = (call: string): string =>
    `if (const cudaError_t error = ${call}) return device_error(error, "${method}");`;
  const copy = ({ to, from, kind }: { to: string; from: string; kind: string }, at: number): string =>
    attempt(`cudaMemcpyAsync(${to}, ${from}, bytes[${at}], cudaMemcpy${kind}, model->stream)`);
  const deviceArguments = [
    ...sizes,
    ...inputs.map(({ type }, at) => `reinterpret_cast<const ${type}*>(staged[${at}])`),
    ...outputs.map(({ type }, at) => `reinterpret_cast<${type}*>(staged[${inputs.length + at}])`),
  ];
  const lines = [
    ...checkLines(api, entry),
    `const size_t bytes[] = {${[...tensors.map((tensor) => byteText(entry, tensor)), "0"].join(", ")}};`,
    `unsigned char* staged[${tensors.length + 1}];`,
    attempt("stage(*model, bytes, staged)"),
    ...inputs.map(({ name }, at) => copy({ to: `staged[${at}]`, from: name, kind: "HostToDevice" }, at)),
    `const int status = ${symbol}_device(${["model", ...deviceArguments, "model->stream"].join(", ")});`,
    `if (status != ${macro}_OK) return status;`,
    ...outputs.map(({ name }, at) =>
      copy({ to: name, from: `staged[${inputs.length + at}]`, kind: "DeviceToHost" }, inputs.length + at),
    ),
    attempt("cudaStreamSynchronize(model->stream)"),
    `return ${macro}_OK;`,
  ];
  return `int ${symbol}(${[`${prefix}_model* model`, ...parameterList(entry)].join(", ")}) {
${indented(lines)}
}`;
}

const byteText = (entry: Entry, { port }: Parameter): string =>
  `size_t(${dimText(mulDims(byteWidth(port.dtype), productOf(port.shape)), symbolNames(entry))})`;

/** Room in the staging memory. */
export function stageText({ prefix }: Interface): string {
  return `/** Gives every tensor of a call its place in the staging memory. */
template <size_t count>
cudaError_t stage(${prefix}_model& model, const size_t (&bytes)[count], unsigned char* (&staged)[count]) {
  size_t offsets[count], end = 0;
  for (size_t i = 0; i < count; i++) {
    offsets[i] = end;
    end += (bytes[i] + 255) / 256 * 256;
  }
  if (const cudaError_t error = reserve(model.staging, model.staging_size, end)) return error;
  for (size_t i = 0; i < count; i++) staged[i] = model.staging + offsets[i];
  return cudaSuccess;
}`;
}
