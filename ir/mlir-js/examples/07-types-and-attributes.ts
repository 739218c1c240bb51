// Types and attributes taken apart: shapes, element types, numbers, affine maps.
import { evaluateAffine, loadMlir } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();

const tensor = context.type("tensor<4x?xf32>");
console.log(tensor.kind, tensor.shape, String(tensor.element), tensor.element.width);
console.log(context.type("tensor<4x?xf32>") === tensor); // made once per context

const memref = context.type("memref<4x8xf32, strided<[16, 2], offset: 3>>");
console.log(memref.layout);

const dictionary = context.attribute('{axis = 1 : i64, name = "x", sizes = array<i64: 2, 3>, on}');
console.log(dictionary.toValue());

const { map } = context.attribute("affine_map<(d0, d1) -> (d0 * 2 + d1, d0 floordiv 4)>");
console.log(map.results.map((result) => evaluateAffine(result, [9, 1])));

const dense = context.dense(context.type("tensor<3xf32>"), new Uint8Array(Float32Array.of(1, 2, 3).buffer));
console.log(String(dense));
