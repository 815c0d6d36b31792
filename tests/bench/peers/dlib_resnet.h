// The network of dlib's face recognition, as dlib itself runs it. Slow to compile.
#pragma once

#include <dlib/dnn.h>

#include <filesystem>

namespace maitred::bench {

template <int filters, int stride, typename Below>
using PeerBlock = dlib::affine<
    dlib::con<filters, 3, 3, 1, 1,
              dlib::relu<dlib::affine<dlib::con<filters, 3, 3, stride, stride, Below>>>>>;
template <int filters, typename Below>
using PeerSame = dlib::relu<dlib::add_prev1<PeerBlock<filters, 1, dlib::tag1<Below>>>>;
template <int filters, typename Below>
using PeerDown = dlib::relu<dlib::add_prev2<
    dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<PeerBlock<filters, 2, dlib::tag1<Below>>>>>>>;
template <typename Below>
using PeerLevel32 = PeerSame<32, PeerSame<32, PeerSame<32, Below>>>;
template <typename Below>
using PeerLevel64 = PeerSame<64, PeerSame<64, PeerSame<64, PeerDown<64, Below>>>>;
template <typename Below>
using PeerLevel128 = PeerSame<128, PeerSame<128, PeerDown<128, Below>>>;
template <typename Below>
using PeerLevel256 = PeerDown<256, PeerSame<256, PeerSame<256, PeerDown<256, Below>>>>;
using PeerStem = dlib::max_pool<
    3, 3, 2, 2,
    dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, dlib::input_rgb_image_sized<150>>>>>;
using DlibResNet = dlib::loss_metric<dlib::fc_no_bias<
    128, dlib::avg_pool_everything<PeerLevel256<PeerLevel128<PeerLevel64<PeerLevel32<PeerStem>>>>>>>;

// The published weights from the folder, or random ones without denormals; true for the former.
bool load_resnet(const std::filesystem::path& models, DlibResNet& network);

}  // namespace maitred::bench
