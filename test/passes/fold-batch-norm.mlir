// a convolution and a batch normalisation
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "conv/kernel"}, {kt.param = "conv/bias"}, {kt.param = "bn/mean"}, {kt.param = "bn/variance"}, {kt.param = "bn/gamma"}, {kt.param = "bn/beta"}], function_type = (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, %conv_kernel: tensor<3x3x2x4xf32>, %conv_bias: tensor<4xf32>, %bn_mean: tensor<4xf32>, %bn_variance: tensor<4xf32>, %bn_gamma: tensor<4xf32>, %bn_beta: tensor<4xf32>):
    %0 = "kt.contract"(%x, %conv_kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %1 = "kt.broadcast"(%conv_bias) {axes = [3], shape = ["n", 3, 3, 4]} : (tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %2 = "kt.add"(%0, %1) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %3 = "kt.broadcast"(%bn_mean) {axes = [3], shape = ["n", 3, 3, 4]} : (tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %4 = "kt.sub"(%2, %3) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %5 = "kt.constant"() {value = dense<0.001> : tensor<f32>} : () -> tensor<f32>
    %6 = "kt.broadcast"(%5) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %7 = "kt.add"(%bn_variance, %6) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %8 = "kt.rsqrt"(%7) : (tensor<4xf32>) -> tensor<4xf32>
    %9 = "kt.mul"(%8, %bn_gamma) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %10 = "kt.broadcast"(%9) {axes = [3], shape = ["n", 3, 3, 4]} : (tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %11 = "kt.mul"(%4, %10) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %12 = "kt.broadcast"(%bn_beta) {axes = [3], shape = ["n", 3, 3, 4]} : (tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %13 = "kt.add"(%11, %12) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %14 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %15 = "kt.broadcast"(%14) {axes = [], shape = ["n", 3, 3, 4]} : (tensor<f32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %16 = "kt.max"(%13, %15) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    "func.return"(%16) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "conv/kernel"}, {kt.param = "conv/bias"}, {kt.param = "bn/mean"}, {kt.param = "bn/variance"}, {kt.param = "bn/gamma"}, {kt.param = "bn/beta"}], function_type = (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, %conv_kernel: tensor<3x3x2x4xf32>, %conv_bias: tensor<4xf32>, %bn_mean: tensor<4xf32>, %bn_variance: tensor<4xf32>, %bn_gamma: tensor<4xf32>, %bn_beta: tensor<4xf32>):
    %0 = "kt.neg"(%bn_mean) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "kt.add"(%conv_bias, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %2 = "kt.constant"() {value = dense<0.001> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %4 = "kt.add"(%bn_variance, %3) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %5 = "kt.rsqrt"(%4) : (tensor<4xf32>) -> tensor<4xf32>
    %6 = "kt.mul"(%5, %bn_gamma) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %7 = "kt.broadcast"(%6) {axes = [3], shape = [3, 3, 2, 4]} : (tensor<4xf32>) -> tensor<3x3x2x4xf32>
    %8 = "kt.mul"(%conv_kernel, %7) : (tensor<3x3x2x4xf32>, tensor<3x3x2x4xf32>) -> tensor<3x3x2x4xf32>
    %9 = "kt.contract"(%x, %8) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %10 = "kt.mul"(%1, %6) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %11 = "kt.add"(%10, %bn_beta) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %12 = "kt.broadcast"(%11) {axes = [3], shape = ["n", 3, 3, 4]} : (tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %13 = "kt.add"(%9, %12) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %14 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %15 = "kt.broadcast"(%14) {axes = [], shape = ["n", 3, 3, 4]} : (tensor<f32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %16 = "kt.max"(%13, %15) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    "func.return"(%16) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> ()
  }) : () -> ()
}
// -----
// a depthwise convolution, divided
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}, {kt.param = "variance"}], function_type = (tensor<?x5x5x3xf32, #kt.dims<"n, 5, 5, 3">>, tensor<2x2x3xf32>, tensor<3xf32>) -> tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x5x5x3xf32, #kt.dims<"n, 5, 5, 3">>, %kernel: tensor<2x2x3xf32>, %variance: tensor<3xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n h+i w+j c, i j c -> n h w c"} : (tensor<?x5x5x3xf32, #kt.dims<"n, 5, 5, 3">>, tensor<2x2x3xf32>) -> tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>
    %1 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %2 = "kt.broadcast"(%1) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %3 = "kt.add"(%variance, %2) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.sqrt"(%3) : (tensor<3xf32>) -> tensor<3xf32>
    %5 = "kt.broadcast"(%4) {axes = [3], shape = ["n", 4, 4, 3]} : (tensor<3xf32>) -> tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>
    %6 = "kt.div"(%0, %5) : (tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>, tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>) -> tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>
    "func.return"(%6) : (tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}, {kt.param = "variance"}], function_type = (tensor<?x5x5x3xf32, #kt.dims<"n, 5, 5, 3">>, tensor<2x2x3xf32>, tensor<3xf32>) -> tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x5x5x3xf32, #kt.dims<"n, 5, 5, 3">>, %kernel: tensor<2x2x3xf32>, %variance: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.add"(%variance, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.sqrt"(%2) : (tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %5 = "kt.broadcast"(%4) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %6 = "kt.div"(%5, %3) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %7 = "kt.broadcast"(%6) {axes = [2], shape = [2, 2, 3]} : (tensor<3xf32>) -> tensor<2x2x3xf32>
    %8 = "kt.mul"(%kernel, %7) : (tensor<2x2x3xf32>, tensor<2x2x3xf32>) -> tensor<2x2x3xf32>
    %9 = "kt.contract"(%x, %8) {spec = "n h+i w+j c, i j c -> n h w c"} : (tensor<?x5x5x3xf32, #kt.dims<"n, 5, 5, 3">>, tensor<2x2x3xf32>) -> tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>
    "func.return"(%9) : (tensor<?x4x4x3xf32, #kt.dims<"n, 4, 4, 3">>) -> ()
  }) : () -> ()
}
// -----
// a scale on the left, and a number
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3xf32, #kt.dims<"n, 3">>, %kernel: tensor<3x4xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n k, k o -> n o"} : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %1 = "kt.constant"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
    %2 = "kt.broadcast"(%1) {axes = [], shape = ["n", 4]} : (tensor<f32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %3 = "kt.mul"(%2, %0) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%3) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3xf32, #kt.dims<"n, 3">>, %kernel: tensor<3x4xf32>):
    %0 = "kt.constant"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3, 4]} : (tensor<f32>) -> tensor<3x4xf32>
    %2 = "kt.mul"(%kernel, %1) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %3 = "kt.contract"(%x, %2) {spec = "n k, k o -> n o"} : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%3) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// -----
// not a scale per position, nor of a contraction used elsewhere, nor without weights
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "conv/kernel"}, {kt.param = "rows"}, {kt.input = "x3"}, {kt.param = "shared/kernel"}, {kt.input = "x5"}, {kt.input = "x6"}, {kt.param = "scale"}, {kt.param = "columns"}], function_type = (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>, tensor<3xf32>, tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>, tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<4xf32>, tensor<4xf32>) -> (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<3x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, %conv_kernel: tensor<3x3x2x4xf32>, %rows: tensor<3xf32>, %x3: tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, %shared_kernel: tensor<3x3x2x4xf32>, %x5: tensor<?x3xf32, #kt.dims<"n, 3">>, %x6: tensor<?x4xf32, #kt.dims<"n, 4">>, %scale: tensor<4xf32>, %columns: tensor<4xf32>):
    %0 = "kt.contract"(%x, %conv_kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %1 = "kt.contract"(%x3, %shared_kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %2 = "kt.broadcast"(%rows) {axes = [1], shape = ["n", 3, 3, 4]} : (tensor<3xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %3 = "kt.mul"(%0, %2) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %4 = "kt.broadcast"(%scale) {axes = [3], shape = ["n", 3, 3, 4]} : (tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %5 = "kt.mul"(%1, %4) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %6 = "kt.contract"(%x5, %x6) {spec = "n a, n b -> a b"} : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<3x4xf32>
    %7 = "kt.broadcast"(%columns) {axes = [1], shape = [3, 4]} : (tensor<4xf32>) -> tensor<3x4xf32>
    %8 = "kt.mul"(%6, %7) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    "func.return"(%3, %1, %5, %8) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<3x4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "conv/kernel"}, {kt.param = "rows"}, {kt.input = "x3"}, {kt.param = "shared/kernel"}, {kt.input = "x5"}, {kt.input = "x6"}, {kt.param = "scale"}, {kt.param = "columns"}], function_type = (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>, tensor<3xf32>, tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>, tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<4xf32>, tensor<4xf32>) -> (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<3x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, %conv_kernel: tensor<3x3x2x4xf32>, %rows: tensor<3xf32>, %x3: tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, %shared_kernel: tensor<3x3x2x4xf32>, %x5: tensor<?x3xf32, #kt.dims<"n, 3">>, %x6: tensor<?x4xf32, #kt.dims<"n, 4">>, %scale: tensor<4xf32>, %columns: tensor<4xf32>):
    %0 = "kt.contract"(%x, %conv_kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %1 = "kt.contract"(%x3, %shared_kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x5x5x2xf32, #kt.dims<"n, 5, 5, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %2 = "kt.broadcast"(%rows) {axes = [1], shape = ["n", 3, 3, 4]} : (tensor<3xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %3 = "kt.mul"(%0, %2) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %4 = "kt.broadcast"(%scale) {axes = [3], shape = ["n", 3, 3, 4]} : (tensor<4xf32>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %5 = "kt.mul"(%1, %4) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %6 = "kt.contract"(%x5, %x6) {spec = "n a, n b -> a b"} : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<3x4xf32>
    %7 = "kt.broadcast"(%columns) {axes = [1], shape = [3, 4]} : (tensor<4xf32>) -> tensor<3x4xf32>
    %8 = "kt.mul"(%6, %7) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    "func.return"(%3, %1, %5, %8) : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<3x4xf32>) -> ()
  }) : () -> ()
}
