#include <algorithm>

#include "backends.h"
#include "floating_point.h"
#include "maitred/base/vector_dispatch.h"
#include "onednn_program.h"
#include "onednn_writer.h"

// Debian's oneDNN runs on GNU OpenMP. These two functions are declared here because clang has no
// omp.h without another package.
extern "C" {
int omp_get_max_threads();
void omp_set_num_threads(int threads);
}

namespace maitred::inference {
namespace {

// During its lifetime, OpenMP regions that this thread opens have this many threads.
class OmpThreads {
 public:
  explicit OmpThreads(int threads) : before_(omp_get_max_threads()) {
    omp_set_num_threads(threads);
  }
  OmpThreads(const OmpThreads&) = delete;
  OmpThreads& operator=(const OmpThreads&) = delete;
  ~OmpThreads() { omp_set_num_threads(before_); }

 private:
  int before_;
};

class OneDnnNetwork : public Network {
 public:
  OneDnnNetwork(const Graph& graph, int threads, Precision precision)
      : threads_(threads),
        input_shape_(to_ints(graph.node(graph.input()).shape)),
        outputs_(output_infos(graph)),
        ends_(write_program(graph, precision, program_)) {
    program_.finish();
    input_ = {program_.data(ends_.input), count(input_shape_)};
  }

  const std::vector<int>& input_shape() const override { return input_shape_; }
  const std::vector<OutputInfo>& outputs() const override { return outputs_; }
  std::span<float> input() override { return input_; }
  std::string backend_name() const override { return "onednn"; }
  Precision precision() const override { return ends_.precision; }

  Status run() override {
    try {
      const FlushDenormals flush;
      const OmpThreads omp(threads_);
      program_.run();
      return {};
    } catch (const std::exception& error) {
      return environment_error("inference_failed",
                               std::string("oneDNN could not run the network: ") + error.what());
    }
  }

  std::span<const float> output(std::size_t index) const override {
    return {program_.data(ends_.outputs[index]), count(outputs_[index].shape)};
  }

 private:
  static std::size_t count(const std::vector<int>& shape) {
    std::size_t product = 1;
    for (int dimension : shape) product *= static_cast<std::size_t>(dimension);
    return product;
  }

  const int threads_;
  const std::vector<int> input_shape_;
  const std::vector<OutputInfo> outputs_;
  mutable OneDnnProgram program_;  // oneDNN's handles allow no const access
  const OneDnnEnds ends_;
  std::span<float> input_;
};

}  // namespace

bool onednn_is_fast() { return vector_width_here() >= VectorWidth::kAvx2; }

Result<std::unique_ptr<Network>> make_onednn_network(const Graph& graph, int threads,
                                                     Precision precision) {
  try {
    const FlushDenormals flush;
    const OmpThreads omp(threads);
    return std::make_unique<OneDnnNetwork>(graph, threads, precision);
  } catch (const std::exception& error) {
    return model_unsupported(std::string("oneDNN has no implementation for it: ") + error.what());
  }
}

}  // namespace maitred::inference
