#include "maitred/eye/vision/yunet.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace maitred {
namespace {

// One stride's outputs, all silent.
struct Outputs {
  Outputs(int stride_px, int columns, int rows)
      : cells(static_cast<std::size_t>(columns * rows)),
        cls(cells, 0.0F),
        obj(cells, 0.0F),
        bbox(cells * 4, 0.0F),
        kps(cells * 10, 0.0F),
        stride{stride_px, columns, rows, cls, obj, bbox, kps} {}
  std::size_t cells;
  std::vector<float> cls, obj, bbox, kps;
  YunetStride stride;
};

TEST(DecodeYunet, ReadsBoxAndLandmarksOfACell) {
  Outputs outputs(16, 40, 24);
  const std::size_t cell = 5 * 40 + 7;  // row 5, column 7
  outputs.cls[cell] = 0.81F;
  outputs.obj[cell] = 1.0F;
  outputs.bbox[cell * 4] = 0.5F;
  outputs.bbox[cell * 4 + 1] = -0.25F;
  outputs.bbox[cell * 4 + 2] = std::log(3.0F);
  outputs.bbox[cell * 4 + 3] = std::log(4.0F);
  outputs.kps[cell * 10 + 4] = 1.5F;
  outputs.kps[cell * 10 + 5] = -2.0F;
  const std::vector<Face> faces = decode_yunet(std::array{outputs.stride}, 0.6F);
  ASSERT_EQ(faces.size(), 1U);
  EXPECT_NEAR(faces[0].score, 0.9F, 1e-5);
  EXPECT_NEAR(faces[0].box.centre().x_px, 7.5F * 16.0F, 1e-3);
  EXPECT_NEAR(faces[0].box.centre().y_px, 4.75F * 16.0F, 1e-3);
  EXPECT_NEAR(faces[0].box.width_px, 48.0F, 1e-3);
  EXPECT_NEAR(faces[0].box.height_px, 64.0F, 1e-3);
  EXPECT_NEAR(faces[0].landmarks[2].x_px, 8.5F * 16.0F, 1e-3);
  EXPECT_NEAR(faces[0].landmarks[2].y_px, 3.0F * 16.0F, 1e-3);
  EXPECT_NEAR(faces[0].landmarks[0].x_px, 7.0F * 16.0F, 1e-3);
}

TEST(DecodeYunet, DropsWeakAndBrokenCells) {
  Outputs outputs(8, 4, 4);
  outputs.cls[0] = 0.9F;
  outputs.obj[0] = 0.3F;  // sqrt(0.27) = 0.52
  outputs.cls[5] = std::numeric_limits<float>::quiet_NaN();
  outputs.obj[5] = 1.0F;
  outputs.cls[6] = outputs.obj[6] = 1.0F;
  outputs.bbox[6 * 4 + 2] = 1e9F;  // a width without end
  EXPECT_TRUE(decode_yunet(std::array{outputs.stride}, 0.6F).empty());
}

Face face_at(float x, float score) {
  Face face;
  face.box = {x, 0.0F, 100.0F, 100.0F};
  face.score = score;
  return face;
}

TEST(SuppressOverlaps, KeepsTheBestOfEachHeap) {
  const std::vector<Face> kept = suppress_overlaps(
      {face_at(0.0F, 0.7F), face_at(10.0F, 0.9F), face_at(300.0F, 0.8F), face_at(80.0F, 0.75F)},
      0.3F);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_FLOAT_EQ(kept[0].score, 0.9F);
  EXPECT_FLOAT_EQ(kept[1].score, 0.8F);
  EXPECT_FLOAT_EQ(kept[2].score, 0.75F);  // touches, but hides little
}

TEST(ChooseDetectionScale, SidesAreMultiplesOf32AndHoldTheReducedImage) {
  for (const InputSize image : {InputSize{1280, 720},
                                {640, 360},
                                {540, 960},
                                {250, 250},
                                {1, 1},
                                {33, 4000},
                                {2048, 1365}}) {
    for (const int min_face_px : {1, 20, 60, 200}) {
      const DetectionScale scale = choose_detection_scale(image, min_face_px);
      EXPECT_EQ(scale.input.width_px % 32, 0);
      EXPECT_EQ(scale.input.height_px % 32, 0);
      EXPECT_GT(scale.input.width_px, 0);
      EXPECT_GT(scale.factor, 0.0F);
      EXPECT_LE(scale.factor, 1.0F);
      EXPECT_LE(std::lround(scale.factor * static_cast<float>(image.width_px)),
                scale.input.width_px);
      EXPECT_LE(std::lround(scale.factor * static_cast<float>(image.height_px)),
                scale.input.height_px);
    }
  }
}

TEST(ChooseDetectionScale, ReducesWhatTheSmallestFaceAllows) {
  const DetectionScale near = choose_detection_scale({1280, 720}, 60);
  const DetectionScale far = choose_detection_scale({1280, 720}, 20);
  EXPECT_LE(near.input.width_px, 640);
  EXPECT_GE(near.factor * 60.0F, 16.0F);
  EXPECT_EQ(far.factor, 1.0F);
  EXPECT_EQ(far.input, (InputSize{1280, 736}));
}

}  // namespace
}  // namespace maitred
