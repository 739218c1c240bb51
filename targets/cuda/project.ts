/** `CMakeLists.txt` of a CUDA artifact. Its demo is that of C++: the interface is the same. */
import type { Interface } from "../cpp/interface.ts";

/** Switches that keep the arithmetic as the IR defines it. */
export const CUDA_FLAGS = ["-fmad=false"] as const;

export function cmakeText({ prefix }: Interface): string {
  return `cmake_minimum_required(VERSION 3.24)

# The graphics processor of this machine; or name architectures: -DCMAKE_CUDA_ARCHITECTURES="80;90a"
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES native)
endif()
project(${prefix} CXX CUDA)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(${prefix} STATIC model.cu)
target_compile_features(${prefix} PUBLIC cxx_std_17 cuda_std_17)
target_include_directories(${prefix} PUBLIC \${CMAKE_CURRENT_SOURCE_DIR})
target_compile_options(${prefix} PRIVATE -O3 ${CUDA_FLAGS.join(" ")})

add_executable(${prefix}_demo main.cpp)
target_link_libraries(${prefix}_demo PRIVATE ${prefix})
`;
}
