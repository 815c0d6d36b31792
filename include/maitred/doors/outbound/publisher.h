// Publishes to an MQTT broker. The library's threads stay inside.
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

// Keeps "online" retained at the availability topic while it is connected, and "offline" after. If
// the connection breaks, the broker publishes "offline" (last will). Thread-compatible.
class MqttPublisher {
 public:
  // Runs its argument on the owner's thread, soon, never within the call. Thread-safe.
  using Post = std::function<void(std::function<void()>)>;
  using Done = std::function<void(bool ok)>;

  // Error: bad_broker (kInput).
  static Result<std::unique_ptr<MqttPublisher>> make(MqttOptions options, Post post);
  ~MqttPublisher();  // publishes "offline"; waits at most two seconds
  MqttPublisher(const MqttPublisher&) = delete;
  MqttPublisher& operator=(const MqttPublisher&) = delete;

  // Makes one attempt to connect, unless it is connected. Calls `done` on the owner's thread.
  void connect(Done done);
  // Why the last attempt failed; empty if it did not fail.
  std::string trouble() const;

  // Publishes at least once (QoS 1), not retained. Calls `done` on the owner's thread: true if the
  // broker has it.
  void publish(const std::string& topic, const std::string& text, Done done);

  // Publishes "offline" without blocking, then calls `gone` on the owner's thread. Nothing else is
  // called after it.
  void leave(std::function<void()> gone);

 private:
  class Impl;
  explicit MqttPublisher(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
