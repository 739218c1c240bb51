// the loop that keeps residuals and the loop it copies are one
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %2 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %4 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %5 = "kt.broadcast"(%4) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %10:3 = "kt.scan"(%1, %x, %w) ({
    ^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>):
      %6 = "kt.exp"(%arg2) : (tensor<4xf32>) -> tensor<4xf32>
      %7 = "kt.mul"(%arg0, %6) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %8 = "kt.add"(%7, %arg1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %9 = "kt.tanh"(%8) : (tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%9, %9, %arg0) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> ()
    }) {carries = 1 : i64, inputs = [0], length = 8 : i64, outputs = [0, 0], reverse = false} : (tensor<4xf32>, tensor<8x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>, tensor<8x4xf32>)
    %21:2 = "kt.scan"(%3, %5, %10#1, %10#2, %w) ({
    ^bb0(%arg3: tensor<4xf32>, %arg4: tensor<4xf32>, %arg5: tensor<4xf32>, %arg6: tensor<4xf32>, %arg7: tensor<4xf32>):
      %11 = "kt.exp"(%arg7) : (tensor<4xf32>) -> tensor<4xf32>
      %12 = "kt.mul"(%arg5, %arg5) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %13 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
      %14 = "kt.broadcast"(%13) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
      %15 = "kt.sub"(%14, %12) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %16 = "kt.mul"(%arg3, %15) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %17 = "kt.mul"(%16, %11) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %18 = "kt.mul"(%16, %arg6) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %19 = "kt.mul"(%18, %11) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %20 = "kt.add"(%arg4, %19) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%17, %20) : (tensor<4xf32>, tensor<4xf32>) -> ()
    }) {carries = 2 : i64, inputs = [0, 0], length = 8 : i64, outputs = [], reverse = true} : (tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    "func.return"(%21#1) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %2 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %4 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %5 = "kt.broadcast"(%4) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %10:3 = "kt.scan"(%1, %x, %w) ({
    ^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>):
      %6 = "kt.exp"(%arg2) : (tensor<4xf32>) -> tensor<4xf32>
      %7 = "kt.mul"(%arg0, %6) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %8 = "kt.add"(%7, %arg1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %9 = "kt.tanh"(%8) : (tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%9, %9, %arg0) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> ()
    }) {carries = 1 : i64, inputs = [0], length = 8 : i64, outputs = [0, 0], reverse = false} : (tensor<4xf32>, tensor<8x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>, tensor<8x4xf32>)
    %21:2 = "kt.scan"(%3, %5, %10#1, %10#2, %w) ({
    ^bb0(%arg3: tensor<4xf32>, %arg4: tensor<4xf32>, %arg5: tensor<4xf32>, %arg6: tensor<4xf32>, %arg7: tensor<4xf32>):
      %11 = "kt.exp"(%arg7) : (tensor<4xf32>) -> tensor<4xf32>
      %12 = "kt.mul"(%arg5, %arg5) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %13 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
      %14 = "kt.broadcast"(%13) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
      %15 = "kt.sub"(%14, %12) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %16 = "kt.mul"(%arg3, %15) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %17 = "kt.mul"(%16, %11) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %18 = "kt.mul"(%16, %arg6) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %19 = "kt.mul"(%18, %11) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %20 = "kt.add"(%arg4, %19) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%17, %20) : (tensor<4xf32>, tensor<4xf32>) -> ()
    }) {carries = 2 : i64, inputs = [0, 0], length = 8 : i64, outputs = [], reverse = true} : (tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    "func.return"(%21#1) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
