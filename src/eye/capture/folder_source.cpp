// Plays a folder of images as a film: one image per frame, ordered by name.
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "maitred/base/log.h"
#include "mat_image.h"
#include "sources.h"

namespace maitred {
namespace {

bool is_picture(const std::filesystem::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png" || ending == ".webp";
}

class FolderSource final : public FrameSource {
 public:
  FolderSource(std::vector<std::filesystem::path> files, const CaptureOptions& options)
      : files_(std::move(files)), options_(options) {}

  Result<std::optional<SourceFrame>> read() override {
    while (next_ < files_.size()) {
      const std::size_t index = next_++;
      cv::Mat picture;
      try {
        picture = cv::imread(files_[index].string(), cv::IMREAD_COLOR);
      } catch (const cv::Exception&) {
        picture.release();
      }
      if (picture.empty()) {
        journal().warn("{} is not a readable image; skipping it", files_[index].string());
        continue;
      }
      any_ = true;
      return SourceFrame{image_of(std::move(picture)), position_of(index)};
    }
    if (!any_) {
      return environment_error("camera_unreadable",
                               fmt::format("camera \"{}\": no image in {} can be decoded; check "
                                           "the files",
                                           options_.camera, options_.source));
    }
    return std::nullopt;
  }

  Milliseconds end_position() const override { return position_of(next_); }

 private:
  Milliseconds position_of(std::size_t index) const {
    return Milliseconds(std::llround(1000.0 * static_cast<double>(index) / options_.fps));
  }

  const std::vector<std::filesystem::path> files_;
  const CaptureOptions options_;
  std::size_t next_ = 0;
  bool any_ = false;
};

}  // namespace

Result<std::unique_ptr<FrameSource>> open_folder(const CaptureOptions& options) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(options.source, failed)) {
    if (is_picture(entry.path())) files.push_back(entry.path());
  }
  if (failed || files.empty()) {
    return camera_absent(options, "holds no JPEG, PNG or WebP image",
                         "put images into the folder or correct the source");
  }
  std::sort(files.begin(), files.end());
  return std::make_unique<FolderSource>(std::move(files), options);
}

}  // namespace maitred
