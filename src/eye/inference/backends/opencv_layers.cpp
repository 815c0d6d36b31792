#include "opencv_layers.h"

#include <algorithm>

#include "backends.h"

namespace maitred::inference {
namespace {

using cv::dnn::DictValue;
using cv::dnn::LayerParams;

DictValue int_list(const std::vector<int>& values) {
  return DictValue::arrayInt(values.data(), static_cast<int>(values.size()));
}

cv::Mat blob_of(const std::vector<float>& values, const Shape& shape) {
  cv::Mat blob(to_ints(shape), CV_32F);
  std::copy(values.begin(), values.end(), blob.ptr<float>());
  return blob;
}

cv::Mat list_of(const std::vector<float>& values) {
  return blob_of(values, {1, static_cast<std::int64_t>(values.size())});
}

void set_window(LayerParams& params, const Window& window) {
  const auto set = [&](const char* name, std::int64_t value) {
    params.set(name, static_cast<int>(value));
  };
  set("kernel_h", window.kernel[0]);
  set("kernel_w", window.kernel[1]);
  set("stride_h", window.strides[0]);
  set("stride_w", window.strides[1]);
  set("pad_t", window.pads_begin[0]);
  set("pad_l", window.pads_begin[1]);
  set("pad_b", window.pads_end[0]);
  set("pad_r", window.pads_end[1]);
}

class Builder {
 public:
  explicit Builder(const Graph& graph) : graph_(graph) {}

  Result<OpenCvNet> build() {
    layers_.resize(graph_.nodes().size());
    built_.net.setInputsNames({"input"});
    for (NodeId id = 0; id < graph_.nodes().size(); ++id) {
      id_ = id;
      node_ = &graph_.node(id);
      if (id == graph_.input()) continue;  // layer 0
      Status status = std::visit([&](const auto& op) { return add(op); }, node_->operation);
      if (!status) return tl::unexpected(status.error());
    }
    for (const GraphOutput& output : graph_.outputs()) {
      // A separate layer for each output, so that OpenCV's fusion does not remove it.
      id_ = output.node;
      const std::string name = std::to_string(built_.outputs.size()).append(" out");
      LayerParams params;
      const int layer = built_.net.addLayer(name, "Identity", params);
      built_.net.connect(layers_[output.node], 0, layer, 0);
      built_.outputs.emplace_back(name);
    }
    built_.net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    built_.net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    return std::move(built_);
  }

 private:
  tl::unexpected<Error> unsupported(const char* what) const {
    return model_unsupported("node " + in_quotes(node_->name) + ": OpenCV has no " + what);
  }

  int add_layer(const char* suffix, const char* type, LayerParams& params) {
    return built_.net.addLayer(std::to_string(id_).append(suffix), type, params);
  }

  // Adds the layer of the node and connects its inputs.
  Status emit(const char* type, LayerParams& params) {
    const int layer = add_layer("", type, params);
    for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
      built_.net.connect(layers_[node_->inputs[i]], 0, layer, static_cast<int>(i));
    }
    layers_[id_] = layer;
    return {};
  }

  Status add(const InputNode&) { return unsupported("second input"); }

  Status add(const ConstantNode& constant) {
    LayerParams params;
    params.blobs.push_back(blob_of(constant.values, node_->shape));
    return emit("Const", params);
  }

  Status add(const Convolution& conv) {
    const std::int64_t in_channels = graph_.node(node_->inputs[0]).shape[1];
    LayerParams params;
    Window window = conv.window;
    int source = layers_[node_->inputs[0]];
    if (window.pads_begin != window.pads_end) source = add_padding(source, window);
    set_window(params, window);
    params.set("dilation_h", static_cast<int>(window.dilations[0]));
    params.set("dilation_w", static_cast<int>(window.dilations[1]));
    params.set("num_output", static_cast<int>(conv.out_channels));
    params.set("group", static_cast<int>(conv.groups));
    params.set("bias_term", true);
    params.blobs.push_back(blob_of(conv.weights, {conv.out_channels, in_channels / conv.groups,
                                                  window.kernel[0], window.kernel[1]}));
    params.blobs.push_back(list_of(conv.bias));
    layers_[id_] = add_layer("", "Convolution", params);
    built_.net.connect(source, 0, layers_[id_], 0);
    return {};
  }

  // OpenCV's convolutions pad both sides equally.
  int add_padding(int source, Window& window) {
    LayerParams params;
    params.set("paddings", int_list({0, 0, 0, 0, static_cast<int>(window.pads_begin[0]),
                                     static_cast<int>(window.pads_end[0]),
                                     static_cast<int>(window.pads_begin[1]),
                                     static_cast<int>(window.pads_end[1])}));
    window.pads_begin = window.pads_end = {0, 0};
    const int layer = add_layer("pad", "Padding", params);
    built_.net.connect(source, 0, layer, 0);
    return layer;
  }

  Status add(const Linear& linear) {
    LayerParams params;
    params.set("num_output", static_cast<int>(linear.out_features));
    params.set("bias_term", true);
    params.blobs.push_back(
        blob_of(linear.weights, {linear.out_features, graph_.node(node_->inputs[0]).shape[1]}));
    params.blobs.push_back(list_of(linear.bias));
    return emit("InnerProduct", params);
  }

  Status add(const ScaleShift& affine) {
    LayerParams params;
    params.set("axis", 1);
    params.set("bias_term", true);
    params.blobs.push_back(list_of(affine.scale));
    params.blobs.push_back(list_of(affine.shift));
    return emit("Scale", params);
  }

  Status add(const Activation& activation) {
    LayerParams params;
    switch (activation.kind) {
      case ActivationKind::kRelu:
        params.set("negative_slope", activation.alpha);
        return emit("ReLU", params);
      case ActivationKind::kSigmoid:
        return emit("Sigmoid", params);
      case ActivationKind::kTanh:
        return emit("TanH", params);
      case ActivationKind::kElu:
        params.set("alpha", activation.alpha);
        return emit("ELU", params);
      case ActivationKind::kClip:
        params.set("min_value", activation.alpha);
        params.set("max_value", activation.beta);
        return emit("ReLU6", params);
      case ActivationKind::kLinear:
        params.set("scale", activation.alpha);
        params.set("shift", activation.beta);
        return emit("Power", params);
      case ActivationKind::kHardSwish:
        return emit("HardSwish", params);
    }
    return unsupported("such activation");
  }

  Status add(const PRelu& prelu) {
    LayerParams params;
    params.blobs.push_back(list_of(prelu.slopes));
    return emit("PReLU", params);
  }

  Status add(const Binary& binary) {
    LayerParams params;
    const Shape& first = graph_.node(node_->inputs[0]).shape;
    const Shape& second = graph_.node(node_->inputs[1]).shape;
    if (first != second) {
      // OpenCV supports only this broadcast: one factor per channel of each image.
      const bool per_channel = first.size() == 4 && second == Shape{first[0], first[1], 1, 1};
      if (!per_channel || binary.kind != BinaryKind::kMultiply) {
        return unsupported("layer that broadcasts so");
      }
      params.set("axis", 0);
      params.set("bias_term", false);
      return emit("Scale", params);
    }
    switch (binary.kind) {
      case BinaryKind::kAdd:
        params.set("operation", "sum");
        break;
      case BinaryKind::kSubtract:
        params.set("operation", "sum");
        params.set("coeff", int_list({1, -1}));
        break;
      case BinaryKind::kMultiply:
        params.set("operation", "prod");
        break;
      case BinaryKind::kDivide:
        params.set("operation", "div");
        break;
      case BinaryKind::kMaximum:
        params.set("operation", "max");
        break;
      case BinaryKind::kMinimum:
        params.set("operation", "min");
        break;
    }
    return emit("Eltwise", params);
  }

  Status add(const Pool& pool) {
    if (pool.window.dilations != std::array<std::int64_t, 2>{1, 1}) {
      return unsupported("dilated pooling");
    }
    LayerParams params;
    set_window(params, pool.window);
    params.set("pool", pool.kind == PoolKind::kMaximum ? "max" : "ave");
    params.set("ave_pool_padded_area", pool.kind == PoolKind::kAverageWithPadding);
    params.set("ceil_mode", false);
    return emit("Pooling", params);
  }

  Status add(const Upsample& upsample) {
    LayerParams params;
    params.set("interpolation", "nearest");
    params.set("zoom_factor_y", static_cast<int>(upsample.factors[0]));
    params.set("zoom_factor_x", static_cast<int>(upsample.factors[1]));
    return emit("Resize", params);
  }

  Status add(const Transpose& transpose) {
    LayerParams params;
    params.set("order", int_list({transpose.order.begin(), transpose.order.end()}));
    return emit("Permute", params);
  }

  Status add(const Reshape&) {
    LayerParams params;
    params.set("dim", int_list(to_ints(node_->shape)));
    return emit("Reshape", params);
  }

  Status add(const Concatenate& concatenate) {
    LayerParams params;
    params.set("axis", static_cast<int>(concatenate.axis));
    return emit("Concat", params);
  }

  Status add(const Softmax& softmax) {
    LayerParams params;
    params.set("axis", static_cast<int>(softmax.axis));
    return emit("Softmax", params);
  }

  Status add(const Slice&) { return unsupported("a slice"); }
  Status add(const Separable&) { return unsupported("a separable convolution in one"); }

  const Graph& graph_;
  OpenCvNet built_;
  std::vector<int> layers_;
  NodeId id_ = 0;
  const Node* node_ = nullptr;
};

}  // namespace

Result<OpenCvNet> build_opencv_net(const Graph& graph) { return Builder(graph).build(); }

}  // namespace maitred::inference
