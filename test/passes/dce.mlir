// ops that nobody uses, inputs that stay, parameters that go
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "unused"}, {kt.param = "used"}, {kt.param = "lost"}], function_type = (tensor<3xf32>, tensor<4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>, %unused: tensor<4xf32>, %used: tensor<3xf32>, %lost: tensor<3xf32>):
    %0 = "kt.exp"(%lost) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.neg"(%1) : (tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.mul"(%x, %used) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%3) : (tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "unused"}, {kt.param = "used"}], function_type = (tensor<3xf32>, tensor<4xf32>, tensor<3xf32>) -> tensor<3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>, %unused: tensor<4xf32>, %used: tensor<3xf32>):
    %0 = "kt.mul"(%x, %used) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%0) : (tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// a state that is written stays, one that is not goes
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.state = "written"}, {kt.state = "lost"}], function_type = (tensor<3xf32>, tensor<f32>, tensor<f32>) -> (tensor<3xf32>, tensor<f32>), res_attrs = [{kt.output = "y"}, {kt.state = "written"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>, %written: tensor<f32>, %lost: tensor<f32>):
    %0 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.reduce_sum"(%x) {spec = "a0 ->"} : (tensor<3xf32>) -> tensor<f32>
    "func.return"(%0, %1) : (tensor<3xf32>, tensor<f32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.state = "written"}], function_type = (tensor<3xf32>, tensor<f32>) -> (tensor<3xf32>, tensor<f32>), res_attrs = [{kt.output = "y"}, {kt.state = "written"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>, %written: tensor<f32>):
    %0 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.reduce_sum"(%x) {spec = "a0 ->"} : (tensor<3xf32>) -> tensor<f32>
    "func.return"(%0, %1) : (tensor<3xf32>, tensor<f32>) -> ()
  }) : () -> ()
}
// -----
// one result of two is enough
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3x4xf32>) -> tensor<3xi32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3x4xf32>):
    %0:2 = "kt.reduce_max"(%x) {spec = "a b -> a"} : (tensor<3x4xf32>) -> (tensor<3xf32>, tensor<3xi32>)
    "func.return"(%0#1) : (tensor<3xi32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3x4xf32>) -> tensor<3xi32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3x4xf32>):
    %0:2 = "kt.reduce_max"(%x) {spec = "a b -> a"} : (tensor<3x4xf32>) -> (tensor<3xf32>, tensor<3xi32>)
    "func.return"(%0#1) : (tensor<3xi32>) -> ()
  }) : () -> ()
}
