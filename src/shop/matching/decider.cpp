#include "maitred/shop/matching/decider.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "maitred/base/assignment.h"

namespace maitred {
namespace {

constexpr std::size_t kCandidates = 5;  // kept of a track

std::optional<Similarity> score_of(const std::vector<Candidate>& candidates,
                                   const CustomerId& customer) {
  for (const Candidate& candidate : candidates) {
    if (candidate.customer == customer) return candidate.similarity;
  }
  return std::nullopt;
}

std::vector<std::pair<CustomerId, CustomerId>> lookalikes_among(
    const std::vector<Candidate>& candidates, const Gallery& gallery,
    const DecisionPolicy& policy) {
  std::vector<std::pair<CustomerId, CustomerId>> pairs;
  for (auto one = candidates.begin(); one != candidates.end(); ++one) {
    for (auto other = std::next(one); other != candidates.end(); ++other) {
      if (gallery.pair_similarity(one->customer, other->customer) < policy.lookalike_from())
        continue;
      pairs.emplace_back(one->customer, other->customer);
    }
  }
  return pairs;
}

bool reaches(const Candidate& candidate, double share, const DecisionPolicy& policy) {
  return share > 0.0 && candidate.similarity >= policy.threshold(share, candidate.caution);
}

}  // namespace

// Rows are the tracks that hold a customer or may be given one, columns those customers.
struct Decider::Contest {
  std::vector<Tracks::iterator> rows;
  std::vector<CustomerId> columns;
  std::vector<double> cost;
  std::vector<std::optional<std::size_t>> column_of;
  std::map<CustomerId, Similarity> settled;  // held or won so far, with the winner's similarity

  // The margin must hold to every other customer, except those who are another track with a higher
  // similarity.
  bool wins_clearly(const Evidence& track, const Candidate& winner,
                    const DecisionRules& rules) const {
    return std::all_of(
        track.candidates.begin(), track.candidates.end(), [&](const Candidate& rival) {
          if (rival.customer == winner.customer) return true;
          const auto other = settled.find(rival.customer);
          const bool is_another_track =
              other != settled.end() && !(track.held && track.held->customer == rival.customer);
          if (is_another_track && other->second > rival.similarity) return true;
          // The first of a pair is the nearer one: a rival who is nearer than the winner wins
          // anyway.
          const bool alike =
              std::find(track.lookalikes.begin(), track.lookalikes.end(),
                        std::pair(winner.customer, rival.customer)) != track.lookalikes.end();
          return winner.similarity.value - rival.similarity.value >=
                 (alike ? rules.lookalike_margin : rules.margin);
        });
  }
};

// Assigns tracks to customers. Only pairs above their threshold take part, so the assignment
// settles conflicts and never lowers the bar for a match.
Decider::Contest Decider::contest(const DecisionPolicy& policy) {
  Contest contest;
  std::map<CustomerId, std::size_t> column_of;
  const auto add = [&](const CustomerId& customer) {
    if (column_of.emplace(customer, contest.columns.size()).second) {
      contest.columns.push_back(customer);
    }
  };
  for (auto track = tracks_.begin(); track != tracks_.end(); ++track) {
    Evidence& evidence = track->second;
    bool takes_part = evidence.held.has_value();
    if (evidence.held) add(evidence.held->customer);
    for (const Candidate& candidate : evidence.candidates) {
      if (!reaches(candidate, evidence.share, policy)) continue;
      add(candidate.customer);
      takes_part = true;
    }
    if (takes_part) contest.rows.push_back(track);
  }

  // The value of a pair is its distance above the lowest threshold of all. A track may keep the
  // customer it holds.
  const float base = policy.threshold(1.0).value;
  const auto worth = [base](Similarity similarity) {
    // A pair exactly at the threshold must still be worth more than no pair.
    return std::max(static_cast<double>(similarity.value - base), 0.0) + 1e-6;
  };
  contest.cost.assign(contest.rows.size() * contest.columns.size(), 0.0);
  for (std::size_t row = 0; row < contest.rows.size(); ++row) {
    const Evidence& evidence = contest.rows[row]->second;
    double* costs = contest.cost.data() + row * contest.columns.size();
    for (const Candidate& candidate : evidence.candidates) {
      if (!reaches(candidate, evidence.share, policy)) continue;
      costs[column_of.at(candidate.customer)] = -worth(candidate.similarity);
    }
    if (evidence.held) {
      costs[column_of.at(evidence.held->customer)] = -worth(evidence.held->similarity);
      contest.settled[evidence.held->customer] = evidence.held->similarity;
    }
  }
  contest.column_of = assign(contest.cost, contest.rows.size(), contest.columns.size(), 0.0);
  return contest;
}

std::vector<Match> Decider::resolve(const DecisionPolicy& policy) {
  Contest now = contest(policy);
  struct Won {
    Tracks::iterator track;
    Candidate candidate;
  };
  std::vector<Won> won;
  for (std::size_t row = 0; row < now.rows.size(); ++row) {
    if (!now.column_of[row]) continue;
    const CustomerId& customer = now.columns[*now.column_of[row]];
    const Evidence& evidence = now.rows[row]->second;
    if (evidence.held && evidence.held->customer == customer) continue;
    won.push_back({now.rows[row], {customer, *score_of(evidence.candidates, customer), 0}});
  }
  // The surest track comes first: the customer it wins is no longer a rival to the others.
  std::sort(won.begin(), won.end(), [](const Won& a, const Won& b) {
    return a.candidate.similarity > b.candidate.similarity;
  });
  std::vector<Match> matches;
  for (const Won& one : won) {
    Evidence& evidence = one.track->second;
    if (!now.wins_clearly(evidence, one.candidate, policy.rules())) continue;
    // A customer is one track at a time: the track that held the customer before loses it.
    for (auto& [key, other] : tracks_) {
      if (other.held && other.held->customer == one.candidate.customer) other.held.reset();
    }
    if (evidence.held) now.settled.erase(evidence.held->customer);
    evidence.held = one.candidate;
    now.settled[one.candidate.customer] = one.candidate.similarity;
    matches.push_back({one.candidate.customer, one.track->first.first, one.track->first.second,
                       evidence.first_seen, evidence.at, evidence.position,
                       policy.confidence(one.candidate.similarity)});
  }
  return matches;
}

Result<std::vector<Match>> Decider::observe(const std::string& camera, const Sighting& sighting,
                                            const Gallery& gallery, const DecisionPolicy& policy) {
  MAITRED_ASSIGN(auto candidates, gallery.search(sighting.probe, kCandidates));
  const Key key{camera, sighting.track};
  // A restarted eye counts tracks from 1 again, so an old track may have the same key.
  if (const auto known = tracks_.find(key);
      known != tracks_.end() && sighting.frames < known->second.frames) {
    tracks_.erase(known);
  }
  // Candidates below this can neither be a match nor narrow the margin of one.
  const float nearly = policy.threshold(1.0).value - policy.rules().lookalike_margin;
  std::erase_if(candidates,
                [nearly](const Candidate& one) { return one.similarity.value < nearly; });

  Evidence& evidence = tracks_[key];
  evidence.first_seen = sighting.first_seen;
  evidence.at = sighting.at;
  if (sighting.from_file) evidence.position = sighting.position;
  evidence.frames = sighting.frames;
  evidence.candidates = std::move(candidates);
  evidence.lookalikes = lookalikes_among(evidence.candidates, gallery, policy);
  if (evidence.held) {
    if (const auto score = score_of(evidence.candidates, evidence.held->customer)) {
      evidence.held->similarity = *score;
    }
  }
  evidence.share = policy.spend(evidence.attempts, sighting.frames);
  return resolve(policy);
}

std::vector<Match> Decider::end_track(const std::string& camera, TrackId track,
                                      const DecisionPolicy& policy) {
  const auto found = tracks_.find({camera, track});
  if (found == tracks_.end()) return {};
  std::vector<Match> matches;
  Evidence& evidence = found->second;
  if (!evidence.held) {
    evidence.share = policy.spend_rest();
    matches = resolve(policy);
  }
  tracks_.erase(found);
  // Its customer is free now, and another track may have waited for that customer.
  const auto freed = resolve(policy);
  matches.insert(matches.end(), freed.begin(), freed.end());
  return matches;
}

void Decider::drop_camera(const std::string& camera) {
  std::erase_if(tracks_, [&](const auto& track) { return track.first.first == camera; });
}

void Decider::forget(const CustomerId& customer) {
  for (auto& [key, evidence] : tracks_) {
    std::erase_if(evidence.candidates,
                  [&](const Candidate& one) { return one.customer == customer; });
    if (evidence.held && evidence.held->customer == customer) evidence.held.reset();
  }
}

std::optional<CustomerId> Decider::decided(const std::string& camera, TrackId track) const {
  const auto found = tracks_.find({camera, track});
  if (found == tracks_.end() || !found->second.held) return std::nullopt;
  return found->second.held->customer;
}

}  // namespace maitred
