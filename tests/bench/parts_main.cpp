// Measures parts, each beside its peer: networks, search, a still scene, faces in view.
// MAITRED_MODELS names a folder of model files; without it, only parts that need none are measured.
#include <benchmark/benchmark.h>
#include <faiss/IndexFlat.h>
#include <omp.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <cstdlib>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "maitred/eye/inference/network.h"
#include "maitred/eye/vision/align.h"
#include "maitred/shop/matching/gallery.h"
#include "tests/bench/int8_parts.h"
#include "tests/bench/peers/dlib_peer.h"
#include "tests/bench/pipeline.h"
#include "tests/support/drawn_face.h"
#include "tests/support/resnet_file.h"

namespace {

using namespace maitred;
namespace fs = std::filesystem;

fs::path models() {
  const char* folder = std::getenv("MAITRED_MODELS");
  return folder != nullptr ? folder : "";
}

void fill(std::span<float> values) {
  std::mt19937 random(1);
  for (float& value : values) value = static_cast<float>(random() % 256);
}

// --- networks -----------------------------------------------------------------------------------

void run_network(benchmark::State& state, const fs::path& file, Backend backend,
                 std::vector<int> shape, Precision precision = Precision::kFloat) {
  NetworkOptions options;
  options.backend = backend;
  options.precision = precision;
  options.input_shape = std::move(shape);
  const auto network = load_network(file, options);
  if (!network) return state.SkipWithError(network.error().message.c_str());
  fill((*network)->input());
  for (auto step : state) {
    (void)step;
    if (!(*network)->run()) return state.SkipWithError("run failed");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * options.input_shape[0]);
}

void run_in_opencv(benchmark::State& state, const fs::path& file, const std::vector<int>& shape) {
  cv::dnn::Net net = cv::dnn::readNet(file.string());
  cv::Mat blob(shape, CV_32F);
  fill({blob.ptr<float>(), blob.total()});
  const auto names = net.getUnconnectedOutLayersNames();
  std::vector<cv::Mat> outputs;
  for (auto step : state) {
    (void)step;
    net.setInput(blob);
    net.forward(outputs, names);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * shape[0]);
}

void register_networks() {
  const fs::path yunet = models() / "yunet_n_640_640.onnx";
  const fs::path embedder = models() / "face-reidentification-retail-0095.xml";
  const std::vector<int> frame{1, 3, 384, 640};
  if (fs::exists(yunet)) {
    benchmark::RegisterBenchmark("detect/maitred", run_network, yunet, Backend::kOneDnn, frame,
                                 Precision::kInt8);
    benchmark::RegisterBenchmark("detect-float/maitred", run_network, yunet, Backend::kOneDnn,
                                 frame, Precision::kFloat);
    benchmark::RegisterBenchmark("detect/opencv", run_in_opencv, yunet, frame);
  }
  if (fs::exists(embedder)) {
    for (const int batch : {1, 2, 4, 8}) {
      benchmark::RegisterBenchmark(("embed" + std::to_string(batch) + "/maitred").c_str(),
                                   run_network, embedder, Backend::kOneDnn,
                                   std::vector<int>{batch, 3, 128, 128}, Precision::kFloat);
    }
    benchmark::RegisterBenchmark("embed-int8/maitred", run_network, embedder, Backend::kOneDnn,
                                 std::vector<int>{1, 3, 128, 128}, Precision::kInt8);
    // OpenCV reads this format only with OpenVINO, so it gets the network layer by layer.
    benchmark::RegisterBenchmark("embed1/opencv", run_network, embedder, Backend::kOpenCv,
                                 std::vector<int>{1, 3, 128, 128}, Precision::kFloat);
  }
}

void resnet_of_dlib(benchmark::State& state) {
  bench::DlibPeer peer(models());
  cv::Mat chip(150, 150, CV_8UC3);
  cv::randu(chip, 0, 255);
  for (auto step : state) {
    (void)step;
    benchmark::DoNotOptimize(peer.embed_chip(chip));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

// A file of made-up weights, used if the published one is missing.
fs::path made_resnet() {
  return fs::temp_directory_path() /
         ("maitred-bench-resnet-" + std::to_string(::getpid()) + ".dat");
}

fs::path resnet_file() {
  const fs::path published = models() / "dlib_face_recognition_resnet_model_v1.dat";
  if (fs::exists(published)) return published;
  const fs::path file = made_resnet();
  if (!fs::exists(file)) test::write_resnet_file(file, 1, test::BatchNorms::kFixed);
  return file;
}

// --- search -------------------------------------------------------------------------------------

constexpr std::size_t kLength = 256;

const std::vector<float>& random_rows(std::size_t count) {
  static std::vector<float> rows;
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  if (rows.size() < count * kLength) rows.clear();
  while (rows.size() < count * kLength) rows.push_back(normal(random));
  return rows;
}

const Gallery& gallery_of(std::size_t count) {
  static std::shared_ptr<const Gallery> gallery;
  if (gallery && gallery->rows() == count) return *gallery;
  gallery.reset();
  const std::vector<float>& rows = random_rows(count);
  std::vector<GalleryEntry> entries(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries[i].customer = CustomerId(std::to_string(i));
    entries[i].templates.emplace_back("bench", std::span(rows).subspan(i * kLength, kLength));
  }
  gallery = Gallery::build("bench", kLength, entries).value();
  return *gallery;
}

void search_of_maitred(benchmark::State& state, std::size_t probes) {
  const Gallery& gallery = gallery_of(static_cast<std::size_t>(state.range(0)));
  std::vector<Template> given;
  std::vector<const Template*> pointers;
  for (std::size_t i = 0; i < probes; ++i) {
    given.emplace_back("bench", std::span(random_rows(100)).subspan(i * kLength + 13, kLength));
  }
  for (const Template& one : given) pointers.push_back(&one);
  for (auto step : state) {
    (void)step;
    if (probes == 1) {
      benchmark::DoNotOptimize(gallery.search(given[0], 2));
    } else {
      benchmark::DoNotOptimize(gallery.search_each(pointers, 2));
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * probes));
}

void search_of_faiss(benchmark::State& state, std::size_t probes) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<float>& rows = random_rows(count);
  faiss::IndexFlatIP index(kLength);
  index.add(static_cast<faiss::Index::idx_t>(count), rows.data());
  std::vector<float> scores(2 * probes);
  std::vector<faiss::Index::idx_t> found(2 * probes);
  for (auto step : state) {
    (void)step;
    index.search(static_cast<faiss::Index::idx_t>(probes), rows.data() + 13, 2, scores.data(),
                 found.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * probes));
}

// The sum of the same bytes: the bound for a search that reads each of them.
__attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"))) std::uint64_t
sum_of(const std::uint64_t* words, std::size_t count) {
  std::uint64_t sums[32] = {};
  for (std::size_t i = 0; i + 32 <= count; i += 32) {
    for (std::size_t k = 0; k < 32; ++k) sums[k] += words[i + k];
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sums) sum += one;
  return sum;
}

void plain_read(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<float>& rows = random_rows(count);
  for (auto step : state) {
    (void)step;
    benchmark::DoNotOptimize(
        sum_of(reinterpret_cast<const std::uint64_t*>(rows.data()), count * kLength / 2));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void register_search() {
  for (const std::int64_t rows : {100, 1000, 10000, 100000, 1000000}) {
    benchmark::RegisterBenchmark("search/maitred", search_of_maitred, 1U)->Arg(rows);
    benchmark::RegisterBenchmark("search/faiss", search_of_faiss, 1U)->Arg(rows);
    benchmark::RegisterBenchmark("search/read", plain_read)->Arg(rows);
  }
  for (const std::size_t probes : {4U, 16U}) {
    const std::string name = "search-" + std::to_string(probes) + "-probes";
    benchmark::RegisterBenchmark((name + "/maitred").c_str(), search_of_maitred, probes)
        ->Arg(100000);
    benchmark::RegisterBenchmark((name + "/faiss").c_str(), search_of_faiss, probes)->Arg(100000);
  }
}

// --- pictures -----------------------------------------------------------------------------------

// A picture of 1280x720 with this number of drawn faces, each 110 px wide.
cv::Mat picture_of(int faces) {
  cv::Mat picture(720, 1280, CV_8UC3, cv::Scalar(120, 130, 140));
  for (int i = 0; i < faces; ++i) {
    cv::Mat portrait = drawn::draw_portrait(drawn::make_person(static_cast<std::uint64_t>(i) + 1),
                                            drawn::studio_look(static_cast<std::uint64_t>(i)), 200);
    cv::resize(portrait, portrait, {180, 180}, 0, 0, cv::INTER_AREA);
    portrait.copyTo(picture(cv::Rect(20 + i % 6 * 205, 20 + i / 6 * 230, 180, 180)));
  }
  return picture;
}

void look_at(benchmark::State& state,
             std::unique_ptr<bench::Pipeline> (*make)(const bench::PipelineOptions&),
             double move_px) {
  bench::PipelineOptions options;
  options.models = models();
  const auto pipeline = make(options);
  const cv::Mat still = picture_of(static_cast<int>(state.range(0)));
  std::vector<cv::Mat> frames;
  for (int i = 0; i < 4; ++i) {
    const cv::Mat shift = (cv::Mat_<double>(2, 3) << 1, 0, i % 2 * move_px, 0, 1, 0);
    cv::Mat moved;
    cv::warpAffine(still, moved, shift, still.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    cv::Mat grain(moved.size(), CV_8UC3);
    cv::randn(grain, 2, 2);
    frames.push_back(moved + grain);
  }
  double seconds = 0;
  for (auto step : state) {
    (void)step;
    pipeline->recognise(frames[static_cast<std::size_t>(seconds * 10.0 + 0.5) % frames.size()],
                        seconds);
    seconds += 0.1;
  }
  state.counters["faces"] =
      static_cast<double>(pipeline->counts().faces) /
      static_cast<double>(std::max<std::uint64_t>(pipeline->counts().detections, 1));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void register_pictures() {
  if (!fs::exists(models() / "yunet_n_640_640.onnx")) return;
  benchmark::RegisterBenchmark("still-scene/maitred", look_at, bench::make_maitred, 0.0)
      ->Arg(0)
      ->Iterations(600);
  for (const std::int64_t faces : {1, 2, 4, 8, 16}) {
    benchmark::RegisterBenchmark("faces/maitred", look_at, bench::make_maitred, 3.0)
        ->Arg(faces)
        ->Iterations(100);
    benchmark::RegisterBenchmark("faces/opencv", look_at, bench::make_opencv_every_frame, 3.0)
        ->Arg(faces)
        ->Iterations(5);
    benchmark::RegisterBenchmark("faces/dlib", look_at, bench::make_dlib_pipeline, 3.0)
        ->Arg(faces)
        ->Iterations(3);
  }
}

}  // namespace

int main(int argc, char** argv) {
  cv::setNumThreads(1);
  omp_set_num_threads(1);
  _mm_setcsr(_mm_getcsr() | 0x8040U);  // no denormals, for maitred and peers alike
  register_networks();
  benchmark::RegisterBenchmark("resnet/dlib", resnet_of_dlib);
  for (const int batch : {1, 8}) {
    benchmark::RegisterBenchmark(
        batch == 1 ? "resnet/maitred" : "resnet8/maitred", [batch](benchmark::State& state) {
          run_network(state, resnet_file(), Backend::kOneDnn, {batch, 3, 150, 150});
        });
  }
  bench::register_int8();
  register_search();
  register_pictures();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  fs::remove(made_resnet());
  return 0;
}
