// equal ops become one, and then their users
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.exp"(%0) : (tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.exp"(%2) : (tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %5 = "kt.exp"(%4) : (tensor<3xf32>) -> tensor<3xf32>
    %6 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %7 = "kt.broadcast"(%6) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %8 = "kt.mul"(%5, %7) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%1, %3, %8) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.exp"(%0) : (tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %4 = "kt.mul"(%1, %3) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%1, %1, %4) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// constants by content: 0 and -0 differ, NaN is NaN
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2xf32>):
    %0 = "kt.constant"() {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %1 = "kt.mul"(%x, %0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %2 = "kt.constant"() {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %3 = "kt.mul"(%x, %2) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %4 = "kt.constant"() {value = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
    %5 = "kt.add"(%x, %4) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %6 = "kt.constant"() {value = dense<[0.0, -0.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %7 = "kt.add"(%x, %6) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %8 = "kt.constant"() {value = dense<[0x7FC00000, 0.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %9 = "kt.add"(%x, %8) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %10 = "kt.constant"() {value = dense<[0x7FC00000, 0.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %11 = "kt.add"(%x, %10) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    "func.return"(%1, %3, %5, %7, %9, %11) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2xf32>):
    %0 = "kt.constant"() {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %1 = "kt.mul"(%x, %0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %2 = "kt.constant"() {value = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
    %3 = "kt.add"(%x, %2) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %4 = "kt.constant"() {value = dense<[0.0, -0.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %5 = "kt.add"(%x, %4) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %6 = "kt.constant"() {value = dense<[0x7FC00000, 0.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %7 = "kt.add"(%x, %6) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    "func.return"(%1, %1, %3, %5, %7, %7) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> ()
  }) : () -> ()
}
// -----
// other attributes, dtypes or results are other ops
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3x3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3x3xi32>, tensor<3x3xi32>, tensor<3xf32>, tensor<3xi32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3x3xf32>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 a1 -> a1"} : (tensor<3x3xf32>) -> tensor<3xf32>
    %1 = "kt.reduce_sum"(%x) {spec = "a0 a1 -> a0"} : (tensor<3x3xf32>) -> tensor<3xf32>
    %2 = "kt.cast"(%x) {dtype = "i32"} : (tensor<3x3xf32>) -> tensor<3x3xi32>
    %3 = "kt.cast"(%x) {dtype = "i32"} : (tensor<3x3xf32>) -> tensor<3x3xi32>
    %4:2 = "kt.reduce_max"(%x) {spec = "a b -> a"} : (tensor<3x3xf32>) -> (tensor<3xf32>, tensor<3xi32>)
    %5:2 = "kt.reduce_max"(%x) {spec = "a b -> a"} : (tensor<3x3xf32>) -> (tensor<3xf32>, tensor<3xi32>)
    "func.return"(%0, %1, %2, %3, %4#0, %5#1) : (tensor<3xf32>, tensor<3xf32>, tensor<3x3xi32>, tensor<3x3xi32>, tensor<3xf32>, tensor<3xi32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3x3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3x3xi32>, tensor<3x3xi32>, tensor<3xf32>, tensor<3xi32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3x3xf32>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 a1 -> a1"} : (tensor<3x3xf32>) -> tensor<3xf32>
    %1 = "kt.reduce_sum"(%x) {spec = "a0 a1 -> a0"} : (tensor<3x3xf32>) -> tensor<3xf32>
    %2 = "kt.cast"(%x) {dtype = "i32"} : (tensor<3x3xf32>) -> tensor<3x3xi32>
    %3:2 = "kt.reduce_max"(%x) {spec = "a b -> a"} : (tensor<3x3xf32>) -> (tensor<3xf32>, tensor<3xi32>)
    "func.return"(%0, %1, %2, %2, %3#0, %3#1) : (tensor<3xf32>, tensor<3xf32>, tensor<3x3xi32>, tensor<3x3xi32>, tensor<3xf32>, tensor<3xi32>) -> ()
  }) : () -> ()
}
// -----
// random bits of one key are one draw
module {
  "func.func"() <{arg_attrs = [{kt.input = "key"}], function_type = (tensor<2xui32>) -> tensor<4xui32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%key: tensor<2xui32>):
    %0 = "kt.random_bits"(%key) {shape = [4]} : (tensor<2xui32>) -> tensor<4xui32>
    %1 = "kt.random_bits"(%key) {shape = [4]} : (tensor<2xui32>) -> tensor<4xui32>
    %2 = "kt.xor"(%0, %1) : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xui32>
    "func.return"(%2) : (tensor<4xui32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "key"}], function_type = (tensor<2xui32>) -> tensor<4xui32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%key: tensor<2xui32>):
    %0 = "kt.random_bits"(%key) {shape = [4]} : (tensor<2xui32>) -> tensor<4xui32>
    %1 = "kt.xor"(%0, %0) : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xui32>
    "func.return"(%1) : (tensor<4xui32>) -> ()
  }) : () -> ()
}
