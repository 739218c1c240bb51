/**
 * What the WebAssembly module exports: functions of the MLIR C API as they are (a handle is a struct of one pointer, which is passed as
 * that pointer) and those of the shim in `native/` (`mw_…`). The build links exactly the names listed here.
 */

/** An address in the memory of the instance; 0 is none. */
export type Ptr = number;

export interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(size: number): Ptr;
  free(at: Ptr): void;

  mw_result_size(): number;
  mw_context_create(allowUnregistered: number): Ptr;
  mw_context_destroy(context: Ptr): void;
  mw_diagnostics(context: Ptr): Ptr;
  mw_dialects(context: Ptr): Ptr;
  mw_operations(context: Ptr, dialect: Ptr, size: number): Ptr;
  mw_print_passes(): void;
  mw_parse(context: Ptr, text: Ptr, size: number, name: Ptr, nameSize: number, verify: number): Ptr;
  mw_load_irdl(module: Ptr): number;
  mw_pipeline_create(context: Ptr, text: Ptr, size: number): Ptr;
  mw_pipeline_run(manager: Ptr, op: Ptr, verifyEach: number): number;
  mw_pipeline_print(manager: Ptr): Ptr;
  mw_pipeline_destroy(manager: Ptr): void;

  mlirModuleCreateEmpty(location: Ptr): Ptr;

  mw_op_create(context: Ptr, description: Ptr): Ptr;
  mw_op_name(op: Ptr): Ptr;
  mw_op_is_registered(op: Ptr): number;
  mw_op_attributes(op: Ptr): Ptr;
  mw_op_attribute(op: Ptr, name: Ptr, size: number): Ptr;
  mw_op_set_attribute(op: Ptr, name: Ptr, size: number, value: Ptr): void;
  mw_op_set_location(op: Ptr, location: Ptr): void;
  mw_op_print(op: Ptr, flags: number, elide: number): Ptr;
  mw_op_bytecode(op: Ptr): Ptr;
  mw_op_walk(op: Ptr, after: number): Ptr;
  mw_op_is_inside(op: Ptr, root: Ptr): number;
  mw_op_is_used_outside(op: Ptr): number;
  mw_op_contents(op: Ptr): Ptr;
  mw_op_destroy(op: Ptr): void;
  mw_op_previous(op: Ptr): Ptr;
  mlirOperationClone(op: Ptr): Ptr;
  mlirOperationVerify(op: Ptr): number;
  mlirOperationRemoveFromParent(op: Ptr): void;
  mlirOperationGetLocation(op: Ptr): Ptr;
  mlirOperationGetBlock(op: Ptr): Ptr;
  mlirOperationGetParentOperation(op: Ptr): Ptr;
  mlirOperationGetNumRegions(op: Ptr): number;
  mlirOperationGetRegion(op: Ptr, index: number): Ptr;
  mlirOperationGetNextInBlock(op: Ptr): Ptr;
  mlirOperationGetNumOperands(op: Ptr): number;
  mlirOperationGetOperand(op: Ptr, index: number): Ptr;
  mlirOperationSetOperand(op: Ptr, index: number, value: Ptr): void;
  mlirOperationGetNumResults(op: Ptr): number;
  mlirOperationGetResult(op: Ptr, index: number): Ptr;
  mlirOperationGetNumSuccessors(op: Ptr): number;
  mlirOperationGetSuccessor(op: Ptr, index: number): Ptr;
  mlirOperationSetSuccessor(op: Ptr, index: number, block: Ptr): void;

  mw_region_parent(region: Ptr): Ptr;
  mw_region_add_block(region: Ptr, count: number, types: Ptr, locations: Ptr): Ptr;
  mlirRegionGetFirstBlock(region: Ptr): Ptr;

  mw_block_obstacle(block: Ptr): number;
  mw_block_erase(block: Ptr): void;
  mw_block_last(block: Ptr): Ptr;
  mlirBlockGetParentOperation(block: Ptr): Ptr;
  mlirBlockGetParentRegion(block: Ptr): Ptr;
  mlirBlockGetNextInRegion(block: Ptr): Ptr;
  mlirBlockGetFirstOperation(block: Ptr): Ptr;
  mlirBlockAppendOwnedOperation(block: Ptr, op: Ptr): void;
  mlirBlockInsertOwnedOperationBefore(block: Ptr, reference: Ptr, op: Ptr): void;
  mlirBlockInsertOwnedOperationAfter(block: Ptr, reference: Ptr, op: Ptr): void;
  mlirBlockGetNumArguments(block: Ptr): number;
  mlirBlockGetArgument(block: Ptr, index: number): Ptr;
  mlirBlockAddArgument(block: Ptr, type: Ptr, location: Ptr): Ptr;
  mlirBlockEraseArgument(block: Ptr, index: number): void;

  mw_value_is_used(value: Ptr): number;
  mw_value_uses(value: Ptr): Ptr;
  mlirValueIsABlockArgument(value: Ptr): number;
  mlirBlockArgumentGetOwner(value: Ptr): Ptr;
  mlirBlockArgumentGetArgNumber(value: Ptr): number;
  mlirOpResultGetOwner(value: Ptr): Ptr;
  mlirOpResultGetResultNumber(value: Ptr): number;
  mlirValueGetType(value: Ptr): Ptr;
  mlirValueSetType(value: Ptr, type: Ptr): void;
  mlirValueReplaceAllUsesOfWith(value: Ptr, other: Ptr): void;

  mw_type_parse(context: Ptr, text: Ptr, size: number): Ptr;
  mw_type_print(type: Ptr): Ptr;
  mw_type_kind(type: Ptr): number;
  mw_type_width(type: Ptr): number;
  mw_type_signedness(type: Ptr): number;
  mw_type_shape(type: Ptr): Ptr;
  mw_type_parts(type: Ptr): Ptr;
  mw_type_annotation(type: Ptr): Ptr;
  mw_type_strides(type: Ptr): Ptr;

  mw_attribute_parse(context: Ptr, text: Ptr, size: number): Ptr;
  mw_attribute_print(attribute: Ptr): Ptr;
  mw_attribute_kind(attribute: Ptr): number;
  mw_attribute_type(attribute: Ptr): Ptr;
  mw_attribute_text(attribute: Ptr): Ptr;
  mw_attribute_float(attribute: Ptr): number;
  mw_attribute_items(attribute: Ptr): Ptr;
  mw_attribute_bytes(attribute: Ptr): Ptr;
  mw_attribute_is_splat(attribute: Ptr): number;
  mw_attribute_dense(type: Ptr, bytes: Ptr, size: number): Ptr;
  mw_attribute_string(context: Ptr, text: Ptr, size: number): Ptr;
  mw_attribute_array(context: Ptr, count: number, items: Ptr): Ptr;
  mw_attribute_map(attribute: Ptr): Ptr;

  mw_location_kind(location: Ptr): number;
  mw_location_text(location: Ptr): Ptr;
  mw_location_parts(location: Ptr): Ptr;
  mw_location_file(context: Ptr, file: Ptr, size: number, line: number, column: number): Ptr;
  mw_location_name(context: Ptr, name: Ptr, size: number, child: Ptr): Ptr;
  mw_location_unknown(context: Ptr): Ptr;
}
