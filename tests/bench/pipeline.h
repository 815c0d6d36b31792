// A pipeline from pictures to recognised people: maitred's own and those of its peers.
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
  bool dwell = false;  // requires the dwell time of an entrance camera
  double fpir = 1e-3;
};

struct PipelineCounts {
  std::uint64_t detections = 0;  // runs of the detector
  std::uint64_t faces = 0;
  std::uint64_t embeddings = 0;
};

// Bound to one thread. Throws if something cannot be loaded or run.
class Pipeline {
 public:
  virtual ~Pipeline() = default;
  // False if the photo shows no face.
  virtual bool enrol(const std::string& person, const cv::Mat& photo) = 0;
  // Called when everybody is enrolled.
  virtual void ready() {}
  // Returns the people first recognised in this frame.
  virtual std::vector<std::string> recognise(const cv::Mat& picture, double seconds) = 0;
  virtual std::vector<std::string> finish() { return {}; }
  virtual PipelineCounts counts() const = 0;
};

// The time in seconds when each person first reaches a width, as the detector and the embedder see
// it frame by frame.
class Appearances {
 public:
  Appearances(const PipelineOptions& options, int face_px);
  ~Appearances();
  void enrol(const std::string& person, const cv::Mat& photo);
  // Records the people in this frame; only those in `allowed` count.
  void recognise(const cv::Mat& picture, double seconds, const std::set<std::string>& allowed);
  const std::map<std::string, double>& first() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::unique_ptr<Pipeline> make_maitred(const PipelineOptions& options);
// Detection and embedding of every face in every frame, with the same networks in OpenCV's dnn.
std::unique_ptr<Pipeline> make_opencv_every_frame(const PipelineOptions& options);
// The pipeline of face_recognition and howdy: dlib's frontal detector, 68 landmarks, ResNet.
std::unique_ptr<Pipeline> make_dlib_pipeline(const PipelineOptions& options);

}  // namespace maitred::bench
