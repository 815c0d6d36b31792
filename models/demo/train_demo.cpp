// Trains the network of the `demo` engine on drawn people, or measures it on drawn people that it
// has never seen. See README.md beside this file.
#include <dlib/dnn.h>
#include <pmmintrin.h>
#include <xmmintrin.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "models/demo/crops.h"
#include "models/demo/figures.h"
#include "models/demo/network.h"
#include "tests/support/drawn_random.h"

namespace maitred::demo {
namespace {

struct Options {
  std::filesystem::path out = "build/demo.dat";
  std::filesystem::path weights;  // to measure; `out` if empty
  std::filesystem::path from;     // to continue training, with fixed batch norms
  std::filesystem::path landmarks = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";
  std::filesystem::path cache = "build/demo-crops";
  int people = 3000, photos = 10, steps = 2500, threads = 2;
  int batch_people = 40, batch_photos = 4;
  double rate = 0.1, margin = 0.25, distance = 1.0;
  std::uint64_t seed = 1;
  int unseen = 1200;
  bool evaluate = false;
};

// Varies a crop cheaply: moves the landmarks by a pixel and changes the exposure.
cv::Mat varied(const cv::Mat& image, drawn::Random& random) {
  const double angle = random.around(0.0, 1.5);
  const double scale = 1.0 + random.around(0.0, 0.03);
  const double middle = image.cols / 2.0;
  cv::Mat turn = cv::getRotationMatrix2D(
      cv::Point2f(static_cast<float>(middle), static_cast<float>(middle)), angle, scale);
  turn.at<double>(0, 2) += random.around(0.0, 0.9);
  turn.at<double>(1, 2) += random.around(0.0, 0.9);
  cv::Mat moved;
  cv::warpAffine(image, moved, turn, image.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  moved.convertTo(moved, -1, random.uniform(0.85, 1.15), random.uniform(-10.0, 10.0));
  return moved;
}

struct Batch {
  std::vector<Crop> crops;
  std::vector<unsigned long> labels;
};

Batch make_batch(const Options& options, const std::vector<cv::Mat>& crops, drawn::Random& random) {
  Batch batch;
  for (int p = 0; p < options.batch_people; ++p) {
    const int person = random.whole(0, options.people - 1);
    for (int k = 0; k < options.batch_photos; ++k) {
      const int photo = random.whole(0, options.photos - 1);
      const cv::Mat& crop =
          crops[static_cast<std::size_t>(person) * static_cast<std::size_t>(options.photos) +
                static_cast<std::size_t>(photo)];
      if (crop.empty()) continue;
      batch.crops.push_back(crop_of(varied(crop, random)));
      batch.labels.push_back(static_cast<unsigned long>(person));
    }
  }
  return batch;
}

double cosine_decay(double rate, int step, int steps) {
  const double warm = std::min(1.0, (step + 1) / 50.0);
  return rate * warm * (0.5 + 0.5 * std::cos(CV_PI * step / steps)) + 1e-4;
}

template <typename Net>
void save(dlib::dnn_trainer<Net, dlib::sgd>& trainer, const std::filesystem::path& file) {
  // Waits for the current step.
  TrainedNetwork trained = trainer.get_net(dlib::force_flush_to_disk::no);
  trained.clean();
  dlib::serialize(file.string()) << trained;
}

template <typename Net>
void run_steps(const Options& options, const std::vector<cv::Mat>& crops, Net& network) {
  dlib::dnn_trainer<Net, dlib::sgd> trainer(network, dlib::sgd(5e-4F, 0.9F));
  trainer.set_learning_rate(options.rate);
  trainer.set_iterations_without_progress_threshold(1'000'000);
  drawn::Random random(options.seed);
  const auto start = std::chrono::steady_clock::now();
  for (int step = 0; step < options.steps; ++step) {
    if (step % 10 == 0) {
      trainer.set_learning_rate(cosine_decay(options.rate, step, options.steps));
    }
    const Batch batch = make_batch(options, crops, random);
    trainer.train_one_step(batch.crops, batch.labels);
    if (step % 50 == 49) {
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
      std::printf("step %d  loss %.4f  rate %.4f  %.0f s\n", step + 1, trainer.get_average_loss(),
                  trainer.get_learning_rate(), spent.count());
      std::fflush(stdout);
    }
    if (step % 250 == 249 || step + 1 == options.steps) save(trainer, options.out);
  }
  std::printf("%s: %ju bytes\n", options.out.c_str(),
              static_cast<std::uintmax_t>(std::filesystem::file_size(options.out)));
}

void train(const Options& options) {
  dlib::rand(0);
  const auto crops = make_crops({kFirstTrainingPerson, options.people, options.photos},
                                options.landmarks, options.cache, options.threads);
  const auto missing =
      std::count_if(crops.begin(), crops.end(), [](const cv::Mat& crop) { return crop.empty(); });
  std::printf("%zu crops, %ld without a face\n", crops.size(), static_cast<long>(missing));
  std::fflush(stdout);

  const dlib::loss_metric_ loss(static_cast<float>(options.margin),
                                static_cast<float>(options.distance));
  if (options.from.empty()) {
    TrainingNetwork network(loss);
    run_steps(options, crops, network);
    return;
  }
  TrainedNetwork network;
  dlib::deserialize(options.from.string()) >> network;
  TrainedNetwork fresh(loss);
  fresh.subnet() = network.subnet();
  run_steps(options, crops, fresh);
}

Vector embed(TrainedNetwork& network, const cv::Mat& crop) {
  if (crop.empty()) return {};
  return dlib_template(network, crop);
}

// The first kGallery unseen people are the gallery of the identification trial, the others are
// strangers.
constexpr int kGallery = 200;
constexpr int kProbes = 3;

void evaluate(const Options& options) {
  TrainedNetwork network;
  dlib::deserialize((options.weights.empty() ? options.out : options.weights).string()) >> network;
  const int photos = kProbes + 1;
  const auto crops = make_crops({kFirstUnseenPerson, options.unseen, photos}, options.landmarks,
                                options.cache, options.threads);
  std::vector<Vector> enrolled;
  std::vector<std::vector<Vector>> probes;
  for (std::size_t i = 0; i < crops.size(); i += photos) {
    enrolled.push_back(embed(network, crops[i]));
    probes.emplace_back();
    for (std::size_t k = 1; k < photos; ++k) probes.back().push_back(embed(network, crops[i + k]));
  }
  std::vector<Vector> strangers;
  for (std::size_t i = kGallery; i < probes.size(); ++i) {
    for (const Vector& probe : probes[i]) strangers.push_back(probe);
  }
  const std::vector<Vector> gallery(enrolled.begin(), enrolled.begin() + kGallery);
  const std::vector<std::vector<Vector>> known(probes.begin(), probes.begin() + kGallery);
  for (const double target : {0.01, 0.001}) {
    const Identification id = identification(gallery, known, strangers, target);
    std::printf(
        "1:N  gallery %d, %zu strangers' probes: FPIR %.4f  FNIR %.4f  threshold %.3f "
        "(no face in %.4f of the probes)\n",
        kGallery, strangers.size(), id.fpir, id.fnir, id.threshold, id.not_found);
  }
  std::vector<double> thresholds;
  for (int t = 20; t <= 98; t += 2) thresholds.push_back(t / 100.0);
  std::printf("# threshold, FMR, FNMR: %d people, one enrolment photo, %d probes each\n",
              options.unseen, kProbes);
  std::printf("calibration = [\n");
  for (const VerificationRow& row : verification(enrolled, probes, thresholds)) {
    std::printf("  [%.2f, %.3g, %.3g],\n", row.threshold, row.fmr, row.fnmr);
  }
  std::printf("]\n");
}

}  // namespace
}  // namespace maitred::demo

int main(int argc, char** argv) {
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
  _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON);
  maitred::demo::Options options;
  CLI::App app("Trains or measures the network of the demo engine on drawn people");
  app.add_flag("--evaluate", options.evaluate, "measure on unseen people; prints calibration TOML");
  app.add_option("--out", options.out, "weights to write")->capture_default_str();
  app.add_option("--weights", options.weights, "weights to measure (default: those of --out)");
  app.add_option("--from", options.from, "weights to go on from, with batch norms fixed");
  app.add_option("--landmarks", options.landmarks, "68-point model")->capture_default_str();
  app.add_option("--cache", options.cache, "folder for drawn crops")->capture_default_str();
  app.add_option("--people", options.people, "people to draw")->capture_default_str();
  app.add_option("--photos", options.photos, "photos a person")->capture_default_str();
  app.add_option("--steps", options.steps, "mini-batches")->capture_default_str();
  app.add_option("--batch-people", options.batch_people)->capture_default_str();
  app.add_option("--batch-photos", options.batch_photos)->capture_default_str();
  app.add_option("--rate", options.rate, "first learning rate")->capture_default_str();
  app.add_option("--margin", options.margin, "of the metric loss")->capture_default_str();
  app.add_option("--distance", options.distance, "of the metric loss")->capture_default_str();
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("--unseen", options.unseen, "people to measure on")->capture_default_str();
  app.add_option("--threads", options.threads, "for drawing")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    if (!options.evaluate) maitred::demo::train(options);
    if (options.evaluate) maitred::demo::evaluate(options);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "train-demo: %s\n", failure.what());
    return 3;
  }
  return 0;
}
