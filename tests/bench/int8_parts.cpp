// Measures the gain of 8-bit arithmetic (VNNI) on the detector's most frequent 1x1 convolution.
#include "tests/bench/int8_parts.h"

#include <benchmark/benchmark.h>

#include <array>
#include <oneapi/dnnl/dnnl.hpp>

namespace maitred::bench {
namespace {

using dnnl::memory;
using Type = memory::data_type;

void convolve(benchmark::State& state, Type values, Type weights) {
  constexpr memory::dim kChannels = 64, kRows = 96, kColumns = 160;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto any = [](const memory::dims& dims, Type type) {
    return memory::desc(dims, type, memory::format_tag::any);
  };
  const memory::dims shape{1, kChannels, kRows, kColumns};
  dnnl::primitive_attr attributes;
  if (weights == Type::s8) {
    attributes.set_output_scales(2, std::vector<float>(kChannels, 0.01F));
  }
  const dnnl::convolution_forward::desc desc(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, any(shape, values),
      any({kChannels, kChannels, 1, 1}, weights), any({kChannels}, Type::f32),
      any(shape, Type::f32), {1, 1}, {0, 0}, {0, 0});
  const dnnl::convolution_forward::primitive_desc described(desc, attributes, engine);
  std::array<memory, 4> memories{
      memory(described.src_desc(), engine), memory(described.weights_desc(), engine),
      memory(described.bias_desc(), engine), memory(described.dst_desc(), engine)};
  for (memory& one : memories) {
    const std::size_t bytes = one.get_desc().get_size();
    if (one.get_desc().data_type() == Type::f32) {
      auto* const floats = static_cast<float*>(one.get_data_handle());
      for (std::size_t i = 0; i < bytes / sizeof(float); ++i) {
        floats[i] = 0.01F * static_cast<float>(i % 17);
      }
    } else {
      auto* const small = static_cast<unsigned char*>(one.get_data_handle());
      for (std::size_t i = 0; i < bytes; ++i) small[i] = static_cast<unsigned char>(i * 31 % 100);
    }
  }
  const dnnl::convolution_forward convolution(described);
  for (auto step : state) {
    (void)step;
    convolution.execute(stream, {{DNNL_ARG_SRC, memories[0]},
                                 {DNNL_ARG_WEIGHTS, memories[1]},
                                 {DNNL_ARG_BIAS, memories[2]},
                                 {DNNL_ARG_DST, memories[3]}});
    stream.wait();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

}  // namespace

void register_int8() {
  benchmark::RegisterBenchmark("int8/8-bit", convolve, Type::u8, Type::s8);
  benchmark::RegisterBenchmark("int8/32-bit", convolve, Type::f32, Type::f32);
}

}  // namespace maitred::bench
