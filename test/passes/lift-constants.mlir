// an array becomes a parameter, a single number stays
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4xf32, #kt.dims<"n, 4">>):
    %0 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %1 = "kt.broadcast"(%0) {axes = [1], shape = ["n", 4]} : (tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %2 = "kt.add"(%x, %1) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %3 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = ["n", 4]} : (tensor<f32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %5 = "kt.mul"(%2, %4) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%5) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "constant/0"}], function_type = (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4xf32, #kt.dims<"n, 4">>, %constant_0: tensor<4xf32>):
    %0 = "kt.broadcast"(%constant_0) {axes = [1], shape = ["n", 4]} : (tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %1 = "kt.add"(%x, %0) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %2 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = ["n", 4]} : (tensor<f32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %4 = "kt.mul"(%1, %3) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%4) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// -----
// equal arrays are one parameter
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4xf32, #kt.dims<"n, 4">>):
    %0 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %1 = "kt.broadcast"(%0) {axes = [1], shape = ["n", 4]} : (tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %2 = "kt.add"(%x, %1) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %3 = "kt.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
    %4 = "kt.broadcast"(%3) {axes = [1], shape = ["n", 4]} : (tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %5 = "kt.mul"(%2, %4) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%5) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "constant/0"}, {kt.param = "constant/1"}], function_type = (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4xf32, #kt.dims<"n, 4">>, %constant_0: tensor<4xf32>, %constant_1: tensor<4xf32>):
    %0 = "kt.broadcast"(%constant_0) {axes = [1], shape = ["n", 4]} : (tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %1 = "kt.add"(%x, %0) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %2 = "kt.broadcast"(%constant_1) {axes = [1], shape = ["n", 4]} : (tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %3 = "kt.mul"(%1, %2) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%3) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
