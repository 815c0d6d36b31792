// The present gallery, and the decisions about sightings against it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/settings/settings.h"
#include "maitred/shop/matching/decider.h"
#include "maitred/shop/matching/decision_policy.h"
#include "maitred/shop/matching/gallery.h"
#include "maitred/shop/matching/identify.h"
#include "maitred/shop/store/store.h"

namespace maitred {

struct ModelEngine;

// The calibration of an engine of the manifest. Error: engine_uncalibrated (kEnvironment).
Result<Calibration> calibration_of(const ModelEngine& engine);

// Keeps everyone whose consent covers recognition in a gallery. Its templates are rotated as in the
// store; probes come in plain and are rotated here. Bound to one thread; the store must outlive it.
class Recognition {
 public:
  // Reads every consenting customer's templates. Errors: unknown_engine, engine_uncalibrated
  // (kEnvironment), those of the store.
  static Result<std::unique_ptr<Recognition>> load(const Store& store, const Settings& settings,
                                                   WallTime now);

  // Reads the customer again: templates or consent have changed, or the customer is gone.
  Status refresh(const CustomerId& id, WallTime now);
  // Takes over a caution that staff's answers have changed.
  Status set_caution(const CustomerId& id, const Caution& caution);
  // True if the customer raises no alerts (types/caution.h).
  bool suspended(const CustomerId& id) const;
  // Customers with wrong-person reports, ordered by id.
  std::vector<std::pair<CustomerId, Caution>> cautious() const;
  // Takes over another false_alerts.
  void retune(const Settings& settings);
  // Removes customers whose consent has expired by `now`.
  Status drop_expired(WallTime now);
  // Finishes a part of what a change in a large gallery leaves to compute (gallery.h). Call it
  // while idle until it returns false.
  bool settle_some();

  // Error: template_mismatch.
  Result<std::vector<Match>> observe(const std::string& camera, const Sighting& sighting);
  std::vector<Match> end_track(const std::string& camera, TrackId track);
  void drop_camera(const std::string& camera) { decider_.drop_camera(camera); }
  std::optional<CustomerId> decided(const std::string& camera, TrackId track) const {
    return decider_.decided(camera, track);
  }

  bool knows(const std::string& camera, TrackId track) const {
    return decider_.knows(camera, track);
  }

  // Returns the rotated template of the track by which this customer was recognised with high
  // confidence, and forgets it. Templates are kept only for customers who agreed to template
  // improvement, in memory, until the visit is answered or over.
  std::optional<Template> take_visit_template(const CustomerId& id);
  void drop_visit_template(const CustomerId& id) { visit_templates_.erase(id); }

  // Errors: template_mismatch, no_probe.
  Result<std::optional<Identified>> identify(const std::vector<Template>& photos) const;
  // Errors: consent_missing (kInput) if the customer may not be matched, and as identify.
  Result<bool> verify(const CustomerId& id, const std::vector<Template>& photos) const;
  // The photo of one enrolment that shows somebody else, counted from 0.
  Result<std::optional<std::size_t>> outlier_of(const std::vector<Template>& photos) const;
  Result<std::optional<CustomerId>> duplicate_of(const std::vector<Template>& photos) const;
  Result<std::vector<CustomerId>> lookalikes_of(const std::vector<Template>& photos) const;

  const DecisionPolicy& policy() const { return policy_; }
  std::size_t customers() const { return gallery_.customers(); }
  const std::string& engine() const { return gallery_.engine(); }
  std::size_t template_length() const { return gallery_.template_length(); }

 private:
  struct Member {
    std::optional<WallTime> expires;
    Caution caution;
    bool improves = false;  // agreed to template improvement
  };
  struct VisitTemplate {
    Template rotated;
    float quality = 0.0F;
    WallTime at{};
  };

  Recognition(const Store& store, const Settings& settings, std::string engine,
              std::size_t template_length, Calibration calibration);
  Status fill(WallTime now);
  static Member member_of(const Customer& customer, WallTime now);
  Result<std::vector<Template>> templates_of(const CustomerId& id) const;
  void follow_gallery();
  void keep_visit_template(const std::string& camera, const Sighting& rotated);
  std::vector<Template> rotate(const std::vector<Template>& plain) const;

  const Store& store_;
  const Calibration calibration_;
  DecisionRules rules_;
  std::unordered_map<CustomerId, Member> members_;
  Gallery gallery_;
  DecisionPolicy policy_;
  Decider decider_;
  std::map<CustomerId, VisitTemplate> visit_templates_;
};

}  // namespace maitred
