// Peer: the pipeline of the Python package face_recognition and of howdy, in C++: dlib's frontal
// detector on every frame, enlarged once as is their default, the 68-point landmarks, and the
// ResNet on every face. If the published weights are missing, the network has made-up ones: the
// same arithmetic, but nobody is recognised.
#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

namespace maitred::bench {

// Bound to one thread. Throws if something cannot be loaded.
class DlibPeer {
 public:
  explicit DlibPeer(const std::filesystem::path& models);
  ~DlibPeer();

  // 128 numbers for every face found.
  std::vector<std::vector<float>> embed(const cv::Mat& picture);
  // 128 numbers for a chip of 150x150, BGR.
  std::vector<float> embed_chip(const cv::Mat& chip);
  bool has_weights() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maitred::bench
