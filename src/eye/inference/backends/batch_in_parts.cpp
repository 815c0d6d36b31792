#include "batch_in_parts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "maitred/base/check.h"

namespace maitred::inference {
namespace {

class BatchInParts final : public Network {
 public:
  BatchInParts(std::unique_ptr<Network> part, int images)
      : part_(std::move(part)),
        runs_(static_cast<std::size_t>(images / part_->input_shape()[0])),
        input_shape_(part_->input_shape()),
        infos_(part_->outputs()),
        input_(runs_ * part_->input().size()) {
    input_shape_[0] = images;
    for (std::size_t i = 0; i < infos_.size(); ++i) {
      infos_[i].shape[0] = images;
      outputs_.emplace_back(runs_ * part_->output(i).size());
    }
  }

  const std::vector<int>& input_shape() const override { return input_shape_; }
  const std::vector<OutputInfo>& outputs() const override { return infos_; }
  std::span<float> input() override { return input_; }
  std::span<const float> output(std::size_t index) const override { return outputs_[index]; }
  std::string backend_name() const override { return part_->backend_name(); }
  Precision precision() const override { return part_->precision(); }

  Status run() override {
    const std::span<float> some = part_->input();
    for (std::size_t run = 0; run < runs_; ++run) {
      std::copy_n(input_.data() + run * some.size(), some.size(), some.data());
      MAITRED_TRY(part_->run());
      for (std::size_t i = 0; i < outputs_.size(); ++i) {
        const auto result = part_->output(i);
        std::copy(result.begin(), result.end(), outputs_[i].data() + run * result.size());
      }
    }
    return {};
  }

 private:
  const std::unique_ptr<Network> part_;
  const std::size_t runs_;
  std::vector<int> input_shape_;
  std::vector<OutputInfo> infos_;
  std::vector<float> input_;
  std::vector<std::vector<float>> outputs_;
};

}  // namespace

std::unique_ptr<Network> batch_in_parts(std::unique_ptr<Network> part, int images) {
  MAITRED_CHECK(images % part->input_shape()[0] == 0);
  for (const OutputInfo& output : part->outputs()) {
    if (output.shape.empty() || output.shape[0] != part->input_shape()[0]) return nullptr;
  }
  return std::make_unique<BatchInParts>(std::move(part), images);
}

}  // namespace maitred::inference
