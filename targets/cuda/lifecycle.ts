/** Making and unmaking instances on a device, and access to their weights: the fixed part of `model.cu`. */
import type { Interface } from "../cpp/interface.ts";

export function lifecycleText({ prefix, macro }: Interface): string {
  return `const char* ${prefix}_error_message(void) { return message; }

int ${prefix}_create_from_memory(const void* weights, size_t size, ${prefix}_model** model) {
  if (model == nullptr) return fail(${macro}_INVALID_ARGUMENT, "create: a pointer is null");
  *model = nullptr;
  if (size != file_size || (weights == nullptr && size > 0)) {
    return fail(${macro}_BAD_WEIGHTS, "create: expected %zu bytes of weights, got %zu", file_size, size);
  }
  ${prefix}_model* const made = new (std::nothrow) ${prefix}_model{};
  if (made == nullptr) return fail(${macro}_OUT_OF_MEMORY, "create: out of memory");
  if (const cudaError_t error = fill(*made, weights)) {
    ${prefix}_destroy(made);
    return device_error(error, "create");
  }
  *model = made;
  return ${macro}_OK;
}

int ${prefix}_create(const char* path, ${prefix}_model** model) {
  if (path == nullptr || model == nullptr) return fail(${macro}_INVALID_ARGUMENT, "create: a pointer is null");
  *model = nullptr;
  char* const bytes = new (std::nothrow) char[file_size + 1];
  if (bytes == nullptr) return fail(${macro}_OUT_OF_MEMORY, "create: out of memory");
  const bool complete = read_file(path, bytes, file_size);
  const int status = complete ? ${prefix}_create_from_memory(bytes, file_size, model)
                              : fail(${macro}_BAD_WEIGHTS, "create: expected a file of %zu bytes at %.150s", file_size, path);
  delete[] bytes;
  return status;
}

void ${prefix}_destroy(${prefix}_model* model) {
  if (model == nullptr) return;
  cudaDeviceSynchronize();
  forget_graphs(*model);
  cudaFree(model->staging);
  cudaFree(model->arena);
  cudaFree(model->weights);
  if (model->stream != nullptr) cudaStreamDestroy(model->stream);
  delete model;
}`;
}

/** Access to the bytes that `weights.bin` filled. */
export function weightsText({ prefix, macro }: Interface): string {
  return `int ${prefix}_get_weights(const ${prefix}_model* model, size_t offset, void* bytes, size_t size) {
  if (model == nullptr || bytes == nullptr) return fail(${macro}_INVALID_ARGUMENT, "get_weights: a pointer is null");
  if (size > file_size || offset > file_size - size) return fail(${macro}_INVALID_ARGUMENT, "get_weights: out of range");
  const cudaError_t error = cudaDeviceSynchronize();
  if (error != cudaSuccess) return device_error(error, "get_weights");
  const cudaError_t copied = cudaMemcpy(bytes, model->weights + offset, size, cudaMemcpyDeviceToHost);
  return copied == cudaSuccess ? ${macro}_OK : device_error(copied, "get_weights");
}

int ${prefix}_set_weights(${prefix}_model* model, size_t offset, const void* bytes, size_t size) {
  if (model == nullptr || bytes == nullptr) return fail(${macro}_INVALID_ARGUMENT, "set_weights: a pointer is null");
  if (size > file_size || offset > file_size - size) return fail(${macro}_INVALID_ARGUMENT, "set_weights: out of range");
  const cudaError_t error = cudaDeviceSynchronize();
  if (error != cudaSuccess) return device_error(error, "set_weights");
  const cudaError_t copied = cudaMemcpy(model->weights + offset, bytes, size, cudaMemcpyHostToDevice);
  return copied == cudaSuccess ? ${macro}_OK : device_error(copied, "set_weights");
}`;
}

/** What `create` needs before it. */
export function fillText({ prefix }: Interface): string {
  return `/** Takes what an instance needs of the device, and copies the weights there. */
cudaError_t fill(${prefix}_model& model, const void* weights) {
  if (const cudaError_t error = cudaStreamCreateWithFlags(&model.stream, cudaStreamNonBlocking)) return error;
  if (const cudaError_t error = cudaMalloc(&model.weights, file_size > 0 ? file_size : 1)) return error;
  if (const cudaError_t error = reserve(model.arena, model.arena_size, initial_arena_size)) return error;
  model.state = model.weights + state_offset;
  return file_size > 0 ? cudaMemcpy(model.weights, weights, file_size, cudaMemcpyHostToDevice) : cudaSuccess;
}`;
}

/** Writes what `create` reads. */
export function exportText({ prefix, macro }: Interface): string {
  return `int ${prefix}_export_weights(const ${prefix}_model* model, const char* path) {
  if (model == nullptr || path == nullptr) return fail(${macro}_INVALID_ARGUMENT, "export_weights: a pointer is null");
  char* const bytes = new (std::nothrow) char[file_size];
  if (bytes == nullptr) return fail(${macro}_OUT_OF_MEMORY, "export_weights: out of memory");
  int status = ${prefix}_get_weights(model, 0, bytes, file_size);
  if (status == ${macro}_OK && !write_file(path, bytes, file_size)) {
    status = fail(${macro}_BAD_WEIGHTS, "export_weights: cannot write %.150s", path);
  }
  delete[] bytes;
  return status;
}`;
}
