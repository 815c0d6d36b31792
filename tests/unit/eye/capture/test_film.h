// Films whose frames tell their number, made by the tests.
#pragma once

#include <cmath>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <string>

#include "maitred/types/image.h"

namespace maitred::test {

// A folder of its own, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "maitred-capture-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Grey of 5 x number, which survives compression.
inline cv::Mat numbered_picture(int number) {
  return cv::Mat(96, 128, CV_8UC3, cv::Scalar::all(5.0 * number));
}

inline int number_of(const Image& image) {
  const ImageView& view = image.view;
  const std::size_t middle = static_cast<std::size_t>(view.height_px / 2) * view.stride_bytes +
                             static_cast<std::size_t>(view.width_px / 2) * 3;
  return static_cast<int>(std::lround(view.data[middle] / 5.0));
}

// Motion JPEG in AVI, which OpenCV writes without any other library.
inline std::string write_film(const std::filesystem::path& folder, int frames, double fps) {
  const std::string file = (folder / "film.avi").string();
  cv::VideoWriter writer(file, cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'),
                         fps, {128, 96});
  for (int i = 0; i < frames; ++i) writer.write(numbered_picture(i));
  return file;
}

inline std::string write_images(const std::filesystem::path& folder, int images) {
  const std::filesystem::path into = folder / "images";
  std::filesystem::create_directory(into);
  for (int i = 0; i < images; ++i) {
    const std::string name = "frame" + std::to_string(100 + i) + (i % 2 == 0 ? ".png" : ".jpg");
    cv::imwrite((into / name).string(), numbered_picture(i));
  }
  return into.string();
}

}  // namespace maitred::test
