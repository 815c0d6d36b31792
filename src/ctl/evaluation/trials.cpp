#include "maitred/ctl/evaluation/trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "maitred/base/share_interval.h"
#include "maitred/shop/matching/decision_policy.h"
#include "maitred/shop/matching/gallery.h"

namespace maitred {
namespace {

constexpr std::size_t kSuspects = 20;
constexpr double kTailShare = 1e-3;
constexpr double kBandFmr = 1e-3;

struct PersonPhotos {
  std::vector<std::size_t> all, fit;
};

std::vector<PersonPhotos> photos_by_person(const Samples& samples) {
  std::vector<PersonPhotos> people(samples.people.size());
  for (std::size_t i = 0; i < samples.photos.size(); ++i) {
    PersonPhotos& person = people[samples.photos[i].person];
    person.all.push_back(i);
    if (samples.photos[i].fit) person.fit.push_back(i);
  }
  return people;
}

CustomerId id_of(std::size_t person) { return CustomerId(fmt::format("{:07}", person)); }
std::size_t person_of(const CustomerId& id) { return std::stoul(id.value); }

GalleryEntry entry_of(const Samples& samples, std::size_t person,
                      const std::vector<std::size_t>& photos) {
  GalleryEntry entry{id_of(person), {}};
  for (const std::size_t photo : photos) {
    entry.templates.push_back(samples.photos[photo].face.clone());
  }
  return entry;
}

void keep_highest(std::vector<SuspectPair>& pairs, const SuspectPair& pair, float sign) {
  const auto before = [sign](const SuspectPair& a, const SuspectPair& b) {
    return sign * a.similarity > sign * b.similarity;
  };
  if (pairs.size() == kSuspects && !before(pair, pairs.back())) return;
  pairs.insert(std::upper_bound(pairs.begin(), pairs.end(), pair, before), pair);
  if (pairs.size() > kSuspects) pairs.pop_back();
}

struct GenuinePair {
  std::size_t probe;
  float similarity;
};

using Measure = float Sample::*;

void add_bands(const Samples& samples, const std::vector<GenuinePair>& pairs, double threshold,
               const std::string& what, Measure measure, const std::vector<double>& edges,
               std::vector<Verification::Band>& bands) {
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    Verification::Band band;
    band.what = what;
    band.from = edges[i];
    band.to = edges[i + 1];
    std::uint64_t missed = 0;
    for (const GenuinePair& pair : pairs) {
      const auto value = static_cast<double>(samples.photos[pair.probe].*measure);
      if (value < band.from || value >= band.to) continue;
      ++band.pairs;
      missed += static_cast<double>(pair.similarity) < threshold ? 1 : 0;
    }
    const auto interval = share_interval(missed, band.pairs);
    if (!interval) continue;
    band.fnmr = interval->estimate;
    band.fnmr_low = interval->low;
    band.fnmr_high = interval->high;
    bands.push_back(std::move(band));
  }
}

// One probe against a gallery: what decides an identification.
struct Look {
  double score = -2.0;  // of the best; -2 if the second-best is too close
  bool right = false;
};

Result<Look> look_at(const Gallery& gallery, const Sample& probe, float margin) {
  MAITRED_ASSIGN(const auto best, gallery.search(probe.face, 2));
  Look look;
  if (best.empty()) return look;
  look.right = person_of(best[0].customer) == probe.person;
  const bool clear =
      best.size() < 2 || best[0].similarity.value - best[1].similarity.value >= margin;
  if (clear) look.score = static_cast<double>(best[0].similarity.value);
  return look;
}

struct Draw {
  std::vector<double> strangers;
  std::vector<Look> customers;
};

class Trials {
 public:
  Trials(const Samples& samples, const TrialPlan& plan)
      : samples_(samples), people_(photos_by_person(samples)), random_(plan.seed) {}

  // True if a gallery of `size` leaves as many strangers, and half of its people have a probe.
  bool possible(std::size_t size, std::size_t photos) const {
    std::size_t enrollable = 0;
    std::size_t customers = 0;
    for (const PersonPhotos& person : people_) {
      enrollable += person.fit.empty() ? 0 : 1;
      customers += person.fit.size() >= photos && person.all.size() > photos ? 1 : 0;
    }
    return size >= 2 && customers >= std::min<std::size_t>(size, 200) / 2 && enrollable >= size &&
           samples_.people.size() >= size + std::max<std::size_t>(size, 20);
  }

  Result<Draw> draw(std::size_t size, std::size_t photos) {
    std::vector<std::size_t> order(people_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random_);
    std::set<std::size_t> enrolled;
    std::vector<GalleryEntry> entries;
    std::vector<std::size_t> probes;
    for (const std::size_t person : order) {
      const PersonPhotos& of = people_[person];
      if (enrolled.size() == size) break;
      if (of.fit.size() < photos || of.all.size() <= photos) continue;
      std::vector<std::size_t> chosen = of.fit;
      std::shuffle(chosen.begin(), chosen.end(), random_);
      chosen.resize(photos);
      std::vector<std::size_t> rest;
      for (const std::size_t photo : of.all) {
        if (std::find(chosen.begin(), chosen.end(), photo) == chosen.end()) rest.push_back(photo);
      }
      probes.push_back(rest[random_() % rest.size()]);
      entries.push_back(entry_of(samples_, person, chosen));
      enrolled.insert(person);
    }
    for (const std::size_t person : order) {
      const PersonPhotos& of = people_[person];
      if (enrolled.size() == size) break;
      if (of.fit.empty() || enrolled.contains(person)) continue;
      entries.push_back(entry_of(samples_, person, {of.fit[random_() % of.fit.size()]}));
      enrolled.insert(person);
    }
    MAITRED_ASSIGN(const auto gallery,
                   Gallery::build(samples_.engine, samples_.template_length, entries));
    const float margin = DecisionRules{}.margin;
    Draw result;
    for (const std::size_t probe : probes) {
      MAITRED_ASSIGN(const Look look, look_at(*gallery, samples_.photos[probe], margin));
      result.customers.push_back(look);
    }
    for (const std::size_t person : order) {
      const PersonPhotos& of = people_[person];
      if (of.all.empty() || enrolled.contains(person)) continue;
      const Sample& photo = samples_.photos[of.all[random_() % of.all.size()]];
      MAITRED_ASSIGN(const Look look, look_at(*gallery, photo, margin));
      result.strangers.push_back(look.score);
    }
    return result;
  }

 private:
  const Samples& samples_;
  const std::vector<PersonPhotos> people_;
  std::mt19937_64 random_;
};

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::size_t alerts(const Draw& draw, double threshold) {
  return static_cast<std::size_t>(
      std::count_if(draw.strangers.begin(), draw.strangers.end(),
                    [threshold](double score) { return score >= threshold; }));
}

std::size_t misses(const Draw& draw, double threshold) {
  return static_cast<std::size_t>(std::count_if(
      draw.customers.begin(), draw.customers.end(),
      [threshold](const Look& look) { return !look.right || look.score < threshold; }));
}

struct Rate {
  double mean = 0.0, low = 0.0, high = 0.0;
};

// The mean over all draws, with an interval that treats the draws as independent trials.
template <typename Count>
Rate rate_over(const std::vector<Draw>& draws, const Count& count) {
  std::vector<double> rates;
  for (const Draw& draw : draws) rates.push_back(count(draw));
  Rate rate;
  for (const double one : rates) rate.mean += one / static_cast<double>(rates.size());
  double squares = 0.0;
  for (const double one : rates) squares += (one - rate.mean) * (one - rate.mean);
  const double n = static_cast<double>(rates.size());
  const double half = n < 2 ? 0.0 : 1.96 * std::sqrt(squares / (n - 1.0) / n);
  rate.low = std::max(0.0, rate.mean - half);
  rate.high = std::min(1.0, rate.mean + half);
  return rate;
}

IdentificationTrial summarise(const std::vector<Draw>& draws, double target,
                              const std::optional<double>& threshold) {
  IdentificationTrial trial;
  std::vector<double> strangers;
  for (const Draw& draw : draws) {
    strangers.insert(strangers.end(), draw.strangers.begin(), draw.strangers.end());
    trial.customers += draw.customers.size();
  }
  trial.strangers = strangers.size();
  std::sort(strangers.rbegin(), strangers.rend());
  const auto allowed = static_cast<std::size_t>(target * static_cast<double>(strangers.size()));
  trial.threshold_at_target =
      allowed < strangers.size() ? std::nextafter(strangers[allowed], 2.0) : -1.0;
  trial.fpir_target = target;
  trial.threshold = threshold.value_or(trial.threshold_at_target);
  const Rate fpir = rate_over(draws, [&](const Draw& draw) {
    return share(alerts(draw, trial.threshold), draw.strangers.size());
  });
  const Rate fnir = rate_over(draws, [&](const Draw& draw) {
    return share(misses(draw, trial.threshold), draw.customers.size());
  });
  trial.fpir = fpir.mean;
  trial.fpir_low = fpir.low;
  trial.fpir_high = fpir.high;
  trial.fnir = fnir.mean;
  trial.fnir_low = fnir.low;
  trial.fnir_high = fnir.high;
  trial.fnir_at_target =
      rate_over(draws, [&](const Draw& draw) {
        return share(misses(draw, trial.threshold_at_target), draw.customers.size());
      }).mean;
  return trial;
}

}  // namespace

Result<Verification> verify_all(const Samples& samples, const EvaluationProgress& progress) {
  const std::vector<PersonPhotos> people = photos_by_person(samples);
  std::size_t rounds = 0;
  bool pairs_exist = false;
  for (const PersonPhotos& person : people) {
    rounds = std::max(rounds, person.fit.size());
    pairs_exist = pairs_exist || (person.all.size() > 1 && !person.fit.empty());
  }
  if (!pairs_exist || samples.people.size() < 2) {
    return input_error("too_few_photos",
                       "an evaluation needs at least two people, one of them with two photos; "
                       "make a folder a person: DIR/PERSON/*.jpg");
  }
  Verification result;
  std::vector<GenuinePair> genuine;
  const std::size_t total = rounds * samples.photos.size();
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<GalleryEntry> entries;
    std::map<std::size_t, std::size_t> enrolled;  // person to photo
    for (std::size_t person = 0; person < people.size(); ++person) {
      if (people[person].fit.size() <= round) continue;
      enrolled[person] = people[person].fit[round];
      entries.push_back(entry_of(samples, person, {enrolled[person]}));
    }
    MAITRED_ASSIGN(const auto gallery,
                   Gallery::build(samples.engine, samples.template_length, entries));
    for (std::size_t probe = 0; probe < samples.photos.size(); ++probe) {
      const Sample& photo = samples.photos[probe];
      MAITRED_ASSIGN(const auto scores, gallery->search(photo.face, entries.size()));
      for (const Candidate& one : scores) {
        const std::size_t person = person_of(one.customer);
        const std::size_t against = enrolled.at(person);
        if (against == probe) continue;
        const SuspectPair pair{against, probe, one.similarity.value};
        if (person == photo.person) {
          result.genuine.add(one.similarity.value);
          genuine.push_back({probe, one.similarity.value});
          keep_highest(result.unlike, pair, -1.0F);
        } else {
          result.impostor.add(one.similarity.value);
          keep_highest(result.alike, pair, 1.0F);
        }
      }
      if (progress) progress(round * samples.photos.size() + probe + 1, total);
    }
  }
  const double threshold = result.impostor.threshold_for(kBandFmr);
  const auto band = [&](const char* what, Measure measure, const std::vector<double>& edges) {
    add_bands(samples, genuine, threshold, what, measure, edges, result.bands);
  };
  band("width_px", &Sample::width_px, {0, 40, 60, 80, 120, 200, 1e9});
  band("quality", &Sample::quality, {0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01});
  band("light", &Sample::light, {0, 60, 90, 120, 150, 180, 256});
  return result;
}

Result<std::vector<IdentificationTrial>> identify_all(const Samples& samples, const TrialPlan& plan,
                                                      const std::optional<Calibration>& calibration,
                                                      const EvaluationProgress& progress) {
  Trials trials(samples, plan);
  std::vector<IdentificationTrial> results;
  const std::size_t total = plan.galleries.size() * plan.photos.size() * plan.draws;
  std::size_t done = 0;
  for (const std::size_t size : plan.galleries) {
    for (const std::size_t photos : plan.photos) {
      std::vector<Draw> draws;
      if (trials.possible(size, photos)) {
        for (std::size_t i = 0; i < plan.draws; ++i) {
          MAITRED_ASSIGN(Draw draw, trials.draw(size, photos));
          draws.push_back(std::move(draw));
          if (progress) progress(done + i + 1, total);
        }
      }
      done += plan.draws;
      for (const double target : plan.fpir_targets) {
        if (draws.empty()) break;
        std::optional<double> threshold;
        if (calibration) {
          const auto policy = DecisionPolicy::derive(*calibration, {.fpir = target}, size);
          threshold = static_cast<double>(policy.threshold(1.0).value);
        }
        IdentificationTrial trial = summarise(draws, target, threshold);
        trial.gallery = size;
        trial.photos_per_person = photos;
        results.push_back(trial);
      }
    }
  }
  return results;
}

std::vector<CalibrationRow> calibrate(const Verification& verification) {
  constexpr double kLeastPairs = 100.0;
  const ParetoTail tail = fit_tail(verification.impostor, kTailShare);
  std::vector<CalibrationRow> rows;
  for (const double fmr : {1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7}) {
    const bool measured = fmr >= kTailShare ||
                          fmr * static_cast<double>(verification.impostor.total()) >= kLeastPairs;
    const double threshold =
        measured ? verification.impostor.threshold_for(fmr) : tail.threshold_for(fmr);
    if (threshold >= 1.0) break;
    if (!rows.empty() && threshold <= static_cast<double>(rows.back().threshold)) continue;
    rows.push_back(
        {static_cast<float>(threshold), fmr, verification.genuine.share_below(threshold)});
  }
  return rows;
}

}  // namespace maitred
