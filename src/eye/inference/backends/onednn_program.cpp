#include "onednn_program.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "maitred/base/check.h"

namespace maitred::inference {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;
constexpr std::size_t kAlignment = 64;  // a cache line, an AVX-512 register

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

dnnl::memory::desc dense_layout(const Shape& shape) {
  dnnl::memory::dims strides(shape.size());
  dnnl::memory::dim stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return {shape, dnnl::memory::data_type::f32, strides};
}

OneDnnProgram::OneDnnProgram()
    : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_), arena_(nullptr, std::free) {}

OneDnnProgram::ValueId OneDnnProgram::add_value(const Layout& layout) {
  Storage storage;
  storage.bytes = layout.get_size();
  storage.first_step = steps_.size();
  storage.last_step = steps_.size();
  storages_.push_back(std::move(storage));
  values_.push_back({layout, storages_.size() - 1, {}});
  return values_.size() - 1;
}

OneDnnProgram::ValueId OneDnnProgram::add_view(ValueId of, const Layout& layout) {
  const std::size_t storage = values_[of].storage;
  MAITRED_CHECK(layout.get_size() <= storages_[storage].bytes);
  values_.push_back({layout, storage, {}});
  return values_.size() - 1;
}

OneDnnProgram::ValueId OneDnnProgram::add_constant(const Layout& given, const float* data,
                                                   const Layout& wanted) {
  // oneDNN only reads the values, but its memory type is not const.
  dnnl::memory source(given, engine_, const_cast<float*>(data));
  dnnl::memory constant(wanted, engine_);
  dnnl::reorder(source, constant).execute(stream_, source, constant);
  stream_.wait();
  const ValueId value = add_value(wanted);
  storages_[values_[value].storage].constant = constant;
  keep(value);
  return value;
}

OneDnnProgram::ValueId OneDnnProgram::in_layout(ValueId value, const Layout& wanted) {
  if (values_[value].layout == wanted) return value;
  const ValueId copy = add_value(wanted);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::reorder::primitive_desc reorder(engine_, values_[value].layout, engine_, wanted,
                                              attributes);
  add_step(dnnl::reorder(reorder), {{DNNL_ARG_FROM, value}, {DNNL_ARG_TO, copy}},
           reorder.scratchpad_desc());
  return copy;
}

void OneDnnProgram::add_step(const dnnl::primitive& primitive, std::vector<Argument> arguments,
                             const Layout& scratchpad) {
  for (const Argument& argument : arguments) {
    Storage& storage = storages_[values_[argument.value].storage];
    storage.last_step = std::max(storage.last_step, steps_.size());
  }
  steps_.push_back({primitive, std::move(arguments), scratchpad, {}, {}});
}

void OneDnnProgram::add_native(std::unique_ptr<NativeStep> step,
                               const std::vector<ValueId>& arguments, const Layout& scratchpad) {
  std::vector<Argument> numbered;
  for (const ValueId value : arguments) numbered.push_back({0, value});
  add_step({}, std::move(numbered), scratchpad);
  steps_.back().native = std::move(step);
}

void OneDnnProgram::keep(ValueId value) { storages_[values_[value].storage].kept = true; }

void OneDnnProgram::expect_reads(ValueId value, std::size_t count) {
  storages_[values_[value].storage].reads_left += count;
}

void OneDnnProgram::note_read(ValueId value) {
  std::size_t& left = storages_[values_[value].storage].reads_left;
  MAITRED_CHECK(left > 0);
  --left;
}

bool OneDnnProgram::overwritable(ValueId value) const {
  const Storage& storage = storages_[values_[value].storage];
  return storage.reads_left == 0 && !storage.kept;
}

bool OneDnnProgram::same_storage(ValueId a, ValueId b) const {
  return values_[a].storage == values_[b].storage;
}

// Places the largest storage first, each at the lowest offset that no storage with an overlapping
// lifetime uses.
std::size_t OneDnnProgram::place_storages() {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < storages_.size(); ++i) {
    if (!storages_[i].constant) order.push_back(i);
    if (storages_[i].kept) {
      storages_[i].first_step = 0;
      storages_[i].last_step = kNever;
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return storages_[a].bytes > storages_[b].bytes;
  });
  std::vector<const Storage*> placed;  // ordered by offset
  std::size_t total = 0;
  for (std::size_t index : order) {
    Storage& storage = storages_[index];
    std::size_t offset = 0;
    for (const Storage* other : placed) {
      const bool together =
          other->first_step <= storage.last_step && storage.first_step <= other->last_step;
      if (!together) continue;
      if (other->offset >= offset + aligned(storage.bytes)) break;
      offset = std::max(offset, other->offset + aligned(other->bytes));
    }
    storage.offset = offset;
    total = std::max(total, offset + aligned(storage.bytes));
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), &storage,
                         [](const Storage* a, const Storage* b) { return a->offset < b->offset; }),
        &storage);
  }
  return total;
}

void OneDnnProgram::finish() {
  const std::size_t values_bytes = place_storages();
  std::size_t scratchpad_bytes = 0;
  for (const Step& step : steps_) {
    scratchpad_bytes = std::max(scratchpad_bytes, step.scratchpad.get_size());
  }
  const std::size_t bytes = aligned(values_bytes) + aligned(scratchpad_bytes) + kAlignment;
  // Large pages need fewer address look-ups.
  const bool large = bytes >= kLargePage;
  const std::size_t alignment = large ? kLargePage : kAlignment;
  const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
  arena_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, whole)));
  if (!arena_) throw std::bad_alloc();
  if (large) ::madvise(arena_.get(), whole, MADV_HUGEPAGE);
  std::memset(arena_.get(), 0, bytes);
  for (Value& value : values_) {
    const Storage& storage = storages_[value.storage];
    value.memory = storage.constant
                       ? storage.constant
                       : dnnl::memory(value.layout, engine_, arena_.get() + storage.offset);
  }
  for (Step& step : steps_) {
    if (step.native) {
      std::vector<float*> bound;
      for (const Argument& argument : step.arguments) bound.push_back(data(argument.value));
      step.native->bind(bound, arena_.get() + aligned(values_bytes));
      continue;
    }
    for (const Argument& argument : step.arguments) {
      step.bound.push_back({argument.index, values_[argument.value].memory.get()});
    }
    step.scratchpad_memory =
        dnnl::memory(step.scratchpad, engine_, arena_.get() + aligned(values_bytes));
    step.bound.push_back({DNNL_ARG_SCRATCHPAD, step.scratchpad_memory.get()});
  }
}

void OneDnnProgram::run() {
  for (const Step& step : steps_) {
    if (step.native) {
      step.native->run(stream_);
      continue;
    }
    // The C++ execute() would allocate a map and a vector on each run.
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(step.primitive.get(), stream_.get(),
                               static_cast<int>(step.bound.size()), step.bound.data()),
        "a primitive could not be executed");
  }
  stream_.wait();
}

float* OneDnnProgram::data(ValueId value) {
  return static_cast<float*>(values_[value].memory.get_data_handle());
}

}  // namespace maitred::inference
