// The templates of everybody who may be recognised now, laid out for search.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

struct Candidate {
  CustomerId customer;
  Similarity similarity;
  std::uint32_t caution{0};  // of the customer's GalleryEntry
};

// Float32 rows, one a customer, contiguous, each 64-byte aligned and zero-padded to a multiple of
// 16 values; wiped when they are removed. A customer with several photos has one row, their mean:
// it is the better estimate of a face and costs one comparison. Thread-compatible.
//
// A similarity is the cosine with two corrections, which make one calibration hold for all rows and
// faces (measured on LFW people):
// - A row that is the mean of k photos resembles everybody a little more than a photo does. Its
//   length is therefore not 1 but the length of the mean of its photos, to the power .45.
// - In galleries of 32 customers and more, the resemblance of probe and row to people in general is
//   subtracted (cohort.h). It is measured against up to 256 of the customers, the cohort.
//
// Adding or removing a customer takes microseconds. If it changes the cohort, the shift of every
// other row must be computed again: settle_some does so in portions.
class Gallery {
 public:
  Gallery(std::string engine, std::size_t template_length);
  ~Gallery();

  // Builds a settled gallery. Entries without templates are left out; entries of one customer are
  // joined. Error: template_mismatch (kEnvironment) for a template of another engine or length.
  static Result<std::unique_ptr<Gallery>> build(std::string engine, std::size_t template_length,
                                                const std::vector<GalleryEntry>& entries);

  // Allocates rows for this many customers, so that adding them copies none.
  void reserve(std::size_t customers);
  // Adds a customer, or replaces the row of one. Without templates, removes the customer. Call
  // settle_some before the next search. Error: template_mismatch; nothing changes then.
  Status put(const CustomerId& customer, const std::vector<Template>& templates,
             std::uint32_t caution = 0);
  // Removes the customer and wipes the row. Call settle_some before the next search.
  void remove(const CustomerId& customer);
  // Sets the number of steps by which the customer's threshold is raised.
  void set_caution(const CustomerId& customer, std::uint32_t steps);
  // Computes the shifts of up to `rows` rows that are out of date. True if more are left: until
  // then their similarities are wrong by the share that one of 256 people has.
  bool settle_some(std::size_t rows);

  const std::string& engine() const { return engine_; }
  std::size_t template_length() const { return template_length_; }
  std::size_t customers() const { return customers_.size(); }
  std::size_t rows() const { return customers_.size(); }
  bool holds(const CustomerId& customer) const { return row_of(customer).has_value(); }

  // The `count` best customers, best first; fewer if the gallery has fewer. Exact. Error:
  // template_mismatch (kEnvironment).
  Result<std::vector<Candidate>> search(const Template& probe, std::size_t count = 2) const;

  // The same for several probes in fewer passes over the rows: faster in large galleries.
  Result<std::vector<std::vector<Candidate>>> search_each(
      const std::vector<const Template*>& probes, std::size_t count = 2) const;

  // 1:1. Errors: unknown_customer (kInput), template_mismatch.
  Result<Similarity> score(const CustomerId& customer, const Template& probe) const;

  // The similarity of two customers' rows; -1 if one of them is not in the gallery.
  Similarity pair_similarity(const CustomerId& a, const CustomerId& b) const;
  // Steps by which the customer's threshold is raised.
  std::uint32_t caution(const CustomerId& customer) const;

 private:
  struct FreeAligned {
    std::size_t values;
    void operator()(float* memory) const;
  };
  using Rows = std::unique_ptr<float[], FreeAligned>;
  // The cohort is the first customers by hash of their id: it hardly changes when customers come
  // and go. A look-up makes no copy of the id, because a copy would stay on the stack.
  struct Place {
    explicit Place(const CustomerId& customer);
    auto operator<=>(const Place&) const = default;
    std::size_t hash;
    std::string_view id;
  };
  struct Key {
    explicit Key(const CustomerId& customer) : hash(Place(customer).hash), id(customer) {}
    Place place() const;
    std::size_t hash;
    CustomerId id;
  };
  struct InOrder {
    using is_transparent = void;
    bool operator()(const Key& a, const Key& b) const { return a.place() < b.place(); }
    bool operator()(const Key& a, const Place& b) const { return a.place() < b; }
    bool operator()(const Place& a, const Key& b) const { return a < b.place(); }
  };
  struct Cohort;

  static Rows allocate(std::size_t values);
  Status check(const Template& candidate) const;
  std::vector<Candidate> best_of(const float* probe, std::span<float> scores,
                                 std::size_t count) const;
  float* row(std::size_t index) const { return values_.get() + index * stride_; }
  std::optional<std::uint32_t> row_of(const CustomerId& customer) const;
  void write_row(std::size_t index, const std::vector<Template>& templates);
  void choose_cohort();
  void settle_row(std::size_t index);

  const std::string engine_;
  const std::size_t template_length_;
  const std::size_t stride_;  // values from row to row
  std::size_t room_ = 0;      // rows that fit into values_
  Rows values_;
  std::map<Key, std::uint32_t, InOrder> row_of_;
  // One element a row:
  std::vector<CustomerId> customers_;
  std::vector<std::uint32_t> cautions_;
  std::vector<float> shifts_;           // subtracted from its similarities
  std::vector<std::uint16_t> members_;  // its place in the cohort

  std::unique_ptr<Cohort> cohort_;
  bool cohort_stale_ = false;
  std::size_t settled_ = 0;  // rows whose shift is computed against the present cohort
};

}  // namespace maitred
