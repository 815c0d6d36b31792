// Draws shapes given in face coordinates (drawn_person.h) onto a picture, through the pose of the
// head. Each shape is bent over an ellipsoid, so that a turned head shows real parallax.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "tests/support/drawn_person.h"

namespace maitred::drawn {

// A point in face coordinates. `depth` 1 lies on the front of the head, 0 in the plane of its
// silhouette, more than 1 stands out of it.
struct Spot {
  double x = 0.0, y = 0.0, depth = 1.0;
};
using Path = std::vector<Spot>;

// A closed or open curve through the control points.
Path smooth(const Path& control, bool closed);
// The path seen in a mirror: x becomes -x, order reversed.
Path mirrored(const Path& path);
Path ellipse(double x, double y, double radius_x, double radius_y, double depth = 1.0);

struct Pose {
  cv::Point2d centre_px;
  double unit_px = 50.0;                      // half an average face's width
  double yaw = 0.0, pitch = 0.0, roll = 0.0;  // radians; features go right, down, clockwise
};

// Light on a head: direction it comes from (x right, y down, z towards the viewer).
struct Light {
  cv::Vec3d from{-0.3, -0.5, 0.8};
  double ambient = 0.62, diffuse = 0.5;
  double gain = 1.0;                    // of everything
  Colour tint = Colour(1.0, 1.0, 1.0);  // BGR factors
};

// Paints on `picture`, which it borrows. Thread-compatible.
class Canvas {
 public:
  // `reach` is how far below the middle of the face anything will be painted, in units.
  Canvas(cv::Mat& picture, const Pose& pose, const HeadShape& head, double reach = 2.6);

  cv::Point2d project(const Spot& spot) const;
  double unit_px() const { return pose_.unit_px; }

  // Opaque shape; it counts as part of the person, and so is lit.
  void fill(const Path& path, const Colour& colour);
  // Opaque shape within what is painted already.
  void paint(const Path& path, const Colour& colour, double opacity = 1.0);
  // A shape with a soft edge `blur` units wide, kept inside `clip` unless that is empty.
  void soften(const Path& path, const Colour& colour, double opacity, double blur,
              const Path& clip = {});
  // A shape of which only what lies inside `clip` is shown.
  void paint_inside(const Path& path, const Path& clip, const Colour& colour, double opacity = 1.0);
  void stroke(const Path& path, const Colour& colour, double width, double opacity = 1.0);

  // Last: lights what `fill` painted and puts it on the picture.
  void finish(const Light& light);

 private:
  using Polygon = std::vector<cv::Point>;
  Polygon polygon(const Path& path) const;
  cv::Rect bounds(const Polygon& polygon, double margin_px) const;
  void blend(const cv::Mat& mask, const cv::Rect& where, const Colour& colour, double opacity);
  cv::Mat mask_of(const Polygon& polygon, const cv::Rect& where) const;
  cv::Mat light_map(const Light& light) const;

  cv::Mat picture_;  // the part of the caller's picture that the person may touch
  cv::Mat layer_;    // what is painted so far
  cv::Mat covered_;  // where `fill` painted
  Pose pose_;
  HeadShape head_;
};

}  // namespace maitred::drawn
