// The shop behind the people: floor, wall, door, shelves and a lamp; nothing that looks like a
// face.
#include <opencv2/imgproc.hpp>

#include "tests/support/drawn_film.h"
#include "tests/support/drawn_random.h"

namespace maitred::drawn {
namespace {

// Draws with fractions of the picture.
class Sketch {
 public:
  explicit Sketch(cv::Mat& picture) : picture_(picture) {}

  void box(double x0, double y0, double x1, double y1, const Colour& colour) {
    cv::rectangle(picture_, at(x0, y0), at(x1, y1), colour, cv::FILLED, cv::LINE_AA);
  }
  void line(double x0, double y0, double x1, double y1, const Colour& colour, int width) {
    cv::line(picture_, at(x0, y0), at(x1, y1), colour, width, cv::LINE_AA);
  }

 private:
  cv::Point at(double x, double y) const {
    return {cvRound(x * picture_.cols), cvRound(y * picture_.rows)};
  }
  cv::Mat& picture_;
};

void draw_shelves(Sketch& sketch, double x0, double x1, Random& random) {
  sketch.box(x0, 0.20, x1, 0.66, Colour(88, 116, 142));
  for (int row = 0; row < 4; ++row) {
    const double y = 0.30 + 0.115 * row;
    double x = x0 + 0.008;
    while (x < x1 - 0.03) {
      const double width = random.uniform(0.018, 0.034);
      const double height = random.uniform(0.045, 0.085);
      const Colour colour(random.uniform(70, 200), random.uniform(70, 200),
                          random.uniform(70, 200));
      sketch.box(x, y - height, x + width, y, colour);
      sketch.box(x, y - height, x + width, y - height * 0.75, colour * 0.8);
      x += width + random.uniform(0.003, 0.012);
    }
    sketch.box(x0, y, x1, y + 0.012, Colour(60, 84, 108));
  }
}

}  // namespace

cv::Mat draw_shop(cv::Size size) {
  cv::Mat picture(size, CV_8UC3, Colour(190, 200, 204));
  Sketch sketch(picture);
  Random random(7);
  sketch.box(0.0, 0.68, 1.0, 1.0, Colour(112, 128, 146));
  for (int i = 0; i < 9; ++i) {
    sketch.line(0.5 + (i - 4) * 0.09, 0.68, 0.5 + (i - 4) * 0.32, 1.0, Colour(100, 114, 130), 2);
  }
  sketch.box(0.0, 0.655, 1.0, 0.685, Colour(150, 160, 166));
  sketch.box(0.40, 0.16, 0.60, 0.68, Colour(120, 140, 150));
  sketch.box(0.415, 0.18, 0.495, 0.67, Colour(214, 206, 190));
  sketch.box(0.505, 0.18, 0.585, 0.67, Colour(214, 206, 190));
  sketch.box(0.36, 0.07, 0.64, 0.13, Colour(90, 60, 40));
  sketch.box(0.38, 0.085, 0.62, 0.115, Colour(120, 190, 220));
  draw_shelves(sketch, 0.03, 0.34, random);
  draw_shelves(sketch, 0.66, 0.97, random);
  cv::GaussianBlur(picture, picture, cv::Size(0, 0), 0.8);
  return picture;
}

}  // namespace maitred::drawn
