// a residual block
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, tensor<3x3x4x4xf32>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, %kernel: tensor<3x3x4x4xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = ["n", 12, 12, 4]} : (tensor<f32>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    %2 = "kt.max"(%x, %1) : (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    %3 = "kt.pad"(%2) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>) -> tensor<?x14x14x4xf32, #kt.dims<"n, 14, 14, 4">>
    %4 = "kt.contract"(%3, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x14x14x4xf32, #kt.dims<"n, 14, 14, 4">>, tensor<3x3x4x4xf32>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    %5 = "kt.add"(%4, %2) : (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    "func.return"(%5) : (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, tensor<3x3x4x4xf32>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, %kernel: tensor<3x3x4x4xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = ["n", 12, 12, 4]} : (tensor<f32>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    %2 = "kt.max"(%x, %1) : (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    %3 = "kt.pad"(%2) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>) -> tensor<?x14x14x4xf32, #kt.dims<"n, 14, 14, 4">>
    %4 = "kt.slice"(%3) {limits = ["n", 13, 13, 4], starts = [0, 1, 1, 0], strides = [1, 1, 1, 1]} : (tensor<?x14x14x4xf32, #kt.dims<"n, 14, 14, 4">>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    %5 = "kt.contract"(%3, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x14x14x4xf32, #kt.dims<"n, 14, 14, 4">>, tensor<3x3x4x4xf32>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    %6 = "kt.add"(%5, %4) : (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>, tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>) -> tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>
    "func.return"(%6) : (tensor<?x12x12x4xf32, #kt.dims<"n, 12, 12, 4">>) -> ()
  }) : () -> ()
}
// -----
// not where the bare value is an argument or a result, or the padding thick
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> (tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>, tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = ["n", 4, 4, 1]} : (tensor<f32>) -> tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>
    %2 = "kt.max"(%x, %1) : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>
    %3 = "kt.neg"(%x) : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>
    %4 = "kt.pad"(%x) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x6x6x1xf32, #kt.dims<"n, 6, 6, 1">>
    %5 = "kt.reduce_sum"(%4) {spec = "a0 a1 a2 a3 -> a0 a3"} : (tensor<?x6x6x1xf32, #kt.dims<"n, 6, 6, 1">>) -> tensor<?x1xf32, #kt.dims<"n, 1">>
    %6 = "kt.pad"(%2) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x6x6x1xf32, #kt.dims<"n, 6, 6, 1">>
    %7 = "kt.reduce_sum"(%6) {spec = "a0 a1 a2 a3 -> a0 a3"} : (tensor<?x6x6x1xf32, #kt.dims<"n, 6, 6, 1">>) -> tensor<?x1xf32, #kt.dims<"n, 1">>
    %8 = "kt.pad"(%3) {high = [0, 4, 4, 0], interior = [0, 0, 0, 0], low = [0, 4, 4, 0], value = 0 : i64} : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x12x12x1xf32, #kt.dims<"n, 12, 12, 1">>
    %9 = "kt.reduce_sum"(%8) {spec = "a0 a1 a2 a3 -> a0 a3"} : (tensor<?x12x12x1xf32, #kt.dims<"n, 12, 12, 1">>) -> tensor<?x1xf32, #kt.dims<"n, 1">>
    %10 = "kt.exp"(%3) : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>
    "func.return"(%5, %7, %2, %9, %10) : (tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>, tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> (tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>, tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = ["n", 4, 4, 1]} : (tensor<f32>) -> tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>
    %2 = "kt.max"(%x, %1) : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>
    %3 = "kt.neg"(%x) : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>
    %4 = "kt.pad"(%x) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x6x6x1xf32, #kt.dims<"n, 6, 6, 1">>
    %5 = "kt.reduce_sum"(%4) {spec = "a0 a1 a2 a3 -> a0 a3"} : (tensor<?x6x6x1xf32, #kt.dims<"n, 6, 6, 1">>) -> tensor<?x1xf32, #kt.dims<"n, 1">>
    %6 = "kt.pad"(%2) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x6x6x1xf32, #kt.dims<"n, 6, 6, 1">>
    %7 = "kt.reduce_sum"(%6) {spec = "a0 a1 a2 a3 -> a0 a3"} : (tensor<?x6x6x1xf32, #kt.dims<"n, 6, 6, 1">>) -> tensor<?x1xf32, #kt.dims<"n, 1">>
    %8 = "kt.pad"(%3) {high = [0, 4, 4, 0], interior = [0, 0, 0, 0], low = [0, 4, 4, 0], value = 0 : i64} : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x12x12x1xf32, #kt.dims<"n, 12, 12, 1">>
    %9 = "kt.reduce_sum"(%8) {spec = "a0 a1 a2 a3 -> a0 a3"} : (tensor<?x12x12x1xf32, #kt.dims<"n, 12, 12, 1">>) -> tensor<?x1xf32, #kt.dims<"n, 1">>
    %10 = "kt.exp"(%3) : (tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>
    "func.return"(%5, %7, %2, %9, %10) : (tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>, tensor<?x1xf32, #kt.dims<"n, 1">>, tensor<?x4x4x1xf32, #kt.dims<"n, 4, 4, 1">>) -> ()
  }) : () -> ()
}
