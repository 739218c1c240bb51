// Contexts, diagnostics, parsing, pass pipelines, and what is registered.
#include "shim.h"

#include "mlir/Dialect/IRDL/IR/IRDL.h"
#include "mlir/Dialect/IRDL/IRDLLoading.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

#include "dialects.inc" // registerDialects(DialectRegistry &), registerPasses()

#include <map>

using namespace mlir;

std::string &mw::result() {
  static std::string text;
  return text;
}

namespace {
/// The diagnostics of each context since they were last asked for: the items of a JSON array.
std::map<MLIRContext *, std::string> &pending() {
  static std::map<MLIRContext *, std::string> map;
  return map;
}

const DialectRegistry &allDialects() {
  static DialectRegistry registry;
  static bool once = [] {
    registerDialects(registry);
    registry.insert<irdl::IRDLDialect>();
    registerPasses();
    return true;
  }();
  (void)once;
  return registry;
}

void writeString(llvm::raw_ostream &os, llvm::StringRef text) {
  static const char *hex = "0123456789abcdef";
  os << '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      os << '\\' << c;
    else if (c < 0x20)
      os << "\\u00" << hex[c >> 4] << hex[c & 15];
    else
      os << c;
  }
  os << '"';
}

const char *nameOf(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Remark:
    return "remark";
  case DiagnosticSeverity::Error:
    return "error";
  }
  return "error";
}

void writeLocation(llvm::raw_ostream &os, Location location) {
  if (auto place = location->findInstanceOf<FileLineColLoc>()) {
    os << ",\"file\":";
    writeString(os, place.getFilename().getValue());
    os << ",\"line\":" << place.getLine() << ",\"column\":" << place.getColumn();
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  location.print(stream);
  os << ",\"location\":";
  writeString(os, stream.str());
}

void writeDiagnostic(llvm::raw_ostream &os, Diagnostic &diagnostic) {
  os << "{\"severity\":\"" << nameOf(diagnostic.getSeverity()) << "\",\"message\":";
  writeString(os, diagnostic.str());
  writeLocation(os, diagnostic.getLocation());
  os << ",\"notes\":[";
  bool first = true;
  for (Diagnostic &note : diagnostic.getNotes()) {
    if (!first)
      os << ',';
    first = false;
    writeDiagnostic(os, note);
  }
  os << "]}";
}

void addPlain(MLIRContext *context, llvm::StringRef message) {
  std::string &text = pending()[context];
  llvm::raw_string_ostream os(text);
  if (!text.empty())
    os << ',';
  os << "{\"severity\":\"error\",\"message\":";
  writeString(os, message);
  os << ",\"location\":\"\",\"notes\":[]}";
}
} // namespace

/// The bytes of the last result.
MW_EXPORT int32_t mw_result_size() { return mw::result().size(); }

MW_EXPORT MLIRContext *mw_context_create(int32_t allowUnregistered) {
  auto *context = new MLIRContext(allDialects(), MLIRContext::Threading::DISABLED);
  context->allowUnregisteredDialects(allowUnregistered != 0);
  context->printOpOnDiagnostic(false);
  context->getDiagEngine().registerHandler([context](Diagnostic &diagnostic) {
    std::string &text = pending()[context];
    llvm::raw_string_ostream os(text);
    if (!text.empty())
      os << ',';
    writeDiagnostic(os, diagnostic);
    return success();
  });
  return context;
}

MW_EXPORT void mw_context_destroy(MLIRContext *context) {
  pending().erase(context);
  delete context;
}

/// Takes the diagnostics since the last call, as a JSON array.
MW_EXPORT const char *mw_diagnostics(MLIRContext *context) {
  std::string text = "[" + pending()[context] + "]";
  pending()[context].clear();
  return mw::give(text);
}

/// Names of the dialects that can be used, one per line.
MW_EXPORT const char *mw_dialects(MLIRContext *context) {
  mw::Writer out;
  for (llvm::StringRef name : context->getAvailableDialects())
    out.os << name << '\n';
  return out.done();
}

/// Names of all operations of a dialect, one per line; of all dialects where `size` is 0.
MW_EXPORT const char *mw_operations(MLIRContext *context, const char *dialect, int32_t size) {
  llvm::StringRef wanted(dialect, size);
  if (size == 0)
    context->loadAllAvailableDialects();
  else
    context->getOrLoadDialect(wanted);
  mw::Writer out;
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (size == 0 || name.getDialectNamespace() == wanted)
      out.os << name.getStringRef() << '\n';
  return out.done();
}

/// Prints the registered passes, their options and pipelines to the standard output, which the host collects. The registry itself is
/// hidden; what it tells is the help text of a command line option over all passes.
MW_EXPORT void mw_print_passes() {
  allDialects();
  static PassPipelineCLParser parser("passes", "");
  llvm::cl::getRegisteredOptions()["passes"]->printOptionInfo(/*GlobalWidth=*/100);
  llvm::outs().flush();
}

/// Parses text or bytecode into a module. 0 when it fails.
MW_EXPORT Operation *mw_parse(MLIRContext *context, const char *data, int32_t size, const char *name, int32_t nameSize,
                              int32_t verify) {
  llvm::SourceMgr sources;
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(data, size), llvm::StringRef(name, nameSize));
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  ParserConfig config(context, verify != 0);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, config);
  return module ? module.release().getOperation() : nullptr;
}

/// Registers the dialects that a module of IRDL declares. 0 when it fails.
MW_EXPORT int32_t mw_load_irdl(Operation *module) { return succeeded(irdl::loadDialects(cast<ModuleOp>(module))); }

/// A pass manager from a textual pipeline. 0 when it does not parse.
MW_EXPORT PassManager *mw_pipeline_create(MLIRContext *context, const char *text, int32_t size) {
  std::string message;
  llvm::raw_string_ostream os(message);
  FailureOr<OpPassManager> parsed = parsePassPipeline(llvm::StringRef(text, size), os);
  if (failed(parsed)) {
    addPlain(context, llvm::StringRef(os.str()).trim());
    return nullptr;
  }
  auto *manager = new PassManager(context, parsed->getOpAnchorName());
  static_cast<OpPassManager &>(*manager) = std::move(*parsed);
  return manager;
}

/// 1: done; 0: a pass failed; -1: the pipeline is for another operation.
MW_EXPORT int32_t mw_pipeline_run(PassManager *manager, Operation *op, int32_t verifyEach) {
  manager->enableVerifier(verifyEach != 0);
  std::optional<OperationName> anchor = manager->getOpName(*op->getContext());
  if (anchor && *anchor != op->getName())
    return -1;
  return succeeded(manager->run(op));
}

MW_EXPORT const char *mw_pipeline_print(PassManager *manager) {
  mw::Writer out;
  manager->printAsTextualPipeline(out.os);
  return out.done();
}

MW_EXPORT void mw_pipeline_destroy(PassManager *manager) { delete manager; }
