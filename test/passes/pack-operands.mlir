// the weights of a dense layer, in panels of 8 columns
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x128xf32, #kt.dims<"n, 128">>, tensor<128x64xf32>) -> tensor<?x64xf32, #kt.dims<"n, 64">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x128xf32, #kt.dims<"n, 128">>, %kernel: tensor<128x64xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n k, k o -> n o"} : (tensor<?x128xf32, #kt.dims<"n, 128">>, tensor<128x64xf32>) -> tensor<?x64xf32, #kt.dims<"n, 64">>
    "func.return"(%0) : (tensor<?x64xf32, #kt.dims<"n, 64">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x128xf32, #kt.dims<"n, 128">>, tensor<128x64xf32>) -> tensor<?x64xf32, #kt.dims<"n, 64">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x128xf32, #kt.dims<"n, 128">>, %kernel: tensor<128x64xf32>):
    %0 = "kt.pack"(%kernel) {at = 0 : i64, axis = 1 : i64, width = 8 : i64} : (tensor<128x64xf32>) -> tensor<8x128x8xf32>
    %1 = "kt.unpack"(%0) {at = 0 : i64, axis = 1 : i64, shape = [128, 64]} : (tensor<8x128x8xf32>) -> tensor<128x64xf32>
    %2 = "kt.contract"(%x, %1) {spec = "n k, k o -> n o"} : (tensor<?x128xf32, #kt.dims<"n, 128">>, tensor<128x64xf32>) -> tensor<?x64xf32, #kt.dims<"n, 64">>
    "func.return"(%2) : (tensor<?x64xf32, #kt.dims<"n, 64">>) -> ()
  }) : () -> ()
}
// -----
// columns that are not last are turned inwards, whatever the size
module {
  "func.func"() <{arg_attrs = [{kt.input = "dy"}, {kt.state = "kernel"}], function_type = (tensor<?x16xf32, #kt.dims<"n, 16">>, tensor<32x16xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%dy: tensor<?x16xf32, #kt.dims<"n, 16">>, %kernel: tensor<32x16xf32>):
    %0 = "kt.contract"(%dy, %kernel) {spec = "n o, k o -> n k"} : (tensor<?x16xf32, #kt.dims<"n, 16">>, tensor<32x16xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>
    "func.return"(%0) : (tensor<?x32xf32, #kt.dims<"n, 32">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "dy"}, {kt.state = "kernel"}], function_type = (tensor<?x16xf32, #kt.dims<"n, 16">>, tensor<32x16xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%dy: tensor<?x16xf32, #kt.dims<"n, 16">>, %kernel: tensor<32x16xf32>):
    %0 = "kt.pack"(%kernel) {at = 0 : i64, axis = 0 : i64, width = 8 : i64} : (tensor<32x16xf32>) -> tensor<4x16x8xf32>
    %1 = "kt.unpack"(%0) {at = 0 : i64, axis = 0 : i64, shape = [32, 16]} : (tensor<4x16x8xf32>) -> tensor<32x16xf32>
    %2 = "kt.contract"(%dy, %1) {spec = "n o, k o -> n k"} : (tensor<?x16xf32, #kt.dims<"n, 16">>, tensor<32x16xf32>) -> tensor<?x32xf32, #kt.dims<"n, 32">>
    "func.return"(%2) : (tensor<?x32xf32, #kt.dims<"n, 32">>) -> ()
  }) : () -> ()
}
// -----
// a convolution; the last panel is not full
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, tensor<3x3x16x20xf32>) -> tensor<?x4x4x20xf32, #kt.dims<"n, 4, 4, 20">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, %kernel: tensor<3x3x16x20xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, tensor<3x3x16x20xf32>) -> tensor<?x4x4x20xf32, #kt.dims<"n, 4, 4, 20">>
    "func.return"(%0) : (tensor<?x4x4x20xf32, #kt.dims<"n, 4, 4, 20">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, tensor<3x3x16x20xf32>) -> tensor<?x4x4x20xf32, #kt.dims<"n, 4, 4, 20">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, %kernel: tensor<3x3x16x20xf32>):
    %0 = "kt.pack"(%kernel) {at = 0 : i64, axis = 3 : i64, width = 8 : i64} : (tensor<3x3x16x20xf32>) -> tensor<3x3x3x16x8xf32>
    %1 = "kt.unpack"(%0) {at = 0 : i64, axis = 3 : i64, shape = [3, 3, 16, 20]} : (tensor<3x3x3x16x8xf32>) -> tensor<3x3x16x20xf32>
    %2 = "kt.contract"(%x, %1) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, tensor<3x3x16x20xf32>) -> tensor<?x4x4x20xf32, #kt.dims<"n, 4, 4, 20">>
    "func.return"(%2) : (tensor<?x4x4x20xf32, #kt.dims<"n, 4, 4, 20">>) -> ()
  }) : () -> ()
}
// -----
// attention: keys are shared by many queries; panels come behind the batch
module {
  "func.func"() <{arg_attrs = [{kt.input = "q"}, {kt.input = "k"}], function_type = (tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>, tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>) -> tensor<?x4x32x32xf32, #kt.dims<"n, 4, 32, 32">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%q: tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>, %k: tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>):
    %0 = "kt.contract"(%q, %k) {spec = "n h i d, n h j d -> n h i j"} : (tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>, tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>) -> tensor<?x4x32x32xf32, #kt.dims<"n, 4, 32, 32">>
    "func.return"(%0) : (tensor<?x4x32x32xf32, #kt.dims<"n, 4, 32, 32">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "q"}, {kt.input = "k"}], function_type = (tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>, tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>) -> tensor<?x4x32x32xf32, #kt.dims<"n, 4, 32, 32">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%q: tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>, %k: tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>):
    %0 = "kt.pack"(%k) {at = 2 : i64, axis = 2 : i64, width = 8 : i64} : (tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>) -> tensor<?x4x4x16x8xf32, #kt.dims<"n, 4, 4, 16, 8">>
    %1 = "kt.unpack"(%0) {at = 2 : i64, axis = 2 : i64, shape = ["n", 4, 32, 16]} : (tensor<?x4x4x16x8xf32, #kt.dims<"n, 4, 4, 16, 8">>) -> tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>
    %2 = "kt.contract"(%q, %1) {spec = "n h i d, n h j d -> n h i j"} : (tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>, tensor<?x4x32x16xf32, #kt.dims<"n, 4, 32, 16">>) -> tensor<?x4x32x32xf32, #kt.dims<"n, 4, 32, 32">>
    "func.return"(%2) : (tensor<?x4x32x32xf32, #kt.dims<"n, 4, 32, 32">>) -> ()
  }) : () -> ()
}
// -----
// not what few rows share, nor what is small, nor depthwise kernels
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}, {kt.param = "v"}, {kt.input = "i"}, {kt.param = "d"}], function_type = (tensor<2x128xf32>, tensor<128x64xf32>, tensor<16x16xf32>, tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, tensor<3x3x16xf32>) -> (tensor<2x64xf32>, tensor<2x16xf32>, tensor<?x4x4x16xf32, #kt.dims<"n, 4, 4, 16">>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x128xf32>, %w: tensor<128x64xf32>, %v: tensor<16x16xf32>, %i: tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, %d: tensor<3x3x16xf32>):
    %0 = "kt.contract"(%x, %w) {spec = "n k, k o -> n o"} : (tensor<2x128xf32>, tensor<128x64xf32>) -> tensor<2x64xf32>
    %1 = "kt.slice"(%x) {limits = [2, 16], starts = [0, 0], strides = [1, 1]} : (tensor<2x128xf32>) -> tensor<2x16xf32>
    %2 = "kt.contract"(%1, %v) {spec = "n k, k o -> n o"} : (tensor<2x16xf32>, tensor<16x16xf32>) -> tensor<2x16xf32>
    %3 = "kt.contract"(%i, %d) {spec = "n h+a w+b c, a b c -> n h w c"} : (tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, tensor<3x3x16xf32>) -> tensor<?x4x4x16xf32, #kt.dims<"n, 4, 4, 16">>
    "func.return"(%0, %2, %3) : (tensor<2x64xf32>, tensor<2x16xf32>, tensor<?x4x4x16xf32, #kt.dims<"n, 4, 4, 16">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "w"}, {kt.param = "v"}, {kt.input = "i"}, {kt.param = "d"}], function_type = (tensor<2x128xf32>, tensor<128x64xf32>, tensor<16x16xf32>, tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, tensor<3x3x16xf32>) -> (tensor<2x64xf32>, tensor<2x16xf32>, tensor<?x4x4x16xf32, #kt.dims<"n, 4, 4, 16">>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x128xf32>, %w: tensor<128x64xf32>, %v: tensor<16x16xf32>, %i: tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, %d: tensor<3x3x16xf32>):
    %0 = "kt.contract"(%x, %w) {spec = "n k, k o -> n o"} : (tensor<2x128xf32>, tensor<128x64xf32>) -> tensor<2x64xf32>
    %1 = "kt.slice"(%x) {limits = [2, 16], starts = [0, 0], strides = [1, 1]} : (tensor<2x128xf32>) -> tensor<2x16xf32>
    %2 = "kt.contract"(%1, %v) {spec = "n k, k o -> n o"} : (tensor<2x16xf32>, tensor<16x16xf32>) -> tensor<2x16xf32>
    %3 = "kt.contract"(%i, %d) {spec = "n h+a w+b c, a b c -> n h w c"} : (tensor<?x6x6x16xf32, #kt.dims<"n, 6, 6, 16">>, tensor<3x3x16xf32>) -> tensor<?x4x4x16xf32, #kt.dims<"n, 4, 4, 16">>
    "func.return"(%0, %2, %3) : (tensor<2x64xf32>, tensor<2x16xf32>, tensor<?x4x4x16xf32, #kt.dims<"n, 4, 4, 16">>) -> ()
  }) : () -> ()
}
