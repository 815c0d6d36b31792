#include "core.h"

#include <utility>

namespace maitred::simulation {
namespace {

Actor admin() { return {"uid:1000", wall_now()}; }

}  // namespace

Result<std::unique_ptr<Core>> Core::start(const Settings& settings, const KeyAccess& key,
                                          Published published) {
  std::unique_ptr<Core> core(new Core());
  MAITRED_ASSIGN(core->shop_, Shop::open(settings, key));
  MAITRED_ASSIGN(core->recognition_, core->shop_->recognition());
  StaffServerOptions options;
  options.listen = "127.0.0.1:0";
  options.store = core->shop_->store().id();
  MAITRED_ASSIGN(core->staff_, StaffServer::open(core->io_, core->shop_->desk(), options));
  core->shop_->desk().set_sink(
      [raw = core.get()](const Alert& alert) { raw->staff_->publish(alert); });
  core->shop_->desk().set_observer([] {}, std::move(published));
  MAITRED_TRY(core->tick());
  return core;
}

Core::~Core() = default;

void Core::admit(std::shared_ptr<Wire> wire, const std::string& terminal) {
  StaffTerminal standing;
  standing.name = terminal;
  staff_->admit(make_pipe(std::move(wire)), std::move(standing));
}

Status Core::arrivals(const std::vector<Match>& matches) {
  for (const Match& match : matches) MAITRED_TRY(shop_->arrive(match));
  return {};
}

Status Core::sighting(const std::string& camera, const Sighting& sighting) {
  MAITRED_ASSIGN(const auto matches, recognition_->observe(camera, sighting));
  MAITRED_TRY(arrivals(matches));
  const auto customer = recognition_->decided(camera, sighting.track);
  return customer ? shop_->desk().seen(*customer, sighting.at) : Status{};
}

Status Core::track_ended(const std::string& camera, const TrackEnded& ended) {
  const auto customer = recognition_->decided(camera, ended.track);
  MAITRED_TRY(arrivals(recognition_->end_track(camera, ended.track)));
  if (!customer) return {};
  MAITRED_TRY(shop_->desk().seen(*customer, ended.at));
  return shop_->desk().left(*customer);
}

Status Core::tick() {
  MAITRED_TRY(recognition_->drop_expired(wall_now()));
  return shop_->desk().tick(wall_now());
}

// A restore makes a new gallery.
void Core::follow_shop() {
  if (const auto recognition = shop_->recognition()) recognition_ = *recognition;
}

Result<nlohmann::json> Core::verb(const std::string& name, const nlohmann::json& args) {
  MAITRED_ASSIGN(const Verb* verb, verbs_.find(name));
  auto answer = verb->answer(*shop_, args, admin());
  follow_shop();
  return answer;
}

Status Core::begin(const std::string& name, const nlohmann::json& args) {
  MAITRED_ASSIGN(const Verb* verb, verbs_.find(name));
  MAITRED_ASSIGN(task_, verb->begin(*shop_, args, admin()));
  return {};
}

Status Core::step() {
  if (!task_) return {};
  const auto finished = task_->step();
  follow_shop();
  if (!finished || *finished) task_.reset();
  return finished ? Status{} : tl::unexpected(finished.error());
}

}  // namespace maitred::simulation
