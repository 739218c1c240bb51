// a variable handed on to another one is copied
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %3:2 = "kt.scan"(%w, %1, %x) ({
    ^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>):
      %2 = "kt.add"(%arg0, %arg2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%arg1, %2) : (tensor<4xf32>, tensor<4xf32>) -> ()
    }) {carries = 2 : i64, inputs = [0], length = 8 : i64, outputs = [], reverse = false} : (tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    "func.return"(%3#0) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %2 = "kt.copy"(%w) : (tensor<4xf32>) -> tensor<4xf32>
    %5:2 = "kt.scan"(%2, %1, %x) ({
    ^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>):
      %3 = "kt.copy"(%arg1) : (tensor<4xf32>) -> tensor<4xf32>
      %4 = "kt.add"(%arg0, %arg2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%3, %4) : (tensor<4xf32>, tensor<4xf32>) -> ()
    }) {carries = 2 : i64, inputs = [0], length = 8 : i64, outputs = [], reverse = false} : (tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    "func.return"(%5#0) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// -----
// a branch that returns what it was given copies it
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 a1 ->"} : (tensor<8x4xf32>) -> tensor<f32>
    %1 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %2 = "kt.lt"(%1, %0) : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %3 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %5 = "kt.mul"(%w, %4) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %6 = "kt.cond"(%2, %w, %5) ({
    ^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>):
      "vector.yield"(%arg0) : (tensor<4xf32>) -> ()
    }, {
    ^bb0(%arg2: tensor<4xf32>, %arg3: tensor<4xf32>):
      "vector.yield"(%arg3) : (tensor<4xf32>) -> ()
    }) : (tensor<i1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%6) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}], function_type = (tensor<8x4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y0"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x4xf32>, %w: tensor<4xf32>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 a1 ->"} : (tensor<8x4xf32>) -> tensor<f32>
    %1 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %2 = "kt.lt"(%1, %0) : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %3 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %5 = "kt.mul"(%w, %4) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %8 = "kt.cond"(%2, %w, %5) ({
    ^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>):
      %6 = "kt.copy"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%6) : (tensor<4xf32>) -> ()
    }, {
    ^bb0(%arg2: tensor<4xf32>, %arg3: tensor<4xf32>):
      %7 = "kt.copy"(%arg3) : (tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%7) : (tensor<4xf32>) -> ()
    }) : (tensor<i1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%8) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
