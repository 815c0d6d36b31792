// The parts of a face, painted from the back to the front. Used by drawn_face.cpp only.
#pragma once

#include "tests/support/drawn_canvas.h"
#include "tests/support/drawn_face.h"

namespace maitred::drawn {

Colour darker(const Colour& colour, double share);
Colour lighter(const Colour& colour, double share);

// The outline of the face's skin, closed, from the left temple over the chin and the crown.
Path face_outline(const HeadShape& head);
// Half the face's width at a height below the eyes.
double half_width_at(const HeadShape& head, double y);

void paint_torso(Canvas& canvas, const DrawnPerson& person, std::uint64_t clothes);
void paint_skin(Canvas& canvas, const DrawnPerson& person);
void paint_marks(Canvas& canvas, const DrawnPerson& person);
void paint_eyes(Canvas& canvas, const DrawnPerson& person, const Look& look);
void paint_brows(Canvas& canvas, const DrawnPerson& person, const Look& look);
void paint_nose(Canvas& canvas, const DrawnPerson& person);
void paint_mouth(Canvas& canvas, const DrawnPerson& person, const Look& look);
void paint_beard(Canvas& canvas, const DrawnPerson& person);
void paint_moustache(Canvas& canvas, const DrawnPerson& person);
void paint_glasses(Canvas& canvas, const DrawnPerson& person);
void paint_back_hair(Canvas& canvas, const DrawnPerson& person);
void paint_front_hair(Canvas& canvas, const DrawnPerson& person);

}  // namespace maitred::drawn
