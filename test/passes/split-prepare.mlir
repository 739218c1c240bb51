// scaled weights
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}, {kt.param = "log_scale"}, {kt.param = "bias"}], function_type = (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3xf32, #kt.dims<"n, 3">>, %kernel: tensor<3x4xf32>, %log_scale: tensor<4xf32>, %bias: tensor<4xf32>):
    %0 = "kt.exp"(%log_scale) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "kt.broadcast"(%0) {axes = [1], shape = [3, 4]} : (tensor<4xf32>) -> tensor<3x4xf32>
    %2 = "kt.mul"(%kernel, %1) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %3 = "kt.contract"(%x, %2) {spec = "n k, k o -> n o"} : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %4 = "kt.neg"(%bias) : (tensor<4xf32>) -> tensor<4xf32>
    %5 = "kt.broadcast"(%4) {axes = [1], shape = ["n", 4]} : (tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %6 = "kt.add"(%3, %5) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%6) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.param = "kernel"}, {kt.param = "log_scale"}, {kt.param = "bias"}], function_type = (tensor<3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<3x4xf32>, tensor<4xf32>), res_attrs = [{kt.prepared = "f/0"}, {kt.prepared = "f/1"}], sym_name = "f.prepare"}> ({
  ^bb0(%kernel: tensor<3x4xf32>, %log_scale: tensor<4xf32>, %bias: tensor<4xf32>):
    %0 = "kt.exp"(%log_scale) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "kt.broadcast"(%0) {axes = [1], shape = [3, 4]} : (tensor<4xf32>) -> tensor<3x4xf32>
    %2 = "kt.mul"(%kernel, %1) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %3 = "kt.neg"(%bias) : (tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%2, %3) : (tensor<3x4xf32>, tensor<4xf32>) -> ()
  }) : () -> ()
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.prepared = "f/0"}, {kt.prepared = "f/1"}], function_type = (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>, tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3xf32, #kt.dims<"n, 3">>, %f_0: tensor<3x4xf32>, %f_1: tensor<4xf32>):
    %0 = "kt.contract"(%x, %f_0) {spec = "n k, k o -> n o"} : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %1 = "kt.broadcast"(%f_1) {axes = [1], shape = ["n", 4]} : (tensor<4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %2 = "kt.add"(%0, %1) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%2) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// -----
// a view of a parameter stays where it is
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<4x3xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3xf32, #kt.dims<"n, 3">>, %kernel: tensor<4x3xf32>):
    %0 = "kt.transpose"(%kernel) {permutation = [1, 0]} : (tensor<4x3xf32>) -> tensor<3x4xf32>
    %1 = "kt.contract"(%x, %0) {spec = "n k, k o -> n o"} : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%1) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<4x3xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3xf32, #kt.dims<"n, 3">>, %kernel: tensor<4x3xf32>):
    %0 = "kt.transpose"(%kernel) {permutation = [1, 0]} : (tensor<4x3xf32>) -> tensor<3x4xf32>
    %1 = "kt.contract"(%x, %0) {spec = "n k, k o -> n o"} : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<3x4xf32>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%1) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
// -----
// the work under a view is prepared, the view stays
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "log_scale"}], function_type = (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, tensor<4xf32>) -> tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, %log_scale: tensor<4xf32>):
    %0 = "kt.exp"(%log_scale) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "kt.broadcast"(%0) {axes = [2], shape = ["n", 3, 4]} : (tensor<4xf32>) -> tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>
    %2 = "kt.mul"(%x, %1) : (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>) -> tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>
    "func.return"(%2) : (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.param = "log_scale"}], function_type = (tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.prepared = "f/0"}], sym_name = "f.prepare"}> ({
  ^bb0(%log_scale: tensor<4xf32>):
    %0 = "kt.exp"(%log_scale) : (tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%0) : (tensor<4xf32>) -> ()
  }) : () -> ()
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.prepared = "f/0"}], function_type = (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, tensor<4xf32>) -> tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, %f_0: tensor<4xf32>):
    %0 = "kt.broadcast"(%f_0) {axes = [2], shape = ["n", 3, 4]} : (tensor<4xf32>) -> tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>
    %1 = "kt.mul"(%x, %0) : (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>) -> tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>
    "func.return"(%1) : (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>) -> ()
  }) : () -> ()
}
// -----
// of a large product of vectors, the vectors are prepared
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "u"}, {kt.param = "v"}], function_type = (tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>, tensor<200xf32>, tensor<200xf32>) -> tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>, %u: tensor<200xf32>, %v: tensor<200xf32>):
    %0 = "kt.exp"(%u) : (tensor<200xf32>) -> tensor<200xf32>
    %1 = "kt.exp"(%v) : (tensor<200xf32>) -> tensor<200xf32>
    %2 = "kt.broadcast"(%0) {axes = [0], shape = [200, 200]} : (tensor<200xf32>) -> tensor<200x200xf32>
    %3 = "kt.broadcast"(%1) {axes = [1], shape = [200, 200]} : (tensor<200xf32>) -> tensor<200x200xf32>
    %4 = "kt.mul"(%2, %3) : (tensor<200x200xf32>, tensor<200x200xf32>) -> tensor<200x200xf32>
    %5 = "kt.broadcast"(%4) {axes = [1, 2], shape = ["n", 200, 200]} : (tensor<200x200xf32>) -> tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>
    %6 = "kt.add"(%x, %5) : (tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>, tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>) -> tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>
    "func.return"(%6) : (tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.param = "u"}, {kt.param = "v"}], function_type = (tensor<200xf32>, tensor<200xf32>) -> (tensor<200xf32>, tensor<200xf32>), res_attrs = [{kt.prepared = "f/0"}, {kt.prepared = "f/1"}], sym_name = "f.prepare"}> ({
  ^bb0(%u: tensor<200xf32>, %v: tensor<200xf32>):
    %0 = "kt.exp"(%u) : (tensor<200xf32>) -> tensor<200xf32>
    %1 = "kt.exp"(%v) : (tensor<200xf32>) -> tensor<200xf32>
    "func.return"(%0, %1) : (tensor<200xf32>, tensor<200xf32>) -> ()
  }) : () -> ()
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.prepared = "f/0"}, {kt.prepared = "f/1"}], function_type = (tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>, tensor<200xf32>, tensor<200xf32>) -> tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>, %f_0: tensor<200xf32>, %f_1: tensor<200xf32>):
    %0 = "kt.broadcast"(%f_0) {axes = [0], shape = [200, 200]} : (tensor<200xf32>) -> tensor<200x200xf32>
    %1 = "kt.broadcast"(%f_1) {axes = [1], shape = [200, 200]} : (tensor<200xf32>) -> tensor<200x200xf32>
    %2 = "kt.mul"(%0, %1) : (tensor<200x200xf32>, tensor<200x200xf32>) -> tensor<200x200xf32>
    %3 = "kt.broadcast"(%2) {axes = [1, 2], shape = ["n", 200, 200]} : (tensor<200x200xf32>) -> tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>
    %4 = "kt.add"(%x, %3) : (tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>, tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>) -> tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>
    "func.return"(%4) : (tensor<?x200x200xf32, #kt.dims<"n, 200, 200">>) -> ()
  }) : () -> ()
}
// -----
// states change from call to call: nothing is prepared
module {
  "func.func"() <{arg_attrs = [{kt.state = "w"}, {kt.input = "x1"}], function_type = (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y"}, {kt.state = "w"}], sym_name = "f"}> ({
  ^bb0(%w: tensor<3xf32>, %x1: tensor<3xf32>):
    %0 = "kt.exp"(%w) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.mul"(%x1, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.sub"(%w, %x1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%1, %2) : (tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.state = "w"}, {kt.input = "x1"}], function_type = (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y"}, {kt.state = "w"}], sym_name = "f"}> ({
  ^bb0(%w: tensor<3xf32>, %x1: tensor<3xf32>):
    %0 = "kt.exp"(%w) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.mul"(%x1, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.sub"(%w, %x1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%1, %2) : (tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
