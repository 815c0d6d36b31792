#include <bzlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dlib_resnet.h"
#include "dlib_stream.h"

namespace maitred::inference {
namespace {

// The layers in the order of the file, from the output down to the input.
enum class LayerKind { kEnd, kAveragePool, kMaximumPool, kRelu, kSum, kAffine, kConvolution, kTag };

struct LayerForm {
  LayerKind kind = LayerKind::kTag;
  // of convolutions and pools
  std::int64_t filters = 0;
  std::int64_t side = 0;
  std::int64_t stride = 1;
  std::int64_t pad = 0;
};

void append_block(std::vector<LayerForm>& forms, std::int64_t filters, std::int64_t stride) {
  forms.push_back({LayerKind::kAffine});
  forms.push_back({LayerKind::kConvolution, filters, 3, 1, 1});
  forms.push_back({LayerKind::kRelu});
  forms.push_back({LayerKind::kAffine});
  forms.push_back({LayerKind::kConvolution, filters, 3, stride, stride == 1 ? 1 : 0});
  forms.push_back({LayerKind::kTag});
}

void append_same(std::vector<LayerForm>& forms, std::int64_t filters) {
  forms.push_back({LayerKind::kRelu});
  forms.push_back({LayerKind::kSum});
  append_block(forms, filters, 1);
}

void append_down(std::vector<LayerForm>& forms, std::int64_t filters) {
  forms.push_back({LayerKind::kRelu});
  forms.push_back({LayerKind::kSum});
  forms.push_back({LayerKind::kAveragePool, 0, 2, 2, 0});
  forms.push_back({LayerKind::kTag});  // of the block's input, then of its result
  forms.push_back({LayerKind::kTag});
  append_block(forms, filters, 2);
}

std::vector<LayerForm> forms_of_resnet() {
  std::vector<LayerForm> forms;
  forms.push_back({LayerKind::kEnd});
  forms.push_back({LayerKind::kAveragePool, 0, 0, 1, 0});
  append_down(forms, 256);
  for (int i = 0; i < 2; ++i) append_same(forms, 256);
  append_down(forms, 256);
  for (int i = 0; i < 2; ++i) append_same(forms, 128);
  append_down(forms, 128);
  for (int i = 0; i < 3; ++i) append_same(forms, 64);
  append_down(forms, 64);
  for (int i = 0; i < 3; ++i) append_same(forms, 32);
  forms.push_back({LayerKind::kMaximumPool, 0, 3, 2, 0});
  forms.push_back({LayerKind::kRelu});
  forms.push_back({LayerKind::kAffine});
  forms.push_back({LayerKind::kConvolution, 32, 7, 2, 0});
  return forms;
}

class ResNetReader {
 public:
  explicit ResNetReader(std::span<const std::uint8_t> bytes) : in_(bytes) {}

  Result<ResNetWeights> read() {
    MAITRED_TRY(read_beginning());
    const std::vector<LayerForm> forms = forms_of_resnet();
    for (const LayerForm& form : forms) {
      MAITRED_ASSIGN(const std::int64_t version, in_.integer());
      const bool innermost = &form == &forms.back();
      const std::int64_t newest = form.kind == LayerKind::kTag ? 1 : innermost ? 3 : 2;
      if (version < std::max<std::int64_t>(newest - 1, 1) || version > newest) {
        return model_invalid("unknown version of a layer, " + std::to_string(version));
      }
      versions_.push_back(version);
    }
    MAITRED_TRY(read_input());
    for (std::size_t i = forms.size(); i-- > 0;) {
      if (forms[i].kind == LayerKind::kTag) continue;
      MAITRED_TRY(read_layer(forms[i]));
      MAITRED_TRY(read_state(i + 1 == forms.size(), versions_[i]));
    }
    if (!in_.at_end()) return model_invalid("the file continues after the network");
    return std::move(weights_);
  }

  Status read_beginning() {
    MAITRED_TRY(in_.expect(1, "the network's version"));
    return read_loss();
  }

 private:
  Status read_loss() {
    MAITRED_ASSIGN(const std::string name, in_.text());
    if (name == "loss_metric_") return {};
    if (name != "loss_metric_2")
      return model_invalid("it does not end in " + in_quotes("loss_metric_"));
    MAITRED_TRY(in_.real());  // margin and distance, used in training only
    MAITRED_TRY(in_.real());
    return {};
  }

  Status read_input() {
    MAITRED_TRY(in_.expect("input_rgb_image_sized"));
    for (float& mean : weights_.means) {
      MAITRED_ASSIGN(const double value, in_.real());
      if (!(value >= 0.0 && value <= 255.0)) return model_invalid("a mean colour outside 0 to 255");
      mean = static_cast<float>(value);
    }
    MAITRED_TRY(in_.expect(kResNetSide, "the rows of its input"));
    return in_.expect(kResNetSide, "the columns of its input");
  }

  Status read_layer(const LayerForm& form) {
    switch (form.kind) {
      case LayerKind::kEnd:
        return read_end();
      case LayerKind::kAveragePool:
        return read_pool("avg_pool_2", form);
      case LayerKind::kMaximumPool:
        return read_pool("max_pool_2", form);
      case LayerKind::kRelu:
        return in_.expect("relu_");
      case LayerKind::kSum:
        return in_.expect("add_prev_");
      case LayerKind::kAffine:
        return read_affine();
      case LayerKind::kConvolution:
        return read_convolution(form);
      case LayerKind::kTag:
        break;
    }
    return {};
  }

  // Skips dlib's state of a layer: flags, and tensors of the last training step.
  Status read_state(bool innermost, std::int64_t version) {
    for (int i = 0; i < 3; ++i) MAITRED_TRY(in_.boolean());
    const int tensors = innermost || version >= 2 ? 3 : 2;
    for (int i = 0; i < tensors; ++i) MAITRED_TRY(in_.skip_tensor());
    if (innermost && version >= 3) MAITRED_TRY(in_.integer());
    return {};
  }

  Status skip_reals(int count) {
    for (int i = 0; i < count; ++i) MAITRED_TRY(in_.real());
    return {};
  }

  Status read_window(const LayerForm& form) {
    MAITRED_TRY(in_.expect(form.side, "rows of a kernel"));
    MAITRED_TRY(in_.expect(form.side, "columns of a kernel"));
    MAITRED_TRY(in_.expect(form.stride, "a stride"));
    MAITRED_TRY(in_.expect(form.stride, "a stride"));
    MAITRED_TRY(in_.expect(form.pad, "a border"));
    return in_.expect(form.pad, "a border");
  }

  Status read_pool(const std::string& name, const LayerForm& form) {
    MAITRED_TRY(in_.expect(name));
    return read_window(form);
  }

  Status read_convolution(const LayerForm& form) {
    MAITRED_ASSIGN(const std::string name, in_.text());
    if (name != "con_4" && name != "con_5") {
      return model_invalid("a convolution wanted, " + in_quotes(name) + " found");
    }
    ResNetLayer layer;
    layer.filters = form.filters;
    layer.side = form.side;
    layer.stride = form.stride;
    MAITRED_ASSIGN(const Tensor params, in_.tensor());
    MAITRED_TRY(in_.expect(form.filters, "the filters of a convolution"));
    MAITRED_TRY(read_window(form));
    MAITRED_TRY(in_.skip_alias());
    MAITRED_TRY(in_.skip_alias());
    MAITRED_TRY(skip_reals(4));
    bool biased = true;
    if (name == "con_5") {
      MAITRED_ASSIGN(biased, in_.boolean());
    }
    const auto filters = static_cast<std::size_t>(form.filters);
    const std::size_t inputs = weights_.layers.empty() ? 3 : static_cast<std::size_t>(channels_);
    const std::size_t count = filters * inputs * static_cast<std::size_t>(form.side * form.side);
    if (params.floats.size() != count + (biased ? filters : 0)) {
      return model_invalid("convolution " + std::to_string(weights_.layers.size() + 1) +
                           " has the wrong number of weights");
    }
    const auto middle = params.floats.begin() + static_cast<std::ptrdiff_t>(count);
    layer.weights.assign(params.floats.begin(), middle);
    layer.bias.assign(middle, params.floats.end());
    layer.bias.resize(filters, 0.0F);
    channels_ = form.filters;
    weights_.layers.push_back(std::move(layer));
    return {};
  }

  // Reads a batch norm. One in the state of training is made a fixed one.
  Status read_affine() {
    MAITRED_ASSIGN(const std::string name, in_.text());
    ResNetLayer& layer = weights_.layers.back();
    const auto filters = static_cast<std::size_t>(layer.filters);
    if (name != "affine_" && name != "affine_2" && name != "bn_con2") {
      return model_invalid("a batch norm wanted, " + in_quotes(name) + " found");
    }
    MAITRED_ASSIGN(const Tensor params, in_.tensor());
    if (params.floats.size() != 2 * filters) return model_invalid("a batch norm of another length");
    layer.scale.assign(params.floats.begin(),
                       params.floats.begin() + static_cast<std::ptrdiff_t>(filters));
    layer.shift.assign(params.floats.begin() + static_cast<std::ptrdiff_t>(filters),
                       params.floats.end());
    MAITRED_TRY(in_.skip_alias());
    MAITRED_TRY(in_.skip_alias());
    if (name == "bn_con2") return read_statistics(layer);
    MAITRED_TRY(in_.expect(0, "the kind of a batch norm"));
    if (name == "affine_2") {
      MAITRED_ASSIGN(const bool disabled, in_.boolean());
      if (disabled) return model_invalid("a batch norm is switched off");
    }
    return {};
  }

  Status read_statistics(ResNetLayer& layer) {
    MAITRED_TRY(in_.skip_tensor());  // means and deviations of the last batch
    MAITRED_TRY(in_.skip_tensor());
    MAITRED_ASSIGN(const Tensor means, in_.tensor());
    MAITRED_ASSIGN(const Tensor variances, in_.tensor());
    MAITRED_TRY(in_.integer());
    MAITRED_TRY(in_.integer());
    MAITRED_TRY(skip_reals(4));
    MAITRED_ASSIGN(const double epsilon, in_.real());
    if (means.floats.size() != layer.scale.size() ||
        variances.floats.size() != layer.scale.size()) {
      return model_invalid("a batch norm of another length");
    }
    for (std::size_t i = 0; i < layer.scale.size(); ++i) {
      const double deviation = std::sqrt(static_cast<double>(variances.floats[i]) + epsilon);
      if (!(deviation > 0.0)) return model_invalid("a batch norm with an impossible variance");
      layer.scale[i] = static_cast<float>(static_cast<double>(layer.scale[i]) / deviation);
      layer.shift[i] -= layer.scale[i] * means.floats[i];
    }
    return {};
  }

  Status read_end() {
    MAITRED_ASSIGN(const std::string name, in_.text());
    if (name != "fc_2" && name != "fc_3") {
      return model_invalid("a fully connected end wanted, " + in_quotes(name) + " found");
    }
    MAITRED_TRY(in_.expect(kResNetLength, "the length of its result"));
    MAITRED_TRY(in_.expect(channels_, "the inputs of its end"));
    MAITRED_ASSIGN(Tensor params, in_.tensor());
    if (params.size() != static_cast<std::size_t>(channels_ * kResNetLength)) {
      return model_invalid("its last layer has the wrong number of weights");
    }
    weights_.end = std::move(params.floats);
    MAITRED_TRY(in_.skip_alias());
    MAITRED_TRY(in_.skip_alias());
    MAITRED_TRY(in_.expect(1, "an end without a bias"));
    MAITRED_TRY(skip_reals(4));
    if (name == "fc_3") MAITRED_TRY(in_.boolean());
    return {};
  }

  DlibStream in_;
  std::vector<std::int64_t> versions_;
  ResNetWeights weights_;
  std::int64_t channels_ = 3;  // of the last convolution
};

tl::unexpected<Error> another_network(const Error& found) {
  return model_invalid("is not dlib's face recognition network: " + found.message);
}

// Unpacks at most kMaxFileBytes. The buffer grows with the output, so that a small file cannot ask
// for much memory. Stops if the beginning is not that of the network.
Result<std::vector<std::uint8_t>> unpacked(std::span<const std::uint8_t> packed) {
  bz_stream stream{};
  if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) return model_invalid("no memory to unpack it");
  std::vector<std::uint8_t> bytes;
  std::vector<char> block(std::size_t{1} << 16);
  // bzip2 only reads the bytes.
  stream.next_in = reinterpret_cast<char*>(const_cast<std::uint8_t*>(packed.data()));
  stream.avail_in = static_cast<unsigned>(packed.size());
  int state = BZ_OK;
  while (state == BZ_OK && bytes.size() <= kMaxFileBytes) {
    stream.next_out = block.data();
    stream.avail_out = static_cast<unsigned>(block.size());
    state = BZ2_bzDecompress(&stream);
    const std::size_t got = block.size() - stream.avail_out;
    if (got == 0 && stream.avail_in == 0 && state == BZ_OK) break;  // cut short
    const bool first = bytes.empty();
    bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(got));
    const Status begun = first ? ResNetReader(bytes).read_beginning() : Status{};
    if (!begun) {
      BZ2_bzDecompressEnd(&stream);
      return another_network(begun.error());
    }
  }
  BZ2_bzDecompressEnd(&stream);
  if (state == BZ_STREAM_END) return bytes;
  return model_invalid(state == BZ_OK && bytes.size() > kMaxFileBytes
                           ? "its unpacked size is over the limit"
                           : "it is not a complete bzip2 file");
}

}  // namespace

Result<ResNetWeights> read_dlib_resnet(std::span<const std::uint8_t> bytes) {
  constexpr std::array<std::uint8_t, 3> kPacked{'B', 'Z', 'h'};
  std::vector<std::uint8_t> plain;
  if (bytes.size() > kPacked.size() && std::equal(kPacked.begin(), kPacked.end(), bytes.begin())) {
    MAITRED_ASSIGN(plain, unpacked(bytes));
    bytes = plain;
  }
  auto weights = ResNetReader(bytes).read();
  if (weights) return weights;
  return another_network(weights.error());
}

}  // namespace maitred::inference
