// Everybody who may be recognised now, laid out for search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/ids.h"
#include "maitred/types/template.h"

namespace maitred {

struct GalleryEntry {
  CustomerId customer;
  std::vector<Template> templates;  // one or more, of the gallery's engine
  std::uint32_t caution{0};         // steps by which the threshold is raised (types/caution.h)
};

// Which rows stand for a customer of several templates. A customer's score is the best of the rows.
// The mean of a few photos is the better estimate of a face, and costs one comparison only; single
// photos find who looks very different on one of them, at the price of a higher threshold.
enum class GalleryRows { kMean, kEach, kEachAndMean };

struct Candidate {
  CustomerId customer;
  Similarity similarity;
  std::uint32_t caution{0};  // of the customer's GalleryEntry
};

// Immutable; published as shared_ptr<const Gallery>, a new one after each change. Rows are float32,
// contiguous, each 64-byte aligned and zero-padded to a multiple of 16 values; wiped on
// destruction. Thread-safe (const only).
//
// A similarity is the cosine, with two corrections that make one calibration hold for all rows and
// faces (measured on LFW people: README, Figures):
// - A row that is the mean of k photos resembles everybody a little more than a photo does. It is
//   therefore kept shorter than 1: by the length that the mean of its photos has, to the power .45.
// - In galleries of more than 32 customers, how much probe and row resemble people in general is
//   taken off (src/matching/cohort.h), measured against up to 256 of the customers.
class Gallery {
 public:
  ~Gallery();

  // Entries without templates are left out; entries of one customer are joined. `previous`, the
  // gallery before a change, saves computing what has not changed. Error: template_mismatch
  // (kEnvironment) for a template of another engine or length.
  static Result<std::shared_ptr<const Gallery>> build(std::string engine,
                                                      std::size_t template_length,
                                                      const std::vector<GalleryEntry>& entries,
                                                      GalleryRows rows = GalleryRows::kMean,
                                                      const Gallery* previous = nullptr);

  const std::string& engine() const { return engine_; }
  std::size_t template_length() const { return template_length_; }
  std::size_t customers() const { return customers_.size(); }
  std::size_t rows() const { return row_customer_.size(); }

  // The `count` best customers, best first; fewer when there are fewer. Exact. Error:
  // template_mismatch (kEnvironment).
  Result<std::vector<Candidate>> search(const Template& probe, std::size_t count = 2) const;

  // The same for several probes in fewer passes over the rows: quicker in large galleries.
  Result<std::vector<std::vector<Candidate>>> search_each(
      const std::vector<const Template*>& probes, std::size_t count = 2) const;

  // 1:1. Errors: unknown_customer (kInput), template_mismatch.
  Result<Similarity> score(const CustomerId& customer, const Template& probe) const;

  // How much two customers look alike: the best of the similarities of their rows; -1 where one is
  // not in the gallery.
  Similarity likeness(const CustomerId& a, const CustomerId& b) const;
  // Steps by which the customer's threshold is raised.
  std::uint32_t caution(const CustomerId& customer) const;

 private:
  Gallery();
  Status check(const Template& candidate) const;
  std::vector<Candidate> best_of(const float* probe, std::span<float> scores,
                                 std::size_t count) const;
  void append(std::uint32_t customer, const Template& row, float length);
  struct Cohort;
  void normalise(const Gallery* previous);
  void choose_members();
  std::vector<float> shifts_known_to(const Gallery& previous) const;
  float probe_shift(const float* probe, std::optional<std::uint32_t> customer) const;

  struct FreeAligned {
    std::size_t values;
    void operator()(float* memory) const;
  };

  std::string engine_;
  std::size_t template_length_ = 0;
  std::size_t stride_ = 0;  // values from row to row
  std::unique_ptr<float[], FreeAligned> values_{nullptr, FreeAligned{0}};
  std::vector<std::uint32_t> row_customer_;  // index into customers_, ascending
  std::vector<CustomerId> customers_;
  std::vector<std::uint32_t> cautions_;  // of each of them
  std::map<CustomerId, std::uint32_t> index_of_;
  std::vector<float> row_shift_;  // taken off each row's similarities; none in a small gallery
  std::unique_ptr<Cohort> cohort_;
};

}  // namespace maitred
