// Tells an MQTT broker what happens. The library's threads stay inside.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace maitred {

struct MqttOptions {
  std::string broker;     // "mqtt://127.0.0.1:1883", "mqtts://broker.example:8883"
  std::string user;       // may be empty
  std::string password;   // secret
  std::string ca_file;    // trusted besides the system's authorities; may be empty
  std::string client_id;  // of this installation
  std::string availability_topic;
  // Published, retained, at each connection, before anything else: discovery.
  std::map<std::string, std::string> announcements{};
};

// "online" stands, retained, at the availability topic while it is connected, and "offline" after,
// which the broker says when the connection breaks (last will). Thread-compatible.
class MqttPublisher {
 public:
  // Runs its argument on the owner's thread, soon, never within the call. Thread-safe.
  using Post = std::function<void(std::function<void()>)>;
  using Done = std::function<void(bool ok)>;

  // Error: bad_broker (kInput).
  static Result<std::unique_ptr<MqttPublisher>> make(MqttOptions options, Post post);
  ~MqttPublisher();  // says "offline", waiting for at most two seconds
  MqttPublisher(const MqttPublisher&) = delete;
  MqttPublisher& operator=(const MqttPublisher&) = delete;

  // Connects where it is not connected, one attempt. `done` on the owner's thread: connected, or
  // not.
  void connect(Done done);
  // Why the last attempt failed; empty when it did not.
  std::string trouble() const;

  // At least once (QoS 1), not retained. `done` on the owner's thread: the broker has it, or not.
  void publish(const std::string& topic, const std::string& text, Done done);

  // Says "offline" without keeping the owner waiting; `gone` on the owner's thread, once it is
  // said. Nothing else is called after it.
  void leave(std::function<void()> gone);

 private:
  class State;
  explicit MqttPublisher(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace maitred
