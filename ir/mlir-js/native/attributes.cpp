// Types, attributes, affine maps and locations: their kinds as numbers, their parts as text, bytes and words.
#include "shim.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace {
Type typeOf(const void *handle) { return Type::getFromOpaquePointer(handle); }
Attribute attributeOf(const void *handle) { return Attribute::getFromOpaquePointer(handle); }

/// Prefix notation: the kind, then a number (dim, symbol, constant) or two expressions.
void writeExpr(AffineExpr expr, llvm::SmallVectorImpl<int32_t> &words) {
  words.push_back(static_cast<int32_t>(expr.getKind()));
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    words.push_back(dim.getPosition());
  else if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    words.push_back(symbol.getPosition());
  else if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    words.push_back(constant.getValue());
  else if (auto binary = dyn_cast<AffineBinaryOpExpr>(expr)) {
    writeExpr(binary.getLHS(), words);
    writeExpr(binary.getRHS(), words);
  }
}

const char *giveMap(AffineMap map) {
  llvm::SmallVector<int32_t> words{static_cast<int32_t>(map.getNumDims()), static_cast<int32_t>(map.getNumSymbols()),
                                   static_cast<int32_t>(map.getNumResults())};
  for (AffineExpr expr : map.getResults())
    writeExpr(expr, words);
  return mw::give(words);
}

const char *giveBytes(ArrayRef<char> bytes) { return mw::give(llvm::StringRef(bytes.data(), bytes.size())); }
} // namespace

MW_EXPORT const void *mw_type_parse(MLIRContext *context, const char *text, int32_t size) {
  return parseType(llvm::StringRef(text, size), context, nullptr, /*isKnownNullTerminated=*/false).getAsOpaquePointer();
}

MW_EXPORT const char *mw_type_print(const void *type) {
  mw::Writer out;
  typeOf(type).print(out.os);
  return out.done();
}

/// As `typeKinds` in src/type.ts numbers them.
MW_EXPORT int32_t mw_type_kind(const void *type) {
  return llvm::TypeSwitch<Type, int32_t>(typeOf(type))
      .Case<IntegerType>([](auto) { return 1; })
      .Case<FloatType>([](auto) { return 2; })
      .Case<IndexType>([](auto) { return 3; })
      .Case<RankedTensorType>([](auto) { return 4; })
      .Case<UnrankedTensorType>([](auto) { return 5; })
      .Case<MemRefType>([](auto) { return 6; })
      .Case<UnrankedMemRefType>([](auto) { return 7; })
      .Case<VectorType>([](auto) { return 8; })
      .Case<FunctionType>([](auto) { return 9; })
      .Case<TupleType>([](auto) { return 10; })
      .Case<ComplexType>([](auto) { return 11; })
      .Case<NoneType>([](auto) { return 12; })
      .Default([](auto) { return 0; });
}

/// Bits of an integer or float.
MW_EXPORT int32_t mw_type_width(const void *type) { return typeOf(type).getIntOrFloatBitWidth(); }

/// 0 signless, 1 signed, 2 unsigned.
MW_EXPORT int32_t mw_type_signedness(const void *type) {
  return static_cast<int32_t>(cast<IntegerType>(typeOf(type)).getSignedness());
}

/// Sizes as doubles, dynamic ones as -1.
MW_EXPORT const char *mw_type_shape(const void *type) {
  llvm::SmallVector<double> sizes;
  for (int64_t size : cast<ShapedType>(typeOf(type)).getShape())
    sizes.push_back(ShapedType::isDynamic(size) ? -1 : static_cast<double>(size));
  return giveBytes({reinterpret_cast<const char *>(sizes.data()), sizes.size() * sizeof(double)});
}

/// The types a type is made of: inputs of a function after their number, then its results; the members of a tuple; the element type.
MW_EXPORT const char *mw_type_parts(const void *type) {
  llvm::SmallVector<int32_t> words;
  auto add = [&](TypeRange types) {
    for (Type part : types)
      words.push_back(mw::wordOf(part.getAsOpaquePointer()));
  };
  llvm::TypeSwitch<Type>(typeOf(type))
      .Case<FunctionType>([&](FunctionType function) {
        words.push_back(function.getNumInputs());
        add(function.getInputs());
        add(function.getResults());
      })
      .Case<TupleType>([&](TupleType tuple) { add(tuple.getTypes()); })
      .Case<ComplexType>([&](ComplexType complex) { add(complex.getElementType()); })
      .Case<ShapedType>([&](ShapedType shaped) { add(shaped.getElementType()); });
  return mw::give(words);
}

/// The encoding of a tensor, or the memory space of a memref. 0 without one.
MW_EXPORT const void *mw_type_annotation(const void *type) {
  if (auto tensor = dyn_cast<RankedTensorType>(typeOf(type)))
    return tensor.getEncoding().getAsOpaquePointer();
  if (auto memref = dyn_cast<BaseMemRefType>(typeOf(type)))
    return memref.getMemorySpace().getAsOpaquePointer();
  return nullptr;
}

/// The layout of a memref: strides, then the offset, as doubles; dynamic ones as NaN. Nothing where it is not strided.
MW_EXPORT const char *mw_type_strides(const void *type) {
  llvm::SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(getStridesAndOffset(cast<MemRefType>(typeOf(type)), strides, offset)))
    return mw::give("");
  strides.push_back(offset);
  llvm::SmallVector<double> numbers;
  for (int64_t number : strides)
    numbers.push_back(ShapedType::isDynamic(number) ? __builtin_nan("") : static_cast<double>(number));
  return giveBytes({reinterpret_cast<const char *>(numbers.data()), numbers.size() * sizeof(double)});
}

MW_EXPORT const void *mw_attribute_parse(MLIRContext *context, const char *text, int32_t size) {
  return parseAttribute(llvm::StringRef(text, size), context, Type(), nullptr, /*isKnownNullTerminated=*/false)
      .getAsOpaquePointer();
}

MW_EXPORT const char *mw_attribute_print(const void *attribute) {
  mw::Writer out;
  attributeOf(attribute).print(out.os);
  return out.done();
}

/// As `attributeKinds` in src/attribute.ts numbers them.
MW_EXPORT int32_t mw_attribute_kind(const void *attribute) {
  return llvm::TypeSwitch<Attribute, int32_t>(attributeOf(attribute))
      .Case<UnitAttr>([](auto) { return 1; })
      .Case<BoolAttr>([](auto) { return 2; })
      .Case<IntegerAttr>([](auto) { return 3; })
      .Case<FloatAttr>([](auto) { return 4; })
      .Case<StringAttr>([](auto) { return 5; })
      .Case<ArrayAttr>([](auto) { return 6; })
      .Case<DictionaryAttr>([](auto) { return 7; })
      .Case<TypeAttr>([](auto) { return 8; })
      .Case<SymbolRefAttr>([](auto) { return 9; })
      .Case<AffineMapAttr>([](auto) { return 10; })
      .Case<DenseIntOrFPElementsAttr>([](auto) { return 11; })
      .Case<DenseResourceElementsAttr>([](auto) { return 12; })
      .Case<DenseArrayAttr>([](auto) { return 13; })
      .Case<LocationAttr>([](auto) { return 14; })
      .Default([](auto) { return 0; });
}

/// The type of a typed attribute, or that which a type attribute holds. 0 without one.
MW_EXPORT const void *mw_attribute_type(const void *attribute) {
  if (auto type = dyn_cast<TypeAttr>(attributeOf(attribute)))
    return type.getValue().getAsOpaquePointer();
  if (auto typed = dyn_cast<TypedAttr>(attributeOf(attribute)))
    return typed.getType().getAsOpaquePointer();
  if (auto array = dyn_cast<DenseArrayAttr>(attributeOf(attribute)))
    return array.getElementType().getAsOpaquePointer();
  return nullptr;
}

/// The characters of a string, the digits of an integer, the names of a symbol reference joined by ::.
MW_EXPORT const char *mw_attribute_text(const void *attribute) {
  mw::Writer out;
  llvm::TypeSwitch<Attribute>(attributeOf(attribute))
      .Case<StringAttr>([&](StringAttr string) { out.os << string.getValue(); })
      .Case<IntegerAttr>([&](IntegerAttr integer) {
        bool isUnsigned = integer.getType().isUnsignedInteger() || integer.getType().isSignlessInteger(1);
        integer.getValue().print(out.os, !isUnsigned);
      })
      .Case<SymbolRefAttr>([&](SymbolRefAttr symbol) {
        out.os << symbol.getRootReference().getValue();
        for (FlatSymbolRefAttr nested : symbol.getNestedReferences())
          out.os << "::" << nested.getValue();
      });
  return out.done();
}

MW_EXPORT double mw_attribute_float(const void *attribute) { return cast<FloatAttr>(attributeOf(attribute)).getValueAsDouble(); }

/// The elements of an array; names and values of a dictionary.
MW_EXPORT const char *mw_attribute_items(const void *attribute) {
  llvm::SmallVector<int32_t> words;
  if (auto array = dyn_cast<ArrayAttr>(attributeOf(attribute)))
    for (Attribute item : array)
      words.push_back(mw::wordOf(item.getAsOpaquePointer()));
  if (auto dictionary = dyn_cast<DictionaryAttr>(attributeOf(attribute)))
    for (NamedAttribute item : dictionary) {
      words.push_back(mw::wordOf(item.getName().getAsOpaquePointer()));
      words.push_back(mw::wordOf(item.getValue().getAsOpaquePointer()));
    }
  return mw::give(words);
}

/// The bytes of dense elements (of one element where all are equal), of a resource or of a dense array.
MW_EXPORT const char *mw_attribute_bytes(const void *attribute) {
  if (auto dense = dyn_cast<DenseElementsAttr>(attributeOf(attribute)))
    return giveBytes(dense.getRawData());
  if (auto array = dyn_cast<DenseArrayAttr>(attributeOf(attribute)))
    return giveBytes(array.getRawData());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attributeOf(attribute)))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return giveBytes(blob->getData());
  return mw::give("");
}

MW_EXPORT int32_t mw_attribute_is_splat(const void *attribute) {
  auto dense = dyn_cast<DenseElementsAttr>(attributeOf(attribute));
  return dense && dense.isSplat();
}

/// Dense elements of a shaped type from raw bytes. 0 where they do not fit.
MW_EXPORT const void *mw_attribute_dense(const void *type, const char *bytes, int32_t size) {
  auto shaped = dyn_cast<ShapedType>(typeOf(type));
  bool isSplat = false;
  if (!shaped || !shaped.hasStaticShape() ||
      !DenseElementsAttr::isValidRawBuffer(shaped, ArrayRef<char>(bytes, size), isSplat))
    return nullptr;
  return DenseElementsAttr::getFromRawBuffer(shaped, ArrayRef<char>(bytes, size)).getAsOpaquePointer();
}

MW_EXPORT const void *mw_attribute_string(MLIRContext *context, const char *text, int32_t size) {
  return StringAttr::get(context, llvm::StringRef(text, size)).getAsOpaquePointer();
}

MW_EXPORT const void *mw_attribute_array(MLIRContext *context, int32_t count, const void *const *items) {
  llvm::SmallVector<Attribute> list;
  for (int32_t i = 0; i < count; ++i)
    list.push_back(attributeOf(items[i]));
  return ArrayAttr::get(context, list).getAsOpaquePointer();
}

/// Numbers of dims, symbols and results, then each result in prefix notation.
MW_EXPORT const char *mw_attribute_map(const void *attribute) {
  return giveMap(cast<AffineMapAttr>(attributeOf(attribute)).getValue());
}

/// 0 unknown or another, 1 file, 2 name, 3 fused, 4 call site.
MW_EXPORT int32_t mw_location_kind(const void *location) {
  return llvm::TypeSwitch<Attribute, int32_t>(attributeOf(location))
      .Case<FileLineColLoc>([](auto) { return 1; })
      .Case<NameLoc>([](auto) { return 2; })
      .Case<FusedLoc>([](auto) { return 3; })
      .Case<CallSiteLoc>([](auto) { return 4; })
      .Default([](auto) { return 0; });
}

/// The file of a place, or the name.
MW_EXPORT const char *mw_location_text(const void *location) {
  if (auto place = dyn_cast<FileLineColLoc>(attributeOf(location)))
    return mw::give(place.getFilename().getValue());
  if (auto name = dyn_cast<NameLoc>(attributeOf(location)))
    return mw::give(name.getName().getValue());
  return mw::give("");
}

/// Line and column of a place; the locations that a location is made of.
MW_EXPORT const char *mw_location_parts(const void *location) {
  llvm::SmallVector<int32_t> words;
  auto add = [&](Location part) { words.push_back(mw::wordOf(LocationAttr(part).getAsOpaquePointer())); };
  llvm::TypeSwitch<Attribute>(attributeOf(location))
      .Case<FileLineColLoc>([&](FileLineColLoc place) {
        words.push_back(place.getLine());
        words.push_back(place.getColumn());
      })
      .Case<NameLoc>([&](NameLoc name) { add(name.getChildLoc()); })
      .Case<FusedLoc>([&](FusedLoc fused) { llvm::for_each(fused.getLocations(), add); })
      .Case<CallSiteLoc>([&](CallSiteLoc call) {
        add(call.getCallee());
        add(call.getCaller());
      });
  return mw::give(words);
}

MW_EXPORT const void *mw_location_file(MLIRContext *context, const char *file, int32_t size, int32_t line, int32_t column) {
  return LocationAttr(FileLineColLoc::get(context, llvm::StringRef(file, size), line, column)).getAsOpaquePointer();
}

/// A name for a location; 0 as the child stands for an unknown place.
MW_EXPORT const void *mw_location_name(MLIRContext *context, const char *name, int32_t size, const LocationAttr::ImplType *child) {
  LocationAttr inner = child ? LocationAttr(child) : LocationAttr(UnknownLoc::get(context));
  return LocationAttr(NameLoc::get(StringAttr::get(context, llvm::StringRef(name, size)), inner)).getAsOpaquePointer();
}

MW_EXPORT const void *mw_location_unknown(MLIRContext *context) {
  return LocationAttr(UnknownLoc::get(context)).getAsOpaquePointer();
}
