#include "maitred/eye/vision/network_embedder.h"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "letterbox.h"
#include "maitred/base/secret.h"
#include "mat.h"

namespace maitred {
namespace {

class NetworkEmbedder final : public FaceEmbedder {
 public:
  NetworkEmbedder(EmbedderSpec spec, std::unique_ptr<Network> network)
      : spec_(std::move(spec)), network_(std::move(network)) {}

  Result<Template> embed(const ImageView& image, const Landmarks& landmarks) override {
    const Image crop = align_face(image, landmarks, spec_.target);
    write_planes(mat_of(crop.view), spec_.target.width_px, spec_.target.height_px,
                 {spec_.rgb, spec_.mean, spec_.scale}, network_->input());
    MAITRED_TRY(network_->run());
    return Template(spec_.engine, network_->output(0));
  }
  const std::string& engine() const override { return spec_.engine; }
  int template_length() const override { return spec_.template_length; }
  std::string backend() const override { return network_->backend_name(); }

 private:
  const EmbedderSpec spec_;
  const std::unique_ptr<Network> network_;
};

}  // namespace

EmbedderSpec retail_spec() {
  EmbedderSpec spec;
  spec.engine = "retail";
  spec.target = retail_target();
  spec.template_length = 256;
  return spec;
}

EmbedderSpec sface_spec() {
  EmbedderSpec spec;
  spec.engine = "sface";
  spec.target = arcface_target();
  spec.rgb = true;
  spec.template_length = 128;
  return spec;
}

EmbedderSpec dlib_spec() {
  EmbedderSpec spec;
  spec.engine = "dlib";
  // Eyes, nose tip and mouth corners of the mean face in dlib's chips (padding 0.25).
  spec.target = {150,
                 150,
                 {{{47.55F, 46.60F},
                   {100.48F, 46.60F},
                   {74.01F, 76.56F},
                   {50.41F, 103.02F},
                   {97.61F, 103.02F}}}};
  spec.rgb = true;
  spec.template_length = 128;
  return spec;
}

Result<std::unique_ptr<FaceEmbedder>> make_network_embedder(const std::filesystem::path& file,
                                                            EmbedderSpec spec, Backend backend,
                                                            Precision precision) {
  NetworkOptions options;
  options.backend = backend;
  options.precision = precision;
  options.input_shape = {1, 3, spec.target.height_px, spec.target.width_px};
  MAITRED_ASSIGN(std::unique_ptr<Network> network, load_network(file, options));
  if (network->outputs().size() != 1 ||
      network->output(0).size() != static_cast<std::size_t>(spec.template_length)) {
    return environment_error(
        "model_invalid",
        fmt::format("{} does not give one template of {} numbers as engine {} needs; fetch the "
                    "model again",
                    file.filename().string(), spec.template_length, spec.engine));
  }
  return std::make_unique<NetworkEmbedder>(std::move(spec), std::move(network));
}

}  // namespace maitred
