// A list of oneDNN primitives with their memory. Values get layouts while the program is written
// and places in one arena when it is finished. A run allocates nothing.
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <utility>
#include <vector>

#include "src/eye/inference/graph/tensor.h"

namespace maitred::inference {

dnnl::memory::desc dense_layout(const Shape& shape);

// A step that is not a single oneDNN primitive.
class NativeStep {
 public:
  virtual ~NativeStep() = default;
  // Called once, when all memory has its place, with the memory of the arguments in their order.
  virtual void bind(const std::vector<float*>& data, void* scratchpad) = 0;
  // Allocates nothing.
  virtual void run(dnnl::stream& stream) = 0;
};

class OneDnnProgram {
 public:
  using ValueId = std::size_t;
  using Layout = dnnl::memory::desc;
  struct Argument {
    int index;  // DNNL_ARG_...
    ValueId value;
  };

  OneDnnProgram();

  const dnnl::engine& engine() const { return engine_; }
  const Layout& layout(ValueId value) const { return values_[value].layout; }

  // For writing the program. Each value has a storage; two values may share one (a view, a sum in
  // place).
  ValueId add_value(const Layout& layout);
  ValueId add_view(ValueId of, const Layout& layout);
  // Adds a value that is written now and kept, such as weights. Converts it to `wanted`.
  ValueId add_constant(const Layout& given, const float* data, const Layout& wanted);
  // Returns the value in this layout: itself, or a copy made by a reorder step.
  ValueId in_layout(ValueId value, const Layout& wanted);
  void add_step(const dnnl::primitive& primitive, std::vector<Argument> arguments,
                const Layout& scratchpad);
  void add_native(std::unique_ptr<NativeStep> step, const std::vector<ValueId>& arguments,
                  const Layout& scratchpad);
  // Reserves the storage of the value beyond the run and for nothing else: for input and outputs.
  void keep(ValueId value);

  // The number of later reads of a value's storage; the writer updates it.
  void expect_reads(ValueId value, std::size_t count);
  void note_read(ValueId value);
  bool overwritable(ValueId value) const;
  bool same_storage(ValueId a, ValueId b) const;

  // For the finished program.
  void finish();
  void run();
  float* data(ValueId value);

 private:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  struct Storage {
    std::size_t bytes = 0;
    std::size_t first_step = 0;
    std::size_t last_step = 0;
    std::size_t reads_left = 0;
    bool kept = false;
    std::size_t offset = 0;
    dnnl::memory constant;  // of constants, which lie outside the arena
  };
  struct Value {
    Layout layout;
    std::size_t storage = 0;
    dnnl::memory memory;
  };
  struct Step {
    dnnl::primitive primitive;
    std::vector<Argument> arguments;
    Layout scratchpad;
    dnnl::memory scratchpad_memory;
    std::vector<dnnl_exec_arg_t> bound;
    std::unique_ptr<NativeStep> native{};  // instead of the primitive
  };

  std::size_t place_storages();

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Storage> storages_;
  std::vector<Value> values_;
  std::vector<Step> steps_;
  std::unique_ptr<std::byte, void (*)(void*)> arena_;
};

}  // namespace maitred::inference
