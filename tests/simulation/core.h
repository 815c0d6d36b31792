// The simulated core: the real store, gallery, visits, alerts and staff server, wired as the daemon
// wires them, on a disk whose power can fail.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "maitred/admin/verb.h"
#include "maitred/doors/staff/staff_server.h"
#include "maitred/shop/desk/shop.h"
#include "maitred/types/sighting.h"
#include "tests/unit/shop/store/torn_disk.h"
#include "wire.h"

namespace maitred::simulation {

class Core {
 public:
  using Published = std::function<void(const Alert&)>;
  // Errors: those of Shop::open, Recognition::load and StaffServer::open.
  static Result<std::unique_ptr<Core>> start(const Settings& settings, const KeyAccess& key,
                                             Published published);
  ~Core();

  Shop& shop() { return *shop_; }
  boost::asio::io_context& io() { return io_; }
  void admit(std::shared_ptr<Wire> wire, const std::string& terminal);

  // What the daemon does with a message of an eye.
  Status sighting(const std::string& camera, const Sighting& sighting);
  Status track_ended(const std::string& camera, const TrackEnded& ended);
  Status tick();
  // Runs a verb of maitredctl that is done at once.
  Result<nlohmann::json> verb(const std::string& name, const nlohmann::json& args);
  // Begins one that goes in steps; `step` does the next step of it, if one is under way.
  Status begin(const std::string& name, const nlohmann::json& args);
  Status step();
  bool at_work() const { return task_ != nullptr; }

 private:
  Core() : io_(1) {}
  Status arrivals(const std::vector<Match>& matches);
  void follow_shop();

  boost::asio::io_context io_;
  std::unique_ptr<Shop> shop_;
  Recognition* recognition_ = nullptr;
  Verbs verbs_;
  std::unique_ptr<Task> task_;
  std::unique_ptr<StaffServer> staff_;
};

}  // namespace maitred::simulation
