// neutral elements, on either side
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3xf32>) -> tensor<2x3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [2, 3]} : (tensor<f32>) -> tensor<2x3xf32>
    %2 = "kt.add"(%1, %x) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %3 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [2, 3]} : (tensor<f32>) -> tensor<2x3xf32>
    %5 = "kt.mul"(%4, %2) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %6 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %7 = "kt.broadcast"(%6) {axes = [], shape = [2, 3]} : (tensor<f32>) -> tensor<2x3xf32>
    %8 = "kt.sub"(%5, %7) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %9 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %10 = "kt.broadcast"(%9) {axes = [], shape = [2, 3]} : (tensor<f32>) -> tensor<2x3xf32>
    %11 = "kt.div"(%8, %10) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %12 = "kt.constant"() {value = dense<-0.0> : tensor<f32>} : () -> tensor<f32>
    %13 = "kt.broadcast"(%12) {axes = [], shape = [2, 3]} : (tensor<f32>) -> tensor<2x3xf32>
    %14 = "kt.add"(%11, %13) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %15 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %16 = "kt.broadcast"(%15) {axes = [], shape = [2, 3]} : (tensor<f32>) -> tensor<2x3xf32>
    %17 = "kt.pow"(%14, %16) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    "func.return"(%17) : (tensor<2x3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3xf32>) -> tensor<2x3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3xf32>):
    "func.return"(%x) : (tensor<2x3xf32>) -> ()
  }) : () -> ()
}
// -----
// x + 0 and x * 1 on integers; x * 0 and x - x are 0 there
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xi32>) -> (tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xi32>):
    %0 = "kt.constant"() {value = dense<1> : tensor<i32>} : () -> tensor<i32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %2 = "kt.mul"(%x, %1) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %3 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %5 = "kt.add"(%2, %4) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %6 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %7 = "kt.broadcast"(%6) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %8 = "kt.or"(%5, %7) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %9 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %10 = "kt.broadcast"(%9) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %11 = "kt.xor"(%8, %10) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %12 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %13 = "kt.broadcast"(%12) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %14 = "kt.mul"(%x, %13) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %15 = "kt.sub"(%x, %x) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %16 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %17 = "kt.broadcast"(%16) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %18 = "kt.and"(%x, %17) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %19 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %20 = "kt.broadcast"(%19) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %21 = "kt.shl"(%x, %20) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    "func.return"(%11, %14, %15, %18, %21) : (tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xi32>) -> (tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xi32>):
    %0 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %2 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %4 = "kt.constant"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %5 = "kt.broadcast"(%4) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    "func.return"(%x, %1, %3, %5, %x) : (tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) -> ()
  }) : () -> ()
}
// -----
// x * 0 and x - x stay for floats: x may be NaN
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.mul"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.sub"(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%2, %3) : (tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.mul"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.sub"(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%2, %3) : (tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// maximum with -inf and minimum with inf
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> tensor<3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<0xFF800000> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.max"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.constant"() {value = dense<0x7F800000> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %5 = "kt.min"(%2, %4) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%5) : (tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> tensor<3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    "func.return"(%x) : (tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// the same operand twice
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.lt"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    %3 = "kt.max"(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.min"(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %5 = "kt.and"(%2, %2) : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
    %6 = "kt.or"(%2, %2) : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
    %7 = "kt.select"(%2, %x, %x) : (tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%3, %4, %5, %6, %7) : (tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.lt"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    "func.return"(%x, %x, %2, %2, %x) : (tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// true and false
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.lt"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    %3 = "kt.constant"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [3]} : (tensor<i1>) -> tensor<3xi1>
    %5 = "kt.constant"() {value = dense<false> : tensor<i1>} : () -> tensor<i1>
    %6 = "kt.broadcast"(%5) {axes = [], shape = [3]} : (tensor<i1>) -> tensor<3xi1>
    %7 = "kt.and"(%2, %4) : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
    %8 = "kt.or"(%2, %6) : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
    %9 = "kt.or"(%2, %4) : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
    %10 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %11 = "kt.select"(%4, %x, %10) : (tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %12 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %13 = "kt.select"(%6, %x, %12) : (tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%7, %8, %9, %11, %13) : (tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.lt"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    %3 = "kt.constant"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [3]} : (tensor<i1>) -> tensor<3xi1>
    %5 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%2, %2, %4, %x, %5) : (tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// choices by a complement
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xi1>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.lt"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    %3 = "kt.not"(%2) : (tensor<3xi1>) -> tensor<3xi1>
    %4 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %5 = "kt.select"(%3, %x, %4) : (tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %6 = "kt.not"(%3) : (tensor<3xi1>) -> tensor<3xi1>
    "func.return"(%5, %6) : (tensor<3xf32>, tensor<3xi1>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xi1>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.lt"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    %3 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.select"(%2, %3, %x) : (tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%4, %2) : (tensor<3xf32>, tensor<3xi1>) -> ()
  }) : () -> ()
}
// -----
// signs
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}, {kt.output = "y6"}, {kt.output = "y7"}, {kt.output = "y8"}, {kt.output = "y9"}, {kt.output = "y10"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>, %x1: tensor<3xf32>):
    %0 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.neg"(%0) : (tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.neg"(%x1) : (tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.add"(%x, %2) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %5 = "kt.add"(%4, %x1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %6 = "kt.neg"(%x1) : (tensor<3xf32>) -> tensor<3xf32>
    %7 = "kt.sub"(%x, %6) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %8 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %9 = "kt.neg"(%x1) : (tensor<3xf32>) -> tensor<3xf32>
    %10 = "kt.mul"(%8, %9) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %11 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %12 = "kt.neg"(%x1) : (tensor<3xf32>) -> tensor<3xf32>
    %13 = "kt.div"(%11, %12) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %14 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %15 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %16 = "kt.broadcast"(%15) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %17 = "kt.mul"(%14, %16) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %18 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %19 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %20 = "kt.broadcast"(%19) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %21 = "kt.div"(%18, %20) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %22 = "kt.constant"() {value = dense<5.0> : tensor<f32>} : () -> tensor<f32>
    %23 = "kt.broadcast"(%22) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %24 = "kt.mul"(%x, %23) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %25 = "kt.neg"(%24) : (tensor<3xf32>) -> tensor<3xf32>
    %26 = "kt.constant"() {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
    %27 = "kt.broadcast"(%26) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %28 = "kt.mul"(%x, %27) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %29 = "kt.constant"() {value = dense<-0.0> : tensor<f32>} : () -> tensor<f32>
    %30 = "kt.broadcast"(%29) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %31 = "kt.sub"(%30, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%1, %3, %5, %7, %10, %13, %17, %21, %25, %28, %31) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}, {kt.output = "y6"}, {kt.output = "y7"}, {kt.output = "y8"}, {kt.output = "y9"}, {kt.output = "y10"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>, %x1: tensor<3xf32>):
    %0 = "kt.sub"(%x, %x1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.sub"(%x1, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.add"(%x, %x1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.mul"(%x, %x1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.div"(%x, %x1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %5 = "kt.constant"() {value = dense<-3.0> : tensor<f32>} : () -> tensor<f32>
    %6 = "kt.broadcast"(%5) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %7 = "kt.mul"(%x, %6) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %8 = "kt.constant"() {value = dense<-3.0> : tensor<f32>} : () -> tensor<f32>
    %9 = "kt.broadcast"(%8) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %10 = "kt.div"(%x, %9) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %11 = "kt.constant"() {value = dense<-5.0> : tensor<f32>} : () -> tensor<f32>
    %12 = "kt.broadcast"(%11) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %13 = "kt.mul"(%x, %12) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %14 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %15 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%x, %0, %1, %2, %3, %4, %7, %10, %13, %14, %15) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// absolute values
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.abs"(%0) : (tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.abs"(%1) : (tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.mul"(%1, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%2, %3) : (tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.abs"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.mul"(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// division by a power of two, and by what is none
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<4.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.div"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.constant"() {value = dense<-0.5> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %5 = "kt.div"(%x, %4) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %6 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %7 = "kt.broadcast"(%6) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %8 = "kt.div"(%x, %7) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%2, %5, %8) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.mul"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.constant"() {value = dense<-2.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %5 = "kt.mul"(%x, %4) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %6 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %7 = "kt.broadcast"(%6) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %8 = "kt.div"(%x, %7) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%2, %5, %8) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// small powers
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.pow"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %5 = "kt.pow"(%x, %4) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %6 = "kt.constant"() {value = dense<4.0> : tensor<f32>} : () -> tensor<f32>
    %7 = "kt.broadcast"(%6) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %8 = "kt.pow"(%x, %7) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %9 = "kt.constant"() {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
    %10 = "kt.broadcast"(%9) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %11 = "kt.pow"(%x, %10) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %12 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %13 = "kt.broadcast"(%12) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %14 = "kt.pow"(%x, %13) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %15 = "kt.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
    %16 = "kt.broadcast"(%15) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %17 = "kt.pow"(%x, %16) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%2, %5, %8, %11, %14, %17) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.mul"(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %1 = "kt.mul"(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %2 = "kt.mul"(%1, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = "kt.mul"(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.mul"(%3, %3) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %5 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %6 = "kt.broadcast"(%5) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %7 = "kt.div"(%6, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %8 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %9 = "kt.broadcast"(%8) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %10 = "kt.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
    %11 = "kt.broadcast"(%10) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %12 = "kt.pow"(%x, %11) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%0, %2, %4, %7, %9, %12) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// constants gather: maxima, minima and integers, not sums of floats
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.cast"(%x) {dtype = "i32"} : (tensor<3xf32>) -> tensor<3xi32>
    %1 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %2 = "kt.broadcast"(%1) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %3 = "kt.max"(%x, %2) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %5 = "kt.broadcast"(%4) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %6 = "kt.max"(%3, %5) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %7 = "kt.constant"() {value = dense<4.0> : tensor<f32>} : () -> tensor<f32>
    %8 = "kt.broadcast"(%7) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %9 = "kt.min"(%8, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %10 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %11 = "kt.broadcast"(%10) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %12 = "kt.min"(%11, %9) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %13 = "kt.constant"() {value = dense<1> : tensor<i32>} : () -> tensor<i32>
    %14 = "kt.broadcast"(%13) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %15 = "kt.add"(%0, %14) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %16 = "kt.constant"() {value = dense<2> : tensor<i32>} : () -> tensor<i32>
    %17 = "kt.broadcast"(%16) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %18 = "kt.add"(%15, %17) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %19 = "kt.constant"() {value = dense<3> : tensor<i32>} : () -> tensor<i32>
    %20 = "kt.broadcast"(%19) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %21 = "kt.mul"(%0, %20) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %22 = "kt.constant"() {value = dense<5> : tensor<i32>} : () -> tensor<i32>
    %23 = "kt.broadcast"(%22) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %24 = "kt.mul"(%21, %23) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %25 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %26 = "kt.broadcast"(%25) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %27 = "kt.add"(%x, %26) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %28 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %29 = "kt.broadcast"(%28) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %30 = "kt.add"(%27, %29) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%6, %12, %18, %24, %30) : (tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.cast"(%x) {dtype = "i32"} : (tensor<3xf32>) -> tensor<3xi32>
    %1 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %2 = "kt.broadcast"(%1) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %3 = "kt.max"(%x, %2) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %5 = "kt.broadcast"(%4) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %6 = "kt.min"(%x, %5) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %7 = "kt.constant"() {value = dense<3> : tensor<i32>} : () -> tensor<i32>
    %8 = "kt.broadcast"(%7) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %9 = "kt.add"(%0, %8) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %10 = "kt.constant"() {value = dense<15> : tensor<i32>} : () -> tensor<i32>
    %11 = "kt.broadcast"(%10) {axes = [], shape = [3]} : (tensor<i32>) -> tensor<3xi32>
    %12 = "kt.mul"(%0, %11) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    %13 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %14 = "kt.broadcast"(%13) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %15 = "kt.add"(%x, %14) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %16 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %17 = "kt.broadcast"(%16) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %18 = "kt.add"(%15, %17) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%3, %6, %9, %12, %18) : (tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xf32>) -> ()
  }) : () -> ()
}
// -----
// conversions
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xui32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.lt"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    %3 = "kt.cast"(%x) {dtype = "f32"} : (tensor<3xf32>) -> tensor<3xf32>
    %4 = "kt.cast"(%2) {dtype = "i32"} : (tensor<3xi1>) -> tensor<3xi32>
    %5 = "kt.cast"(%4) {dtype = "f32"} : (tensor<3xi32>) -> tensor<3xf32>
    %6 = "kt.cast"(%x) {dtype = "i32"} : (tensor<3xf32>) -> tensor<3xi32>
    %7 = "kt.cast"(%6) {dtype = "f32"} : (tensor<3xi32>) -> tensor<3xf32>
    %8 = "kt.bitcast"(%x) {dtype = "i32"} : (tensor<3xf32>) -> tensor<3xi32>
    %9 = "kt.bitcast"(%8) {dtype = "f32"} : (tensor<3xi32>) -> tensor<3xf32>
    %10 = "kt.bitcast"(%x) {dtype = "i32"} : (tensor<3xf32>) -> tensor<3xi32>
    %11 = "kt.bitcast"(%10) {dtype = "u32"} : (tensor<3xi32>) -> tensor<3xui32>
    "func.return"(%3, %5, %7, %9, %11) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xui32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xui32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>):
    %0 = "kt.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [3]} : (tensor<f32>) -> tensor<3xf32>
    %2 = "kt.lt"(%x, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    %3 = "kt.cast"(%2) {dtype = "f32"} : (tensor<3xi1>) -> tensor<3xf32>
    %4 = "kt.cast"(%x) {dtype = "i32"} : (tensor<3xf32>) -> tensor<3xi32>
    %5 = "kt.cast"(%4) {dtype = "f32"} : (tensor<3xi32>) -> tensor<3xf32>
    %6 = "kt.bitcast"(%x) {dtype = "u32"} : (tensor<3xf32>) -> tensor<3xui32>
    "func.return"(%x, %3, %5, %x, %6) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xui32>) -> ()
  }) : () -> ()
}
// -----
// a constant of equal elements, and a size that is a number
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x2xf32>):
    %0 = "kt.constant"() {value = dense<2.0> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
    %1 = "kt.add"(%x, %0) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %2 = "kt.dim"() {dim = "12", dtype = "f32"} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [2, 2]} : (tensor<f32>) -> tensor<2x2xf32>
    %4 = "kt.mul"(%x, %3) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    "func.return"(%1, %4) : (tensor<2x2xf32>, tensor<2x2xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x2xf32>):
    %0 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [2, 2]} : (tensor<f32>) -> tensor<2x2xf32>
    %2 = "kt.add"(%x, %1) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %3 = "kt.constant"() {value = dense<12.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [2, 2]} : (tensor<f32>) -> tensor<2x2xf32>
    %5 = "kt.mul"(%x, %4) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    "func.return"(%2, %5) : (tensor<2x2xf32>, tensor<2x2xf32>) -> ()
  }) : () -> ()
}
// -----
// reshapes
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, tensor<?x2x12xf32, #kt.dims<"n, 2, 12">>, tensor<24xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>):
    %0 = "kt.reshape"(%x) {shape = ["n", 4, 6]} : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>
    %1 = "kt.reshape"(%x) {shape = ["n", 24]} : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> tensor<?x24xf32, #kt.dims<"n, 24">>
    %2 = "kt.reshape"(%1) {shape = ["n", 2, 12]} : (tensor<?x24xf32, #kt.dims<"n, 24">>) -> tensor<?x2x12xf32, #kt.dims<"n, 2, 12">>
    %3 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [4, 6]} : (tensor<f32>) -> tensor<4x6xf32>
    %5 = "kt.reshape"(%4) {shape = [24]} : (tensor<4x6xf32>) -> tensor<24xf32>
    "func.return"(%0, %2, %5) : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, tensor<?x2x12xf32, #kt.dims<"n, 2, 12">>, tensor<24xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, tensor<?x2x12xf32, #kt.dims<"n, 2, 12">>, tensor<24xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>):
    %0 = "kt.reshape"(%x) {shape = ["n", 2, 12]} : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> tensor<?x2x12xf32, #kt.dims<"n, 2, 12">>
    %1 = "kt.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
    %2 = "kt.broadcast"(%1) {axes = [], shape = [24]} : (tensor<f32>) -> tensor<24xf32>
    "func.return"(%x, %0, %2) : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, tensor<?x2x12xf32, #kt.dims<"n, 2, 12">>, tensor<24xf32>) -> ()
  }) : () -> ()
}
// -----
// transposes
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<2x3x4xf32>, tensor<3x1x4xf32>) -> (tensor<2x3x4xf32>, tensor<4x3x2xf32>, tensor<1x3x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3x4xf32>, %x1: tensor<3x1x4xf32>):
    %0 = "kt.transpose"(%x) {permutation = [1, 2, 0]} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
    %1 = "kt.transpose"(%0) {permutation = [2, 0, 1]} : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
    %2 = "kt.transpose"(%x) {permutation = [1, 2, 0]} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
    %3 = "kt.transpose"(%2) {permutation = [1, 0, 2]} : (tensor<3x4x2xf32>) -> tensor<4x3x2xf32>
    %4 = "kt.transpose"(%x1) {permutation = [1, 0, 2]} : (tensor<3x1x4xf32>) -> tensor<1x3x4xf32>
    "func.return"(%1, %3, %4) : (tensor<2x3x4xf32>, tensor<4x3x2xf32>, tensor<1x3x4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<2x3x4xf32>, tensor<3x1x4xf32>) -> (tensor<2x3x4xf32>, tensor<4x3x2xf32>, tensor<1x3x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3x4xf32>, %x1: tensor<3x1x4xf32>):
    %0 = "kt.transpose"(%x) {permutation = [2, 1, 0]} : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
    %1 = "kt.reshape"(%x1) {shape = [1, 3, 4]} : (tensor<3x1x4xf32>) -> tensor<1x3x4xf32>
    "func.return"(%x, %0, %1) : (tensor<2x3x4xf32>, tensor<4x3x2xf32>, tensor<1x3x4xf32>) -> ()
  }) : () -> ()
}
// -----
// broadcasts
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3x4xf32>) -> (tensor<2x5x3x4xf32>, tensor<2x4x3xf32>, tensor<4x2x3xf32>, tensor<3x4xf32>, tensor<4x3xf32>, tensor<1x3x1x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3x4xf32>):
    %0 = "kt.broadcast"(%x) {axes = [1, 2], shape = [2, 3, 4]} : (tensor<3x4xf32>) -> tensor<2x3x4xf32>
    %1 = "kt.broadcast"(%0) {axes = [0, 2, 3], shape = [2, 5, 3, 4]} : (tensor<2x3x4xf32>) -> tensor<2x5x3x4xf32>
    %2 = "kt.transpose"(%x) {permutation = [1, 0]} : (tensor<3x4xf32>) -> tensor<4x3xf32>
    %3 = "kt.broadcast"(%2) {axes = [1, 2], shape = [2, 4, 3]} : (tensor<4x3xf32>) -> tensor<2x4x3xf32>
    %4 = "kt.broadcast"(%x) {axes = [1, 2], shape = [2, 3, 4]} : (tensor<3x4xf32>) -> tensor<2x3x4xf32>
    %5 = "kt.transpose"(%4) {permutation = [2, 0, 1]} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
    %6 = "kt.broadcast"(%x) {axes = [0, 1], shape = [3, 4]} : (tensor<3x4xf32>) -> tensor<3x4xf32>
    %7 = "kt.broadcast"(%x) {axes = [1, 0], shape = [4, 3]} : (tensor<3x4xf32>) -> tensor<4x3xf32>
    %8 = "kt.broadcast"(%x) {axes = [1, 3], shape = [1, 3, 1, 4]} : (tensor<3x4xf32>) -> tensor<1x3x1x4xf32>
    "func.return"(%1, %3, %5, %6, %7, %8) : (tensor<2x5x3x4xf32>, tensor<2x4x3xf32>, tensor<4x2x3xf32>, tensor<3x4xf32>, tensor<4x3xf32>, tensor<1x3x1x4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3x4xf32>) -> (tensor<2x5x3x4xf32>, tensor<2x4x3xf32>, tensor<4x2x3xf32>, tensor<3x4xf32>, tensor<4x3xf32>, tensor<1x3x1x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}, {kt.output = "y5"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3x4xf32>):
    %0 = "kt.broadcast"(%x) {axes = [2, 3], shape = [2, 5, 3, 4]} : (tensor<3x4xf32>) -> tensor<2x5x3x4xf32>
    %1 = "kt.broadcast"(%x) {axes = [2, 1], shape = [2, 4, 3]} : (tensor<3x4xf32>) -> tensor<2x4x3xf32>
    %2 = "kt.broadcast"(%x) {axes = [2, 0], shape = [4, 2, 3]} : (tensor<3x4xf32>) -> tensor<4x2x3xf32>
    %3 = "kt.transpose"(%x) {permutation = [1, 0]} : (tensor<3x4xf32>) -> tensor<4x3xf32>
    %4 = "kt.reshape"(%x) {shape = [1, 3, 1, 4]} : (tensor<3x4xf32>) -> tensor<1x3x1x4xf32>
    "func.return"(%0, %1, %2, %x, %3, %4) : (tensor<2x5x3x4xf32>, tensor<2x4x3xf32>, tensor<4x2x3xf32>, tensor<3x4xf32>, tensor<4x3xf32>, tensor<1x3x1x4xf32>) -> ()
  }) : () -> ()
}
// -----
// slices
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x10xf32, #kt.dims<"n, 10">>) -> (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x2xf32, #kt.dims<"n, 2">>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x10xf32, #kt.dims<"n, 10">>):
    %0 = "kt.slice"(%x) {limits = ["n", 10], starts = [0, 0], strides = [1, 1]} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x10xf32, #kt.dims<"n, 10">>
    %1 = "kt.slice"(%x) {limits = ["n", 9], starts = [0, 1], strides = [1, 2]} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %2 = "kt.slice"(%1) {limits = ["n", 4], starts = [0, 1], strides = [1, 2]} : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x2xf32, #kt.dims<"n, 2">>
    "func.return"(%0, %2) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x2xf32, #kt.dims<"n, 2">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x10xf32, #kt.dims<"n, 10">>) -> (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x2xf32, #kt.dims<"n, 2">>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x10xf32, #kt.dims<"n, 10">>):
    %0 = "kt.slice"(%x) {limits = ["n", 8], starts = [0, 3], strides = [1, 4]} : (tensor<?x10xf32, #kt.dims<"n, 10">>) -> tensor<?x2xf32, #kt.dims<"n, 2">>
    "func.return"(%x, %0) : (tensor<?x10xf32, #kt.dims<"n, 10">>, tensor<?x2xf32, #kt.dims<"n, 2">>) -> ()
  }) : () -> ()
}
// -----
// slices of broadcasts and joins
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<4x3xf32>, tensor<2x3xf32>) -> (tensor<3x2x2xf32>, tensor<2x2xf32>, tensor<2x3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4x3xf32>, %x1: tensor<2x3xf32>):
    %0 = "kt.concat"(%x, %x1) {axis = 0 : i64} : (tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<6x3xf32>
    %1 = "kt.broadcast"(%x) {axes = [1, 2], shape = [5, 4, 3]} : (tensor<4x3xf32>) -> tensor<5x4x3xf32>
    %2 = "kt.slice"(%1) {limits = [4, 3, 3], starts = [1, 1, 0], strides = [1, 1, 2]} : (tensor<5x4x3xf32>) -> tensor<3x2x2xf32>
    %3 = "kt.slice"(%0) {limits = [6, 2], starts = [4, 0], strides = [1, 1]} : (tensor<6x3xf32>) -> tensor<2x2xf32>
    %4 = "kt.slice"(%0) {limits = [5, 3], starts = [3, 0], strides = [1, 1]} : (tensor<6x3xf32>) -> tensor<2x3xf32>
    "func.return"(%2, %3, %4) : (tensor<3x2x2xf32>, tensor<2x2xf32>, tensor<2x3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<4x3xf32>, tensor<2x3xf32>) -> (tensor<3x2x2xf32>, tensor<2x2xf32>, tensor<2x3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4x3xf32>, %x1: tensor<2x3xf32>):
    %0 = "kt.concat"(%x, %x1) {axis = 0 : i64} : (tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<6x3xf32>
    %1 = "kt.slice"(%x) {limits = [3, 3], starts = [1, 0], strides = [1, 2]} : (tensor<4x3xf32>) -> tensor<2x2xf32>
    %2 = "kt.broadcast"(%1) {axes = [1, 2], shape = [3, 2, 2]} : (tensor<2x2xf32>) -> tensor<3x2x2xf32>
    %3 = "kt.slice"(%x1) {limits = [2, 2], starts = [0, 0], strides = [1, 1]} : (tensor<2x3xf32>) -> tensor<2x2xf32>
    %4 = "kt.slice"(%0) {limits = [5, 3], starts = [3, 0], strides = [1, 1]} : (tensor<6x3xf32>) -> tensor<2x3xf32>
    "func.return"(%2, %3, %4) : (tensor<3x2x2xf32>, tensor<2x2xf32>, tensor<2x3xf32>) -> ()
  }) : () -> ()
}
// -----
// a slice that takes no padding, and one that does
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<4xf32>) -> (tensor<4xf32>, tensor<1xf32>, tensor<7xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4xf32>):
    %0 = "kt.pad"(%x) {high = [1], interior = [1], low = [2], value = 0 : i64} : (tensor<4xf32>) -> tensor<10xf32>
    %1 = "kt.slice"(%0) {limits = [9], starts = [2], strides = [2]} : (tensor<10xf32>) -> tensor<4xf32>
    %2 = "kt.slice"(%0) {limits = [5], starts = [4], strides = [1]} : (tensor<10xf32>) -> tensor<1xf32>
    %3 = "kt.slice"(%0) {limits = [9], starts = [2], strides = [1]} : (tensor<10xf32>) -> tensor<7xf32>
    "func.return"(%1, %2, %3) : (tensor<4xf32>, tensor<1xf32>, tensor<7xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<4xf32>) -> (tensor<4xf32>, tensor<1xf32>, tensor<7xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4xf32>):
    %0 = "kt.pad"(%x) {high = [1], interior = [1], low = [2], value = 0 : i64} : (tensor<4xf32>) -> tensor<10xf32>
    %1 = "kt.slice"(%x) {limits = [2], starts = [1], strides = [1]} : (tensor<4xf32>) -> tensor<1xf32>
    %2 = "kt.slice"(%0) {limits = [9], starts = [2], strides = [1]} : (tensor<10xf32>) -> tensor<7xf32>
    "func.return"(%x, %1, %2) : (tensor<4xf32>, tensor<1xf32>, tensor<7xf32>) -> ()
  }) : () -> ()
}
// -----
// padding
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<4xf32>) -> (tensor<4xf32>, tensor<13xf32>, tensor<10xf32>, tensor<7xf32>, tensor<7xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4xf32>):
    %0 = "kt.pad"(%x) {high = [0], interior = [0], low = [0], value = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "kt.pad"(%x) {high = [0], interior = [1], low = [1], value = 0 : i64} : (tensor<4xf32>) -> tensor<8xf32>
    %2 = "kt.pad"(%1) {high = [3], interior = [0], low = [2], value = 0 : i64} : (tensor<8xf32>) -> tensor<13xf32>
    %3 = "kt.pad"(%x) {high = [0], interior = [0], low = [1], value = 1 : i64} : (tensor<4xf32>) -> tensor<5xf32>
    %4 = "kt.pad"(%3) {high = [3], interior = [0], low = [2], value = 0 : i64} : (tensor<5xf32>) -> tensor<10xf32>
    %5 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %6 = "kt.broadcast"(%5) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %7 = "kt.pad"(%6) {high = [2], interior = [0], low = [1], value = 0 : i64} : (tensor<4xf32>) -> tensor<7xf32>
    %8 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %9 = "kt.broadcast"(%8) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %10 = "kt.pad"(%9) {high = [2], interior = [0], low = [1], value = -1 : i64} : (tensor<4xf32>) -> tensor<7xf32>
    "func.return"(%0, %2, %4, %7, %10) : (tensor<4xf32>, tensor<13xf32>, tensor<10xf32>, tensor<7xf32>, tensor<7xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<4xf32>) -> (tensor<4xf32>, tensor<13xf32>, tensor<10xf32>, tensor<7xf32>, tensor<7xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4xf32>):
    %0 = "kt.pad"(%x) {high = [3], interior = [1], low = [3], value = 0 : i64} : (tensor<4xf32>) -> tensor<13xf32>
    %1 = "kt.pad"(%x) {high = [0], interior = [0], low = [1], value = 1 : i64} : (tensor<4xf32>) -> tensor<5xf32>
    %2 = "kt.pad"(%1) {high = [3], interior = [0], low = [2], value = 0 : i64} : (tensor<5xf32>) -> tensor<10xf32>
    %3 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = [7]} : (tensor<f32>) -> tensor<7xf32>
    %5 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %6 = "kt.broadcast"(%5) {axes = [], shape = [4]} : (tensor<f32>) -> tensor<4xf32>
    %7 = "kt.pad"(%6) {high = [2], interior = [0], low = [1], value = -1 : i64} : (tensor<4xf32>) -> tensor<7xf32>
    "func.return"(%x, %0, %2, %4, %7) : (tensor<4xf32>, tensor<13xf32>, tensor<10xf32>, tensor<7xf32>, tensor<7xf32>) -> ()
  }) : () -> ()
}
// -----
// reversals
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3x1x4xf32>) -> (tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<2x3x1x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3x1x4xf32>):
    %0 = "kt.reverse"(%x) {axes = [1]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %1 = "kt.reverse"(%x) {axes = [0, 1]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %2 = "kt.reverse"(%x) {axes = [0, 2]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %3 = "kt.reverse"(%2) {axes = [2]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %4 = "kt.reverse"(%x) {axes = [0]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %5 = "kt.reverse"(%4) {axes = [0]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %6 = "kt.broadcast"(%x) {axes = [1, 2, 3], shape = [2, 3, 1, 4]} : (tensor<3x1x4xf32>) -> tensor<2x3x1x4xf32>
    %7 = "kt.reverse"(%6) {axes = [0, 3]} : (tensor<2x3x1x4xf32>) -> tensor<2x3x1x4xf32>
    "func.return"(%0, %1, %3, %5, %7) : (tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<2x3x1x4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<3x1x4xf32>) -> (tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<2x3x1x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}, {kt.output = "y4"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3x1x4xf32>):
    %0 = "kt.reverse"(%x) {axes = [0]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %1 = "kt.reverse"(%x) {axes = [0]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %2 = "kt.reverse"(%x) {axes = [2]} : (tensor<3x1x4xf32>) -> tensor<3x1x4xf32>
    %3 = "kt.broadcast"(%2) {axes = [1, 2, 3], shape = [2, 3, 1, 4]} : (tensor<3x1x4xf32>) -> tensor<2x3x1x4xf32>
    "func.return"(%x, %0, %1, %x, %3) : (tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<3x1x4xf32>, tensor<2x3x1x4xf32>) -> ()
  }) : () -> ()
}
// -----
// joins
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x12xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3xf32>):
    %0 = "kt.neg"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = "kt.concat"(%x) {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %2 = "kt.concat"(%0, %x) {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
    %3 = "kt.concat"(%x, %2, %0) {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x6xf32>, tensor<2x3xf32>) -> tensor<2x12xf32>
    "func.return"(%1, %3) : (tensor<2x3xf32>, tensor<2x12xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x12xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3xf32>):
    %0 = "kt.neg"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = "kt.concat"(%x, %0, %x, %0) {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x12xf32>
    "func.return"(%x, %1) : (tensor<2x3xf32>, tensor<2x12xf32>) -> ()
  }) : () -> ()
}
// -----
// a transpose sinks through slice, pad, reverse and concat
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4x6x3xf32, #kt.dims<"n, 4, 6, 3">>) -> tensor<?x3x4x6xf32, #kt.dims<"n, 3, 4, 6">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x6x3xf32, #kt.dims<"n, 4, 6, 3">>):
    %0 = "kt.transpose"(%x) {permutation = [0, 3, 1, 2]} : (tensor<?x4x6x3xf32, #kt.dims<"n, 4, 6, 3">>) -> tensor<?x3x4x6xf32, #kt.dims<"n, 3, 4, 6">>
    %1 = "kt.pad"(%0) {high = [0, 0, 1, 0], interior = [0, 0, 0, 1], low = [0, 0, 1, 1], value = 0 : i64} : (tensor<?x3x4x6xf32, #kt.dims<"n, 3, 4, 6">>) -> tensor<?x3x6x12xf32, #kt.dims<"n, 3, 6, 12">>
    %2 = "kt.slice"(%1) {limits = ["n", 3, 6, 12], starts = [0, 0, 1, 0], strides = [1, 1, 2, 3]} : (tensor<?x3x6x12xf32, #kt.dims<"n, 3, 6, 12">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %3 = "kt.reverse"(%2) {axes = [1, 3]} : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>
    %4 = "kt.concat"(%3, %3) {axis = 1 : i64} : (tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>, tensor<?x3x3x4xf32, #kt.dims<"n, 3, 3, 4">>) -> tensor<?x6x3x4xf32, #kt.dims<"n, 6, 3, 4">>
    %5 = "kt.transpose"(%4) {permutation = [0, 2, 3, 1]} : (tensor<?x6x3x4xf32, #kt.dims<"n, 6, 3, 4">>) -> tensor<?x3x4x6xf32, #kt.dims<"n, 3, 4, 6">>
    "func.return"(%5) : (tensor<?x3x4x6xf32, #kt.dims<"n, 3, 4, 6">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4x6x3xf32, #kt.dims<"n, 4, 6, 3">>) -> tensor<?x3x4x6xf32, #kt.dims<"n, 3, 4, 6">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x6x3xf32, #kt.dims<"n, 4, 6, 3">>):
    %0 = "kt.pad"(%x) {high = [0, 1, 0, 0], interior = [0, 0, 1, 0], low = [0, 1, 1, 0], value = 0 : i64} : (tensor<?x4x6x3xf32, #kt.dims<"n, 4, 6, 3">>) -> tensor<?x6x12x3xf32, #kt.dims<"n, 6, 12, 3">>
    %1 = "kt.slice"(%0) {limits = ["n", 6, 12, 3], starts = [0, 1, 0, 0], strides = [1, 2, 3, 1]} : (tensor<?x6x12x3xf32, #kt.dims<"n, 6, 12, 3">>) -> tensor<?x3x4x3xf32, #kt.dims<"n, 3, 4, 3">>
    %2 = "kt.reverse"(%1) {axes = [3, 2]} : (tensor<?x3x4x3xf32, #kt.dims<"n, 3, 4, 3">>) -> tensor<?x3x4x3xf32, #kt.dims<"n, 3, 4, 3">>
    %3 = "kt.concat"(%2, %2) {axis = 3 : i64} : (tensor<?x3x4x3xf32, #kt.dims<"n, 3, 4, 3">>, tensor<?x3x4x3xf32, #kt.dims<"n, 3, 4, 3">>) -> tensor<?x3x4x6xf32, #kt.dims<"n, 3, 4, 6">>
    "func.return"(%3) : (tensor<?x3x4x6xf32, #kt.dims<"n, 3, 4, 6">>) -> ()
  }) : () -> ()
}
// -----
// elementwise work moves before a broadcast
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "scale"}, {kt.param = "shift"}], function_type = (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, tensor<5xf32>, tensor<5xf32>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, %scale: tensor<5xf32>, %shift: tensor<5xf32>):
    %0 = "kt.broadcast"(%scale) {axes = [2], shape = ["n", 4, 5]} : (tensor<5xf32>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    %1 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %2 = "kt.broadcast"(%1) {axes = [], shape = ["n", 4, 5]} : (tensor<f32>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    %3 = "kt.mul"(%0, %2) : (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    %4 = "kt.broadcast"(%shift) {axes = [2], shape = ["n", 4, 5]} : (tensor<5xf32>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    %5 = "kt.add"(%3, %4) : (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    %6 = "kt.tanh"(%5) : (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    %7 = "kt.add"(%x, %6) : (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    "func.return"(%7) : (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "scale"}, {kt.param = "shift"}], function_type = (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, tensor<5xf32>, tensor<5xf32>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, %scale: tensor<5xf32>, %shift: tensor<5xf32>):
    %0 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [5]} : (tensor<f32>) -> tensor<5xf32>
    %2 = "kt.mul"(%scale, %1) : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
    %3 = "kt.add"(%2, %shift) : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
    %4 = "kt.tanh"(%3) : (tensor<5xf32>) -> tensor<5xf32>
    %5 = "kt.broadcast"(%4) {axes = [2], shape = ["n", 4, 5]} : (tensor<5xf32>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    %6 = "kt.add"(%x, %5) : (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>, tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>) -> tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>
    "func.return"(%6) : (tensor<?x4x5xf32, #kt.dims<"n, 4, 5">>) -> ()
  }) : () -> ()
}
// -----
// of operands that vary along different axes, only what both repeat is left out
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<3xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>, %x1: tensor<4xf32>):
    %0 = "kt.broadcast"(%x) {axes = [1], shape = [2, 3, 4]} : (tensor<3xf32>) -> tensor<2x3x4xf32>
    %1 = "kt.broadcast"(%x1) {axes = [2], shape = [2, 3, 4]} : (tensor<4xf32>) -> tensor<2x3x4xf32>
    %2 = "kt.mul"(%0, %1) : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    "func.return"(%2) : (tensor<2x3x4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<3xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<3xf32>, %x1: tensor<4xf32>):
    %0 = "kt.broadcast"(%x) {axes = [0], shape = [3, 4]} : (tensor<3xf32>) -> tensor<3x4xf32>
    %1 = "kt.broadcast"(%x1) {axes = [1], shape = [3, 4]} : (tensor<4xf32>) -> tensor<3x4xf32>
    %2 = "kt.mul"(%0, %1) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %3 = "kt.broadcast"(%2) {axes = [1, 2], shape = [2, 3, 4]} : (tensor<3x4xf32>) -> tensor<2x3x4xf32>
    "func.return"(%3) : (tensor<2x3x4xf32>) -> ()
  }) : () -> ()
}
// -----
// elementwise work moves before a transpose and a reshape
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "bias"}], function_type = (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, tensor<4xf32>) -> tensor<?x24xf32, #kt.dims<"n, 24">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, %bias: tensor<4xf32>):
    %0 = "kt.transpose"(%x) {permutation = [0, 2, 1]} : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> tensor<?x6x4xf32, #kt.dims<"n, 6, 4">>
    %1 = "kt.broadcast"(%bias) {axes = [2], shape = ["n", 6, 4]} : (tensor<4xf32>) -> tensor<?x6x4xf32, #kt.dims<"n, 6, 4">>
    %2 = "kt.add"(%0, %1) : (tensor<?x6x4xf32, #kt.dims<"n, 6, 4">>, tensor<?x6x4xf32, #kt.dims<"n, 6, 4">>) -> tensor<?x6x4xf32, #kt.dims<"n, 6, 4">>
    %3 = "kt.reshape"(%2) {shape = ["n", 24]} : (tensor<?x6x4xf32, #kt.dims<"n, 6, 4">>) -> tensor<?x24xf32, #kt.dims<"n, 24">>
    %4 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %5 = "kt.broadcast"(%4) {axes = [], shape = ["n", 24]} : (tensor<f32>) -> tensor<?x24xf32, #kt.dims<"n, 24">>
    %6 = "kt.max"(%3, %5) : (tensor<?x24xf32, #kt.dims<"n, 24">>, tensor<?x24xf32, #kt.dims<"n, 24">>) -> tensor<?x24xf32, #kt.dims<"n, 24">>
    "func.return"(%6) : (tensor<?x24xf32, #kt.dims<"n, 24">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "bias"}], function_type = (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, tensor<4xf32>) -> tensor<?x24xf32, #kt.dims<"n, 24">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, %bias: tensor<4xf32>):
    %0 = "kt.broadcast"(%bias) {axes = [1], shape = ["n", 4, 6]} : (tensor<4xf32>) -> tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>
    %1 = "kt.add"(%x, %0) : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>
    %2 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = ["n", 4, 6]} : (tensor<f32>) -> tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>
    %4 = "kt.max"(%1, %3) : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>, tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>
    %5 = "kt.transpose"(%4) {permutation = [0, 2, 1]} : (tensor<?x4x6xf32, #kt.dims<"n, 4, 6">>) -> tensor<?x6x4xf32, #kt.dims<"n, 6, 4">>
    %6 = "kt.reshape"(%5) {shape = ["n", 24]} : (tensor<?x6x4xf32, #kt.dims<"n, 6, 4">>) -> tensor<?x24xf32, #kt.dims<"n, 24">>
    "func.return"(%6) : (tensor<?x24xf32, #kt.dims<"n, 24">>) -> ()
  }) : () -> ()
}
// -----
// layout: a convolution between transposes from and to channels first
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x3x6x6xf32, #kt.dims<"n, 3, 6, 6">>, tensor<8x3x3x3xf32>) -> tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3x6x6xf32, #kt.dims<"n, 3, 6, 6">>, %kernel: tensor<8x3x3x3xf32>):
    %0 = "kt.transpose"(%x) {permutation = [0, 2, 3, 1]} : (tensor<?x3x6x6xf32, #kt.dims<"n, 3, 6, 6">>) -> tensor<?x6x6x3xf32, #kt.dims<"n, 6, 6, 3">>
    %1 = "kt.transpose"(%kernel) {permutation = [2, 3, 1, 0]} : (tensor<8x3x3x3xf32>) -> tensor<3x3x3x8xf32>
    %2 = "kt.contract"(%0, %1) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x3xf32, #kt.dims<"n, 6, 6, 3">>, tensor<3x3x3x8xf32>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %3 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = ["n", 4, 4, 8]} : (tensor<f32>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %5 = "kt.max"(%2, %4) : (tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>, tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %6 = "kt.transpose"(%5) {permutation = [0, 3, 1, 2]} : (tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>) -> tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>
    "func.return"(%6) : (tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<?x3x6x6xf32, #kt.dims<"n, 3, 6, 6">>, tensor<8x3x3x3xf32>) -> tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3x6x6xf32, #kt.dims<"n, 3, 6, 6">>, %kernel: tensor<8x3x3x3xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.contract"(%x, %kernel) {spec = "n c h+i w+j, o c i j -> n o h w"} : (tensor<?x3x6x6xf32, #kt.dims<"n, 3, 6, 6">>, tensor<8x3x3x3xf32>) -> tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>
    %2 = "kt.broadcast"(%0) {axes = [], shape = ["n", 8, 4, 4]} : (tensor<f32>) -> tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>
    %3 = "kt.max"(%1, %2) : (tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>, tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>) -> tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>
    "func.return"(%3) : (tensor<?x8x4x4xf32, #kt.dims<"n, 8, 4, 4">>) -> ()
  }) : () -> ()
}
// -----
// layout: pooling on transposed data
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3x6x6xf32>) -> (tensor<2x3x3x3xf32>, tensor<3x2xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3x6x6xf32>):
    %0 = "kt.transpose"(%x) {permutation = [0, 2, 3, 1]} : (tensor<2x3x6x6xf32>) -> tensor<2x6x6x3xf32>
    %1:2 = "kt.reduce_max"(%0) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x6x6x3xf32>) -> (tensor<2x3x3x3xf32>, tensor<2x3x3x3xi32>)
    %2 = "kt.transpose"(%x) {permutation = [0, 2, 3, 1]} : (tensor<2x3x6x6xf32>) -> tensor<2x6x6x3xf32>
    %3 = "kt.reduce_sum"(%2) {spec = "n h w c -> n c"} : (tensor<2x6x6x3xf32>) -> tensor<2x3xf32>
    %4 = "kt.transpose"(%1#0) {permutation = [0, 3, 1, 2]} : (tensor<2x3x3x3xf32>) -> tensor<2x3x3x3xf32>
    %5 = "kt.transpose"(%3) {permutation = [1, 0]} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    "func.return"(%4, %5) : (tensor<2x3x3x3xf32>, tensor<3x2xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3x6x6xf32>) -> (tensor<2x3x3x3xf32>, tensor<3x2xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3x6x6xf32>):
    %0:2 = "kt.reduce_max"(%x) {sizes = ["i=2", "j=2"], spec = "n c 2*h+i 2*w+j -> n c h w"} : (tensor<2x3x6x6xf32>) -> (tensor<2x3x3x3xf32>, tensor<2x3x3x3xi32>)
    %1 = "kt.reduce_sum"(%x) {spec = "n c h w -> c n"} : (tensor<2x3x6x6xf32>) -> tensor<3x2xf32>
    "func.return"(%0#0, %1) : (tensor<2x3x3x3xf32>, tensor<3x2xf32>) -> ()
  }) : () -> ()
}
// -----
// positions of maxima count in the order of the window's axes: a transpose that changes it stays
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3x4xf32>) -> (tensor<2xi32>, tensor<2xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3x4xf32>):
    %0 = "kt.transpose"(%x) {permutation = [0, 2, 1]} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
    %1:2 = "kt.reduce_max"(%0) {spec = "a b c -> a"} : (tensor<2x4x3xf32>) -> (tensor<2xf32>, tensor<2xi32>)
    %2 = "kt.transpose"(%x) {permutation = [0, 2, 1]} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
    %3:2 = "kt.reduce_max"(%2) {spec = "a b c -> a"} : (tensor<2x4x3xf32>) -> (tensor<2xf32>, tensor<2xi32>)
    "func.return"(%1#1, %3#0) : (tensor<2xi32>, tensor<2xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3x4xf32>) -> (tensor<2xi32>, tensor<2xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3x4xf32>):
    %0 = "kt.transpose"(%x) {permutation = [0, 2, 1]} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
    %1:2 = "kt.reduce_max"(%0) {spec = "a b c -> a"} : (tensor<2x4x3xf32>) -> (tensor<2xf32>, tensor<2xi32>)
    %2:2 = "kt.reduce_max"(%x) {spec = "a c b -> a"} : (tensor<2x3x4xf32>) -> (tensor<2xf32>, tensor<2xi32>)
    "func.return"(%1#1, %2#0) : (tensor<2xi32>, tensor<2xf32>) -> ()
  }) : () -> ()
}
// -----
// a window of one element
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<2x5x5x4xf32>, tensor<1x1x4x3xf32>) -> (tensor<2x5x5x3xf32>, tensor<2x3x3x3xf32>, tensor<2x5x2x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x5x5x4xf32>, %kernel: tensor<1x1x4x3xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<2x5x5x4xf32>, tensor<1x1x4x3xf32>) -> tensor<2x5x5x3xf32>
    %1 = "kt.contract"(%x, %kernel) {spec = "n 2*h+i 2*w+j c, i j c o -> n h w o"} : (tensor<2x5x5x4xf32>, tensor<1x1x4x3xf32>) -> tensor<2x3x3x3xf32>
    %2 = "kt.reduce_sum"(%x) {sizes = ["i=1"], spec = "n 3*h+i w c -> n w h c"} : (tensor<2x5x5x4xf32>) -> tensor<2x5x2x4xf32>
    "func.return"(%0, %1, %2) : (tensor<2x5x5x3xf32>, tensor<2x3x3x3xf32>, tensor<2x5x2x4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}], function_type = (tensor<2x5x5x4xf32>, tensor<1x1x4x3xf32>) -> (tensor<2x5x5x3xf32>, tensor<2x3x3x3xf32>, tensor<2x5x2x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x5x5x4xf32>, %kernel: tensor<1x1x4x3xf32>):
    %0 = "kt.reshape"(%kernel) {shape = [4, 3]} : (tensor<1x1x4x3xf32>) -> tensor<4x3xf32>
    %1 = "kt.contract"(%x, %0) {spec = "n h w c, c o -> n h w o"} : (tensor<2x5x5x4xf32>, tensor<4x3xf32>) -> tensor<2x5x5x3xf32>
    %2 = "kt.reshape"(%kernel) {shape = [4, 3]} : (tensor<1x1x4x3xf32>) -> tensor<4x3xf32>
    %3 = "kt.contract"(%x, %2) {spec = "n 2*h 2*w c, c o -> n h w o"} : (tensor<2x5x5x4xf32>, tensor<4x3xf32>) -> tensor<2x3x3x3xf32>
    %4 = "kt.slice"(%x) {limits = [2, 4, 5, 4], starts = [0, 0, 0, 0], strides = [1, 3, 1, 1]} : (tensor<2x5x5x4xf32>) -> tensor<2x2x5x4xf32>
    %5 = "kt.transpose"(%4) {permutation = [0, 2, 1, 3]} : (tensor<2x2x5x4xf32>) -> tensor<2x5x2x4xf32>
    "func.return"(%1, %3, %5) : (tensor<2x5x5x3xf32>, tensor<2x3x3x3xf32>, tensor<2x5x2x4xf32>) -> ()
  }) : () -> ()
}
// -----
// sums over axes of size 1
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}, {kt.input = "x2"}], function_type = (tensor<?x1x5xf32, #kt.dims<"n, 1, 5">>, tensor<3x1xf32>, tensor<1x4xf32>) -> (tensor<?x5xf32, #kt.dims<"n, 5">>, tensor<5x?xf32, #kt.dims<"5, n">>, tensor<3x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x1x5xf32, #kt.dims<"n, 1, 5">>, %x1: tensor<3x1xf32>, %x2: tensor<1x4xf32>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 a1 a2 -> a0 a2"} : (tensor<?x1x5xf32, #kt.dims<"n, 1, 5">>) -> tensor<?x5xf32, #kt.dims<"n, 5">>
    %1:2 = "kt.reduce_max"(%x) {spec = "a b c -> c a"} : (tensor<?x1x5xf32, #kt.dims<"n, 1, 5">>) -> (tensor<5x?xf32, #kt.dims<"5, n">>, tensor<5x?xi32, #kt.dims<"5, n">>)
    %2 = "kt.contract"(%x1, %x2) {spec = "i k, k j -> i j"} : (tensor<3x1xf32>, tensor<1x4xf32>) -> tensor<3x4xf32>
    "func.return"(%0, %1#0, %2) : (tensor<?x5xf32, #kt.dims<"n, 5">>, tensor<5x?xf32, #kt.dims<"5, n">>, tensor<3x4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}, {kt.input = "x2"}], function_type = (tensor<?x1x5xf32, #kt.dims<"n, 1, 5">>, tensor<3x1xf32>, tensor<1x4xf32>) -> (tensor<?x5xf32, #kt.dims<"n, 5">>, tensor<5x?xf32, #kt.dims<"5, n">>, tensor<3x4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x1x5xf32, #kt.dims<"n, 1, 5">>, %x1: tensor<3x1xf32>, %x2: tensor<1x4xf32>):
    %0 = "kt.reshape"(%x) {shape = ["n", 5]} : (tensor<?x1x5xf32, #kt.dims<"n, 1, 5">>) -> tensor<?x5xf32, #kt.dims<"n, 5">>
    %1 = "kt.reshape"(%x) {shape = ["n", 5]} : (tensor<?x1x5xf32, #kt.dims<"n, 1, 5">>) -> tensor<?x5xf32, #kt.dims<"n, 5">>
    %2 = "kt.transpose"(%1) {permutation = [1, 0]} : (tensor<?x5xf32, #kt.dims<"n, 5">>) -> tensor<5x?xf32, #kt.dims<"5, n">>
    %3 = "kt.reshape"(%x1) {shape = [3]} : (tensor<3x1xf32>) -> tensor<3xf32>
    %4 = "kt.reshape"(%x2) {shape = [4]} : (tensor<1x4xf32>) -> tensor<4xf32>
    %5 = "kt.broadcast"(%3) {axes = [0], shape = [3, 4]} : (tensor<3xf32>) -> tensor<3x4xf32>
    %6 = "kt.broadcast"(%4) {axes = [1], shape = [3, 4]} : (tensor<4xf32>) -> tensor<3x4xf32>
    %7 = "kt.mul"(%5, %6) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    "func.return"(%0, %2, %7) : (tensor<?x5xf32, #kt.dims<"n, 5">>, tensor<5x?xf32, #kt.dims<"5, n">>, tensor<3x4xf32>) -> ()
  }) : () -> ()
}
// -----
// sums and maxima of repetitions
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<f32>) -> (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<f32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3xf32, #kt.dims<"n, 3">>, %x1: tensor<f32>):
    %0 = "kt.broadcast"(%x) {axes = [0, 2], shape = ["n", 4, 3]} : (tensor<?x3xf32, #kt.dims<"n, 3">>) -> tensor<?x4x3xf32, #kt.dims<"n, 4, 3">>
    %1 = "kt.reduce_sum"(%0) {spec = "a0 a1 a2 -> a0 a2"} : (tensor<?x4x3xf32, #kt.dims<"n, 4, 3">>) -> tensor<?x3xf32, #kt.dims<"n, 3">>
    %2:2 = "kt.reduce_max"(%0) {spec = "a b c -> a c"} : (tensor<?x4x3xf32, #kt.dims<"n, 4, 3">>) -> (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x3xi32, #kt.dims<"n, 3">>)
    %3 = "kt.broadcast"(%x1) {axes = [], shape = ["n"]} : (tensor<f32>) -> tensor<?xf32, #kt.dims<"n">>
    %4 = "kt.reduce_sum"(%3) {spec = "a0 ->"} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<f32>
    "func.return"(%1, %2#0, %4) : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<f32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<f32>) -> (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<f32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3xf32, #kt.dims<"n, 3">>, %x1: tensor<f32>):
    %0 = "kt.constant"() {value = dense<4.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = ["n", 3]} : (tensor<f32>) -> tensor<?x3xf32, #kt.dims<"n, 3">>
    %2 = "kt.mul"(%x, %1) : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x3xf32, #kt.dims<"n, 3">>) -> tensor<?x3xf32, #kt.dims<"n, 3">>
    %3 = "kt.dim"() {dim = "n", dtype = "f32"} : () -> tensor<f32>
    %4 = "kt.mul"(%x1, %3) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    "func.return"(%2, %x, %4) : (tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<?x3xf32, #kt.dims<"n, 3">>, tensor<f32>) -> ()
  }) : () -> ()
}
// -----
// a repeated operand of a contraction
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, tensor<4xf32>) -> tensor<?x3xf32, #kt.dims<"n, 3">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, %x1: tensor<4xf32>):
    %0 = "kt.broadcast"(%x1) {axes = [1], shape = [3, 4]} : (tensor<4xf32>) -> tensor<3x4xf32>
    %1 = "kt.contract"(%x, %0) {spec = "n a k, a k -> n a"} : (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, tensor<3x4xf32>) -> tensor<?x3xf32, #kt.dims<"n, 3">>
    "func.return"(%1) : (tensor<?x3xf32, #kt.dims<"n, 3">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, tensor<4xf32>) -> tensor<?x3xf32, #kt.dims<"n, 3">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, %x1: tensor<4xf32>):
    %0 = "kt.contract"(%x, %x1) {spec = "n a k, k -> n a"} : (tensor<?x3x4xf32, #kt.dims<"n, 3, 4">>, tensor<4xf32>) -> tensor<?x3xf32, #kt.dims<"n, 3">>
    "func.return"(%0) : (tensor<?x3xf32, #kt.dims<"n, 3">>) -> ()
  }) : () -> ()
}
// -----
// reductions of reductions
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3x4xf32>) -> (tensor<4xf32>, tensor<4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3x4xf32>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 a1 a2 -> a0 a2"} : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
    %1 = "kt.reduce_sum"(%0) {spec = "a0 a1 -> a1"} : (tensor<2x4xf32>) -> tensor<4xf32>
    %2:2 = "kt.reduce_max"(%x) {spec = "a b c -> c a"} : (tensor<2x3x4xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>)
    %3:2 = "kt.reduce_max"(%2#0) {spec = "p q -> p"} : (tensor<4x2xf32>) -> (tensor<4xf32>, tensor<4xi32>)
    "func.return"(%1, %3#0) : (tensor<4xf32>, tensor<4xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x3x4xf32>) -> (tensor<4xf32>, tensor<4xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x3x4xf32>):
    %0 = "kt.reduce_sum"(%x) {spec = "a0 a1 a2 -> a2"} : (tensor<2x3x4xf32>) -> tensor<4xf32>
    %1:2 = "kt.reduce_max"(%x) {spec = "a b c -> c"} : (tensor<2x3x4xf32>) -> (tensor<4xf32>, tensor<4xi32>)
    "func.return"(%0, %1#0) : (tensor<4xf32>, tensor<4xf32>) -> ()
  }) : () -> ()
}
// -----
// bias and relu move behind the pooling
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}, {kt.param = "bias"}], function_type = (tensor<?x6x6x3xf32, #kt.dims<"n, 6, 6, 3">>, tensor<3x3x3x8xf32>, tensor<8xf32>) -> tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x6x6x3xf32, #kt.dims<"n, 6, 6, 3">>, %kernel: tensor<3x3x3x8xf32>, %bias: tensor<8xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x3xf32, #kt.dims<"n, 6, 6, 3">>, tensor<3x3x3x8xf32>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %1 = "kt.broadcast"(%bias) {axes = [3], shape = ["n", 4, 4, 8]} : (tensor<8xf32>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %2 = "kt.add"(%0, %1) : (tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>, tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %3 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %4 = "kt.broadcast"(%3) {axes = [], shape = ["n", 4, 4, 8]} : (tensor<f32>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %5 = "kt.max"(%2, %4) : (tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>, tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %6:2 = "kt.reduce_max"(%5) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>) -> (tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>, tensor<?x2x2x8xi32, #kt.dims<"n, 2, 2, 8">>)
    "func.return"(%6#0) : (tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "kernel"}, {kt.param = "bias"}], function_type = (tensor<?x6x6x3xf32, #kt.dims<"n, 6, 6, 3">>, tensor<3x3x3x8xf32>, tensor<8xf32>) -> tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<?x6x6x3xf32, #kt.dims<"n, 6, 6, 3">>, %kernel: tensor<3x3x3x8xf32>, %bias: tensor<8xf32>):
    %0 = "kt.contract"(%x, %kernel) {spec = "n h+i w+j c, i j c o -> n h w o"} : (tensor<?x6x6x3xf32, #kt.dims<"n, 6, 6, 3">>, tensor<3x3x3x8xf32>) -> tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>
    %1 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %2:2 = "kt.reduce_max"(%0) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<?x4x4x8xf32, #kt.dims<"n, 4, 4, 8">>) -> (tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>, tensor<?x2x2x8xi32, #kt.dims<"n, 2, 2, 8">>)
    %3 = "kt.broadcast"(%bias) {axes = [3], shape = ["n", 2, 2, 8]} : (tensor<8xf32>) -> tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>
    %4 = "kt.add"(%2#0, %3) : (tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>, tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>) -> tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>
    %5 = "kt.broadcast"(%1) {axes = [], shape = ["n", 2, 2, 8]} : (tensor<f32>) -> tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>
    %6 = "kt.max"(%4, %5) : (tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>, tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>) -> tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>
    "func.return"(%6) : (tensor<?x2x2x8xf32, #kt.dims<"n, 2, 2, 8">>) -> ()
  }) : () -> ()
}
// -----
// they move under a padding of -inf too, where every window reaches inside
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x4x4x3xf32>) -> tensor<2x3x3x3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x4x4x3xf32>):
    %0 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [2, 4, 4, 3]} : (tensor<f32>) -> tensor<2x4x4x3xf32>
    %2 = "kt.mul"(%x, %1) : (tensor<2x4x4x3xf32>, tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %3 = "kt.tanh"(%2) : (tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %4 = "kt.pad"(%3) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0xFFF0000000000000 : f64} : (tensor<2x4x4x3xf32>) -> tensor<2x6x6x3xf32>
    %5:2 = "kt.reduce_max"(%4) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x6x6x3xf32>) -> (tensor<2x3x3x3xf32>, tensor<2x3x3x3xi32>)
    "func.return"(%5#0) : (tensor<2x3x3x3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x4x4x3xf32>) -> tensor<2x3x3x3xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x4x4x3xf32>):
    %0 = "kt.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.pad"(%x) {high = [0, 1, 1, 0], interior = [0, 0, 0, 0], low = [0, 1, 1, 0], value = 0xFFF0000000000000 : f64} : (tensor<2x4x4x3xf32>) -> tensor<2x6x6x3xf32>
    %2:2 = "kt.reduce_max"(%1) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x6x6x3xf32>) -> (tensor<2x3x3x3xf32>, tensor<2x3x3x3xi32>)
    %3 = "kt.broadcast"(%0) {axes = [], shape = [2, 3, 3, 3]} : (tensor<f32>) -> tensor<2x3x3x3xf32>
    %4 = "kt.mul"(%2#0, %3) : (tensor<2x3x3x3xf32>, tensor<2x3x3x3xf32>) -> tensor<2x3x3x3xf32>
    %5 = "kt.tanh"(%4) : (tensor<2x3x3x3xf32>) -> tensor<2x3x3x3xf32>
    "func.return"(%5) : (tensor<2x3x3x3xf32>) -> ()
  }) : () -> ()
}
// -----
// what may fall, and what varies inside the window, stays before the pooling
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<2x4x4x3xf32>, tensor<4xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x4x4x3xf32>, %x1: tensor<4xf32>):
    %0 = "kt.neg"(%x) : (tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %1:2 = "kt.reduce_max"(%0) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    %2 = "kt.constant"() {value = dense<-2.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [2, 4, 4, 3]} : (tensor<f32>) -> tensor<2x4x4x3xf32>
    %4 = "kt.mul"(%x, %3) : (tensor<2x4x4x3xf32>, tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %5:2 = "kt.reduce_max"(%4) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    %6 = "kt.broadcast"(%x1) {axes = [1], shape = [2, 4, 4, 3]} : (tensor<4xf32>) -> tensor<2x4x4x3xf32>
    %7 = "kt.add"(%x, %6) : (tensor<2x4x4x3xf32>, tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %8:2 = "kt.reduce_max"(%7) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    %9 = "kt.sqrt"(%x) : (tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %10:2 = "kt.reduce_max"(%9) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    "func.return"(%1#0, %5#0, %8#0, %10#0) : (tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.input = "x1"}], function_type = (tensor<2x4x4x3xf32>, tensor<4xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x4x4x3xf32>, %x1: tensor<4xf32>):
    %0 = "kt.neg"(%x) : (tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %1:2 = "kt.reduce_max"(%0) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    %2 = "kt.constant"() {value = dense<-2.0> : tensor<f32>} : () -> tensor<f32>
    %3 = "kt.broadcast"(%2) {axes = [], shape = [2, 4, 4, 3]} : (tensor<f32>) -> tensor<2x4x4x3xf32>
    %4 = "kt.mul"(%x, %3) : (tensor<2x4x4x3xf32>, tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %5:2 = "kt.reduce_max"(%4) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    %6 = "kt.broadcast"(%x1) {axes = [1], shape = [2, 4, 4, 3]} : (tensor<4xf32>) -> tensor<2x4x4x3xf32>
    %7 = "kt.add"(%x, %6) : (tensor<2x4x4x3xf32>, tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %8:2 = "kt.reduce_max"(%7) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    %9 = "kt.sqrt"(%x) : (tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %10:2 = "kt.reduce_max"(%9) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    "func.return"(%1#0, %5#0, %8#0, %10#0) : (tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xf32>) -> ()
  }) : () -> ()
}
// -----
// where the positions are used, or the operand is, nothing moves
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x4x4x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x4x4x3xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [2, 4, 4, 3]} : (tensor<f32>) -> tensor<2x4x4x3xf32>
    %2 = "kt.max"(%x, %1) : (tensor<2x4x4x3xf32>, tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %3 = "kt.tanh"(%x) : (tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %4:2 = "kt.reduce_max"(%3) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    %5:2 = "kt.reduce_max"(%2) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    "func.return"(%5#0, %2, %4#0, %4#1) : (tensor<2x2x2x3xf32>, tensor<2x4x4x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>) -> ()
  }) : () -> ()
}
// =>
module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x4x4x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>), res_attrs = [{kt.output = "y0"}, {kt.output = "y1"}, {kt.output = "y2"}, {kt.output = "y3"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<2x4x4x3xf32>):
    %0 = "kt.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "kt.broadcast"(%0) {axes = [], shape = [2, 4, 4, 3]} : (tensor<f32>) -> tensor<2x4x4x3xf32>
    %2 = "kt.max"(%x, %1) : (tensor<2x4x4x3xf32>, tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %3 = "kt.tanh"(%x) : (tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
    %4:2 = "kt.reduce_max"(%3) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    %5:2 = "kt.reduce_max"(%2) {sizes = ["i=2", "j=2"], spec = "n 2*h+i 2*w+j c -> n h w c"} : (tensor<2x4x4x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>)
    "func.return"(%5#0, %2, %4#0, %4#1) : (tensor<2x2x2x3xf32>, tensor<2x4x4x3xf32>, tensor<2x2x2x3xf32>, tensor<2x2x2x3xi32>) -> ()
  }) : () -> ()
}
