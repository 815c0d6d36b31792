// One way of getting from pictures to "this is she": maitred's own, and those of its peers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/core.hpp>
#include <set>
#include <string>
#include <vector>

namespace maitred::bench {

struct PipelineOptions {
  std::filesystem::path models;  // a folder of model files
  int min_face_px = 60;
  bool dwell = false;  // as a camera at an entrance has it; else everybody counts at once
  double fpir = 1e-3;
};

struct PipelineCounts {
  std::uint64_t detections = 0;  // runs of the detector
  std::uint64_t faces = 0;
  std::uint64_t embeddings = 0;
};

// Bound to one thread. Throws on what cannot be loaded or run.
class Pipeline {
 public:
  virtual ~Pipeline() = default;
  // False when the photo shows no face.
  virtual bool enrol(const std::string& person, const cv::Mat& photo) = 0;
  // Everybody is enrolled.
  virtual void ready() {}
  // Who is newly recognised in this frame.
  virtual std::vector<std::string> recognise(const cv::Mat& picture, double seconds) = 0;
  virtual std::vector<std::string> finish() { return {}; }
  virtual PipelineCounts counts() const = 0;
};

// When each of these people is first so many pixels wide, in seconds, as the detector and the
// embedder see it frame by frame.
class Appearances {
 public:
  Appearances(const PipelineOptions& options, int face_px);
  ~Appearances();
  void enrol(const std::string& person, const cv::Mat& photo);
  // Who is in this frame. `allowed` says who may be.
  void recognise(const cv::Mat& picture, double seconds, const std::set<std::string>& allowed);
  const std::map<std::string, double>& first() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::unique_ptr<Pipeline> make_maitred(const PipelineOptions& options);
// Detection and embedding of every face in every frame, with the same networks in OpenCV's dnn.
std::unique_ptr<Pipeline> make_opencv_every_frame(const PipelineOptions& options);
// What face_recognition and howdy run: dlib's frontal detector, 68 landmarks, ResNet.
std::unique_ptr<Pipeline> make_dlib_pipeline(const PipelineOptions& options);

}  // namespace maitred::bench
