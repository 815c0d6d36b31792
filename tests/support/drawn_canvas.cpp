#include "tests/support/drawn_canvas.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace maitred::drawn {
namespace {

constexpr int kShift = 4;  // fractional bits of polygon corners
constexpr double kDepth = 0.95;

Spot catmull_rom(const Spot& a, const Spot& b, const Spot& c, const Spot& d, double t) {
  const auto value = [t](double p, double q, double r, double s) {
    return 0.5 * (2.0 * q + (r - p) * t + (2.0 * p - 5.0 * q + 4.0 * r - s) * t * t +
                  (3.0 * q - p - 3.0 * r + s) * t * t * t);
  };
  return {value(a.x, b.x, c.x, d.x), value(a.y, b.y, c.y, d.y),
          value(a.depth, b.depth, c.depth, d.depth)};
}

}  // namespace

Path smooth(const Path& control, bool closed) {
  constexpr int kSteps = 6;
  const int n = static_cast<int>(control.size());
  if (n < 3) return control;
  const auto at = [&](int i) {
    return control[static_cast<std::size_t>(closed ? (i + n) % n : std::clamp(i, 0, n - 1))];
  };
  Path out;
  const int segments = closed ? n : n - 1;
  for (int i = 0; i < segments; ++i) {
    for (int step = 0; step < kSteps; ++step) {
      out.push_back(
          catmull_rom(at(i - 1), at(i), at(i + 1), at(i + 2), static_cast<double>(step) / kSteps));
    }
  }
  if (!closed) out.push_back(control.back());
  return out;
}

Path mirrored(const Path& path) {
  Path out(path.rbegin(), path.rend());
  for (Spot& spot : out) spot.x = -spot.x;
  return out;
}

Path ellipse(double x, double y, double radius_x, double radius_y, double depth) {
  constexpr int kCorners = 28;
  Path out;
  for (int i = 0; i < kCorners; ++i) {
    const double angle = 2.0 * CV_PI * i / kCorners;
    out.push_back({x + radius_x * std::cos(angle), y + radius_y * std::sin(angle), depth});
  }
  return out;
}

Canvas::Canvas(cv::Mat& picture, const Pose& pose, const HeadShape& head, double reach)
    : pose_(pose), head_(head) {
  const double u = pose.unit_px;
  const cv::Rect around(
      cv::Point(cvFloor(pose.centre_px.x - 2.6 * u), cvFloor(pose.centre_px.y - 2.6 * u)),
      cv::Point(cvCeil(pose.centre_px.x + 2.6 * u), cvCeil(pose.centre_px.y + reach * u)));
  const cv::Rect inside = around & cv::Rect(0, 0, picture.cols, picture.rows);
  picture_ = inside.area() > 0 ? picture(inside) : cv::Mat();
  pose_.centre_px -= cv::Point2d(inside.x, inside.y);
  layer_ = picture_.clone();
  covered_ = cv::Mat::zeros(picture_.size(), CV_8U);
}

cv::Point2d Canvas::project(const Spot& spot) const {
  const double nx = spot.x / head_.cheek_width;
  const double ny = spot.y / 1.45;
  const double z = kDepth * spot.depth * std::sqrt(std::max(0.0, 1.0 - nx * nx - ny * ny));
  const double turned_x = spot.x * std::cos(pose_.yaw) + z * std::sin(pose_.yaw);
  const double turned_z = z * std::cos(pose_.yaw) - spot.x * std::sin(pose_.yaw);
  const double turned_y = spot.y * std::cos(pose_.pitch) + turned_z * std::sin(pose_.pitch);
  const double c = std::cos(pose_.roll);
  const double s = std::sin(pose_.roll);
  return {pose_.centre_px.x + pose_.unit_px * (turned_x * c - turned_y * s),
          pose_.centre_px.y + pose_.unit_px * (turned_x * s + turned_y * c)};
}

Canvas::Polygon Canvas::polygon(const Path& path) const {
  Polygon out;
  out.reserve(path.size());
  for (const Spot& spot : path) {
    const cv::Point2d at = project(spot);
    out.emplace_back(cvRound(at.x * (1 << kShift)), cvRound(at.y * (1 << kShift)));
  }
  return out;
}

cv::Rect Canvas::bounds(const Polygon& polygon, double margin_px) const {
  const cv::Rect box = cv::boundingRect(polygon);
  const int margin = cvCeil(margin_px) + 2;
  const cv::Rect pixels((box.x >> kShift) - margin, (box.y >> kShift) - margin,
                        (box.width >> kShift) + 2 * margin + 1,
                        (box.height >> kShift) + 2 * margin + 1);
  return pixels & cv::Rect(0, 0, layer_.cols, layer_.rows);
}

cv::Mat Canvas::mask_of(const Polygon& polygon, const cv::Rect& where) const {
  cv::Mat mask = cv::Mat::zeros(where.size(), CV_8U);
  const cv::Point offset(-where.x * (1 << kShift), -where.y * (1 << kShift));
  cv::fillPoly(mask, std::vector<Polygon>{polygon}, cv::Scalar(255), cv::LINE_AA, kShift, offset);
  return mask;
}

void Canvas::blend(const cv::Mat& mask, const cv::Rect& where, const Colour& colour,
                   double opacity) {
  const int weight = cvRound(256.0 * std::clamp(opacity, 0.0, 1.0));
  const int b = cvRound(colour[0]);
  const int g = cvRound(colour[1]);
  const int r = cvRound(colour[2]);
  cv::Mat target = layer_(where);
  for (int y = 0; y < where.height; ++y) {
    const auto* m = mask.ptr<std::uint8_t>(y);
    auto* p = target.ptr<cv::Vec3b>(y);
    for (int x = 0; x < where.width; ++x) {
      if (m[x] == 0) continue;
      const int a = m[x] * weight / 255;
      const auto mix = [a](int old, int now) {
        return cv::saturate_cast<std::uint8_t>((old * (256 - a) + now * a + 128) >> 8);
      };
      p[x] = cv::Vec3b(mix(p[x][0], b), mix(p[x][1], g), mix(p[x][2], r));
    }
  }
}

void Canvas::fill(const Path& path, const Colour& colour) {
  const Polygon corners = polygon(path);
  const cv::Rect where = bounds(corners, 0.0);
  if (where.area() <= 0) return;
  const cv::Mat mask = mask_of(corners, where);
  cv::Mat covered = covered_(where);
  cv::max(covered, mask, covered);
  blend(mask, where, colour, 1.0);
}

void Canvas::paint(const Path& path, const Colour& colour, double opacity) {
  const Polygon corners = polygon(path);
  const cv::Rect where = bounds(corners, 0.0);
  if (where.area() > 0) blend(mask_of(corners, where), where, colour, opacity);
}

void Canvas::soften(const Path& path, const Colour& colour, double opacity, double blur,
                    const Path& clip) {
  const Polygon corners = polygon(path);
  const double sigma = std::max(0.4, blur * pose_.unit_px / 2.0);
  const cv::Rect where = bounds(corners, 2.5 * sigma);
  if (where.area() <= 0) return;
  cv::Mat mask = mask_of(corners, where);
  const int size = 2 * cvCeil(2.0 * sigma) + 1;
  cv::GaussianBlur(mask, mask, cv::Size(size, size), sigma);
  if (!clip.empty()) cv::min(mask, mask_of(polygon(clip), where), mask);
  blend(mask, where, colour, opacity);
}

void Canvas::paint_inside(const Path& path, const Path& clip, const Colour& colour,
                          double opacity) {
  const Polygon corners = polygon(path);
  const cv::Rect where = bounds(corners, 0.0);
  if (where.area() <= 0) return;
  cv::Mat mask = mask_of(corners, where);
  cv::min(mask, mask_of(polygon(clip), where), mask);
  blend(mask, where, colour, opacity);
}

void Canvas::stroke(const Path& path, const Colour& colour, double width, double opacity) {
  const Polygon corners = polygon(path);
  const double width_px = width * pose_.unit_px;
  const cv::Rect where = bounds(corners, width_px);
  if (where.area() <= 0) return;
  // A line thinner than a pixel is a fainter line of one pixel.
  const double faint = std::min(1.0, width_px);
  cv::Mat mask = cv::Mat::zeros(where.size(), CV_8U);
  Polygon moved = corners;
  for (cv::Point& p : moved) p -= cv::Point(where.x * (1 << kShift), where.y * (1 << kShift));
  cv::polylines(mask, std::vector<Polygon>{moved}, false, cv::Scalar(255),
                std::max(1, cvRound(width_px)), cv::LINE_AA, kShift);
  blend(mask, where, colour, opacity * faint);
}

cv::Mat Canvas::light_map(const Light& light) const {
  constexpr int kCells = 40;
  cv::Mat coarse(kCells, kCells, CV_32F);
  const cv::Vec3d from = cv::normalize(light.from);
  for (int row = 0; row < kCells; ++row) {
    for (int column = 0; column < kCells; ++column) {
      const double x = (column + 0.5) * picture_.cols / kCells - pose_.centre_px.x;
      const double y = (row + 0.5) * picture_.rows / kCells - pose_.centre_px.y;
      double nx = x / (1.25 * pose_.unit_px);
      double ny = std::min(y, 1.6 * pose_.unit_px) / (1.75 * pose_.unit_px);
      const double length = std::sqrt(nx * nx + ny * ny);
      if (length > 0.92) nx *= 0.92 / length, ny *= 0.92 / length;
      const double nz = std::sqrt(1.0 - nx * nx - ny * ny);
      const double lit = std::max(0.0, nx * from[0] + ny * from[1] + nz * from[2]);
      coarse.at<float>(row, column) = static_cast<float>(light.ambient + light.diffuse * lit);
    }
  }
  cv::Mat fine;
  cv::resize(coarse, fine, picture_.size(), 0, 0, cv::INTER_LINEAR);
  return fine;
}

void Canvas::finish(const Light& light) {
  if (picture_.empty()) return;
  const cv::Mat map = light_map(light);
  const auto gain = static_cast<float>(light.gain);
  const cv::Vec3f tint(static_cast<float>(light.tint[0]), static_cast<float>(light.tint[1]),
                       static_cast<float>(light.tint[2]));
  for (int y = 0; y < picture_.rows; ++y) {
    const auto* cover = covered_.ptr<std::uint8_t>(y);
    const auto* lit = map.ptr<float>(y);
    const auto* painted = layer_.ptr<cv::Vec3b>(y);
    auto* out = picture_.ptr<cv::Vec3b>(y);
    for (int x = 0; x < picture_.cols; ++x) {
      if (cover[x] == 0) continue;
      const float a = static_cast<float>(cover[x]) / 255.0F;
      for (int c = 0; c < 3; ++c) {
        const float shone = static_cast<float>(painted[x][c]) * lit[x] * gain * tint[c];
        const float mixed = static_cast<float>(out[x][c]) * (1.0F - a) + shone * a;
        out[x][c] = cv::saturate_cast<std::uint8_t>(mixed);
      }
    }
  }
}

}  // namespace maitred::drawn
