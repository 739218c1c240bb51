// convolution, bias, activation and pooling are one kernel
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}, {kt.param = "bias"}], function_type = (tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, tensor<3x3x2x4xf32>, tensor<4xf32>) -> tensor<?x2x2x4xf32, #kt.dims<"n, 2, 2, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, %kernel: tensor<3x3x2x4xf32>, %bias: tensor<4xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
    %1 = "kt.broadcast"(%bias) {axes = [3], shape = ["n", 4, 4, 4]} : (tensor<4xf32>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
    %2 = "kt.add"(%0, %1) : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>, tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
    %3 = "kt.relu"(%2) : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
    %4:2 = "kt.reduce_max"(%3) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> (tensor<?x2x2x4xf32, #kt.dims<"n, 2, 2, 4">>, tensor<?x2x2x4xi32, #kt.dims<"n, 2, 2, 4">>)
    "func.return"(%4#0) : (tensor<?x2x2x4xf32, #kt.dims<"n, 2, 2, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}, {kt.param = "bias"}], function_type = (tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, tensor<3x3x2x4xf32>, tensor<4xf32>) -> tensor<?x2x2x4xf32, #kt.dims<"n, 2, 2, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, %kernel: tensor<3x3x2x4xf32>, %bias: tensor<4xf32>):
    %5 = "kt.fused"(%x, %kernel, %bias) ({
    ^bb0(%arg0: tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, %arg1: tensor<3x3x2x4xf32>, %arg2: tensor<4xf32>):
      %0 = "kt.contract"(%arg0, %arg1) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
      %1 = "kt.broadcast"(%arg2) {axes = [3], shape = ["n", 4, 4, 4]} : (tensor<4xf32>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
      %2 = "kt.add"(%0, %1) : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>, tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
      %3 = "kt.relu"(%2) : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
      %4:2 = "kt.reduce_max"(%3) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> (tensor<?x2x2x4xf32, #kt.dims<"n, 2, 2, 4">>, tensor<?x2x2x4xi32, #kt.dims<"n, 2, 2, 4">>)
      "vector.yield"(%4#0) : (tensor<?x2x2x4xf32, #kt.dims<"n, 2, 2, 4">>) -> ()
    }) {axes = [0, 1, 2, 3]} : (tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, tensor<3x3x2x4xf32>, tensor<4xf32>) -> tensor<?x2x2x4xf32, #kt.dims<"n, 2, 2, 4">>
    "func.return"(%5) : (tensor<?x2x2x4xf32, #kt.dims<"n, 2, 2, 4">>) -> ()
  }) : () -> ()
}
// -----
// softmax is one kernel, a row at a time
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x10xf32, #kt.dims<"n, 10">>):
    %0:2 = "kt.reduce_max"(%x) {spec = "n c -> n"} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> (tensor<?xf32, #kt.dims<"n">>, tensor<?xi32, #kt.dims<"n">>)
    %1 = "kt.broadcast"(%0#0) {axes = [0], shape = ["n", 10]} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %2 = "kt.sub"(%x, %1) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %3 = "kt.exp"(%2) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %4 = "kt.reduce_sum"(%3) {spec = "a0 a1 -> a0"} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?xf32, #kt.dims<"n">>
    %5 = "kt.broadcast"(%4) {axes = [0], shape = ["n", 10]} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %6 = "kt.div"(%3, %5) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    "func.return"(%6) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x10xf32, #kt.dims<"n, 10">>):
    %7 = "kt.fused"(%x) ({
    ^bb0(%arg0: tensor<?x10xf32, #kt.dims<"n, 10">>):
      %0:2 = "kt.reduce_max"(%arg0) {spec = "n c -> n"} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> (tensor<?xf32, #kt.dims<"n">>, tensor<?xi32, #kt.dims<"n">>)
      %1 = "kt.broadcast"(%0#0) {axes = [0], shape = ["n", 10]} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %2 = "kt.sub"(%arg0, %1) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %3 = "kt.exp"(%2) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %4 = "kt.reduce_sum"(%3) {spec = "a0 a1 -> a0"} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?xf32, #kt.dims<"n">>
      %5 = "kt.broadcast"(%4) {axes = [0], shape = ["n", 10]} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %6 = "kt.div"(%3, %5) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      "vector.yield"(%6) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> ()
    }) {axes = [0]} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    "func.return"(%7) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> ()
  }) : () -> ()
}
// -----
// an epilogue joins only where its index is the identity: a transpose of a square does not
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "w"}], function_type = (tensor<8x8xf32>, tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>):
    %0 = "kt.contract"(%x, %w) {spec = "n k, k o -> n o"} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    %1 = "kt.exp"(%0) : (tensor<8x8xf32>) -> tensor<8x8xf32>
    %2 = "kt.add"(%0, %1) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    %3 = "kt.transpose"(%0) {permutation = [1, 0]} : (tensor<8x8xf32>) -> tensor<8x8xf32>
    %4 = "kt.exp"(%3) : (tensor<8x8xf32>) -> tensor<8x8xf32>
    "func.return"(%2, %4) : (tensor<8x8xf32>, tensor<8x8xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "w"}], function_type = (tensor<8x8xf32>, tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>):
    %3:2 = "kt.fused"(%x, %w) ({
    ^bb0(%arg0: tensor<8x8xf32>, %arg1: tensor<8x8xf32>):
      %0 = "kt.contract"(%arg0, %arg1) {spec = "n k, k o -> n o"} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
      %1 = "kt.exp"(%0) : (tensor<8x8xf32>) -> tensor<8x8xf32>
      %2 = "kt.add"(%0, %1) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
      "vector.yield"(%0, %2) : (tensor<8x8xf32>, tensor<8x8xf32>) -> ()
    }) {axes = [0, 1]} : (tensor<8x8xf32>, tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>)
    %6 = "kt.fused"(%3#0) ({
    ^bb0(%arg2: tensor<8x8xf32>):
      %4 = "kt.transpose"(%arg2) {permutation = [1, 0]} : (tensor<8x8xf32>) -> tensor<8x8xf32>
      %5 = "kt.exp"(%4) : (tensor<8x8xf32>) -> tensor<8x8xf32>
      "vector.yield"(%5) : (tensor<8x8xf32>) -> ()
    }) {axes = [0, 1]} : (tensor<8x8xf32>) -> tensor<8x8xf32>
    "func.return"(%3#1, %6) : (tensor<8x8xf32>, tensor<8x8xf32>) -> ()
  }) : () -> ()
}
// -----
// a costly map that a contraction reads again and again is computed once, before
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "w"}], function_type = (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x32xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x64xf32, #kt.dims<"n, 64">>, %w: tensor<64x32xf32>):
    %0 = "kt.exp"(%x) : (tensor<?x64xf32, #kt.dims<"n, 64">>) -> tensor<?x64xf32, #kt.dims<"n, 64">>
    %1 = "kt.contract"(%0, %w) {spec = "n k, k o -> n o"} : (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x32xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>
    "func.return"(%1) : (tensor<?x32xf32, #kt.dims<"n, 32">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "w"}], function_type = (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x32xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x64xf32, #kt.dims<"n, 64">>, %w: tensor<64x32xf32>):
    %1 = "kt.fused"(%x) ({
    ^bb0(%arg0: tensor<?x64xf32, #kt.dims<"n, 64">>):
      %0 = "kt.exp"(%arg0) : (tensor<?x64xf32, #kt.dims<"n, 64">>) -> tensor<?x64xf32, #kt.dims<"n, 64">>
      "vector.yield"(%0) : (tensor<?x64xf32, #kt.dims<"n, 64">>) -> ()
    }) {axes = [0, 1]} : (tensor<?x64xf32, #kt.dims<"n, 64">>) -> tensor<?x64xf32, #kt.dims<"n, 64">>
    %3 = "kt.fused"(%1, %w) ({
    ^bb0(%arg1: tensor<?x64xf32, #kt.dims<"n, 64">>, %arg2: tensor<64x32xf32>):
      %2 = "kt.contract"(%arg1, %arg2) {spec = "n k, k o -> n o"} : (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x32xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>
      "vector.yield"(%2) : (tensor<?x32xf32, #kt.dims<"n, 32">>) -> ()
    }) {axes = [0, 1]} : (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x32xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>
    "func.return"(%3) : (tensor<?x32xf32, #kt.dims<"n, 32">>) -> ()
  }) : () -> ()
}
// -----
// a sum over the batch ends its kernel
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<4xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4xf32, #kt.dims<"n, 4">>):
    %0 = "kt.mul"(%x, %x) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %1 = "kt.reduce_sum"(%0) {spec = "a0 a1 -> a1"} : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<4xf32>
    %2 = "kt.sqrt"(%1) : (tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%2) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<4xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4xf32, #kt.dims<"n, 4">>):
    %2 = "kt.fused"(%x) ({
    ^bb0(%arg0: tensor<?x4xf32, #kt.dims<"n, 4">>):
      %0 = "kt.mul"(%arg0, %arg0) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
      %1 = "kt.reduce_sum"(%0) {spec = "a0 a1 -> a1"} : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<4xf32>
      "vector.yield"(%1) : (tensor<4xf32>) -> ()
    }) {axes = [0]} : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<4xf32>
    %4 = "kt.fused"(%2) ({
    ^bb0(%arg1: tensor<4xf32>):
      %3 = "kt.sqrt"(%arg1) : (tensor<4xf32>) -> tensor<4xf32>
      "vector.yield"(%3) : (tensor<4xf32>) -> ()
    }) {axes = [0]} : (tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%4) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
// -----
// a border around a long-rowed result is written by its kernel; around short rows it is a copy
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, tensor<3x3x2x4xf32>) -> (tensor<?x26x26x4xf32, #kt.dims<"n, 26, 26, 4">>, tensor<?x6x6x4xf32, #kt.dims<"n, 6, 6, 4">>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, %kernel: tensor<3x3x2x4xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x24x24x4xf32, #kt.dims<"n, 24, 24, 4">>
    %1 = "kt.relu"(%0) : (tensor<?x24x24x4xf32, #kt.dims<"n, 24, 24, 4">>) -> tensor<?x24x24x4xf32, #kt.dims<"n, 24, 24, 4">>
    %2 = "kt.slice"(%x) {limits = ["n", 6, 6, 2], starts = [0, 0, 0, 0], strides = [1, 1, 1, 1]} : (tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>) -> tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>
    %3 = "kt.contract"(%2, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
    %4 = "kt.relu"(%3) : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
    %5 = "kt.pad"(%1) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x24x24x4xf32, #kt.dims<"n, 24, 24, 4">>) -> tensor<?x26x26x4xf32, #kt.dims<"n, 26, 26, 4">>
    %6 = "kt.pad"(%4) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x6x6x4xf32, #kt.dims<"n, 6, 6, 4">>
    "func.return"(%5, %6) : (tensor<?x26x26x4xf32, #kt.dims<"n, 26, 26, 4">>, tensor<?x6x6x4xf32, #kt.dims<"n, 6, 6, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, tensor<3x3x2x4xf32>) -> (tensor<?x26x26x4xf32, #kt.dims<"n, 26, 26, 4">>, tensor<?x6x6x4xf32, #kt.dims<"n, 6, 6, 4">>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, %kernel: tensor<3x3x2x4xf32>):
    %3 = "kt.fused"(%x, %kernel) ({
    ^bb0(%arg0: tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, %arg1: tensor<3x3x2x4xf32>):
      %0 = "kt.contract"(%arg0, %arg1) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x24x24x4xf32, #kt.dims<"n, 24, 24, 4">>
      %1 = "kt.relu"(%0) : (tensor<?x24x24x4xf32, #kt.dims<"n, 24, 24, 4">>) -> tensor<?x24x24x4xf32, #kt.dims<"n, 24, 24, 4">>
      %2 = "kt.pad"(%1) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x24x24x4xf32, #kt.dims<"n, 24, 24, 4">>) -> tensor<?x26x26x4xf32, #kt.dims<"n, 26, 26, 4">>
      "vector.yield"(%2) : (tensor<?x26x26x4xf32, #kt.dims<"n, 26, 26, 4">>) -> ()
    }) {axes = [0, 1, 2, 3]} : (tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x26x26x4xf32, #kt.dims<"n, 26, 26, 4">>
    %6 = "kt.fused"(%x, %kernel) ({
    ^bb0(%arg2: tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, %arg3: tensor<3x3x2x4xf32>):
      %4 = "kt.slice"(%arg2) {limits = ["n", 6, 6, 2], starts = [0, 0, 0, 0], strides = [1, 1, 1, 1]} : (tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>) -> tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>
      %5 = "kt.contract"(%4, %arg3) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x2xf32, #kt.dims<"n, 6, 6, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
      "vector.yield"(%5) : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> ()
    }) {axes = [0, 1, 2, 3]} : (tensor<?x26x26x2xf32, #kt.dims<"n, 26, 26, 2">>, tensor<3x3x2x4xf32>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
    %9 = "kt.fused"(%6) ({
    ^bb0(%arg4: tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>):
      %7 = "kt.relu"(%arg4) : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>
      %8 = "kt.pad"(%7) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x6x6x4xf32, #kt.dims<"n, 6, 6, 4">>
      "vector.yield"(%8) : (tensor<?x6x6x4xf32, #kt.dims<"n, 6, 6, 4">>) -> ()
    }) {axes = [0, 1, 2, 3]} : (tensor<?x4x4x4xf32, #kt.dims<"n, 4, 4, 4">>) -> tensor<?x6x6x4xf32, #kt.dims<"n, 6, 6, 4">>
    "func.return"(%3, %9) : (tensor<?x26x26x4xf32, #kt.dims<"n, 26, 26, 4">>, tensor<?x6x6x4xf32, #kt.dims<"n, 6, 6, 4">>) -> ()
  }) : () -> ()
}
// -----
// ten classes from few features are computed with their softmax
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "w"}], function_type = (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x10xf32>) -> tensor<?x10xf32, #kt.dims<"n, 10">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x64xf32, #kt.dims<"n, 64">>, %w: tensor<64x10xf32>):
    %0 = "kt.contract"(%x, %w) {spec = "n k, k o -> n o"} : (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x10xf32>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %1:2 = "kt.reduce_max"(%0) {spec = "n c -> n"} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> (tensor<?xf32, #kt.dims<"n">>, tensor<?xi32, #kt.dims<"n">>)
    %2 = "kt.broadcast"(%1#0) {axes = [0], shape = ["n", 10]} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %3 = "kt.sub"(%0, %2) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %4 = "kt.exp"(%3) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %5 = "kt.reduce_sum"(%4) {spec = "a0 a1 -> a0"} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?xf32, #kt.dims<"n">>
    %6 = "kt.broadcast"(%5) {axes = [0], shape = ["n", 10]} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %7 = "kt.div"(%4, %6) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    "func.return"(%7) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "w"}], function_type = (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x10xf32>) -> tensor<?x10xf32, #kt.dims<"n, 10">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x64xf32, #kt.dims<"n, 64">>, %w: tensor<64x10xf32>):
    %8 = "kt.fused"(%x, %w) ({
    ^bb0(%arg0: tensor<?x64xf32, #kt.dims<"n, 64">>, %arg1: tensor<64x10xf32>):
      %0 = "kt.contract"(%arg0, %arg1) {spec = "n k, k o -> n o"} : (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x10xf32>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %1:2 = "kt.reduce_max"(%0) {spec = "n c -> n"} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> (tensor<?xf32, #kt.dims<"n">>, tensor<?xi32, #kt.dims<"n">>)
      %2 = "kt.broadcast"(%1#0) {axes = [0], shape = ["n", 10]} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %3 = "kt.sub"(%0, %2) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %4 = "kt.exp"(%3) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %5 = "kt.reduce_sum"(%4) {spec = "a0 a1 -> a0"} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?xf32, #kt.dims<"n">>
      %6 = "kt.broadcast"(%5) {axes = [0], shape = ["n", 10]} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      %7 = "kt.div"(%4, %6) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
      "vector.yield"(%7) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> ()
    }) {axes = [0]} : (tensor<?x64xf32, #kt.dims<"n, 64">>, tensor<64x10xf32>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    "func.return"(%8) : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> ()
  }) : () -> ()
}
