#include <gtest/gtest.h>
#include <chrono>
#include <cstdlib>
#include "maitred/inference/network.h"
using namespace maitred;
TEST(Smoke, Runs) {
  for (const char* file : {"yunet_n_640_640.onnx", "face_detection_yunet_2023mar.onnx", "face-reidentification-retail-0095.xml", "2.7_80x80_MiniFASNetV2.onnx","4_0_0_80x80_MiniFASNetV1SE.onnx","fer_mini_xception.onnx"}) {
   for (Backend b : {Backend::kOneDnn, Backend::kOpenCv}) {
    NetworkOptions o; o.backend = b; if (std::string(file).find("yunet") != std::string::npos) o.input_shape = {1,3,384,640};
    auto n = load_network(std::string("/work/shared/models/") + file, o);
    if (!n) { printf("%s: %s\n", file, n.error().message.c_str()); continue; }
    unsigned s = 1; for (auto& v : (*n)->input()) { s = s*1664525u+1013904223u; v = static_cast<float>(s >> 24); }
    ASSERT_TRUE((*n)->run());
    double best=1e9;
    for (int i=0;i<10;++i){auto t=std::chrono::steady_clock::now(); ASSERT_TRUE((*n)->run()); best=std::min(best,std::chrono::duration<double,std::milli>(std::chrono::steady_clock::now()-t).count());}
    printf("%s %s %.2f ms\n", file, (*n)->backend_name().c_str(), best);
    for (size_t i=0;i<(*n)->outputs().size();++i){ printf("  %s:", (*n)->outputs()[i].name.c_str()); auto out=(*n)->output(i); double sum=0; for(float v:out) sum+=std::abs(v); printf(" %zu %g %g %g sum %g\n", out.size(), double(out[0]), double(out[1]), double(out[2]), sum);}
   }
  }
}
