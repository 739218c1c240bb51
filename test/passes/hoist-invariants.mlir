// what iterations share leaves the loop
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<f32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %6 = "kt.scan"(%1, %x, %w) ({
    ^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>):
      %2 = "kt.exp"(%arg2) : (tensor<4xf32>) -> tensor<4xf32>
      %3 = "kt.mul"(%arg0, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %4 = "kt.add"(%3, %arg1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %5 = "kt.tanh"(%4) : (tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%5) : (tensor<4xf32>) -> ()
    }) {carries = 1 : i64, inputs = [0], length = 8 : i64, outputs = [], reverse = false} : (tensor<4xf32>, tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %7 = "kt.reduce_sum"(%6) {spec = "a0 ->"} : (tensor<4xf32>) -> tensor<f32>
    "func.return"(%7) : (tensor<f32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<f32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %2 = "kt.exp"(%w) : (tensor<4xf32>) -> tensor<4xf32>
    %6 = "kt.scan"(%1, %x, %w, %2) ({
    ^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>, %arg3: tensor<4xf32>):
      %3 = "kt.mul"(%arg0, %arg3) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %4 = "kt.add"(%3, %arg1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %5 = "kt.tanh"(%4) : (tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%5) : (tensor<4xf32>) -> ()
    }) {carries = 1 : i64, inputs = [0], length = 8 : i64, outputs = [], reverse = false} : (tensor<4xf32>, tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %7 = "kt.reduce_sum"(%6) {spec = "a0 ->"} : (tensor<4xf32>) -> tensor<f32>
    "func.return"(%7) : (tensor<f32>) -> ()
  }) : () -> ()
}
