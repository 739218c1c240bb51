// products with slices leave a loop in front
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<f32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.broadcast"(%w) {axes = [0], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %1 = "kt.broadcast"(%w) {axes = [1], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %2 = "kt.mul"(%0, %1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %3 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [2, 4]} : (tensor<f32>) -> tensor<2x4xf32>
    %5 = "kt.reshape"(%x) {shape = [4, 2, 4]} : (tensor<8x4xf32>) -> tensor<4x2x4xf32>
    %9 = "kt.scan"(%4, %5, %2) ({
    ^bb0(%arg0: tensor<2x4xf32>, %arg1: tensor<2x4xf32>, %arg2: tensor<4x4xf32>):
      %6 = "kt.contract"(%arg1, %arg2) {spec = "n0 k, k o -> n0 o"} : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
      %7 = "kt.add"(%arg0, %6) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %8 = "kt.tanh"(%7) : (tensor<2x4xf32>) -> tensor<2x4xf32>
      "vector.yield"(%8) : (tensor<2x4xf32>) -> ()
    }) {carries = 1 : i64, inputs = [0], length = 4 : i64, outputs = [], reverse = false} : (tensor<2x4xf32>, tensor<4x2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
    %10 = "kt.reduce_sum"(%9) {spec = "a0 a1 ->"} : (tensor<2x4xf32>) -> tensor<f32>
    "func.return"(%10) : (tensor<f32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<f32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.broadcast"(%w) {axes = [0], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %1 = "kt.broadcast"(%w) {axes = [1], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %2 = "kt.mul"(%0, %1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %3 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [2, 4]} : (tensor<f32>) -> tensor<2x4xf32>
    %5 = "kt.reshape"(%x) {shape = [4, 2, 4]} : (tensor<8x4xf32>) -> tensor<4x2x4xf32>
    %6 = "kt.contract"(%5, %2) {spec = "s0 n0 k, k o -> s0 n0 o"} : (tensor<4x2x4xf32>, tensor<4x4xf32>) -> tensor<4x2x4xf32>
    %9 = "kt.scan"(%4, %5, %6, %2) ({
    ^bb0(%arg0: tensor<2x4xf32>, %arg1: tensor<2x4xf32>, %arg2: tensor<2x4xf32>, %arg3: tensor<4x4xf32>):
      %7 = "kt.add"(%arg0, %arg2) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %8 = "kt.tanh"(%7) : (tensor<2x4xf32>) -> tensor<2x4xf32>
      "vector.yield"(%8) : (tensor<2x4xf32>) -> ()
    }) {carries = 1 : i64, inputs = [0, 0], length = 4 : i64, outputs = [], reverse = false} : (tensor<2x4xf32>, tensor<4x2x4xf32>, tensor<4x2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
    %10 = "kt.reduce_sum"(%9) {spec = "a0 a1 ->"} : (tensor<2x4xf32>) -> tensor<f32>
    "func.return"(%10) : (tensor<f32>) -> ()
  }) : () -> ()
}
// -----
// sums over iterations leave it behind
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.broadcast"(%w) {axes = [0], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %1 = "kt.broadcast"(%w) {axes = [1], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %2 = "kt.mul"(%0, %1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %3 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [2, 4]} : (tensor<f32>) -> tensor<2x4xf32>
    %5 = "kt.reshape"(%x) {shape = [4, 2, 4]} : (tensor<8x4xf32>) -> tensor<4x2x4xf32>
    %9:2 = "kt.scan"(%4, %5, %2) ({
    ^bb0(%arg0: tensor<2x4xf32>, %arg1: tensor<2x4xf32>, %arg2: tensor<4x4xf32>):
      %6 = "kt.contract"(%arg1, %arg2) {spec = "n0 k, k o -> n0 o"} : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
      %7 = "kt.add"(%arg0, %6) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %8 = "kt.tanh"(%7) : (tensor<2x4xf32>) -> tensor<2x4xf32>
      "vector.yield"(%8, %8) : (tensor<2x4xf32>, tensor<2x4xf32>) -> ()
    }) {carries = 1 : i64, inputs = [0], length = 4 : i64, outputs = [0], reverse = false} : (tensor<2x4xf32>, tensor<4x2x4xf32>, tensor<4x4xf32>) -> (tensor<2x4xf32>, tensor<4x2x4xf32>)
    %10 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %11 = "kt.broadcast"(%10) {axes = [], shape = [2, 4]} : (tensor<f32>) -> tensor<2x4xf32>
    %12 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %13 = "kt.broadcast"(%12) {axes = [], shape = [4, 4]} : (tensor<f32>) -> tensor<4x4xf32>
    %21:2 = "kt.scan"(%11, %13, %5, %9#1) ({
    ^bb0(%arg3: tensor<2x4xf32>, %arg4: tensor<4x4xf32>, %arg5: tensor<2x4xf32>, %arg6: tensor<2x4xf32>):
      %14 = "kt.mul"(%arg6, %arg6) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %15 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
      %16 = "kt.broadcast"(%15) {axes = [], shape = [2, 4]} : (tensor<f32>) -> tensor<2x4xf32>
      %17 = "kt.sub"(%16, %14) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %18 = "kt.mul"(%arg3, %17) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %19 = "kt.contract"(%18, %arg5) {spec = "n0 o, n0 k -> k o"} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<4x4xf32>
      %20 = "kt.add"(%arg4, %19) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
      "vector.yield"(%18, %20) : (tensor<2x4xf32>, tensor<4x4xf32>) -> ()
    }) {carries = 2 : i64, inputs = [0, 0], length = 4 : i64, outputs = [], reverse = true} : (tensor<2x4xf32>, tensor<4x4xf32>, tensor<4x2x4xf32>, tensor<4x2x4xf32>) -> (tensor<2x4xf32>, tensor<4x4xf32>)
    %22 = "kt.contract"(%21#1, %w) {spec = "m o, o -> m"} : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %23 = "kt.contract"(%21#1, %w) {spec = "m o, m -> o"} : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %24 = "kt.add"(%22, %23) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%24) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.broadcast"(%w) {axes = [0], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %1 = "kt.broadcast"(%w) {axes = [1], shape = [4, 4]} : (tensor<4xf32>) -> tensor<4x4xf32>
    %2 = "kt.mul"(%0, %1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %3 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [2, 4]} : (tensor<f32>) -> tensor<2x4xf32>
    %5 = "kt.reshape"(%x) {shape = [4, 2, 4]} : (tensor<8x4xf32>) -> tensor<4x2x4xf32>
    %6 = "kt.contract"(%5, %2) {spec = "s0 n0 k, k o -> s0 n0 o"} : (tensor<4x2x4xf32>, tensor<4x4xf32>) -> tensor<4x2x4xf32>
    %9:2 = "kt.scan"(%4, %5, %6, %2) ({
    ^bb0(%arg0: tensor<2x4xf32>, %arg1: tensor<2x4xf32>, %arg2: tensor<2x4xf32>, %arg3: tensor<4x4xf32>):
      %7 = "kt.add"(%arg0, %arg2) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %8 = "kt.tanh"(%7) : (tensor<2x4xf32>) -> tensor<2x4xf32>
      "vector.yield"(%8, %8) : (tensor<2x4xf32>, tensor<2x4xf32>) -> ()
    }) {carries = 1 : i64, inputs = [0, 0], length = 4 : i64, outputs = [0], reverse = false} : (tensor<2x4xf32>, tensor<4x2x4xf32>, tensor<4x2x4xf32>, tensor<4x4xf32>) -> (tensor<2x4xf32>, tensor<4x2x4xf32>)
    %10 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %11 = "kt.broadcast"(%10) {axes = [], shape = [2, 4]} : (tensor<f32>) -> tensor<2x4xf32>
    %12 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %13 = "kt.broadcast"(%12) {axes = [], shape = [4, 4]} : (tensor<f32>) -> tensor<4x4xf32>
    %19:3 = "kt.scan"(%11, %13, %5, %9#1) ({
    ^bb0(%arg4: tensor<2x4xf32>, %arg5: tensor<4x4xf32>, %arg6: tensor<2x4xf32>, %arg7: tensor<2x4xf32>):
      %14 = "kt.mul"(%arg7, %arg7) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %15 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
      %16 = "kt.broadcast"(%15) {axes = [], shape = [2, 4]} : (tensor<f32>) -> tensor<2x4xf32>
      %17 = "kt.sub"(%16, %14) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      %18 = "kt.mul"(%arg4, %17) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
      "vector.yield"(%18, %arg5, %18) : (tensor<2x4xf32>, tensor<4x4xf32>, tensor<2x4xf32>) -> ()
    }) {carries = 2 : i64, inputs = [0, 0], length = 4 : i64, outputs = [0], reverse = true} : (tensor<2x4xf32>, tensor<4x4xf32>, tensor<4x2x4xf32>, tensor<4x2x4xf32>) -> (tensor<2x4xf32>, tensor<4x4xf32>, tensor<4x2x4xf32>)
    %20 = "kt.contract"(%19#2, %5) {spec = "s0 n0 o, s0 n0 k -> k o"} : (tensor<4x2x4xf32>, tensor<4x2x4xf32>) -> tensor<4x4xf32>
    %21 = "kt.contract"(%20, %w) {spec = "m o, o -> m"} : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %22 = "kt.contract"(%20, %w) {spec = "m o, m -> o"} : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %23 = "kt.add"(%21, %22) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%23) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
