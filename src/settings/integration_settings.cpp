#include "integration_settings.h"

namespace maitred {
namespace {

constexpr std::size_t kMostWebhooks = 8;

void make_absolute(std::string& file, const std::filesystem::path& folder) {
  if (!file.empty()) file = (folder / file).lexically_normal().string();
}

void read_retry(TableReader& reader, Milliseconds& retry_at_most) {
  reader.read("retry_at_most", retry_at_most);
  if (retry_at_most < Milliseconds{500} || retry_at_most > std::chrono::hours{1}) {
    reader.complain("retry_at_most", "must be from 500ms to 1h");
  }
}

// Accepts "HOST" or "HOST:PORT" after the scheme, without user, path and blanks.
bool good_broker(std::string_view broker) {
  for (const std::string_view scheme : {"mqtt://", "mqtts://"}) {
    if (!broker.starts_with(scheme)) continue;
    const std::string_view place = broker.substr(scheme.size());
    return !place.empty() && place.find_first_of("/@?# \t\r\n") == std::string_view::npos;
  }
  return false;
}

}  // namespace

Status read_webhooks(const toml::table& root, Settings& settings) {
  const toml::node* node = root.get("webhook");
  if (node == nullptr) return {};
  const toml::array* list = node->as_array();
  const bool sections = list != nullptr && list->is_array_of_tables();
  if (!sections || list->size() > kMostWebhooks) {
    return tl::unexpected(config_error(
        settings.file, node->source(),
        fmt::format("webhook: each one is its own section, headed [[webhook]]; at most {}",
                    kMostWebhooks)));
  }
  const std::filesystem::path folder = settings.file.parent_path();
  std::set<std::string> urls;
  for (std::size_t index = 0; index < list->size(); ++index) {
    TableReader reader(settings.file, list->get(index)->as_table(),
                       fmt::format("webhook[{}]", index + 1));
    WebhookSettings webhook;
    reader.read("url", webhook.url);
    if (!webhook.url.starts_with("http://") && !webhook.url.starts_with("https://")) {
      reader.complain("url", "is needed, like \"https://crm.example/hook\"");
    }
    if (!urls.insert(webhook.url).second)
      reader.complain("url", "is also the url of another webhook");
    reader.read("secret_file", webhook.secret_file);
    reader.read("ca_file", webhook.ca_file);
    read_retry(reader, webhook.retry_at_most);
    make_absolute(webhook.secret_file, folder);
    make_absolute(webhook.ca_file, folder);
    MAITRED_TRY(reader.finish());
    settings.webhooks.push_back(std::move(webhook));
  }
  return {};
}

Status read_mqtt(TableReader reader, MqttSettings& mqtt, const std::filesystem::path& folder) {
  reader.read("broker", mqtt.broker);
  if (!mqtt.broker.empty() && !good_broker(mqtt.broker)) {
    reader.complain("broker", "must be like \"mqtt://127.0.0.1:1883\" or \"mqtts://HOST:8883\"");
  }
  reader.read("user", mqtt.user);
  reader.read("password_file", mqtt.password_file);
  reader.read("ca_file", mqtt.ca_file);
  reader.read("prefix", mqtt.prefix);
  if (mqtt.prefix.empty()) reader.complain("prefix", "must not be empty");
  reader.read("discovery", mqtt.discovery);
  read_retry(reader, mqtt.retry_at_most);
  for (const auto& [key, topic] :
       {std::pair{"prefix", &mqtt.prefix}, std::pair{"discovery", &mqtt.discovery}}) {
    const bool good = topic->find_first_of("+# \t\r\n") == std::string::npos &&
                      !topic->starts_with('/') && !topic->ends_with('/');
    if (!good)
      reader.complain(key,
                      "must be the beginning of a topic, without '+', '#', blanks and outer '/'");
  }
  make_absolute(mqtt.password_file, folder);
  make_absolute(mqtt.ca_file, folder);
  return reader.finish();
}

}  // namespace maitred
