#include "maitred/doors/outbound/integrations.h"

#include <fmt/format.h>
#include <sodium.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/base/log.h"
#include "maitred/doors/outbound/check_integrations.h"
#include "maitred/doors/outbound/publisher.h"
#include "maitred/doors/web/client.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr Milliseconds kWebhookPatience{10'000};
constexpr std::size_t kAuthoritiesLimit_bytes = 4 << 20;
constexpr const char* kPseudonymKey = "mqtt_pseudonym_key";

// Equal for equal texts and an equal content of the file.
std::string fingerprint_of(const std::vector<std::string>& texts, const std::string& file) {
  std::string all = json_text(texts);
  if (const auto bytes = read_file(file, kAuthoritiesLimit_bytes)) {
    all.append(bytes->begin(), bytes->end());
  }
  std::string print = fingerprint(all);
  sodium_memzero(all.data(), all.size());
  return print;
}

// The key of a target's cursor. A hash, because the address may contain a secret and the store does
// not encrypt keys.
std::string cursor_key(const std::string& address) { return "courier " + fingerprint(address); }

class WebhookTarget : public EventTarget {
 public:
  WebhookTarget(const WebhookSettings& settings, WebAddress address, std::string secret,
                std::unique_ptr<WebClient> client)
      : name_(fmt::format("webhook {}:{}", address.host, address.port)),
        key_(cursor_key(settings.url)),
        address_(std::move(address)),
        secret_(std::move(secret)),
        client_(std::move(client)) {}

  const std::string& name() const override { return name_; }
  const std::string& key() const override { return key_; }
  std::string trouble() const override { return trouble_; }

  void deliver(const ShopEvent& event, std::function<void(Delivery)> done) override {
    std::string body = cloud_event_text(event);
    WebHeaders headers = {{"Content-Type", "application/cloudevents+json; charset=utf-8"},
                          {"User-Agent", "maitred"}};
    if (!secret_.empty()) {
      headers.emplace_back("X-Maitred-Signature", event_signature(secret_, wall_now(), body));
    }
    // This object owns the client, so it outlives the answer.
    client_->post(address_, headers, std::move(body), kWebhookPatience,
                  [this, done = std::move(done)](const Result<int>& status) {
                    const Delivery delivery = meaning(status);
                    done(delivery);
                  });
  }

 private:
  Delivery meaning(const Result<int>& status) {
    if (!status) {
      trouble_ = status.error().message;
      return Delivery::kLater;
    }
    if (*status >= 200 && *status < 300) return Delivery::kTaken;
    trouble_ = fmt::format("the answer is HTTP {}", *status);
    // These say that this very event is wrong. Any other status may pass.
    const bool wrong = *status == 400 || *status == 413 || *status == 415 || *status == 422;
    return wrong ? Delivery::kNever : Delivery::kLater;
  }

  const std::string name_;
  const std::string key_;
  const WebAddress address_;
  const std::string secret_;
  std::string trouble_;
  const std::unique_ptr<WebClient> client_;
};

// Gives each customer a constant name that only this store can map back.
class Pseudonyms {
 public:
  static Result<Pseudonyms> of(Store& store) {
    MAITRED_ASSIGN(auto key, store.setting(kPseudonymKey));
    Pseudonyms pseudonyms;
    if (key && key->size() == pseudonyms.key_.size()) {
      std::copy(key->begin(), key->end(), pseudonyms.key_.begin());
      return pseudonyms;
    }
    randombytes_buf(pseudonyms.key_.data(), pseudonyms.key_.size());
    MAITRED_TRY(store.set_setting(kPseudonymKey, pseudonyms.key_));
    return pseudonyms;
  }

  std::string of(const std::string& id) const {
    std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
    crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(id.data()),
                       id.size(), key_.data(), key_.size());
    return to_hex(hash);
  }

 private:
  std::array<std::uint8_t, 32> key_{};
};

class MqttTarget : public EventTarget {
 public:
  MqttTarget(const MqttSettings& settings, Pseudonyms pseudonyms,
             std::unique_ptr<MqttPublisher> publisher)
      : name_("mqtt " + settings.broker.substr(settings.broker.find("//") + 2)),
        key_(cursor_key(settings.broker + " " + settings.prefix)),
        topic_(settings.prefix + "/alerts"),
        pseudonyms_(pseudonyms),
        publisher_(std::move(publisher)) {}

  const std::string& name() const override { return name_; }
  const std::string& key() const override { return key_; }
  std::string trouble() const override { return publisher_->trouble(); }
  void leave(const std::function<void()>& gone) override { publisher_->leave(gone); }
  // Keeps the availability topic right while there is nothing to deliver.
  void keep_ready() override {
    publisher_->connect([](bool) {});
  }

  void deliver(const ShopEvent& event, std::function<void(Delivery)> done) override {
    publisher_->connect([this, alive = std::weak_ptr<bool>(alive_), text = text_of(event),
                         done = std::move(done)](bool connected) {
      if (alive.expired()) return;
      if (!connected) return done(Delivery::kLater);
      publisher_->publish(topic_, text,
                          [done](bool ok) { done(ok ? Delivery::kTaken : Delivery::kLater); });
    });
  }

 private:
  std::string text_of(const ShopEvent& event) const {
    json object = {{"event_type", event.type.substr(event.type.rfind('.') + 1)},
                   {"id", pseudonyms_.of(event.id)},
                   {"time", format_time(event.at)}};
    for (const auto& [key, value] : event.data) {
      if (key == "external") continue;
      const bool who = key == "customer" || key == "visit";
      object[key] = who ? pseudonyms_.of(value) : value;
    }
    if (event.seq > 0) object["seq"] = event.seq;
    return json_text(object);
  }

  const std::string name_;
  const std::string key_;
  const std::string topic_;
  const Pseudonyms pseudonyms_;
  const std::unique_ptr<MqttPublisher> publisher_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// An event entity of Home Assistant.
std::map<std::string, std::string> discovery(const MqttSettings& settings,
                                             const std::string& node) {
  if (settings.discovery.empty()) return {};
  const json config = {
      {"name", "Alert"},
      {"unique_id", node + "_alert"},
      {"state_topic", settings.prefix + "/alerts"},
      {"availability_topic", settings.prefix + "/available"},
      {"event_types",
       {"new", "escalated", "claimed", "closed", "expired", "withdrawn", "feedback_due"}},
      {"icon", "mdi:account-alert"},
      {"device", {{"identifiers", {node}}, {"name", "maitred"}, {"manufacturer", "maitred"}}}};
  return {{fmt::format("{}/event/{}/alert/config", settings.discovery, node), json_text(config)}};
}

Result<std::unique_ptr<EventTarget>> mqtt_target(boost::asio::io_context& io, Shop& shop,
                                                 const MqttSettings& settings,
                                                 std::string password) {
  const std::string node = "maitred_" + shop.store().id().substr(0, 8);
  MqttOptions options;
  options.broker = settings.broker;
  options.user = settings.user;
  options.password = std::move(password);
  options.ca_file = settings.ca_file;
  options.client_id = node;
  options.availability_topic = settings.prefix + "/available";
  options.announcements = discovery(settings, node);
  MAITRED_ASSIGN(const Pseudonyms pseudonyms, Pseudonyms::of(shop.store()));
  MAITRED_ASSIGN(auto publisher,
                 MqttPublisher::make(std::move(options), [&io](std::function<void()> work) {
                   boost::asio::post(io, std::move(work));
                 }));
  return std::make_unique<MqttTarget>(settings, pseudonyms, std::move(publisher));
}

}  // namespace

Result<std::unique_ptr<Integrations>> Integrations::open(boost::asio::io_context& io, Shop& shop) {
  std::unique_ptr<Integrations> all(new Integrations(io, shop));
  MAITRED_ASSIGN(all->pending_, all->wanted(shop.settings()));
  all->start_pending();
  return all;
}

Integrations::~Integrations() = default;

bool Integrations::has(const std::string& config_fingerprint) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& one) {
    return one.config_fingerprint == config_fingerprint;
  });
}

Result<std::vector<Integrations::Wanted>> Integrations::wanted(const Settings& settings) const {
  std::vector<Wanted> all;
  for (std::size_t i = 0; i < settings.webhooks.size(); ++i) {
    const WebhookSettings& webhook = settings.webhooks[i];
    MAITRED_ASSIGN(WebhookParts parts, webhook_parts(settings, i));
    Wanted& one = all.emplace_back();
    one.config_fingerprint = fingerprint_of(
        {"webhook", webhook.url, parts.secret, std::to_string(webhook.retry_at_most.count())},
        webhook.ca_file);
    one.pace.longest_wait = webhook.retry_at_most;
    if (has(one.config_fingerprint)) continue;
    MAITRED_ASSIGN(auto client, WebClient::make(io_, webhook.ca_file));
    one.target = std::make_unique<WebhookTarget>(webhook, std::move(parts.address),
                                                 std::move(parts.secret), std::move(client));
  }
  const MqttSettings& mqtt = settings.mqtt;
  if (mqtt.off()) return all;
  MAITRED_ASSIGN(const std::string password, integration_secret(mqtt.password_file));
  Wanted& one = all.emplace_back();
  one.config_fingerprint =
      fingerprint_of({"mqtt", mqtt.broker, mqtt.user, password, mqtt.prefix, mqtt.discovery,
                      std::to_string(mqtt.retry_at_most.count())},
                     mqtt.ca_file);
  one.pace.longest_wait = mqtt.retry_at_most;
  if (!has(one.config_fingerprint)) {
    MAITRED_ASSIGN(one.target, mqtt_target(io_, shop_, mqtt, password));
  }
  return all;
}

Result<std::function<void()>> Integrations::renewed(const Settings& settings) {
  MAITRED_ASSIGN(auto fresh, wanted(settings));
  return [this, all = std::make_shared<std::vector<Wanted>>(std::move(fresh))] {
    apply(std::move(*all));
  };
}

void Integrations::apply(std::vector<Wanted> wanted) {
  std::vector<Member> before = std::exchange(members_, {});
  pending_.clear();
  for (Wanted& one : wanted) {
    const auto same = std::find_if(before.begin(), before.end(), [&](const Member& member) {
      return member.config_fingerprint == one.config_fingerprint;
    });
    if (same == before.end()) {
      pending_.push_back(std::move(one));
    } else {
      members_.push_back(std::move(*same));
      before.erase(same);
    }
  }
  for (Member& one : before) stop(std::move(one));
  if (leaving_.empty()) start_pending();
}

void Integrations::stop(Member member) {
  Courier* const courier = leaving_.emplace_back(std::move(member.courier)).get();
  journal().info("{}: delivery ends; its settings have changed or are gone", courier->state().name);
  courier->leave([this, courier, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    std::erase_if(leaving_, [&](const auto& one) { return one.get() == courier; });
    if (leaving_.empty()) start_pending();
  });
}

void Integrations::start_pending() {
  for (Wanted& one : std::exchange(pending_, {})) {
    auto courier = std::make_unique<Courier>(io_, shop_, std::move(one.target), one.pace);
    journal().info("{}: delivery started", courier->state().name);
    members_.push_back({std::move(one.config_fingerprint), std::move(courier)});
  }
}

void Integrations::nudge() {
  for (const Member& one : members_) one.courier->nudge();
}

std::vector<CourierState> Integrations::states() const {
  std::vector<CourierState> states;
  for (const Member& one : members_) states.push_back(one.courier->state());
  return states;
}

}  // namespace maitred
