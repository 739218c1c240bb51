// arithmetic on constants
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> tensor<3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
    %1 = "kt.constant"() {value = dense<[1.0, 4.0, 9.0]> : tensor<3xf32>} : () -> tensor<3xf32>
    %2 = "kt.sqrt"(%1) : (tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.add"(%0, %2) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.mul"(%x, %3) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%4) : (tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> tensor<3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
    %1 = "kt.constant"() {value = dense<[1.0, 4.0, 9.0]> : tensor<3xf32>} : () -> tensor<3xf32>
    %2 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
    %3 = "kt.constant"() {value = dense<[2.0, 4.0, 6.0]> : tensor<3xf32>} : () -> tensor<3xf32>
    %4 = "kt.mul"(%x, %3) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%4) : (tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// movement and contraction of constants
module {
  "func.func"() <{function_type = () -> tensor<3x2xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
    %0 = "kt.constant"() {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
    %1 = "kt.transpose"(%0) {permutation = [1, 0]} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    %2 = "kt.constant"() {value = dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
    %3 = "kt.contract"(%1, %2) {spec = "a k, k b -> a b"} : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
    "func.return"(%3) : (tensor<3x2xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{function_type = () -> tensor<3x2xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
    %0 = "kt.constant"() {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
    %1 = "kt.constant"() {value = dense<[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
    %2 = "kt.constant"() {value = dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
    %3 = "kt.constant"() {value = dense<[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
    "func.return"(%3) : (tensor<3x2xf32>) -> ()
  }) : () -> ()
}
// -----
// equal elements become one number, broadcast
module {
  "func.func"() <{function_type = () -> tensor<4xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
    %0 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %1 = "kt.constant"() {value = dense<[0.0, 1.0, 2.0, 3.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %2 = "kt.sub"(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%2) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{function_type = () -> tensor<4xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
    %0 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %1 = "kt.constant"() {value = dense<[0.0, 1.0, 2.0, 3.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %2 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    "func.return"(%3) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// -----
// neither a broadcast nor a counter becomes an array
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4x4xf32>):
    %0 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [4, 4]} : (tensor<f32>) -> tensor<4x4xf32>
    %2 = "kt.add"(%x, %1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %3 = "kt.iota"() {axis = 0 : i64, dtype = "f32", shape = [4, 4]} : () -> tensor<4x4xf32>
    %4 = "kt.mul"(%x, %3) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %5 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %6 = "kt.broadcast"(%5) {axes = [1], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %7 = "kt.add"(%x, %6) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    "func.return"(%2, %4, %7) : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4x4xf32>):
    %0 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [4, 4]} : (tensor<f32>) -> tensor<4x4xf32>
    %2 = "kt.add"(%x, %1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %3 = "kt.iota"() {axis = 0 : i64, dtype = "f32", shape = [4, 4]} : () -> tensor<4x4xf32>
    %4 = "kt.mul"(%x, %3) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %5 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %6 = "kt.broadcast"(%5) {axes = [1], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %7 = "kt.add"(%x, %6) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    "func.return"(%2, %4, %7) : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> ()
  }) : () -> ()
}
// -----
// a result much larger than its operands stays an op
module {
  "func.func"() <{function_type = () -> tensor<10x10xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
    %0 = "kt.constant"() {value = dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]> : tensor<10xf32>} : () -> tensor<10xf32>
    %1 = "kt.contract"(%0, %0) {spec = "a, b -> a b"} : (tensor<10xf32>, tensor<10xf32>) -> tensor<10x10xf32>
    "func.return"(%1) : (tensor<10x10xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{function_type = () -> tensor<10x10xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
    %0 = "kt.constant"() {value = dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]> : tensor<10xf32>} : () -> tensor<10xf32>
    %1 = "kt.contract"(%0, %0) {spec = "a, b -> a b"} : (tensor<10xf32>, tensor<10xf32>) -> tensor<10x10xf32>
    "func.return"(%1) : (tensor<10x10xf32>) -> ()
  }) : () -> ()
}
// -----
// the size of the batch is no constant
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?xf32, #kt.dims<"n">>) -> tensor<f32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?xf32, #kt.dims<"n">>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 ->"} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<f32>
    %1 = "kt.dim"() {dim = "n", dtype = "f32"} : () -> tensor<f32>
    %2 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.mul"(%1, %2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %4 = "kt.div"(%0, %3) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "func.return"(%4) : (tensor<f32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?xf32, #kt.dims<"n">>) -> tensor<f32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?xf32, #kt.dims<"n">>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 ->"} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<f32>
    %1 = "kt.dim"() {dim = "n", dtype = "f32"} : () -> tensor<f32>
    %2 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.mul"(%1, %2) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %4 = "kt.div"(%0, %3) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "func.return"(%4) : (tensor<f32>) -> ()
  }) : () -> ()
}
