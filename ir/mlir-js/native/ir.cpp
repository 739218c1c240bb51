// Operations, blocks, regions: making them, printing them, and the checks that keep a wrong mutation from harming memory.
#include "shim.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Block.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace {
/// Reads the words that describe an operation to make.
struct Words {
  const int32_t *at;
  int32_t next() { return *at++; }
  template <typename T> T *pointer() { return reinterpret_cast<T *>(static_cast<intptr_t>(next())); }
  llvm::StringRef text() {
    const char *data = pointer<const char>();
    int32_t size = next();
    return llvm::StringRef(data, size);
  }
};

bool isInside(Operation *op, Operation *root) { return root == op || root->isProperAncestor(op); }

bool isUsedOutside(Value value, Operation *root) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) { return !isInside(user, root); });
}
} // namespace

/// Words: name, location, operands, result types, attributes (name, value), number of regions, successors, whether to infer the types
/// of results. Lists begin with their length, texts are an address and a size.
MW_EXPORT Operation *mw_op_create(MLIRContext *context, const int32_t *description) {
  Words words{description};
  llvm::StringRef name = words.text();
  context->getOrLoadDialect(name.split('.').first); // contexts load dialects when they are first used
  Location location(reinterpret_cast<const LocationAttr::ImplType *>(static_cast<intptr_t>(words.next())));
  MlirOperationState state = mlirOperationStateGet(wrap(name), wrap(location));
  llvm::SmallVector<MlirValue> operands;
  for (int32_t n = words.next(); n > 0; --n)
    operands.push_back({words.pointer<void>()});
  mlirOperationStateAddOperands(&state, operands.size(), operands.data());
  llvm::SmallVector<MlirType> results;
  for (int32_t n = words.next(); n > 0; --n)
    results.push_back({words.pointer<void>()});
  mlirOperationStateAddResults(&state, results.size(), results.data());
  llvm::SmallVector<MlirNamedAttribute> attributes;
  for (int32_t n = words.next(); n > 0; --n) {
    MlirIdentifier id = mlirIdentifierGet(wrap(context), wrap(words.text()));
    attributes.push_back(mlirNamedAttributeGet(id, {words.pointer<void>()}));
  }
  mlirOperationStateAddAttributes(&state, attributes.size(), attributes.data());
  llvm::SmallVector<MlirRegion> regions;
  for (int32_t n = words.next(); n > 0; --n)
    regions.push_back(mlirRegionCreate());
  mlirOperationStateAddOwnedRegions(&state, regions.size(), regions.data());
  llvm::SmallVector<MlirBlock> successors;
  for (int32_t n = words.next(); n > 0; --n)
    successors.push_back({words.pointer<void>()});
  mlirOperationStateAddSuccessors(&state, successors.size(), successors.data());
  if (words.next())
    mlirOperationStateEnableResultTypeInference(&state);
  return unwrap(mlirOperationCreate(&state));
}

MW_EXPORT const char *mw_op_name(Operation *op) { return mw::give(op->getName().getStringRef()); }

MW_EXPORT int32_t mw_op_is_registered(Operation *op) { return op->isRegistered(); }

/// All attributes, inherent and discardable, as pairs of a name (an attribute itself) and a value.
MW_EXPORT const char *mw_op_attributes(Operation *op) {
  llvm::SmallVector<int32_t> words;
  for (NamedAttribute attribute : op->getAttrDictionary()) {
    words.push_back(mw::wordOf(attribute.getName().getAsOpaquePointer()));
    words.push_back(mw::wordOf(attribute.getValue().getAsOpaquePointer()));
  }
  return mw::give(words);
}

MW_EXPORT const void *mw_op_attribute(Operation *op, const char *name, int32_t size) {
  return op->getAttr(llvm::StringRef(name, size)).getAsOpaquePointer();
}

/// Sets an attribute, or removes it where `value` is 0.
MW_EXPORT void mw_op_set_attribute(Operation *op, const char *name, int32_t size, const void *value) {
  llvm::StringRef key(name, size);
  if (value)
    op->setAttr(key, Attribute::getFromOpaquePointer(value));
  else
    op->removeAttr(key);
}

MW_EXPORT void mw_op_set_location(Operation *op, const LocationAttr::ImplType *location) { op->setLoc(LocationAttr(location)); }

/// Flags: 1 generic form, 2 locations, 4 local scope, 8 operations without their regions. Elements attributes of more than `elide`
/// elements are elided, unless it is negative.
MW_EXPORT const char *mw_op_print(Operation *op, int32_t flags, int32_t elide) {
  OpPrintingFlags printing;
  if (flags & 1)
    printing.printGenericOpForm();
  if (flags & 2)
    printing.enableDebugInfo(true, false);
  if (flags & 4)
    printing.useLocalScope();
  if (flags & 8)
    printing.skipRegions();
  if (elide >= 0)
    printing.elideLargeElementsAttrs(elide).elideLargeResourceString(elide);
  mw::Writer out;
  op->print(out.os, printing);
  return out.done();
}

MW_EXPORT const char *mw_op_bytecode(Operation *op) {
  mw::Writer out;
  if (failed(writeBytecodeToFile(op, out.os)))
    mw::result().clear();
  return out.done();
}

/// The operation and all inside, in the order of a walk: before what they hold (0) or after it (1).
MW_EXPORT const char *mw_op_walk(Operation *op, int32_t after) {
  llvm::SmallVector<int32_t> words;
  auto visit = [&](Operation *inner) { words.push_back(mw::wordOf(inner)); };
  if (after)
    op->walk<WalkOrder::PostOrder>(visit);
  else
    op->walk<WalkOrder::PreOrder>(visit);
  return mw::give(words);
}

MW_EXPORT int32_t mw_op_is_inside(Operation *op, Operation *root) { return isInside(op, root); }

/// Whether a result, or anything defined inside, is used by operations outside: erasing it would leave them without operands.
MW_EXPORT int32_t mw_op_is_used_outside(Operation *root) {
  auto found = root->walk([&](Operation *op) {
    for (Value result : op->getResults())
      if (isUsedOutside(result, root))
        return WalkResult::interrupt();
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          if (isUsedOutside(argument, root))
            return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return found.wasInterrupted();
}

/// What is inside an operation: operations, then blocks, then regions, each list after its length.
MW_EXPORT const char *mw_op_contents(Operation *root) {
  llvm::SmallVector<int32_t> ops, blocks, regions, words;
  root->walk([&](Operation *op) {
    ops.push_back(mw::wordOf(op));
    for (Region &region : op->getRegions()) {
      regions.push_back(mw::wordOf(&region));
      for (Block &block : region)
        blocks.push_back(mw::wordOf(&block));
    }
  });
  for (auto *list : {&ops, &blocks, &regions}) {
    words.push_back(list->size());
    words.append(list->begin(), list->end());
  }
  return mw::give(words);
}

/// Destroys an operation that is not inside of a block, together with its uses of what others define.
MW_EXPORT void mw_op_destroy(Operation *op) {
  op->dropAllDefinedValueUses();
  op->dropAllReferences();
  op->destroy();
}

MW_EXPORT Operation *mw_op_previous(Operation *op) { return op->getBlock() ? op->getPrevNode() : nullptr; }

MW_EXPORT Operation *mw_region_parent(Region *region) { return region->getParentOp(); }

/// A new block at the end of a region.
MW_EXPORT Block *mw_region_add_block(Region *region, int32_t count, const MlirType *types, const MlirLocation *locations) {
  MlirBlock block = mlirBlockCreate(count, types, locations);
  mlirRegionAppendOwnedBlock(wrap(region), block);
  return unwrap(block);
}

/// Why a block cannot be erased. 0: it can. 1: operations outside use what is defined in it. 2: branches lead to it.
MW_EXPORT int32_t mw_block_obstacle(Block *block) {
  if (!block->hasNoPredecessors())
    return 2;
  bool isUsed = false;
  auto check = [&](Value value) {
    isUsed |= llvm::any_of(value.getUsers(), [&](Operation *user) { return !block->findAncestorOpInBlock(*user); });
  };
  llvm::for_each(block->getArguments(), check);
  for (Operation &op : *block)
    op.walk([&](Operation *inner) {
      llvm::for_each(inner->getResults(), check);
      for (Region &region : inner->getRegions())
        for (Block &nested : region)
          llvm::for_each(nested.getArguments(), check);
    });
  return isUsed;
}

MW_EXPORT void mw_block_erase(Block *block) {
  block->dropAllReferences();
  block->dropAllDefinedValueUses();
  block->erase();
}

MW_EXPORT Operation *mw_block_last(Block *block) { return block->empty() ? nullptr : &block->back(); }

MW_EXPORT int32_t mw_value_is_used(const void *value) { return !Value::getFromOpaquePointer(value).use_empty(); }

/// The uses of a value: pairs of an operation and the number of the operand.
MW_EXPORT const char *mw_value_uses(const void *value) {
  llvm::SmallVector<int32_t> words;
  for (OpOperand &use : Value::getFromOpaquePointer(value).getUses()) {
    words.push_back(mw::wordOf(use.getOwner()));
    words.push_back(use.getOperandNumber());
  }
  return mw::give(words);
}
